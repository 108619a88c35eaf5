"""Schemas laid over one another, as `allOf` and a `$ref` with neighbours mean it."""

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any, Final, TypeAlias

from xpander_emulator.common import budget
from xpander_emulator.common.safe_regex import matches

Schema: TypeAlias = Mapping[str, Any] | bool
# Not of JSON Schema: what a list must contain, each with its bounds; `contains` of two schemas are two wishes.
WISHES: Final = "\x00contains"
# Neither: the value that a discriminator gives to its property.
WORD: Final = "\x00word"


def merge(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return a schema that asks for what both ask for; in words such as `title` the later one wins."""
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _RULES.get(key, _later)(merged[key], value) if key in merged else value
    if "additionalProperties" in one or "additionalProperties" in other:
        merged.update(_closed(one, other))
    if "prefixItems" in merged and ("items" in merged or ("prefixItems" in one and "prefixItems" in other)):
        merged["prefixItems"] = _in_order(one, other)
    return merged


def both(one: Schema, other: Schema) -> Schema:
    """Return a schema that is met by what meets both."""
    if isinstance(one, bool):
        return other if one else False
    if isinstance(other, bool):
        return one if other else False
    return one if one == other else {"allOf": [one, other]}


def _closed(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of both; what one declares alone is a further property to the other."""
    found: dict[str, Any] = {}
    for keyword in ("properties", "patternProperties"):
        rules: dict[str, Any] = {}
        for mine, theirs in ((one, other), (other, one)):
            for name, rule in mine.get(keyword, {}).items():
                budget.spend(1)
                rest = theirs.get("additionalProperties", True)
                known = name in theirs.get(keyword, {}) or _has_pattern_for(theirs, name)
                met = rule if known else both(rule, rest)
                rules[name] = both(rules[name], met) if name in rules else met
        if rules:
            found[keyword] = rules
    return found


def _has_pattern_for(schema: Mapping[str, Any], name: str) -> bool:
    return any(matches(pattern, name) for pattern in schema.get("patternProperties", {}))


def _in_order(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[Schema]:
    """Return the schemas of the first items; where one has no more, its `items` holds."""
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
    """Return the types or values in both; integer is narrower than number."""
    left, right = _listed(one), _listed(other)
    budget.spend(len(left) * len(right) // 32)
    found = [item for item in left if item in right or (item == "integer" and "number" in right)]
    return found or [item for item in right if item == "integer" and "number" in left]


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


def _either_text(one: str, other: str) -> str:
    return one if one == other else rf"(?=[\s\S]*(?:{one})){other}"


_RULES: Final[Mapping[str, Callable[[Any, Any], Any]]] = {
    "type": _common,
    "enum": _common,
    "required": _union,
    "not": _neither,
    "multipleOf": _least_multiple,
    "pattern": _either_text,
    "dependentRequired": _names_by_name,
    **dict.fromkeys(("properties", "patternProperties", "dependentSchemas"), _by_name),
    **dict.fromkeys(("items", "additionalProperties", "propertyNames"), both),
    **dict.fromkeys(("unevaluatedProperties", "unevaluatedItems"), both),
    **dict.fromkeys(("allOf", "anyOf", "oneOf", WISHES), _joined),
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
