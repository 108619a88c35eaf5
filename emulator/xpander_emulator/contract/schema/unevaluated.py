"""`unevaluatedProperties` and `unevaluatedItems` for jsonschema, whose own take twice as long with each level.

jsonschema also lets Python's engine search for `patternProperties` here, which may take for ever.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from xpander_emulator.common import budget
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.schema.schema_graph import REFERENCES

_MANY: Final = ("allOf", "anyOf", "oneOf")


def unevaluated_properties(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Yield an error where a property that no other keyword has looked at is not what is wanted."""
    from jsonschema import ValidationError

    if not isinstance(value, dict):
        return
    met = _properties(validator, value, _without(schema, "unevaluatedProperties"))
    bad = [name for name in value if name not in met and not _is_valid(validator, value[name], wanted)]
    if bad:
        yield ValidationError(f"Unevaluated properties are not allowed ({_unexpected(bad)})")


def unevaluated_items(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
    """Yield an error where an item that no other keyword has looked at is not what is wanted."""
    from jsonschema import ValidationError

    if not isinstance(value, list):
        return
    met = _items(validator, value, _without(schema, "unevaluatedItems"))
    bad = [item for index, item in enumerate(value) if index not in met and not _is_valid(validator, item, wanted)]
    if bad:
        yield ValidationError(f"Unevaluated items are not allowed ({_unexpected(bad)})")


def _unexpected(values: Sequence[Any]) -> str:
    return f"{', '.join(map(repr, values))} {'was' if len(values) == 1 else 'were'} unexpected"


def _without(schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _is_valid(validator: Any, value: Any, schema: Any) -> bool:
    return next(validator.descend(value, schema), None) is None


def _properties(validator: Any, value: Mapping[str, Any], schema: Any) -> set[str]:
    """Return the names of the properties that a schema has looked at, and found right where that matters."""
    if not isinstance(schema, Mapping):
        return set()
    met = {name for name in schema.get("properties", ()) if name in value}
    for pattern in schema.get("patternProperties", ()):
        met.update(name for name in value if matches(pattern, name))
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        if keyword in schema:
            met.update(name for name in value if _is_valid(validator, value[name], schema[keyword]))
    with budget.nested():
        for inner, part in _holding(validator, value, schema):
            met |= _properties(inner, value, part)
    return met


def _items(validator: Any, value: Sequence[Any], schema: Any) -> set[int]:
    """Return the places of the items that a schema has looked at, and found right where that matters."""
    if not isinstance(schema, Mapping):
        return set()
    if "items" in schema:
        return set(range(len(value)))
    met = set(range(len(schema.get("prefixItems", ()))))
    for keyword in ("contains", "unevaluatedItems"):
        if keyword in schema:
            met.update(at for at, item in enumerate(value) if _is_valid(validator, item, schema[keyword]))
    with budget.nested():
        for inner, part in _holding(validator, value, schema):
            met |= _items(inner, value, part)
    return met


def _holding(validator: Any, value: Any, schema: Mapping[str, Any]) -> Iterator[tuple[Any, Any]]:
    """Yield the schemas that one applies to the same value and that hold of it, each with a validator for it."""
    for keyword in REFERENCES:
        if keyword in schema:
            # jsonschema's own keywords look references up in the same way; it has no public one.
            found = validator._resolver.lookup(schema[keyword])  # noqa: SLF001
            yield validator.evolve(schema=found.contents, _resolver=found.resolver), found.contents
    for keyword in _MANY:
        for part in schema.get(keyword, ()):
            if _is_valid(validator, value, part):
                yield validator, part
    for name, part in schema.get("dependentSchemas", {}).items():
        if isinstance(value, dict) and name in value:
            yield validator, part
    if "if" in schema:
        holds = _is_valid(validator, value, schema["if"])
        if holds:
            yield validator, schema["if"]
        side = "then" if holds else "else"
        if side in schema:
            yield validator, schema[side]
