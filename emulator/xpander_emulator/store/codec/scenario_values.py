"""A scenario's values as JSON and back, exactly.

Special values stand as objects with one member whose name begins with `$`; an object of a scenario that looks like one
is wrapped in `$object`.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.timeline import NOTHING, Fake, Minted, Template, Value

_LARGEST: Final = 2**53


def members_to_json(values: Mapping[str, Value]) -> JsonObject:
    """Return named values as JSON."""
    return {name: value_to_json(value) for name, value in values.items()}


def members_from_json(found: JsonObject | None) -> Mapping[str, Value]:
    """Return the values of their JSON; NOTHING for none."""
    return {name: value_from_json(value) for name, value in found.items()} if found else NOTHING


def value_to_json(value: Value) -> Any:
    """Return a scenario's value as JSON; numbers that other readers of JSON would round stand as text."""
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


def value_from_json(found: Any) -> Value:
    """Return the value that `value_to_json` wrote. Raises ValueError for a `$` that it never writes."""
    if isinstance(found, list):
        return [value_from_json(item) for item in found]
    if not isinstance(found, dict):
        return found
    if len(found) == 1:
        [(name, inner)] = found.items()
        if name.startswith("$"):
            return _special(name, inner)
    return {name: value_from_json(value) for name, value in found.items()}


def _special(name: str, inner: Any) -> Value:
    match name:
        case "$template":
            return Template(inner)
        case "$fake":
            return Fake(inner)
        case "$minted":
            return Minted(inner[0], inner[1])
        case "$object":
            return {key: value_from_json(value) for key, value in inner.items()}
        case "$tuple":
            return tuple(value_from_json(item) for item in inner)
        case "$int":
            return int(inner)
        case "$float":
            return float(inner)
        case _:
            raise ValueError(f"'{name}' is no special value of a timeline")
