"""Shapes: what the contract says may stand at each place of a task, and what is wrong with a value there."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any, Final, Protocol

from xpander_emulator.common import json_pointers
from xpander_emulator.errors import did_you_mean

Path = tuple[str | int, ...]
Fault = tuple[Path, str]
Schema = Mapping[str, Any] | bool

_A_TYPE: Final[Mapping[str, str]] = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
    "null": "null",
}
_BOUNDS: Final[Mapping[str, str]] = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "exclusiveMinimum": "more than {}",
    "exclusiveMaximum": "less than {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "multipleOf": "a multiple of {}",
    "pattern": "text that matches {}",
    "format": "text in the format '{}'",
    "const": "{}",
}


class Contract(Protocol):
    """What is needed of a contract: the parsed OpenAPI document."""

    @property
    def document(self) -> Mapping[str, Any]: ...


class Placeholder(str):
    """Stands in a value for what is known only when a task is shown."""

    __slots__ = ()


class TextPlaceholder(Placeholder):
    """A hole that is sure to be filled with text."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Shape:
    """What one place takes: a JSON Schema without references."""

    schema: Schema

    def types(self) -> frozenset[str] | None:
        """Return the JSON types that the place takes; None for all."""
        return _types(self.schema)

    def takes(self, value: Any) -> bool:
        """Tell whether a value is of a type that the place takes."""
        types = self.types()
        return types is None or not types.isdisjoint(json_types(value))

    def at(self, part: str | int) -> "Shape":
        """Return the shape of a property or an item of the place; anything where the contract is silent."""
        for option in options(self.schema):
            inner = _inner(option, part)
            if inner is not None:
                return Shape(inner)
        return ANYTHING

    def known(self) -> tuple[str, ...]:
        """Return the names of the properties, in the contract's order."""
        return tuple(dict.fromkeys(name for option in options(self.schema) for name in option.get("properties", {})))


ANYTHING: Final = Shape(True)


@dataclass(frozen=True, slots=True)
class TaskShape:
    """The task, or the request that starts one, property by property; each validator is built when first used."""

    properties: Mapping[str, Shape]
    _validators: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def faults(self, name: str, value: Any) -> list[Fault]:
        """Return what is wrong with the value of a property: the path inside it, and a message."""
        shape = self.properties[name]
        if name not in self._validators:
            self._validators[name] = _validator(shape.schema)
        errors = (error for error in self._validators[name].iter_errors(value) if not _is_in_hole(error))
        broken = [_worded(meant, name) for error in errors for meant in _meant(error)]
        return list(dict.fromkeys([*broken, *_unknown_keys(shape, value, (), name)]))


def task_shape(document: Mapping[str, Any]) -> TaskShape | None:
    """Return the shape of the task that the operation with the action `read` answers with."""
    operation = _operation(document, "read")
    response = _follow(document, (operation or {}).get("responses", {}).get("200", {}))
    return _of_content(document, response)


def request_shape(document: Mapping[str, Any]) -> TaskShape | None:
    """Return the shape of the body that the first operation with the action `start` takes."""
    operation = _operation(document, "start")
    return _of_content(document, _follow(document, (operation or {}).get("requestBody", {})))


