"""Members of records as JSON and back: a member that has its default is left out."""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from typing import Any

from xpander_emulator.common.types import JsonObject


def changed_members(record: Any, names: Sequence[str]) -> JsonObject:
    """Return those members of a dataclass or named tuple that differ from their defaults, in the order of `names`."""
    defaults = _defaults(record.__class__)
    return {name: value for name in names if (value := getattr(record, name)) != defaults.get(name, MISSING)}


def known_members(json: JsonObject, names: Sequence[str]) -> JsonObject:
    """Return the members of a JSON object with these names, as arguments of a record."""
    return {name: json[name] for name in names if name in json}


@cache
def _defaults(record: Any) -> Mapping[str, Any]:
    if is_dataclass(record):
        return {
            field.name: field.default if field.default_factory is MISSING else field.default_factory()
            for field in fields(record)
        }
    defaults: Mapping[str, Any] = record._field_defaults
    return defaults
