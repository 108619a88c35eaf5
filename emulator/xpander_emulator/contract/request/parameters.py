"""The parameters of a request: text in one of OpenAPI's styles, read as the values of their schemas."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from xpander_emulator.common import json_codec
from xpander_emulator.common.json_syntax import find_syntax_error
from xpander_emulator.contract.model import NOTHING, Contract, Parameter
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.contract.schema.validation import Judge, find_violations, judge
from xpander_emulator.contract.schema.violations import Location, Violation

MISSING: Final = object()
# Keywords after which a value of the right type needs no validation.
_PLAIN_KEYWORDS: Final = frozenset({
    "type", "anyOf", "title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly",
    "$comment",
})  # fmt: skip
# pydantic 2, docs/concepts/conversion_table: what its lax mode takes from text.
_INTEGER: Final = re.compile(r"\s*[+-]?\d{1,400}(?:\.0*)?\s*", re.ASCII)
_NUMBER: Final = re.compile(r"\s*[+-]?(?:\d{1,400}(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?\s*", re.ASCII)
_TRUE: Final = frozenset({"1", "on", "t", "true", "y", "yes"})
_FALSE: Final = frozenset({"0", "off", "f", "false", "n", "no"})
_UNREADABLE: Final[Mapping[str, tuple[str, str, str]]] = {
    "integer": ("int_parsing", "Input should be a valid integer, unable to parse string as an integer", "an integer"),
    "number": ("float_parsing", "Input should be a valid number, unable to parse string as a number", "a number"),
    "boolean": ("bool_parsing", "Input should be a valid boolean, unable to interpret input", "true or false"),
    "null": ("none_required", "Input should be None", "nothing"),
}
_SEPARATORS: Final = {"spaceDelimited": " ", "pipeDelimited": "|"}


@dataclass(frozen=True, slots=True)
class ParameterTypes:
    """The JSON types in the schema of a parameter.

    names:      the types of the value, in the order in which a text is tried; empty where every type is taken.
    items:      the types of a list's items.
    properties: the types of an object's properties; None for a parameter that is no object.
    lists:      the types of the items of those properties that are lists.
    """

    names: tuple[str, ...]
    items: tuple[str, ...] = ()
    properties: Mapping[str, tuple[str, ...]] | None = None
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, view: SchemaView) -> "ParameterTypes":
        """Return the types of a schema."""
        names = view.declared_types
        items = view.at(0).declared_types if "array" in names else ()
        if "object" not in names:
            return cls(names, items)
        properties = {name: each.declared_types for name, each in view.properties.items()}
        arrays = {name: each for name, each in view.properties.items() if "array" in properties[name]}
        return cls(names, items, properties, {name: each.at(0).declared_types for name, each in arrays.items()})


@dataclass(frozen=True, slots=True)
class ParameterReader:
    """Reads one parameter of one operation.

    kind:    "array", "object" or "scalar": how the text of a path or header parameter is split.
    default: the value of an absent parameter, or MISSING.
    judge:   whether a value satisfies the schema; None where every value of the right type does.
    """

    contract: Contract
    parameter: Parameter
    types: ParameterTypes
    kind: str
    default: Any
    judge: Judge | None

    @property
    def takes_any_text(self) -> bool:
        """Whether the value of every text is that text."""
        is_text = not self.types.names or "string" in self.types.names
        return self.kind == "scalar" and is_text and self.judge is None and self.parameter.style != "json"

    def from_text(self, text: str) -> Any:
        """Return the raw value of a path or header parameter."""
        return _split(self.parameter, self.kind, text)

    def from_pairs(self, pairs: Mapping[str, list[str]]) -> Any:
        """Return the raw value in a parsed query or in cookies; MISSING when the parameter is absent."""
        parameter, is_json = self.parameter, self.parameter.style == "json"
        if self.types.properties is not None and not is_json:
            return _object_from_pairs(parameter, self.types, pairs)
        values = pairs.get(parameter.name)
        if values is None:
            return MISSING
        if is_json or "array" not in self.types.names:
            return values[-1]
        if parameter.explode:
            return values
        separator = _SEPARATORS.get(parameter.style, ",")
        return [item for value in values for item in value.split(separator)]

    def read(self, raw: Any) -> tuple[Any, tuple[Violation, ...]]:
        """Return the value of `raw` and its violations.

        raw: a text, a list of texts, a mapping of texts and lists of texts, or MISSING.
        """
        at, is_json = (self.parameter.place, self.parameter.name), self.parameter.style == "json"
        if raw is MISSING:
            if not self.parameter.required:
                return self.default, ()
            return MISSING, (Violation(at, "Field required", "missing", None, f"'{self.parameter.name}'"),)
        value, violations = _parse_json(raw, at) if is_json else self._coerced(raw, at)
        if violations or self.judge is None or self.judge(value):
            return value, violations
        violations = find_violations(self.contract, self.parameter.pointer, value, at)
        # FastAPI reports the text that was sent, not the value that was read.
        is_text = isinstance(raw, str) and not is_json
        return value, tuple(replace(each, input=raw) for each in violations) if is_text else violations

    def _coerced(self, raw: Any, at: Location) -> tuple[Any, tuple[Violation, ...]]:
        violations: list[Violation] = []
        if isinstance(raw, str):
            return coerce(raw, self.types.names, at, violations), tuple(violations)
        if isinstance(raw, list):
            return _coerce_each(raw, self.types.items, at, violations), tuple(violations)
        types, lists = self.types.properties or NOTHING, self.types.lists
        value = {
            key: _coerce_each(item, lists.get(key, ()), (*at, key), violations)
            if isinstance(item, list)
            else coerce(item, types.get(key, ()), (*at, key), violations)
            for key, item in raw.items()
        }
        return value, tuple(violations)


def reader_for(contract: Contract, parameter: Parameter) -> ParameterReader:
    """Return the reader of one parameter."""
    view = SchemaView(contract.document, parameter.schema)
    types, default = ParameterTypes.of(view), view.keyword("default")
    kinds = ("array", "object") if parameter.style != "json" else ()
    return ParameterReader(
        contract,
        parameter,
        types,
        kind=next((kind for kind in kinds if kind in types.names), "scalar"),
        default=MISSING if default is None else default,
        judge=None if _is_plain(view) else judge(contract, parameter.pointer),
    )


def _is_plain(view: SchemaView) -> bool:
    """Return whether every text that can be read as one of the schema's types satisfies the schema."""
    return {"array", "object"}.isdisjoint(view.declared_types) and all(
        _PLAIN_KEYWORDS.issuperset(part) and not ("type" in part and "anyOf" in part) for part in view.parts()
    )


