"""Merging: one schema that asks for what two schemas ask for, as `allOf` does."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from xpander_emulator.common import budget
from xpander_emulator.common.safe_regex import matches

Schema: TypeAlias = Mapping[str, Any] | bool
# Not of JSON Schema: `contains` with its bounds, a list of (schema, least, most); those of two schemas are joined.
CONTAINS: Final = "\x00contains"
# Not of JSON Schema: the value that a discriminator gives to its property.
DISCRIMINATED: Final = "\x00discriminated"


def merge(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that asks for what both ask for; of annotations such as `title`, that of `other` is taken."""
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _RULES.get(key, _later)(merged[key], value) if key in merged else value
    if "additionalProperties" in one or "additionalProperties" in other:
        merged.update(_closed(one, other))
    if "prefixItems" in merged and ("items" in merged or ("prefixItems" in one and "prefixItems" in other)):
        merged["prefixItems"] = _in_order(one, other)
    return merged


def both(one: Schema, other: Schema) -> Schema:
    """Return a schema for the values that satisfy both."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one if one == other else {"allOf": [one, other]}


def _closed(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of both; one that a single schema declares is an additional property of the other."""
    closed: dict[str, Any] = {}
    for keyword in ("properties", "patternProperties"):
        rules: dict[str, Any] = {}
        for mine, theirs in ((one, other), (other, one)):
            for name, rule in mine.get(keyword, {}).items():
                budget.spend(1)
                is_known = name in theirs.get(keyword, {}) or _has_pattern_for(theirs, name)
                merged = rule if is_known else both(rule, theirs.get("additionalProperties", True))
                rules[name] = both(rules[name], merged) if name in rules else merged
        if rules:
            closed[keyword] = rules
    return closed


def _has_pattern_for(schema: Mapping[str, Any], name: str) -> bool:
    return any(matches(pattern, name) for pattern in schema.get("patternProperties", {}))


def _in_order(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Schema]:
    """Return the merged `prefixItems`; where one schema has no more of them, its `items` counts."""
    left, right = one.get("prefixItems", ()), other.get("prefixItems", ())
    return [
        both(_at(left, index, one.get("items", True)), _at(right, index, other.get("items", True)))
        for index in range(max(len(left), len(right)))
    ]


def _at(prefix: Any, index: int, rest: Schema) -> Schema:
    return prefix[index] if index < len(prefix) else rest


def _later(one: Any, other: Any) -> Any:
    return other


def _common(one: Any, other: Any) -> Any:
    """Return the types or values in both; integer and number have integer in common."""
    left, right = _listed(one), _listed(other)
    budget.spend(len(left) * len(right) // 32)
    common = [item for item in left if item in right or (item == "integer" and "number" in right)]
    return common or [item for item in right if item == "integer" and "number" in left]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _union(one: Any, other: Any) -> Any:
    return list(dict.fromkeys([*one, *other]))


def _by_name(one: Any, other: Any) -> Any:
    budget.spend((len(one) + len(other)) // 4)
    return {**one, **{name: both(one[name], each) if name in one else each for name, each in other.items()}}


def _names_by_name(one: Any, other: Any) -> Any:
    return {**one, **{name: _union(one.get(name, ()), each) for name, each in other.items()}}


def _joined(one: Any, other: Any) -> Any:
    return [*one, *other]


def _neither(one: Schema, other: Schema) -> Schema:
    return {"anyOf": [one, other]}


def _least_multiple(one: float, other: float) -> float:
    left, right = Fraction(str(one)), Fraction(str(other))
    common = Fraction(math.lcm(left.numerator, right.numerator), math.gcd(left.denominator, right.denominator))
    return int(common) if common.denominator == 1 else float(common)


def _both_patterns(one: str, other: str) -> str:
    return one if one == other else rf"(?=[\s\S]*(?:{one})){other}"


_RULES: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": _common,
    "enum": _common,
    "required": _union,
    "not": _neither,
    "multipleOf": _least_multiple,
    "pattern": _both_patterns,
    "dependentRequired": _names_by_name,
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), _by_name),
    **dict.fromkeys(("items", "additionalProperties", "propertyNames"), both),
    **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), both),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", CONTAINS), _joined),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
