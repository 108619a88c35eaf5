"""What one flat schema asks of the properties and items of a value."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.sampling.merging import Schema, both

_COUNTS: Final = (
    "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains", "minLength", "maxLength",
)  # fmt: skip


def required(schema: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    """Return these properties, those that are required, and those that they need beside them."""
    found = list(dict.fromkeys([*schema.get("required", ()), *names]))
    dependent = schema.get("dependentRequired")
    if not dependent:
        return found
    met = set(found)
    for name in found:
        further = [each for each in dict.fromkeys(dependent.get(name, ())) if each not in met]
        met.update(further)
        found += further
    return found


def rule_of(schema: Mapping[str, Any], name: str) -> Schema:
    """Return the schema of one property: declared, by pattern, or that of all others."""
    rules: list[Schema] = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    for pattern, rule in schema.get("patternProperties", {}).items():
        if matches(pattern, name):
            rules.append(rule)
    rules = rules or [schema.get("additionalProperties", schema.get("unevaluatedProperties", True))]
    found = rules[0]
    for rule in rules[1:]:
        found = both(found, rule)
    return found


def rest(schema: Mapping[str, Any]) -> Schema:
    """Return the schema of the items behind those that have one of their own."""
    return schema.get("items", schema.get("unevaluatedItems", True))  # type: ignore[no-any-return]


def whole_counts(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema with its counts as whole numbers: JSON Schema takes 2.0 where it takes 2."""
    given = {name: int(schema[name]) for name in _COUNTS if isinstance(schema.get(name), float)}
    return {**schema, **given} if given else schema
