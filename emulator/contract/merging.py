"""Schemas laid over one another, as `allOf` and a `$ref` with neighbours mean it."""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

Schema: TypeAlias = Mapping[str, Any] | bool


def merge(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that asks for what both ask for; in words such as `title` the later one wins."""
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _RULES.get(key, _later)(merged[key], value) if key in merged else value
    return merged


def both(one: Schema, other: Schema) -> Schema:
    """Return a schema that is met by what meets both."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one if one == other else {"allOf": [one, other]}


def _later(one: Any, other: Any) -> Any:
    return other


def _common(one: Any, other: Any) -> Any:
    """Return the types or values in both; integer is narrower than number."""
    left, right = _listed(one), _listed(other)
    found = [item for item in left if item in right or (item == "integer" and "number" in right)]
    return found or [item for item in right if item == "integer" and "number" in left]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _union(one: Any, other: Any) -> Any:
    return list(dict.fromkeys([*one, *other]))


def _by_name(one: Any, other: Any) -> Any:
    return {**one, **{name: both(one[name], each) if name in one else each for name, each in other.items()}}


def _joined(one: Any, other: Any) -> Any:
    return [*one, *other]


_RULES: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": _common,
    "enum": _common,
    "required": _union,
    "properties": _by_name,
    "patternProperties": _by_name,
    **dict.fromkeys(("items", "additionalProperties", "propertyNames", "contains"), both),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _joined),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
