"""Makes values of the schemas of one contract: part by part, and another way where one does not lead to a value."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from xpander_emulator.common import budget, json_pointers
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import texts
from xpander_emulator.contract.sampling.flattening import Exhausted, Flattener, Spent, Spot, Unsatisfied, Way
from xpander_emulator.contract.sampling.merging import WISHES, WORD, Schema, both
from xpander_emulator.contract.sampling.numbers import number
from xpander_emulator.contract.sampling.properties_and_items import required, rest, rule_of, whole_counts
from xpander_emulator.contract.schema.validation import judge, part_validator

# Beyond this depth the schema has no end.
TOO_DEEP: Final = 32
TOO_MANY: Final = 5_000
_TRIES: Final = 30
_CAREFULLY: Final = 10_000
_ROUNDS: Final = 24
_MOST_ATTEMPTS: Final = 120
# What one value may cost in vain, counted in parts that were made and came to nothing, about 10 µs each.
_MOST_LOST: Final = 600
_WAYS: Final = 48
# A part that is held against its schema in vain costs as much as so many that are only made.
_CHECKED: Final = 4
# A text that was looked for in vain, likewise.
_TEXT: Final = 50
# Of a budget, what one part takes; a draw at random is the most of it.
_STEPS: Final = 3
_TYPES: Final = ("object", "string", "integer", "array", "boolean", "null", "number")
# By which keywords a schema without a type tells what it describes.
_TELLING: Final[Mapping[str, tuple[str, ...]]] = {
    "object": (
        "properties", "required", "additionalProperties", "patternProperties", "minProperties", "propertyNames",
        "unevaluatedProperties",
    ),
    "array": ("items", "prefixItems", "minItems", "maxItems", WISHES, "uniqueItems", "unevaluatedItems"),
    "string": ("pattern", "minLength", "maxLength", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}  # fmt: skip
# What is left to try where nothing that was made will do.
_PLAIN: Final[tuple[Any, ...]] = (
    "", "a", "abcdef", 0, 1, -1, 2, 0.5, True, False, None, [], {}, ["a"], [1], [1, 2], [1, 2, 3], [{}], [[]],
    {"a": 1}, {"a": "a"}, {"foo": 1}, {"foo": "a"},
)  # fmt: skip


class Generator:
    """Makes values of the schemas of one contract; `root` is where the references of one that needs no other lead.

    careful: whether each part that may break its schema is held against it. A value that was made without comes out
    the same with it, but for those parts.
    """

    def __init__(self, contract: Contract, root: Schema, *, careful: bool) -> None:
        is_alone = isinstance(root, Mapping) and json_pointers.is_self_contained(root)
        self._contract = Contract(root, "", "", "", ()) if is_alone and isinstance(root, Mapping) else contract
        self._flattener = Flattener(self._contract.document)
        self._root = root
        self._careful = careful
        self._validators: dict[int, tuple[Schema, Any]] = {}
        self._made = 0
        self._lost = 0

    def value(self, schema: Schema, key: int, pointer: str) -> Any:
        """Return a value. Raises Unmet."""
        spot = Spot(pointer, key)
        try:
            return self._value(schema, spot)
        except Spent:
            for value in _PLAIN if self._careful else ():
                if self._is_met(schema, value, spot):
                    return value
            raise

    def _value(self, schema: Schema, spot: Spot) -> Any:
        fault, lost = Unsatisfied(spot.pointer, ""), self._lost
        for attempt, (at, way) in enumerate(islice(_attempts(spot), _MOST_ATTEMPTS)):
            before = self._made
            try:
                value = self._try(schema, at, way)
            except Exhausted:
                raise
            except Unsatisfied as unmet:
                fault = fault if attempt else unmet
                if not way.open:
                    break
                self._lose(fault, self._made - before)
                continue
            if not self._careful or not (way.hard or schema is self._root) or self._is_met(schema, value, spot):
                # What led to a value was not in vain.
                self._lost = lost
                return value
            self._lose(fault, _CHECKED * (self._made - before))
        if self._careful:
            self._lose(fault, _CHECKED * len(_PLAIN))
            for value in _PLAIN:
                if self._is_met(schema, value, spot):
                    self._lost = lost
                    return value
        raise fault

    def _lose(self, fault: Unsatisfied, parts: int) -> None:
        """Note that so many parts were made in vain. Raises Spent once there were too many."""
        self._lost += parts
        if self._lost > _MOST_LOST:
            raise Spent(fault.pointer, fault.keyword, fault.pattern)

    def _is_met(self, schema: Schema, value: Any, spot: Spot) -> bool:
        """Return whether a value satisfies a schema of the document. Raises Unsatisfied for a broken reference."""
        from referencing.exceptions import Unresolvable

        if isinstance(schema, bool):
            return schema
        try:
            if set(schema) == {"$ref"} and schema["$ref"].startswith("#/"):
                # jsonschema-rs takes no steps from a budget, however long it takes.
                pointer, strict = json_pointers.from_reference(schema["$ref"]), budget.is_limited()
                return judge(self._contract, pointer, strict=strict)(value)
            if id(schema) not in self._validators:
                self._validators[id(schema)] = schema, part_validator(self._contract, schema)
            return bool(self._validators[id(schema)][1].is_valid(value))
        except Unresolvable:
            raise Unsatisfied(spot.pointer, "$ref") from None

    def _try(self, schema: Schema, spot: Spot, way: Way) -> Any:
        self._made += 1
        budget.spend(_STEPS)
        if self._made > (_CAREFULLY if self._careful else TOO_MANY):
            raise Exhausted(spot.pointer, "$ref" if spot.trail else "size")
        if spot.depth > TOO_DEEP:
            raise Unsatisfied(spot.pointer, "$ref" if spot.trail else "size")
        flat, trail = self._flattener.flat(schema, spot, way)
        if trail is not spot.trail:
            spot = Spot(spot.pointer, spot.key, spot.invent, spot.lean, spot.depth, trail)
        if "const" in flat:
            return _paid(flat["const"])
        if WORD in flat and flat[WORD] in flat.get("enum", (flat[WORD],)):
            return flat[WORD]
        if "enum" in flat:
            return self._choice(flat, spot, way)
        given = None if spot.invent else self._given(flat, spot, way)
        if given is not None:
            return given
        flat = whole_counts(flat)
        return self._of_type(way.pick(_types(flat, spot)), flat, spot)

    def _of_type(self, kind: str, schema: Mapping[str, Any], spot: Spot) -> Any:
        match kind:
            case "object":
                return self._object(schema, spot)
            case "array":
                return self._array(schema, spot)
            case "string":
                return self._text(schema, spot)
            case "integer" | "number":
                found = number(schema, _rng(spot), whole=kind == "integer")
                if found is None:
                    raise Unsatisfied(spot.pointer, "multipleOf" if "multipleOf" in schema else "minimum")
                return found
            case "boolean":
                return _rng(spot).random() < 0.5
            case _:
                return None

    def _choice(self, schema: Mapping[str, Any], spot: Spot, way: Way) -> Any:
        values: list[Any] = schema["enum"]
        budget.spend(len(values) // 8)
        kept = [value for value in values if value is not None] or values
        if not kept:
            raise Unsatisfied(spot.pointer, "enum")
        first = kept.index(_rng(spot).choice(kept))
        return _paid(way.pick([*kept[first:], *kept[:first], *([None] if None in values else [])]))

    def _given(self, schema: Mapping[str, Any], spot: Spot, way: Way) -> Any:
        examples = schema.get("examples")
        if isinstance(examples, list) and examples:
            found = _rng(spot).choice(examples)
        else:
            found = schema["example"] if "example" in schema else schema.get("default")
        way.hard = way.hard or found is not None
        return _paid(found)

    # --- objects ---

    def _object(self, schema: Mapping[str, Any], spot: Spot) -> dict[str, Any]:
        found: dict[str, Any] = {}
        needed = required(schema, ())
        for name in self._names(schema, spot, needed):
            try:
                found[name] = self._property(schema, spot, name)
            except Exhausted:
                raise
            except Unsatisfied:
                if name in needed:
                    raise
        self._fill(schema, spot, found)
        return found

    def _property(self, schema: Mapping[str, Any], spot: Spot, name: str) -> Any:
        return self._value(rule_of(schema, name), _into(spot, name))

    def _names(self, schema: Mapping[str, Any], spot: Spot, needed: list[str]) -> list[str]:
        """Return which properties to make, the declared ones in their order."""
        properties = schema.get("properties", {})
        most = schema.get("maxProperties", math.inf)
        kept = dict.fromkeys(needed)
        for name in properties:
            if not spot.shows(schema, name):
                continue
            together = required(schema, (name,)) if "dependentRequired" in schema else (name,)
            budget.spend(len(kept) // 32)
            if name not in kept and len({*kept, *together}) <= most and self._may_be_called(schema, name, spot):
                kept.update(dict.fromkeys(together))
        return [name for name in properties if name in kept] + [name for name in kept if name not in properties]

    def _may_be_called(self, schema: Mapping[str, Any], name: str, spot: Spot) -> bool:
        rule = schema.get("propertyNames", True)
        return rule is True or self._is_met(rule, name, spot)

    def _fill(self, schema: Mapping[str, Any], spot: Spot, found: dict[str, Any]) -> None:
        """Add properties, as many as are needed; one where a schema has nothing else to show."""
        others = schema.get("additionalProperties", {})
        shows_nothing = not found and isinstance(others, Mapping) and bool(others)
        wanted = int(shows_nothing and not spot.is_lean)
        wanted = min(max(wanted, schema.get("minProperties", 0)), schema.get("maxProperties", math.inf))
        if wanted > TOO_MANY:
            raise Exhausted(spot.pointer, "size")
        for name in self._further_names(schema, spot, int(wanted)):
            if len(found) >= wanted:
                return
            if name not in found and self._may_be_called(schema, name, spot):
                try:
                    found[name] = self._property(schema, spot, name)
                except Exhausted:
                    raise
                except Unsatisfied:
                    continue

    def _further_names(self, schema: Mapping[str, Any], spot: Spot, wanted: int) -> Iterator[str]:
        """Yield names that a property may have: declared, by pattern, or any."""
        yield from schema.get("properties", ())
        patterns = tuple(schema.get("patternProperties", ()))
        rule = schema.get("propertyNames", True)
        for attempt in range(_TRIES + wanted):
            place = f"{spot.pointer}/~{attempt}"
            if patterns:
                pattern = patterns[attempt % len(patterns)]
                made = texts.text({"pattern": pattern}, spot.key, place)
                self._lose(Unsatisfied(spot.pointer, "minProperties"), _TEXT if made is None else 5)
                yield from texts.longer(made, pattern, spot.key, place) if made is not None else ()
            if rule is not True:
                named = both({"type": "string"}, rule)
                yield str(self._value(named, Spot(place, spot.key, depth=spot.depth + 1, trail=spot.trail)))
            elif not patterns or schema.get("additionalProperties") is not False:
                # There are about a thousand words.
                made = texts.word(spot.key, place)
                yield f"{made}_{attempt}" if attempt > _TRIES else made

    # --- lists ---

    def _array(self, schema: Mapping[str, Any], spot: Spot) -> list[Any]:
        wishes = schema.get(WISHES, ())
        asked = [wish for wish, least, _ in wishes for _ in range(min(least, TOO_MANY))]
        least = max(schema.get("minItems", 0), len(asked))
        if least > TOO_MANY:
            raise Exhausted(spot.pointer, "size")
        count = self._count(schema, spot, least)
        prefix = len(schema.get("prefixItems", ()))
        # What must be contained stands behind the items that have a schema of their own, if there is room.
        first = max(0, min(prefix, schema.get("maxItems", prefix + len(asked)) - len(asked)))
        count = max(count, first + len(asked)) if asked else count
        # A list that may hold only so many of a kind holds others beside them.
        others = [{"not": wish} for wish, _, most in wishes if most is not None]
        found: list[Any] = []
        for index in range(count):
            extra = [asked[index - first]] if 0 <= index - first < len(asked) else others
            try:
                found.append(self._item(schema, spot, index, found, extra))
            except Exhausted:
                raise
            except Unsatisfied:
                if len(found) < max(least, first + len(asked) if asked else 0):
                    raise
                break
        return found

    def _count(self, schema: Mapping[str, Any], spot: Spot, least: int) -> int:
        prefix = len(schema.get("prefixItems", ()))
        usual = max(least, 1, prefix) + _rng(spot, "count").randrange(2)
        most = schema.get("maxItems", usual)
        if rest(schema) is False:
            most = min(most, prefix)
        return int(least if spot.is_lean else min(usual, most))

    def _item(
        self, schema: Mapping[str, Any], spot: Spot, index: int, found: list[Any], extra: Sequence[Schema]
    ) -> Any:
        prefix = schema.get("prefixItems", ())
        rule: Schema = prefix[index] if index < len(prefix) else rest(schema)
        for each in extra:
            rule = each if rule is False and "items" not in schema else both(rule, each)
        place = _into(spot, index)
        value = self._value(rule, place)
        if not schema.get("uniqueItems"):
            return value
        budget.spend(len(found) // 16)
        for attempt in range(_TRIES):
            # 1 and 1.0, but not 1 and true, are equal in JSON; comparing as Python does errs on the safe side.
            if value not in found:
                return value
            self._lose(Unsatisfied(place.pointer, "uniqueItems"), 1)
            value = self._value(rule, _named(place, f"{place.pointer}~{attempt}", attempt))
        raise Unsatisfied(place.pointer, "uniqueItems")

    # --- texts ---

    def _text(self, schema: Mapping[str, Any], spot: Spot) -> str:
        found = texts.text(schema, spot.key, spot.pointer)
        if found is None:
            fault = _unmet_text(schema, spot)
            self._lose(fault, _TEXT)
            raise fault
        _paid(found)
        return found


def _paid(value: Any) -> Any:
    """Return a value that was taken over as it is, paid for by its size. Raises TooCostly."""
    waiting = [value] if budget.is_limited() else []
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            budget.spend(len(part) // 64)
        elif isinstance(part, list | dict):
            budget.spend(1 + len(part) // 8)
            waiting += part.values() if isinstance(part, dict) else part
    return value


def _attempts(spot: Spot) -> Iterator[tuple[Spot, Way]]:
    """Yield ways to try, from the nicest value to the plainest; then all of them again with other draws."""
    # Nearly every value is made on the first way.
    yield spot, Way(0)
    for turn in range(_ROUNDS):
        key = keyed(spot.key, "turn", turn) if turn else spot.key
        for count in range(_WAYS):
            way = Way(count)
            for invent, lean in ((False, False), (True, False), (True, True)):
                if (turn or not count) and not invent:
                    continue
                way = Way(count)
                place = Spot(spot.pointer, key, spot.invent or invent, spot.lean or lean, spot.depth, spot.trail)
                yield place, way
            if way.is_beyond:
                break


def _unmet_text(schema: Mapping[str, Any], spot: Spot) -> Unsatisfied:
    if "pattern" not in schema:
        return Unsatisfied(spot.pointer, "format")
    place = f" in {spot.trail[-1]}" if spot.trail else ""
    return Unsatisfied(spot.pointer, "pattern", f"{schema['pattern']}{place}")


def _rng(spot: Spot, *place: str) -> random.Random:
    return random.Random(keyed(spot.key, spot.pointer, *place))


def _into(spot: Spot, part: str | int) -> Spot:
    return _named(spot, spot.pointer + json_pointers.join(part), 0, spot.depth + 1)


def _named(spot: Spot, pointer: str, attempt: int, depth: int | None = None) -> Spot:
    depth = spot.depth if depth is None else depth
    return Spot(pointer, spot.key, spot.invent or attempt > 0, spot.lean, depth, spot.trail)


def _types(schema: Mapping[str, Any], spot: Spot) -> list[str]:
    """Return the types that a value may have, the likely ones first."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return [declared]
    if declared is None:
        told = [kind for kind, keywords in _TELLING.items() if any(word in schema for word in keywords)]
        return list(dict.fromkeys([*told, "string" if spot.pointer else "object", *_TYPES]))
    if not declared:
        raise Unsatisfied(spot.pointer, "type")
    return sorted(declared, key=lambda name: (name == "null") is not spot.is_enough)
