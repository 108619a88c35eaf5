"""What a schema surely says of a value, its references followed: less than all of it, and never too much."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from xpander_emulator.common import json_pointers

_WORDS: Final = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, slots=True)
class Outline:
    """The properties that a schema names anywhere, and whether it refuses every other.

    types:    the JSON types that it takes, empty where it does not say.
    is_free:  whether some part of it takes objects of other properties and describes them, or names none.
    items:    the schemas of a list's items that it names anywhere.
    """

    properties: Mapping[str, Any]
    is_closed: bool
    types: frozenset[str]
    is_free: bool
    items: tuple[Any, ...]


def outline(root: Any, schema: Any) -> Outline:
    """Return the outline of a schema of the document `root`."""
    properties: dict[str, Any] = {}
    parts = list(_parts(root, schema, _WORDS))
    for part in parts:
        found = part.get("properties")
        for name, each in found.items() if isinstance(found, Mapping) else ():
            properties.setdefault(name, each)
    sure = list(_parts(root, schema, ("allOf",)))
    return Outline(
        properties,
        any(map(_is_closed, sure)),
        next((t for t in map(_types, sure) if t), frozenset()),
        any(map(_is_free, parts)),
        tuple(part["items"] for part in parts if "items" in part),
    )


def words(root: Any, schema: Any) -> tuple[Any, ...]:
    """Return the values that a schema lists one by one, null left out; none where it may take others."""
    for part in _parts(root, schema, ("allOf",)):
        if isinstance(part.get("enum"), list):
            return tuple(value for value in part["enum"] if value is not None)
        if "const" in part:
            return (part["const"],)
        for word in ("anyOf", "oneOf"):
            branches = [each for each in _list(part.get(word)) if not _is_null(each)]
            listed = [words(root, each) for each in branches]
            if listed and all(listed):
                return tuple(value for values in listed for value in values)
    return ()


def _parts(root: Any, schema: Any, through: tuple[str, ...], met: tuple[str, ...] = ()) -> Iterator[Mapping[str, Any]]:
    """Yield a schema, what it refers to, and what it combines by these words, each as it stands."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/") and reference not in met:
        pointer = json_pointers.from_reference(reference)
        if json_pointers.exists(root, pointer):
            yield from _parts(root, json_pointers.look_up(root, pointer), through, (*met, reference))
    for word in through:
        for branch in _list(schema.get(word)):
            yield from _parts(root, branch, through, met)


def _is_closed(schema: Mapping[str, Any]) -> bool:
    return schema.get("additionalProperties") is False and not schema.get("patternProperties")


def _is_free(schema: Mapping[str, Any]) -> bool:
    if schema.get("patternProperties") or isinstance(schema.get("additionalProperties"), Mapping):
        return True
    leads_on = any(word in schema for word in ("properties", "$ref", *_WORDS))
    return not leads_on and (not _types(schema) or "object" in _types(schema))


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    found = schema.get("type")
    return frozenset([found] if isinstance(found, str) else [each for each in _list(found) if isinstance(each, str)])


def _is_null(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
