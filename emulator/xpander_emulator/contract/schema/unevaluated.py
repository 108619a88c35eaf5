"""`unevaluatedProperties` and `unevaluatedItems` for jsonschema, whose own take twice as long with each level.

jsonschema also matches `patternProperties` with Python's engine here, which has no time limit.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from xpander_emulator.common import budget
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.schema.schema_graph import REFERENCES

_COMBINING: Final = ("allOf", "anyOf", "oneOf")


def unevaluated_properties(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Yield an error for properties that no other keyword evaluates and that break the schema `rule`."""
    from jsonschema import ValidationError

    if not isinstance(value, dict):
        return
    evaluated = _properties(validator, value, _without(schema, "unevaluatedProperties"))
    bad = [name for name in value if name not in evaluated and not _is_valid(validator, value[name], rule)]
    if bad:
        yield ValidationError(f"Unevaluated properties are not allowed ({_unexpected(bad)})")


def unevaluated_items(validator: Any, rule: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Yield an error for items that no other keyword evaluates and that break the schema `rule`."""
    from jsonschema import ValidationError

    if not isinstance(value, list):
        return
    evaluated = _items(validator, value, _without(schema, "unevaluatedItems"))
    bad = [item for index, item in enumerate(value) if index not in evaluated and not _is_valid(validator, item, rule)]
    if bad:
        yield ValidationError(f"Unevaluated items are not allowed ({_unexpected(bad)})")


def _unexpected(values: Sequence[Any]) -> str:
    return f"{', '.join(map(repr, values))} {'was' if len(values) == 1 else 'were'} unexpected"


def _without(schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _is_valid(validator: Any, value: Any, schema: Any) -> bool:
    return next(validator.descend(value, schema), None) is None


def _properties(validator: Any, value: Mapping[str, Any], schema: Any) -> set[str]:
    """Return the names of the properties that a schema evaluates (JSON Schema 2020-12, core, 11.3)."""
    if not isinstance(schema, Mapping):
        return set()
    evaluated = {name for name in schema.get("properties", ()) if name in value}
    for pattern in schema.get("patternProperties", ()):
        evaluated.update(name for name in value if matches(pattern, name))
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if keyword in schema:
            evaluated.update(name for name in value if _is_valid(validator, value[name], schema[keyword]))
    with budget.nested():
        for inner, part in _satisfied_parts(validator, value, schema):
            evaluated |= _properties(inner, value, part)
    return evaluated


def _items(validator: Any, value: Sequence[Any], schema: Any) -> set[int]:
    """Return the indexes of the items that a schema evaluates (JSON Schema 2020-12, core, 11.2)."""
    if not isinstance(schema, Mapping):
        return set()
    if "items" in schema:
        return set(range(len(value)))
    evaluated = set(range(len(schema.get("prefixItems", ()))))
    for keyword in ("contains", "unevaluatedItems"):
        if keyword in schema:
            evaluated.update(at for at, item in enumerate(value) if _is_valid(validator, item, schema[keyword]))
    with budget.nested():
        for inner, part in _satisfied_parts(validator, value, schema):
            evaluated |= _items(inner, value, part)
    return evaluated


def _satisfied_parts(validator: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the schemas that one applies in place and that the value satisfies, each with its validator."""
    for keyword in REFERENCES:
        if keyword in schema:
            # jsonschema's own keywords resolve references in the same way; it has no public one.
            target = validator._resolver.lookup(schema[keyword])  # noqa: SLF001
            yield validator.evolve(schema=target.contents, _resolver=target.resolver), target.contents
    for keyword in _COMBINING:
        for part in schema.get(keyword, ()):
            if _is_valid(validator, value, part):
                yield validator, part
    for name, part in schema.get("dependentSchemas", {}).items():
        if isinstance(value, dict) and name in value:
            yield validator, part
    if "if" in schema:
        is_satisfied = _is_valid(validator, value, schema["if"])
        branches = ("if", "then") if is_satisfied else ("else",)
        yield from ((validator, schema[branch]) for branch in branches if branch in schema)
