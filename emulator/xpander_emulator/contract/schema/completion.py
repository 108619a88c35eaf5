"""Completing: a value with all that its schema declares, in the schema's order, each property with its default."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.validation import part_validator

Json = Any
Completion = Callable[[Json], Json]
Schema = Mapping[str, Json]
_MAX_DEPTH: Final = 8
# Whether null satisfies these, only a validator tells.
_BY_VALUE: Final = frozenset({"not", "if"})
# What an object of defaults satisfies if it has the properties that are required.
_SIMPLE: Final = frozenset(
    {"$ref", "type", "properties", "required", "additionalProperties", "title", "description", "example", "examples"}
)


def resolved(contract: Contract, schema: Json) -> Schema:
    """Return a schema with its reference followed, and of a nullable one the branch that is not null."""
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        return resolved(contract, contract.schema(json_pointers.from_reference(schema["$ref"])))
    for branch in schema.get("anyOf", ()):
        if isinstance(branch, Mapping) and branch.get("type") != "null":
            return resolved(contract, branch)
    return schema


def required_of(contract: Contract, schema: Json) -> Mapping[str, Json]:
    """Return the properties that an object must have, each with its schema."""
    whole = resolved(contract, schema)
    properties = whole.get("properties", {})
    return {name: properties[name] for name in whole.get("required", ()) if name in properties}


def _nullable(schema: Json) -> bool:
    types = schema.get("type", ())
    return "null" in types or any(
        isinstance(branch, Mapping) and branch.get("type") == "null" for branch in schema.get("anyOf", ())
    )


def takes_null(contract: Contract, schema: Json) -> bool:
    """Tell whether null satisfies a schema."""
    if not isinstance(schema, Mapping):
        return bool(schema)
    if "$ref" in schema:
        return takes_null(contract, contract.schema(json_pointers.from_reference(schema["$ref"])))
    if "type" in schema and "null" not in schema["type"]:
        return False
    if None not in schema.get("enum", [None]) or schema.get("const") is not None:
        return False
    if not _BY_VALUE.isdisjoint(schema):
        return bool(part_validator(contract, schema).is_valid(None))
    if "anyOf" in schema and not any(takes_null(contract, each) for each in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(takes_null(contract, each) for each in schema["oneOf"]) != 1:
        return False
    return all(takes_null(contract, each) for each in schema.get("allOf", ()))


def default_of(contract: Contract, schema: Json, depth: int = 0) -> Json:
    """Return what a property is while nobody has set it: its default, else null, else an object of defaults.

    depth: how many objects it stands in; from _MAX_DEPTH on there are no further ones.
    """
    if not isinstance(schema, Mapping):
        return None
    if "default" in schema:
        return schema["default"]
    whole = resolved(contract, schema)
    if "properties" in whole and not _nullable(schema) and depth < _MAX_DEPTH:
        found = completion(contract, schema, depth + 1)({})
        return found if _is_right(contract, schema, whole, found) else None
    return None


def _is_right(contract: Contract, schema: Schema, whole: Schema, found: Mapping[str, Json]) -> bool:
    """Tell whether an object of defaults satisfies its schema; a validator is asked only where it is not simple."""
    if not _SIMPLE.issuperset({*whole, *schema}):
        return bool(part_validator(contract, schema).is_valid(found))
    properties = whole["properties"]
    return all(
        name in found and (found[name] is not None or takes_null(contract, properties.get(name, True)))
        for name in whole.get("required", ())
    )


def completion(contract: Contract, schema: Json, depth: int = 0) -> Completion:
    """Return a function that gives a value the declared properties, in their order, each with its default."""
    whole = resolved(contract, schema)
    properties = whole.get("properties")
    if not properties or depth > _MAX_DEPTH:
        return lambda value: value
    required = whole.get("required", ())
    parts = []
    for name, part in properties.items():
        default = default_of(contract, part, depth)
        may_lack = default is None and name not in required and not takes_null(contract, part)
        parts.append((name, default, may_lack, completion(contract, part, depth + 1)))

    def complete(value: Json) -> Json:
        # A plain dict is told at once, where an abstract class takes its time.
        if type(value) is not dict and not isinstance(value, Mapping):
            return value
        found = {}
        for name, default, may_lack, inner in parts:
            sent = value.get(name)
            if sent is not None:
                found[name] = inner(sent)
            elif not may_lack:
                found[name] = default
        return found

    return complete
