"""One try at making a value of a schema, by a plan that says how daring to be."""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final

from emulator.contract import pointers, texts
from emulator.contract.fakes import keyed
from emulator.contract.merging import Schema, both, merge
from emulator.contract.model import Contract

# Beyond this many levels only what is required is made; beyond the second bound the schema has no end.
ENOUGH: Final = 4
TOO_DEEP: Final = 32
TOO_MANY: Final = 5_000
_TRIES: Final = 30
_SPAN: Final = 1000
_COUNTS: Final = (
    "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains", "minLength", "maxLength",
)  # fmt: skip
# By which keywords a schema without a type tells what it describes.
_TELLING: Final[Mapping[str, tuple[str, ...]]] = {
    "object": ("properties", "required", "additionalProperties", "patternProperties", "minProperties", "propertyNames"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "contains", "uniqueItems"),
    "string": ("pattern", "minLength", "maxLength", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


class Unmet(Exception):
    """No value was found; another plan may find one."""

    def __init__(self, pointer: str, keyword: str) -> None:
        super().__init__(pointer, keyword)
        self.pointer = pointer
        self.keyword = keyword


@dataclass(frozen=True, slots=True)
class Plan:
    """How one try goes about it.

    examples: take `example`, `examples` and `default` where a schema has them.
    optional: make properties that are not required.
    branch:   which alternative of `anyOf`, `oneOf` or a list of types to take, counted round.
    """

    key: int
    examples: bool
    optional: bool
    branch: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the value we are: its pointer, how deep, and through which references we came."""

    pointer: str
    depth: int = 0
    trail: tuple[str, ...] = ()

    @property
    def is_enough(self) -> bool:
        """Whether only what is needed should still be made."""
        return self.depth > ENOUGH or any(self.trail.count(each) > 2 for each in self.trail[-3:])

    def into(self, part: str | int, trail: tuple[str, ...]) -> "Spot":
        return Spot(self.pointer + pointers.join(part), self.depth + 1, trail)


class Generator:
    """Makes values of the schemas of one contract; `root` is where the references of one that needs no other lead."""

    def __init__(self, contract: Contract, root: Schema, plan: Plan) -> None:
        self._document = root if pointers.is_self_contained(root) else contract.document
        self._plan = plan
        self._made = 0

    def value(self, schema: Schema, pointer: str) -> Any:
        """Return a value. Raises Unmet."""
        return self._value(schema, Spot(pointer))

    def _rng(self, *place: str | int) -> random.Random:
        return random.Random(keyed(self._plan.key, *place))

    def _value(self, schema: Schema, spot: Spot) -> Any:
        self._made += 1
        if spot.depth > TOO_DEEP or self._made > TOO_MANY:
            raise Unmet(spot.pointer, "$ref" if spot.trail else "size")
        flat, trail = self._flat(schema, spot)
        spot = Spot(spot.pointer, spot.depth, trail)
        if "const" in flat:
            return flat["const"]
        if "enum" in flat:
            return self._choice(flat["enum"], spot)
        given = self._given(flat, spot) if self._plan.examples else None
        if given is not None:
            return given
        flat = _whole_counts(flat)
        return self._of_type(self._type(flat, spot), flat, spot)

    def _of_type(self, kind: str, schema: Mapping[str, Any], spot: Spot) -> Any:
        match kind:
            case "object":
                return self._object(schema, spot)
            case "array":
                return self._array(schema, spot)
            case "string":
                return self._text(schema, spot)
            case "integer" | "number":
                return self._number(schema, spot, whole=kind == "integer")
            case "boolean":
                return self._rng(spot.pointer).random() < 0.5
            case _:
                return None

    def _choice(self, values: list[Any], spot: Spot) -> Any:
        kept = [value for value in values if value is not None] or values
        if not kept:
            raise Unmet(spot.pointer, "enum")
        return self._rng(spot.pointer).choice(kept)

    def _given(self, schema: Mapping[str, Any], spot: Spot) -> Any:
        examples = schema.get("examples")
        if isinstance(examples, list) and examples:
            return self._choice(examples, spot)
        return schema["example"] if "example" in schema else schema.get("default")

    def _type(self, schema: Mapping[str, Any], spot: Spot) -> str:
        declared = schema.get("type")
        if declared is None:
            told = (kind for kind, keywords in _TELLING.items() if any(word in schema for word in keywords))
            return next(told, "string" if spot.pointer else "object")
        types = [declared] if isinstance(declared, str) else list(declared)
        if not types:
            raise Unmet(spot.pointer, "type")
        if spot.is_enough and "null" in types:
            return "null"
        kept = [name for name in types if name != "null"] or types
        return str(kept[self._plan.branch % len(kept)])

    # --- references and alternatives ---

    def _flat(self, schema: Schema, spot: Spot) -> tuple[Mapping[str, Any], tuple[str, ...]]:
        """Return the schema with references, `allOf` and one alternative each laid into it, and the trail."""
        trail = spot.trail
        flat: Mapping[str, Any] = {}
        waiting: list[Schema] = [schema]
        for _ in range(pointers.MAX_HOPS):
            if not waiting:
                return flat, trail
            found = waiting.pop(0)
            if isinstance(found, bool):
                if not found:
                    raise Unmet(spot.pointer, "false")
                continue
            found = dict(found)
            reference = found.pop("$ref", None)
            if isinstance(reference, str):
                trail = (*trail, reference)
                waiting.insert(0, self._target(reference, spot))
            waiting += found.pop("allOf", ())
            for keyword in ("anyOf", "oneOf"):
                branches = found.pop(keyword, None)
                if branches:
                    waiting.append(self._branch(branches, Spot(spot.pointer, spot.depth, trail)))
            # What stands beside a reference says more than what it leads to.
            flat = merge(found, flat)
        raise Unmet(spot.pointer, "$ref")

    def _target(self, reference: str, spot: Spot) -> Schema:
        try:
            found: Schema = pointers.look_up(self._document, pointers.from_reference(reference))
        except LookupError:
            raise Unmet(spot.pointer, "$ref") from None
        return found

    def _branch(self, branches: list[Schema], spot: Spot) -> Schema:
        nulls = [each for each in branches if isinstance(each, Mapping) and each.get("type") == "null"]
        if nulls and spot.is_enough:
            return nulls[0]
        kept = [each for each in branches if each not in nulls] or branches
        if spot.is_enough:
            kept = [each for each in kept if not isinstance(each, Mapping) or "$ref" not in each] or kept
        return kept[self._plan.branch % len(kept)]

    # --- objects ---

    def _object(self, schema: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
        found: dict[str, Any] = {}
        required = schema.get("required", ())
        for name in self._names(schema, spot):
            try:
                found[name] = self._value(_property(schema, name), spot.into(name, spot.trail))
            except Unmet:
                if name in required:
                    raise
        self._fill(schema, spot, found)
        return found

    def _names(self, schema: Mapping[str, Any], spot: Spot) -> list[str]:
        """Return which properties to make, the declared ones in their order."""
        properties = schema.get("properties", {})
        required = list(schema.get("required", ()))
        dependent = schema.get("dependentRequired", {})
        for name in required:
            required += [each for each in dependent.get(name, ()) if each not in required]
        names = list(properties) if self._plan.optional and not spot.is_enough else []
        spare = [name for name in names if name not in required]
        room = max(0, schema.get("maxProperties", len(names) + len(required)) - len(required))
        kept = {*required, *spare[:room]}
        return [name for name in properties if name in kept] + [name for name in required if name not in properties]

    def _fill(self, schema: Mapping[str, Any], spot: Spot, found: dict[str, Any]) -> None:
        """Add properties of any name, as many as are needed; one where a schema has nothing else to show."""
        others = schema.get("additionalProperties", {})
        shows_nothing = not found and isinstance(others, Mapping) and bool(others)
        wanted = int(shows_nothing and self._plan.optional and not spot.is_enough)
        wanted = min(max(wanted, schema.get("minProperties", 0)), schema.get("maxProperties", math.inf))
        if wanted > TOO_MANY:
            raise Unmet(spot.pointer, "size")
        for attempt in range(_TRIES + int(wanted)):
            if len(found) >= wanted:
                return
            name = self._new_name(schema, spot, attempt)
            if name not in found:
                found[name] = self._value(_property(schema, name), spot.into(name, spot.trail))

    def _new_name(self, schema: Mapping[str, Any], spot: Spot, attempt: int) -> str:
        place = f"{spot.pointer}/~{attempt}"
        patterns = schema.get("patternProperties")
        rule: Schema = {"type": "string", "pattern": next(iter(patterns))} if patterns else {"type": "string"}
        rule = both(rule, schema.get("propertyNames", True))
        if rule == {"type": "string"}:
            return texts.word(self._plan.key, place)
        return str(self._value(rule, Spot(place, spot.depth + 1, spot.trail)))

    # --- lists ---

    def _array(self, schema: Mapping[str, Any], spot: Spot) -> list[Any]:
        least = max(schema.get("minItems", 0), schema.get("minContains", 1) if "contains" in schema else 0)
        found: list[Any] = []
        for index in range(self._count(schema, spot, least)):
            try:
                found.append(self._item(schema, spot, index, found))
            except Unmet:
                if len(found) < least:
                    raise
                break
        return found

    def _count(self, schema: Mapping[str, Any], spot: Spot, least: int) -> int:
        prefix = len(schema.get("prefixItems", ()))
        usual = max(least, 1, prefix) + self._rng(spot.pointer, "count").randrange(2)
        most = schema.get("maxItems", usual)
        if schema.get("items") is False:
            most = min(most, prefix)
        return int(least if spot.is_enough else min(usual, most))

    def _item(self, schema: Mapping[str, Any], spot: Spot, index: int, found: list[Any]) -> Any:
        prefix = schema.get("prefixItems", ())
        rule: Schema = prefix[index] if index < len(prefix) else schema.get("items", True)
        if "contains" in schema and 0 <= index - len(prefix) < schema.get("minContains", 1):
            rule = both(rule, schema["contains"])
        place = spot.into(index, spot.trail)
        value = self._value(rule, place)
        if not schema.get("uniqueItems"):
            return value
        for attempt in range(_TRIES):
            # 1 and 1.0, but not 1 and true, are equal in JSON; comparing as Python does errs on the safe side.
            if value not in found:
                return value
            value = self._value(rule, Spot(f"{place.pointer}~{attempt}", place.depth, place.trail))
        raise Unmet(place.pointer, "uniqueItems")

    # --- scalars ---

    def _text(self, schema: Mapping[str, Any], spot: Spot) -> str:
        found = texts.text(schema, self._plan.key, spot.pointer)
        if found is None:
            raise Unmet(spot.pointer, "pattern" if "pattern" in schema else "format")
        return found

    def _number(self, schema: Mapping[str, Any], spot: Spot, *, whole: bool) -> int | float:
        rng = self._rng(spot.pointer)
        low, high = _bounds(schema)
        step = _fraction(schema["multipleOf"]) if "multipleOf" in schema else Fraction(1, 1 if whole else 100)
        if whole:
            # The multiples of 3/2 that are whole are those of 3.
            step = Fraction(step.numerator)
        first, last = math.ceil(low / step), math.floor(high / step)
        for _ in range(_TRIES):
            if first > last:
                break
            number = rng.randint(first, last) * step
            value = int(number) if whole else float(number)
            if _is_inside(schema, number) and _divides(schema, value):
                return value
        between = (low + high) / 2
        if whole or "multipleOf" in schema or not _is_inside(schema, between):
            raise Unmet(spot.pointer, "multipleOf" if "multipleOf" in schema else "minimum")
        return float(between)


def _property(schema: Mapping[str, Any], name: str) -> Schema:
    """Return the schema of one property: declared, by pattern, or that of all others."""
    rules: list[Schema] = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    rules += [rule for pattern, rule in schema.get("patternProperties", {}).items() if texts.matches(pattern, name)]
    if not rules:
        return schema.get("additionalProperties", True)  # type: ignore[no-any-return]
    found = rules[0]
    for rule in rules[1:]:
        found = both(found, rule)
    return found


def _fraction(number: float) -> Fraction:
    # 0.1 should be a tenth, not the double nearest to it.
    return Fraction(str(number))


def _bounds(schema: Mapping[str, Any]) -> tuple[Fraction, Fraction]:
    lows = [_fraction(schema[name]) for name in ("minimum", "exclusiveMinimum") if name in schema]
    highs = [_fraction(schema[name]) for name in ("maximum", "exclusiveMaximum") if name in schema]
    span = max(Fraction(_SPAN), 10 * _fraction(schema.get("multipleOf", 0)))
    if lows:
        return max(lows), min(highs) if highs else max(lows) + span
    if highs:
        return min(Fraction(0), min(highs) - span), min(highs)
    return Fraction(0), span


def _divides(schema: Mapping[str, Any], number: float) -> bool:
    """Tell whether a number is a multiple even in floating point, in which 0.07 is none of 0.01."""
    quotient = number / schema.get("multipleOf", 1) if isinstance(schema.get("multipleOf"), float) else 0.0
    return quotient.is_integer()


def _is_inside(schema: Mapping[str, Any], number: Fraction) -> bool:
    return (
        ("minimum" not in schema or number >= _fraction(schema["minimum"]))
        and ("exclusiveMinimum" not in schema or number > _fraction(schema["exclusiveMinimum"]))
        and ("maximum" not in schema or number <= _fraction(schema["maximum"]))
        and ("exclusiveMaximum" not in schema or number < _fraction(schema["exclusiveMaximum"]))
    )


def _whole_counts(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema with its counts as whole numbers: JSON Schema takes 2.0 where it takes 2."""
    given = {name: int(schema[name]) for name in _COUNTS if isinstance(schema.get(name), float)}
    return {**schema, **given} if given else schema