def operations(document: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the action of each operation by its id; an empty text where it has none."""
    items = (item for item in document.get("paths", {}).values() if isinstance(item, Mapping))
    found = (each for item in items for each in item.values() if isinstance(each, Mapping) and "operationId" in each)
    return {str(each["operationId"]): str(each.get("x-emulator", {}).get("action", "")) for each in found}


def json_types(value: Any) -> frozenset[str]:
    """Return the JSON types that a value is of; a whole number is of two."""
    match value:
        case None:
            return frozenset({"null"})
        case bool():
            return frozenset({"boolean"})
        case int():
            return frozenset({"integer", "number"})
        case float():
            return frozenset({"integer", "number"} if value.is_integer() else {"number"})
        case str():
            return frozenset({"string"})
        case Mapping():
            return frozenset({"object"})
        case _:
            return frozenset({"array"})


def options(schema: Schema) -> Iterator[Mapping[str, Any]]:
    """Yield the schemas that a place may follow: itself, and all that it combines."""
    if isinstance(schema, Mapping):
        yield schema
        for word in ("allOf", "anyOf", "oneOf"):
            for option in schema.get(word, ()):
                yield from options(option)


def shown(value: Any) -> str:
    """Return a value as a message shows it: JSON, and not too long."""
    text = f"'{value}'" if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _operation(document: Mapping[str, Any], action: str) -> Mapping[str, Any] | None:
    for item in document.get("paths", {}).values():
        for operation in item.values():
            if isinstance(operation, Mapping) and operation.get("x-emulator", {}).get("action") == action:
                return operation
    return None


def _of_content(document: Mapping[str, Any], holder: Mapping[str, Any]) -> TaskShape | None:
    schema = holder.get("content", {}).get("application/json", {}).get("schema")
    if schema is None:
        return None
    whole = Shape(_inlined(document, schema, ()))
    return TaskShape({name: whole.at(name) for name in whole.known()})


def _follow(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    return _looked_up(document, node["$ref"]) if "$ref" in node else node


def _looked_up(document: Mapping[str, Any], reference: str) -> Any:
    return json_pointers.look_up(document, json_pointers.from_reference(reference))


def _inlined(document: Mapping[str, Any], node: Any, within: tuple[str, ...]) -> Any:
    """Return a schema with its references replaced by what they name; one that contains itself takes anything."""
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if not isinstance(reference, str):
            return {name: _inlined(document, item, within) for name, item in node.items()}
        if reference in within or not reference.startswith("#/"):
            return {}
        target = _inlined(document, _looked_up(document, reference), (*within, reference))
        beside = {name: _inlined(document, item, within) for name, item in node.items() if name != "$ref"}
        return {**target, **beside} if isinstance(target, Mapping) else target
    if isinstance(node, list):
        return [_inlined(document, item, within) for item in node]
    return node


def _types(schema: Schema) -> frozenset[str] | None:
    if not isinstance(schema, Mapping):
        return None
    if "type" in schema:
        named = schema["type"]
        return frozenset([named] if isinstance(named, str) else named)
    if "enum" in schema or "const" in schema:
        return frozenset().union(*(json_types(item) for item in schema.get("enum", [schema.get("const")])))
    for word in ("anyOf", "oneOf"):
        if word in schema:
            found = [_types(option) for option in schema[word]]
            return None if None in found else frozenset().union(*(types for types in found if types))
    return next((types for option in schema.get("allOf", ()) if (types := _types(option))), None)


def _inner(schema: Mapping[str, Any], part: str | int) -> Schema | None:
    if isinstance(part, int):
        items: Schema | None = schema.get("items")
        return items
    named: Schema | None = schema.get("properties", {}).get(part)
    if named is not None:
        return named
    more = schema.get("additionalProperties")
    return more if isinstance(more, Mapping) else None


def _validator(schema: Schema) -> Any:
    from jsonschema import Draft202012Validator

    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def _is_in_hole(error: Any) -> bool:
    """Tell whether an error is only about what nobody can know yet."""
    if isinstance(error.instance, Placeholder) and not isinstance(error.instance, TextPlaceholder):
        return True
    if error.context:
        return any(all(_is_in_hole(inner) for inner in branch) for branch in _branches(error))
    return isinstance(error.instance, TextPlaceholder) and error.validator != "type"


def _branches(error: Any) -> list[list[Any]]:
    """Return the errors of each alternative of an `anyOf` or `oneOf`."""
    branches: dict[Any, list[Any]] = {}
    for inner in error.context:
        branches.setdefault(inner.schema_path[0], []).append(inner)
    return list(branches.values())


def _meant(error: Any) -> Iterator[Any]:
    """Yield, of an error over alternatives, those of the alternative that its author most likely meant."""
    branches = [[inner for inner in branch if not _is_in_hole(inner)] for branch in _branches(error)]
    right_kind = [branch for branch in branches if not any(e.validator == "type" and not e.path for e in branch)]
    if not right_kind:
        yield error
    for inner in max(right_kind, key=lambda branch: max(len(e.path) for e in branch), default=()):
        yield from _meant(inner)


def _worded(error: Any, name: str) -> Fault:
    path: Path = tuple(error.absolute_path)
    place = reduce(_place, path, name)
    where = f"'{place}'"
    match error.validator:
        case "required":
            missing = next(item for item in error.validator_value if item not in error.instance)
            return path, f"{where} lacks '{missing}'; the contract requires it"
        case "enum":
            return path, f"{where} takes {_listed(error.validator_value)}, found {shown(error.instance)}" + _near(error)
        case "additionalProperties":
            extra = next(item for item in error.instance if item not in error.schema.get("properties", {}))
            return (*path, extra), _unknown(place, extra, list(error.schema.get("properties", {})))
        case word if word in _BOUNDS:
            wanted = _BOUNDS[word].format(error.validator_value)
            return path, f"{where} takes {wanted}, found {shown(error.instance)}"
        case "type" | "anyOf" | "oneOf" if types := _types(error.schema if not error.parent else _whole(error)):
            return path, f"{where} takes {_kinds(types)}, found {shown(error.instance)}{_in_quotes(types, error)}"
        case _:
            return path, f"{where} breaks the contract: {error.message}"


def _whole(error: Any) -> Schema:
    """Return the schema of an error's place, with the alternatives that stand beside the one that was meant."""
    schema: Schema = error.schema if error.path else error.parent.schema
    return schema


def _kinds(types: Iterable[str]) -> str:
    return " or ".join(_A_TYPE[kind] for kind in _A_TYPE if kind in types)


def _in_quotes(types: Iterable[str], error: Any) -> str:
    if "string" in types and isinstance(error.instance, int | float):
        return f'; write "{shown(error.instance)}" in quotes'
    return ""


def _place(before: str, part: str | int) -> str:
    return f"{before}[{part}]" if isinstance(part, int) else f"{before}.{part}"


def _near(error: Any) -> str:
    return did_you_mean(str(error.instance), [str(item) for item in error.validator_value])


def _listed(items: Sequence[Any]) -> str:
    return ", ".join("null" if item is None else str(item) for item in items)


def _unknown_keys(shape: Shape, value: Any, path: Path, name: str) -> Iterator[Fault]:
    """Yield the keys that the contract does not name, where it names some and does not say that others are welcome."""
    for part, item in _parts(value):
        known = shape.known()
        if isinstance(part, str) and known and part not in known and not _is_open(shape):
            yield (*path, part), _unknown(name, part, known)
        else:
            yield from _unknown_keys(shape.at(part), item, (*path, part), _place(name, part))


def _parts(value: Any) -> Iterable[tuple[str | int, Any]]:
    if isinstance(value, Mapping):
        return value.items()
    return enumerate(value) if isinstance(value, list) else ()


def _is_open(shape: Shape) -> bool:
    return any(
        bool(option.get("additionalProperties")) or "patternProperties" in option for option in options(shape.schema)
    )


def _unknown(name: str, key: str, known: Sequence[str]) -> str:
    return f"'{name}' has no '{key}'; the contract knows {', '.join(known)}{did_you_mean(key, known)}"
