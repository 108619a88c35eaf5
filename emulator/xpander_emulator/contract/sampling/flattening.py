"""A schema with its references, `allOf` and one choice of each alternative laid into it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from xpander_emulator.common import budget, json_pointers
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.contract.sampling.merging import WISHES, WORD, Schema, merge

# Beyond this many levels little more than what is required is made.
ENOUGH: Final = 4
# How often a property that is not required is there.
_OFTEN: Final = 0.8
_MOST_PARTS: Final = 200
# What a value made part by part may fail to meet as a whole.
_HARD: Final = frozenset({
    "anyOf", "contains", "dependentSchemas", "enum", "if", "not", "oneOf", "patternProperties", "propertyNames",
    "unevaluatedItems", "unevaluatedProperties", "uniqueItems", "minProperties", "pattern", "format",
})  # fmt: skip
# Where nothing was made for a part, other draws may help; of what else is hard, all that could be tried has been.
_OPEN: Final = _HARD - {"enum", "pattern", "format"}
_CHOICES: Final = frozenset({"anyOf", "oneOf", "if", "then", "else"})

_T = TypeVar("_T")


class Unsatisfied(Exception):
    """No value was found; another try may find one.

    pattern: that was not met, and in which part of the contract it stands.
    """

    def __init__(self, pointer: str, keyword: str, pattern: str = "") -> None:
        super().__init__(pointer, keyword, pattern)
        self.pointer = pointer
        self.keyword = keyword
        self.pattern = pattern


class Exhausted(Unsatisfied):
    """No value was found within what one value may cost; nothing more is tried."""


class Spent(Exhausted):
    """Too much was made in vain; a more careful way may do better."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the value we are, and how to go about it there.

    key:    decides what is drawn.
    invent: leave examples and defaults alone, here and below.
    lean:   make only the properties that are required, here and below.
    trail:  the references through which we came.
    """

    pointer: str
    key: int
    invent: bool = False
    lean: bool = False
    depth: int = 0
    trail: tuple[str, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether only what is needed should still be made."""
        return self.depth > ENOUGH or self._is_recursive

    @property
    def _is_recursive(self) -> bool:
        return any(self.trail.count(each) > 2 for each in self.trail[-3:])

    @property
    def is_lean(self) -> bool:
        """Whether properties that are not required are left out."""
        return self.lean or self.is_enough

    def shows(self, schema: Mapping[str, Any], name: str) -> bool:
        """Return whether a property that is not required is made; of no other property does that depend.

        Where a schema tells what is required, most others are there; where it tells nothing, being left out says
        nothing. They become fewer beyond ENOUGH levels.
        """
        if self.lean or self._is_recursive:
            return False
        chance = _OFTEN if "required" in schema else 1.0
        for _ in range(self.depth - ENOUGH):
            chance /= 3
        return keyed(self.key, self.pointer, name, "is there") < chance * 2**64


class Way:
    """One way through the alternatives of a schema: the `number`th, counted with each choice as a digit.

    hard: whether what is made may break the schema.
    open: whether another way may lead to a value where this one leads to none.
    """

    def __init__(self, number: int) -> None:
        self._rest = number
        self.hard = self.open = number > 0

    def look(self, schema: Mapping[str, Any]) -> None:
        """Note what the keywords of a schema say of `hard` and `open`."""
        self.hard = self.hard or not _HARD.isdisjoint(schema)
        self.open = self.open or not _OPEN.isdisjoint(schema)

    def pick(self, options: Sequence[_T]) -> _T:
        """Return one of the options, the first on the first way."""
        if len(options) > 1:
            self.hard = self.open = True
        self._rest, index = divmod(self._rest, len(options))
        return options[index]

    @property
    def is_beyond(self) -> bool:
        """Whether there are fewer ways than this one's number."""
        return self._rest > 0


