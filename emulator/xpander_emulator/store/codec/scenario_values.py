"""A scenario's values as JSON and back, exactly.

A special value is an object with one member whose name begins with `$`; an object of a scenario that looks like one is
wrapped in `$object`.
"""

import math
from collections.abc import Mapping
from typing import Final

from xpander_emulator.common.types import Json, JsonObject
from xpander_emulator.core.timeline import NOTHING, Fake, Minted, Template, Value

_LARGEST: Final = 2**53


def members_to_json(values: Mapping[str, Value]) -> JsonObject:
    """Return named values as JSON."""
    return {name: value_to_json(value) for name, value in values.items()}


def members_from_json(json: JsonObject | None) -> Mapping[str, Value]:
    """Return named values; NOTHING for none."""
    return {name: value_from_json(value) for name, value in json.items()} if json else NOTHING


def value_to_json(value: Value) -> Json:
    """Return a scenario's value as JSON, with text for numbers that other readers of JSON would round."""
    match value:
        case Template(source=source):
            return {"$template": source}
        case Fake(provider=provider):
            return {"$fake": provider}
        case Minted(kind=kind, number=number):
            return {"$minted": [kind, number]}
        case Mapping():
            members = members_to_json(value)
            return {"$object": members} if len(members) == 1 and next(iter(members)).startswith("$") else members
        case tuple():
            return {"$tuple": [value_to_json(item) for item in value]}
        case list():
            return [value_to_json(item) for item in value]
        case int() if not isinstance(value, bool) and abs(value) >= _LARGEST:
            return {"$int": str(value)}
        case float() if not math.isfinite(value):
            return {"$float": repr(value)}
        case _:
            return value


def value_from_json(json: Json) -> Value:
    """Return the value that `value_to_json` wrote. Raises ValueError for an unknown `$`."""
    if isinstance(json, list):
        return [value_from_json(item) for item in json]
    if not isinstance(json, dict):
        return json
    if len(json) == 1:
        [(name, inner)] = json.items()
        if name.startswith("$"):
            return _special(name, inner)
    return {name: value_from_json(value) for name, value in json.items()}


def _special(name: str, inner: Json) -> Value:
    match name:
        case "$template":
            return Template(inner)
        case "$fake":
            return Fake(inner)
        case "$minted":
            return Minted(inner[0], inner[1])
        case "$object":
            return {member: value_from_json(value) for member, value in inner.items()}
        case "$tuple":
            return tuple(value_from_json(item) for item in inner)
        case "$int":
            return int(inner)
        case "$float":
            return float(inner)
        case _:
            raise ValueError(f"'{name}' is no special value of a timeline")
