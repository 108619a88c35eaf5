"""Parameters as they come on the wire, text in one of the standard's styles, read as the values they stand for."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import orjson

from xpander_emulator.common import json_codec, json_pointers
from xpander_emulator.common.json_syntax import json_fault
from xpander_emulator.contract.model import NOTHING, Contract, Parameter
from xpander_emulator.contract.schema.validation import Judge, find_violations, judge
from xpander_emulator.contract.schema.violations import Location, Violation

MISSING: Final = object()
# Keywords that say nothing about which values are right, beyond their type.
_IDLE: Final = frozenset(
    {
        "type",
        "title",
        "description",
        "default",
        "example",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "$comment",
    }
)
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
class Shape:
    """What a parameter's schema says about types, worked out once.

    types: names of JSON types in the order in which they are tried; empty when anything goes.
    lists: of those properties that are lists, the types of their items.
    """

    types: tuple[str, ...]
    items: tuple[str, ...] = ()
    properties: Mapping[str, tuple[str, ...]] | None = None
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ParameterReader:
    """Reads one parameter of one operation; `judge` is None where the type says all."""

    contract: Contract
    parameter: Parameter
    shape: Shape
    default: Any
    judge: Judge | None

    @property
    def at(self) -> Location:
        """Where violations of this parameter are."""
        return (self.parameter.place, self.parameter.name)

    @property
    def takes_any_text(self) -> bool:
        """Whether every text stands for itself."""
        is_text = not self.shape.types or "string" in self.shape.types
        return is_text and self.judge is None and self.parameter.style != "json"

    def read(self, raw: Any) -> tuple[Any, tuple[Violation, ...]]:
        """Return the value of `raw` (text, list of texts, mapping of texts, or MISSING) and what is wrong with it."""
        if raw is MISSING:
            if not self.parameter.required:
                return self.default, ()
            return MISSING, (Violation(self.at, "Field required", "missing", None, f"'{self.parameter.name}'"),)
        if self.parameter.style == "json":
            value, faults = _from_json(raw, self.at)
        else:
            value, faults = self._coerced(raw)
        if faults or self.judge is None or self.judge(value):
            return value, faults
        found = find_violations(self.contract, self.parameter.pointer, value, self.at)
        # FastAPI tells the text that was sent, not what it was read as.
        is_text = isinstance(raw, str) and self.parameter.style != "json"
        return value, tuple(replace(each, input=raw) for each in found) if is_text else found

    def _coerced(self, raw: Any) -> tuple[Any, tuple[Violation, ...]]:
        faults: list[Violation] = []
        if isinstance(raw, str):
            return coerce(raw, self.shape.types, self.at, faults), tuple(faults)
        if isinstance(raw, list):
            return coerce_each(raw, self.shape.items, self.at, faults), tuple(faults)
        types, lists = self.shape.properties or NOTHING, self.shape.lists
        value = {
            key: coerce_each(item, lists.get(key, ()), (*self.at, key), faults)
            if isinstance(item, list)
            else coerce(item, types.get(key, ()), (*self.at, key), faults)
            for key, item in raw.items()
        }
        return value, tuple(faults)


def _from_json(raw: str, at: Location) -> tuple[Any, tuple[Violation, ...]]:
    try:
        return json_codec.loads(raw), ()
    except orjson.JSONDecodeError as error:
        fault = json_fault(raw)
        context = {"error": fault.reason if fault else error.msg}
        return None, (Violation(at, "JSON decode error", "json_invalid", raw, "JSON", context),)


def reader_for(contract: Contract, parameter: Parameter) -> ParameterReader:
    """Return the reader of one parameter."""
    schema = parameter.schema
    default = keyword_of(contract, schema, "default")
    check = None if _is_plain(contract, schema) else judge(contract, parameter.pointer)
    return ParameterReader(
        contract, parameter, _shape(contract, schema), MISSING if default is None else default, check
    )


# --- what a schema says ---


def _subschemas(contract: Contract, schema: Any, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Yield a schema with all those it refers to or chooses from."""
    if not isinstance(schema, Mapping) or depth > json_pointers.MAX_HOPS:
        return
    yield schema
    if isinstance(schema.get("$ref"), str):
        yield from _subschemas(contract, contract.schema(json_pointers.from_reference(schema["$ref"])), depth + 1)
    for keyword in ("allOf", "anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            yield from _subschemas(contract, branch, depth + 1)


def keyword_of(contract: Contract, schema: Any, keyword: str) -> Any:
    """Return the first value of a keyword, the schema's own before those it refers to."""
    return next((each[keyword] for each in _subschemas(contract, schema) if keyword in each), None)


def types_of(contract: Contract, schema: Any) -> tuple[str, ...]:
    """Return the names of the JSON types that a schema takes, in the order in which they are tried."""
    found: dict[str, None] = {}
    for each in _subschemas(contract, schema):
        declared = each.get("type", ())
        found.update(dict.fromkeys([declared] if isinstance(declared, str) else declared))
        if "type" not in each:
            values = [*each.get("enum", ()), *([each["const"]] if "const" in each else ())]
            found.update(dict.fromkeys(_type_of(value) for value in values))
    return tuple(found)


def _type_of(value: Any) -> str:
    # bool before int: in Python the one is the other.
    names = ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _shape(contract: Contract, schema: Any) -> Shape:
    types = types_of(contract, schema)
    items = types_of(contract, keyword_of(contract, schema, "items")) if "array" in types else ()
    if "object" not in types:
        return Shape(types, items)
    declared = keyword_of(contract, schema, "properties") or NOTHING
    properties = {name: types_of(contract, each) for name, each in declared.items()}
    lists = {
        name: types_of(contract, keyword_of(contract, declared[name], "items"))
        for name, found in properties.items()
        if "array" in found
    }
    return Shape(types, items, properties, lists)


def _is_plain(contract: Contract, schema: Any) -> bool:
    """Tell whether reading text as one of the schema's scalar types already makes it right."""
    if not isinstance(schema, Mapping):
        return schema is True
    branches = schema.get("anyOf")
    if branches is not None and schema.keys() <= _IDLE | {"anyOf"} and "type" not in schema:
        return all(_is_plain(contract, branch) for branch in branches)
    return schema.keys() <= _IDLE and not {"array", "object"} & set(types_of(contract, schema))


# --- reading text ---


def coerce(text: Any, types: Sequence[str], at: Location, faults: list[Violation]) -> Any:
    """Return what a text stands for; where no type can read it, tell so in `faults`."""
    if not types or "string" in types or not isinstance(text, str):
        return text
    for name in types:
        value = _parse(text, name)
        if value is not MISSING:
            return value
    wanted = next((name for name in types if name != "null"), "null")
    kind, message, expected = _UNREADABLE.get(wanted, ("value_error", "Value error, unreadable", wanted))
    faults.append(Violation(at, message, kind, text, expected))
    return text


def coerce_each(texts: Sequence[Any], types: Sequence[str], at: Location, faults: list[Violation]) -> list[Any]:
    """Return what each text of a list stands for, as `coerce` does."""
    return [coerce(text, types, (*at, index), faults) for index, text in enumerate(texts)]


def _parse(text: str, name: str) -> Any:
    if name == "integer" and _INTEGER.fullmatch(text):
        return int(text.strip().partition(".")[0])
    if name == "number" and _NUMBER.fullmatch(text):
        number = float(text)
        return MISSING if number in (float("inf"), float("-inf")) else number
    if name == "boolean" and text.lower() in _TRUE | _FALSE:
        return text.lower() in _TRUE
    return MISSING


def raw_query(reader: ParameterReader, pairs: Mapping[str, list[str]]) -> Any:
    """Return a parameter's raw value from the parsed query (or cookies), by its style; MISSING when it is absent."""
    parameter, shape = reader.parameter, reader.shape
    if shape.properties is not None and parameter.style != "json":
        return _raw_object(parameter, shape, pairs)
    values = pairs.get(parameter.name)
    if values is None:
        return MISSING
    if "array" not in shape.types or parameter.style == "json":
        return values[-1]
    if parameter.explode:
        return values
    separator = _SEPARATORS.get(parameter.style, ",")
    return [item for value in values for item in value.split(separator)]


def _raw_object(parameter: Parameter, shape: Shape, pairs: Mapping[str, list[str]]) -> Any:
    if parameter.style == "deepObject":
        prefix = f"{parameter.name}["
        sent = {key[len(prefix) : -1]: pairs[key] for key in pairs if key.startswith(prefix) and key[-1] == "]"}
    elif parameter.explode:
        sent = {key: pairs[key] for key in shape.properties or NOTHING if key in pairs}
    elif parameter.name in pairs:
        return raw_simple(parameter, "object", pairs[parameter.name][-1])
    else:
        return MISSING
    return {key: texts if key in shape.lists else texts[-1] for key, texts in sent.items()} or MISSING


def raw_simple(parameter: Parameter, kind: str, text: str) -> Any:
    """Return the raw value of a path or header parameter: `a,b` for lists, `k,v` or `k=v` for objects."""
    if kind == "array":
        return [item.strip() for item in text.split(",")]
    if kind == "object":
        parts = text.split(_SEPARATORS.get(parameter.style, ","))
        if parameter.explode and parameter.style == "simple":
            return {key: value for key, _, value in (part.partition("=") for part in parts)}
        return dict(zip(parts[::2], parts[1::2], strict=False))
    return text


def kind_of(reader: ParameterReader) -> str:
    """Return "array", "object" or "scalar": how the raw text of a path or header parameter splits."""
    if reader.parameter.style == "json":
        return "scalar"
    return next((kind for kind in ("array", "object") if kind in reader.shape.types), "scalar")