class Flattener:
    """Flattens the schemas whose references lead into one document."""

    def __init__(self, document: Any) -> None:
        self._document = document

    def flat(self, schema: Schema, spot: Spot, way: Way) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return the schema without references and alternatives, and the trail. Raises Unmet."""
        trail = spot.trail
        flat: Mapping[str, Any] = {}
        waiting: list[Schema] = [schema]
        depended: set[str] = set()
        for _ in range(_MOST_PARTS):
            if not waiting:
                waiting = list(_depending(flat, spot, depended)) if "dependentSchemas" in flat else []
                if not waiting:
                    return _named_kind(flat, trail, spot), trail
            part = waiting.pop(0)
            if isinstance(part, bool):
                if not part:
                    raise Unsatisfied(spot.pointer, "false")
                continue
            way.look(part)
            budget.spend(1 + len(flat) // 4)
            found = dict(part)
            reference = found.pop("$ref", None)
            if isinstance(reference, str):
                trail = (*trail, reference)
                waiting.insert(0, self._target(reference, spot))
            waiting += found.pop("allOf", ())
            if not _CHOICES.isdisjoint(found):
                waiting += self._alternatives(found, Spot(spot.pointer, spot.key, depth=spot.depth, trail=trail), way)
            # What stands beside a reference says more than what it leads to.
            flat = merge(_with_wishes(found), flat) if flat else _with_wishes(found)
        raise Unsatisfied(spot.pointer, "$ref")

    def _target(self, reference: str, spot: Spot) -> Schema:
        try:
            found: Schema = json_pointers.look_up(self._document, json_pointers.from_reference(reference))
        except LookupError:
            raise Unsatisfied(spot.pointer, "$ref") from None
        return found

    def _alternatives(self, found: dict[str, Any], spot: Spot, way: Way) -> list[Schema]:
        """Take the alternatives out of a schema; return one of each."""
        chosen: list[Schema] = []
        for keyword in ("anyOf", "oneOf"):
            branches = found.pop(keyword, None)
            if branches:
                branch = way.pick(_by_liking(branches, spot))
                chosen.append(branch)
                chosen += _named_branch(found.pop("discriminator", None), branch)
        condition = found.pop("if", None)
        then, other = found.pop("then", None), found.pop("else", None)
        if condition is not None and (then is not None or other is not None):
            sides: list[list[Schema | None]] = [[condition, then], [{"not": condition}, other]]
            chosen += [side for side in way.pick(sides) if side is not None]
        return chosen


def _by_liking(branches: Sequence[Schema], spot: Spot) -> list[Schema]:
    """Return the branches so that the likely ones come first: null last, or where enough is made, first."""
    nulls = [each for each in branches if isinstance(each, Mapping) and each.get("type") == "null"]
    others = [each for each in branches if each not in nulls]
    if not spot.is_enough:
        return [*others, *nulls]
    return [*nulls, *sorted(others, key=lambda each: isinstance(each, Mapping) and "$ref" in each)]


def _depending(flat: Mapping[str, Any], spot: Spot, done: set[str]) -> Iterator[Schema]:
    """Yield the schemas that hold because a property will be there."""
    for name, rule in flat.get("dependentSchemas", {}).items():
        is_made = name in flat.get("required", ()) or (name in flat.get("properties", ()) and spot.shows(flat, name))
        if is_made and name not in done:
            done.add(name)
            yield rule


def _with_wishes(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema with `contains` and its bounds as one wish."""
    if "contains" not in schema:
        return schema
    wished = schema.pop("contains")
    least, most = schema.pop("minContains", 1), schema.pop("maxContains", None)
    return {**schema, WISHES: [(wished, int(least), most)]}


def _named_branch(discriminator: Any, branch: Schema) -> list[Schema]:
    """Return what a discriminator says of its property when this branch is taken."""
    reference = branch.get("$ref") if isinstance(branch, Mapping) else None
    if not isinstance(discriminator, Mapping) or not isinstance(reference, str):
        return []
    return [_says(discriminator, _word(discriminator, reference))]


def _word(discriminator: Mapping[str, Any], reference: str) -> str:
    """Return the value by which a discriminator names a schema (OpenAPI 3.1, 4.8.25)."""
    last = reference.rpartition("/")[2]
    mapping = discriminator.get("mapping", {})
    return next((word for word, target in mapping.items() if target in (reference, last)), last)


def _says(discriminator: Mapping[str, Any], word: str) -> dict[str, Any]:
    name = discriminator.get("propertyName", "")
    return {"properties": {name: {WORD: word}}, "required": [name]}


def _named_kind(flat: Mapping[str, Any], trail: tuple[str, ...], spot: Spot) -> Mapping[str, Any]:
    """Return the schema with the property of its discriminator set, where a kind of it was referred to by name."""
    discriminator = flat.get("discriminator")
    if not isinstance(discriminator, Mapping):
        return flat
    kinds = (each for each in trail[len(spot.trail) :] if each.startswith("#/components/schemas/"))
    kind = next(kinds, None)
    if kind is None or discriminator.get("propertyName") not in flat.get("properties", ()):
        return flat
    return merge(flat, _says(discriminator, _word(discriminator, kind)))
