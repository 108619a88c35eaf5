"""The properties and items that one flat schema asks for."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Final

from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.sampling.merging import Schema, both

_COUNTS: Final = (
    "minItems", "maxItems", "minProperties", "maxProperties", "minContains", "maxContains", "minLength", "maxLength",
)  # fmt: skip


def required_names(schema: Mapping[str, Any], names: Sequence[str] = ()) -> list[str]:
    """Return the required properties, then `names`, then the properties that these depend on."""
    required = dict.fromkeys([*schema.get("required", ()), *names])
    dependent = schema.get("dependentRequired")
    if not dependent:
        return list(required)
    waiting = list(required)
    # The list grows while it is read.
    for name in waiting:
        further = [each for each in dependent.get(name, ()) if each not in required]
        required.update(dict.fromkeys(further))
        waiting += further
    return list(required)


def property_schema(schema: Mapping[str, Any], name: str) -> Schema:
    """Return the schema of one property: declared, by pattern, or that of additional properties."""
    rules: list[Schema] = [schema["properties"][name]] if name in schema.get("properties", ()) else []
    for pattern, rule in schema.get("patternProperties", {}).items():
        if matches(pattern, name):
            rules.append(rule)
    rules = rules or [schema.get("additionalProperties", schema.get("unevaluatedProperties", True))]
    return reduce(both, rules)


def further_items(schema: Mapping[str, Any]) -> Schema:
    """Return the schema of the items behind those of `prefixItems`."""
    return schema.get("items", schema.get("unevaluatedItems", True))  # type: ignore[no-any-return]


def whole_counts(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema with its counts as whole numbers: JSON Schema takes 2.0 where it takes 2."""
    counts = {name: int(schema[name]) for name in _COUNTS if isinstance(schema.get(name), float)}
    return {**schema, **counts} if counts else schema
