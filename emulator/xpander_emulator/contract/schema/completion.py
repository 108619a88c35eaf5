"""Completion: a value with all that its schema declares, in the schema's order, each property with its default."""

from collections.abc import Callable, Mapping
from typing import Final

from xpander_emulator.common.types import Json
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.reader import Branches, SchemaView
from xpander_emulator.contract.schema.validation import part_validator

Completion = Callable[[Json], Json]
_MAX_DEPTH: Final = 8
# Whether null satisfies these keywords, only a validator can say.
_BY_VALUE: Final = frozenset({"not", "if", "oneOf"})
# Whether an object of defaults satisfies any other keyword, only a validator can say.
_SIMPLE: Final = frozenset(
    {"$ref", "allOf", "type", "properties", "required", "additionalProperties"}
    | {"title", "description", "example", "examples"}
)


def takes_null(contract: Contract, view: SchemaView) -> bool:
    """Return whether null satisfies a schema."""
    if view.types is not None and "null" not in view.types:
        return False
    if all(_BY_VALUE.isdisjoint(part) for part in view.parts()):
        return True
    return bool(part_validator(contract, view.schema).is_valid(None))


def default_of(contract: Contract, view: SchemaView, depth: int = 0) -> Json:
    """Return the value of a property that is not set: its default, else null, else an object of defaults.

    depth: how many objects the property stands in; from _MAX_DEPTH on, no further objects are made.
    """
    if any("default" in part for part in view.parts(Branches.NONE)):
        return view.keyword("default", Branches.NONE)
    is_object = view.types is None or ("object" in view.types and "null" not in view.types)
    if not is_object or depth >= _MAX_DEPTH or not view.properties_of(Branches.ONLY):
        return None
    value = completion(contract, view, depth + 1)({})
    return value if _is_satisfied(contract, view, value) else None


def _is_satisfied(contract: Contract, view: SchemaView, value: Mapping[str, Json]) -> bool:
    """Return whether an object of defaults satisfies its schema."""
    if not all(_SIMPLE.issuperset(part) for part in view.parts()):
        return bool(part_validator(contract, view.schema).is_valid(value))
    return all(
        name in value and (value[name] is not None or takes_null(contract, view.at(name)))
        for name in view.required_of(Branches.ONLY)
    )


def completion(contract: Contract, view: SchemaView, depth: int = 0) -> Completion:
    """Return a function that completes a value: the declared properties, in their order, each with its default.

    Other properties are removed, unless the schema describes or allows them.
    """
    properties = view.properties_of(Branches.ONLY)
    if not properties or depth > _MAX_DEPTH:
        return lambda value: value
    required, takes_more = view.required_of(Branches.ONLY), view.takes_more
    parts = []
    for name, part in properties.items():
        default = default_of(contract, part, depth)
        is_left_out = default is None and name not in required and not takes_null(contract, part)
        parts.append((name, default, is_left_out, completion(contract, part, depth + 1)))

    def complete(value: Json) -> Json:
        # The type of a plain dict is compared in a tenth of the time that an abstract class takes.
        if type(value) is not dict and not isinstance(value, Mapping):
            return value
        completed = {}
        for name, default, is_left_out, complete_part in parts:
            present = value.get(name)
            if present is not None:
                completed[name] = complete_part(present)
            elif not is_left_out:
                completed[name] = default
        if takes_more:
            completed.update((name, each) for name, each in value.items() if name not in properties)
        return completed

    return complete
