"""The generator makes values of schemas, part by part; where one attempt gives no value, it tries others."""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from xpander_emulator.common import budget, json_pointers
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import texts
from xpander_emulator.contract.sampling.attempts import (
    BrokenReference,
    Choices,
    LimitReached,
    Position,
    SamplingFailed,
    TooManyFailures,
    attempts,
)
from xpander_emulator.contract.sampling.flattening import Flattener
from xpander_emulator.contract.sampling.merging import CONTAINS, DISCRIMINATED, Schema, both
from xpander_emulator.contract.sampling.numbers import number
from xpander_emulator.contract.sampling.properties_and_items import (
    further_items,
    property_schema,
    required_names,
    whole_counts,
)
from xpander_emulator.contract.schema.validation import judge, part_validator

# A schema that leads deeper is taken for endless.
MAX_DEPTH: Final = 32
# Parts of one value.
MAX_PARTS: Final = 5_000
_MAX_PARTS_IF_CAREFUL: Final = 10_000
_TRIES: Final = 30
_MAX_ATTEMPTS: Final = 120
# Parts of one value that may be made in vain, of about 10 µs each.
_MAX_FAILURES: Final = 600
# The cost of a failure: of a part that was made and checked, and of a search for a text.
_CHECKED: Final = 4
_TEXT: Final = 50
# Steps of the budget for one part; most of them are for the random draw.
_STEPS: Final = 3
_TYPES: Final = ("object", "string", "integer", "array", "boolean", "null", "number")
# The keywords by which a schema without a type shows its type.
_KEYWORDS_OF_TYPES: Final[Mapping[str, tuple[str, ...]]] = {
    "object": (
        "properties", "required", "additionalProperties", "patternProperties", "minProperties", "propertyNames",
        "unevaluatedProperties",
    ),
    "array": ("items", "prefixItems", "minItems", "maxItems", CONTAINS, "uniqueItems", "unevaluatedItems"),
    "string": ("pattern", "minLength", "maxLength", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}  # fmt: skip
# Values to try where every generated one broke the schema.
_PLAIN: Final[tuple[Any, ...]] = (
    "", "a", "abcdef", 0, 1, -1, 2, 0.5, True, False, None, [], {}, ["a"], [1], [1, 2], [1, 2, 3], [{}], [[]],
    {"a": 1}, {"a": "a"}, {"foo": 1}, {"foo": "a"},
)  # fmt: skip


class Generator:
    """Makes values of the schemas of one contract.

    root:    the schema in which references lead, if it needs no other document.
    careful: whether each part that may break its schema is validated. A value that is valid without this comes out the
             same with it.
    """

    def __init__(self, contract: Contract, root: Schema, *, careful: bool) -> None:
        is_alone = isinstance(root, Mapping) and json_pointers.is_self_contained(root)
        self._contract = Contract(root, "", "", "", ()) if is_alone and isinstance(root, Mapping) else contract
        self._flattener = Flattener(self._contract.document)
        self._root = root
        self._careful = careful
        self._validators: dict[int, tuple[Schema, Any]] = {}
        self._parts = 0
        self._failures = 0

    def value(self, schema: Schema, key: int, pointer: str) -> Any:
        """Return a value. Raises SamplingFailed."""
        position = Position(pointer, key)
        try:
            return self._value(schema, position)
        except TooManyFailures:
            for value in _PLAIN if self._careful else ():
                if self._is_valid(schema, value, position):
                    return value
            raise

    def _value(self, schema: Schema, position: Position) -> Any:
        failure, failures = SamplingFailed(position.pointer, ""), self._failures
        for attempt, (place, choices) in enumerate(islice(attempts(position), _MAX_ATTEMPTS)):
            before = self._parts
            try:
                value = self._try(schema, place, choices)
            except LimitReached:
                raise
            except SamplingFailed as error:
                failure = failure if attempt else error
                if not choices.may_differ:
                    break
                self._count_failure(failure, self._parts - before)
                continue
            is_sure = not (choices.needs_check or schema is self._root)
            if not self._careful or is_sure or self._is_valid(schema, value, position):
                # Attempts that led to a value were not in vain.
                self._failures = failures
                return value
            self._count_failure(failure, _CHECKED * (self._parts - before))
        if self._careful:
            self._count_failure(failure, _CHECKED * len(_PLAIN))
            for value in _PLAIN:
                if self._is_valid(schema, value, position):
                    self._failures = failures
                    return value
        raise failure

    def _count_failure(self, failure: SamplingFailed, parts: int) -> None:
        """Count parts that were made in vain. Raises TooManyFailures above the limit."""
        self._failures += parts
        if self._failures > _MAX_FAILURES:
            raise TooManyFailures(failure.pointer, failure.keyword, failure.pattern)

    def _is_valid(self, schema: Schema, value: Any, position: Position) -> bool:
        """Return whether a value satisfies a schema of the document. Raises BrokenReference."""
        from referencing.exceptions import Unresolvable

        if isinstance(schema, bool):
            return schema
        try:
            pointer = json_pointers.bare_pointer(schema)
            if pointer is not None:
                # jsonschema-rs spends no steps of the budget, however long it takes.
                return judge(self._contract, pointer, strict=budget.is_limited())(value)
            if id(schema) not in self._validators:
                self._validators[id(schema)] = schema, part_validator(self._contract, schema)
            return bool(self._validators[id(schema)][1].is_valid(value))
        except Unresolvable:
            raise BrokenReference(position.pointer) from None

    def _try(self, schema: Schema, position: Position, choices: Choices) -> Any:
        self._parts += 1
        budget.spend(_STEPS)
        if self._parts > (_MAX_PARTS_IF_CAREFUL if self._careful else MAX_PARTS):
            raise LimitReached(position.pointer, position.endless_keyword)
        if position.depth > MAX_DEPTH:
            raise SamplingFailed(position.pointer, position.endless_keyword)
        flat, references = self._flattener.flat(schema, position, choices)
        if references is not position.references:
            position = position._replace(references=references)
        if "const" in flat:
            return _charged(flat["const"])
        if DISCRIMINATED in flat and flat[DISCRIMINATED] in flat.get("enum", (flat[DISCRIMINATED],)):
            return flat[DISCRIMINATED]
        if "enum" in flat:
            return self._enum(flat, position, choices)
        example = None if position.ignore_examples else self._example(flat, position, choices)
        if example is not None:
            return example
        flat = whole_counts(flat)
        return self._of_type(choices.pick(_types(flat, position)), flat, position)

    def _of_type(self, kind: str, schema: Mapping[str, Any], position: Position) -> Any:
        match kind:
            case "object":
                return self._object(schema, position)
            case "array":
                return self._array(schema, position)
            case "string":
                return self._text(schema, position)
            case "integer" | "number":
                value = number(schema, _rng(position), whole=kind == "integer")
                if value is None:
                    raise SamplingFailed(position.pointer, "multipleOf" if "multipleOf" in schema else "minimum")
                return value
            case "boolean":
                return _rng(position).random() < 0.5
            case _:
                return None

    def _enum(self, schema: Mapping[str, Any], position: Position, choices: Choices) -> Any:
        values: list[Any] = schema["enum"]
        budget.spend(len(values) // 8)
        options = [value for value in values if value is not None] or values
        if not options:
            raise SamplingFailed(position.pointer, "enum")
        first = options.index(_rng(position).choice(options))
        return _charged(choices.pick([*options[first:], *options[:first], *([None] if None in values else [])]))

    def _example(self, schema: Mapping[str, Any], position: Position, choices: Choices) -> Any:
        examples = schema.get("examples")
        if isinstance(examples, list) and examples:
            example = _rng(position).choice(examples)
        else:
            example = schema["example"] if "example" in schema else schema.get("default")
        choices.needs_check = choices.needs_check or example is not None
        return _charged(example)

    # --- objects ---

    def _object(self, schema: Mapping[str, Any], position: Position) -> dict[str, Any]:
        value: dict[str, Any] = {}
        required = required_names(schema)
        for name in self._names(schema, position, required):
            try:
                value[name] = self._property(schema, position, name)
            except LimitReached:
                raise
            except SamplingFailed:
                if name in required:
                    raise
        self._add_properties(schema, position, value)
        return value

    def _property(self, schema: Mapping[str, Any], position: Position, name: str) -> Any:
        return self._value(property_schema(schema, name), position.child(name))

    def _names(self, schema: Mapping[str, Any], position: Position, required: list[str]) -> list[str]:
        """Return the properties to make, the declared ones in their order."""
        properties = schema.get("properties", {})
        most = schema.get("maxProperties", math.inf)
        names = dict.fromkeys(required)
        for name in properties:
            if not position.includes(schema, name):
                continue
            together = required_names(schema, (name,)) if "dependentRequired" in schema else (name,)
            budget.spend(len(names) // 32)
            if name not in names and len({*names, *together}) <= most and self._is_name(schema, name, position):
                names.update(dict.fromkeys(together))
        return [name for name in properties if name in names] + [name for name in names if name not in properties]

    def _is_name(self, schema: Mapping[str, Any], name: str, position: Position) -> bool:
        rule = schema.get("propertyNames", True)
        return rule is True or self._is_valid(rule, name, position)

    def _add_properties(self, schema: Mapping[str, Any], position: Position, value: dict[str, Any]) -> None:
        """Add properties up to `minProperties`; one to an object that would be empty otherwise."""
        others = schema.get("additionalProperties", {})
        is_empty = not value and isinstance(others, Mapping) and bool(others)
        count = int(is_empty and not position.is_minimal)
        count = min(max(count, schema.get("minProperties", 0)), schema.get("maxProperties", math.inf))
        if count > MAX_PARTS:
            raise LimitReached(position.pointer, "size")
        for name in self._further_names(schema, position, int(count)):
            if len(value) >= count:
                return
            if name not in value and self._is_name(schema, name, position):
                try:
                    value[name] = self._property(schema, position, name)
                except LimitReached:
                    raise
                except SamplingFailed:
                    continue

    def _further_names(self, schema: Mapping[str, Any], position: Position, count: int) -> Iterator[str]:
        """Yield names that a property may have: declared, by pattern, or any."""
        yield from schema.get("properties", ())
        patterns = tuple(schema.get("patternProperties", ()))
        rule = schema.get("propertyNames", True)
        for attempt in range(_TRIES + count):
            place = f"{position.pointer}/~{attempt}"
            if patterns:
                pattern = patterns[attempt % len(patterns)]
                name = texts.text({"pattern": pattern}, position.key, place)
                self._count_failure(SamplingFailed(position.pointer, "minProperties"), _TEXT if name is None else 5)
                yield from texts.longer(name, pattern, position.key, place) if name is not None else ()
            if rule is not True:
                named = both({"type": "string"}, rule)
                below = Position(place, position.key, depth=position.depth + 1, references=position.references)
                yield str(self._value(named, below))
            elif not patterns or schema.get("additionalProperties") is not False:
                # There are about a thousand words.
                name = texts.word(position.key, place)
                yield f"{name}_{attempt}" if attempt > _TRIES else name

    # --- lists ---

    def _array(self, schema: Mapping[str, Any], position: Position) -> list[Any]:
        contains = schema.get(CONTAINS, ())
        contained = [each for each, least, _ in contains for _ in range(min(least, MAX_PARTS))]
        least = max(schema.get("minItems", 0), len(contained))
        if least > MAX_PARTS:
            raise LimitReached(position.pointer, "size")
        prefix = len(schema.get("prefixItems", ()))
        # The contained items stand behind those of `prefixItems`, if there is room.
        first = max(0, min(prefix, schema.get("maxItems", prefix + len(contained)) - len(contained)))
        last = first + len(contained) if contained else 0
        # Beside items that may only be contained a few times, there are others.
        others = [{"not": each} for each, _, most in contains if most is not None]
        value: list[Any] = []
        for index in range(max(self._count(schema, position, least), last)):
            extra = [contained[index - first]] if first <= index < last else others
            try:
                value.append(self._item(schema, position, value, extra))
            except LimitReached:
                raise
            except SamplingFailed:
                if len(value) < max(least, last):
                    raise
                break
        return value

    def _count(self, schema: Mapping[str, Any], position: Position, least: int) -> int:
        prefix = len(schema.get("prefixItems", ()))
        usual = max(least, 1, prefix) + _rng(position, "count").randrange(2)
        most = schema.get("maxItems", usual)
        if further_items(schema) is False:
            most = min(most, prefix)
        return int(least if position.is_minimal else min(usual, most))

    def _item(self, schema: Mapping[str, Any], position: Position, before: list[Any], extra: Sequence[Schema]) -> Any:
        """Return the item that follows those before it; it satisfies the `extra` schemas too."""
        index, prefix = len(before), schema.get("prefixItems", ())
        rule: Schema = prefix[index] if index < len(prefix) else further_items(schema)
        for each in extra:
            rule = each if rule is False and "items" not in schema else both(rule, each)
        place = position.child(index)
        value = self._value(rule, place)
        if not schema.get("uniqueItems"):
            return value
        budget.spend(len(before) // 16)
        for attempt in range(_TRIES):
            # 1 and 1.0, but not 1 and true, are equal in JSON; comparing as Python does errs on the safe side.
            if value not in before:
                return value
            self._count_failure(SamplingFailed(place.pointer, "uniqueItems"), 1)
            value = self._value(rule, place.retry(attempt))
        raise SamplingFailed(place.pointer, "uniqueItems")

    # --- texts ---

    def _text(self, schema: Mapping[str, Any], position: Position) -> str:
        text = texts.text(schema, position.key, position.pointer)
        if text is None:
            failure = _text_failure(schema, position)
            self._count_failure(failure, _TEXT)
            raise failure
        _charged(text)
        return text


def _charged(value: Any) -> Any:
    """Return a value that is taken from the schema as it is; spend the budget by its size. Raises TooCostly."""
    waiting = [value] if budget.is_limited() else []
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            budget.spend(len(part) // 64)
        elif isinstance(part, list | dict):
            budget.spend(1 + len(part) // 8)
            waiting += part.values() if isinstance(part, dict) else part
    return value


def _text_failure(schema: Mapping[str, Any], position: Position) -> SamplingFailed:
    if "pattern" not in schema:
        return SamplingFailed(position.pointer, "format")
    place = f" in {position.references[-1]}" if position.references else ""
    return SamplingFailed(position.pointer, "pattern", f"{schema['pattern']}{place}")


def _rng(position: Position, *place: str) -> random.Random:
    return random.Random(keyed(position.key, position.pointer, *place))


def _types(schema: Mapping[str, Any], position: Position) -> list[str]:
    """Return the types that a value may have, the likely ones first."""
    declared = schema.get("type")
    if isinstance(declared, str):
        return [declared]
    if declared is None:
        shown = [kind for kind, keywords in _KEYWORDS_OF_TYPES.items() if any(word in schema for word in keywords)]
        return list(dict.fromkeys([*shown, "string" if position.pointer else "object", *_TYPES]))
    if not declared:
        raise SamplingFailed(position.pointer, "type")
    return sorted(declared, key=lambda name: (name == "null") is not position.is_deep)