# --- styles ---


def _object_from_pairs(parameter: Parameter, types: ParameterTypes, pairs: Mapping[str, list[str]]) -> Any:
    if parameter.style == "deepObject":
        prefix = f"{parameter.name}["
        sent = {key[len(prefix) : -1]: pairs[key] for key in pairs if key.startswith(prefix) and key[-1] == "]"}
    elif parameter.explode:
        sent = {key: pairs[key] for key in types.properties or NOTHING if key in pairs}
    elif parameter.name in pairs:
        return _split(parameter, "object", pairs[parameter.name][-1])
    else:
        return MISSING
    return {key: texts if key in types.lists else texts[-1] for key, texts in sent.items()} or MISSING


def _split(parameter: Parameter, kind: str, text: str) -> Any:
    """Return a text as it is, or split: `a,b` for a list, `k,v` or `k=v` for an object."""
    if kind == "array":
        return [item.strip() for item in text.split(",")]
    if kind == "object":
        parts = text.split(_SEPARATORS.get(parameter.style, ","))
        if parameter.explode and parameter.style == "simple":
            return {key: value for key, _, value in (part.partition("=") for part in parts)}
        return dict(zip(parts[::2], parts[1::2], strict=False))
    return text


# --- text to values ---


def coerce(text: Any, types: Sequence[str], at: Location, violations: list[Violation]) -> Any:
    """Return the value of a text as the first type that can be read from it; without one, add a violation."""
    if not types or "string" in types or not isinstance(text, str):
        return text
    for name in types:
        value = _parse(text, name)
        if value is not MISSING:
            return value
    wanted = next((name for name in types if name != "null"), "null")
    kind, message, expected = _UNREADABLE.get(wanted, ("value_error", "Value error, unreadable", wanted))
    violations.append(Violation(at, message, kind, text, expected))
    return text


def _coerce_each(texts: Sequence[Any], types: Sequence[str], at: Location, violations: list[Violation]) -> list[Any]:
    """Return the values of a list of texts, as `coerce` does for one."""
    return [coerce(text, types, (*at, index), violations) for index, text in enumerate(texts)]


def _parse_json(text: str, at: Location) -> tuple[Any, tuple[Violation, ...]]:
    try:
        return json_codec.loads(text), ()
    except orjson.JSONDecodeError as error:
        syntax_error = find_syntax_error(text)
        context = {"error": syntax_error.reason if syntax_error else error.msg}
        return None, (Violation(at, "JSON decode error", "json_invalid", text, "JSON", context),)


def _parse(text: str, name: str) -> Any:
    if name == "integer" and _INTEGER.fullmatch(text):
        return int(text.strip().partition(".")[0])
    if name == "number" and _NUMBER.fullmatch(text):
        number = float(text)
        return MISSING if number in (float("inf"), float("-inf")) else number
    if name == "boolean" and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    return MISSING
