"""The keywords of JSON Schema 2020-12 and OpenAPI 3.1, and the values that each of them takes.

The metaschema says the same; to validate a schema of a thousand parts with it takes a third of a second.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from xpander_emulator.contract.document_objects import OBJECTS
from xpander_emulator.contract.schema.formats import CHECKS

_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})
_ANCHOR: Final = re.compile(r"[A-Za-z_][-A-Za-z0-9._]*")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value % 1 == 0


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _are_names(value: Any) -> bool:
    """Return whether a value is a list of texts that all differ."""
    return isinstance(value, list) and all(map(_is_text, value)) and len(set(value)) == len(value)


def _is_type(value: Any) -> bool:
    return value in _TYPES if isinstance(value, str) else bool(value) and _are_names(value) and _TYPES.issuperset(value)


def _in_format(name: str) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and CHECKS[name](value)


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and "#" not in value.rstrip("#") and CHECKS["uri-reference"](value)


def _is_anchor(value: Any) -> bool:
    return isinstance(value, str) and _ANCHOR.match(value) is not None


def _are_lists_of_names(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_are_names, value.values()))


def _is_vocabulary(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(CHECKS["uri"], value)) and all(map(_is_flag, value.values()))


def _are_dependencies(value: Any) -> bool:
    return isinstance(value, Mapping) and all(
        isinstance(each, Mapping | bool) or _are_names(each) for each in value.values()
    )


def _is_discriminator(value: Any) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("propertyName"), str):
        return False
    mapping = value.get("mapping", {})
    return isinstance(mapping, Mapping) and all(map(_is_text, mapping.values()))


_RULES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "type": _is_type,
    "required": _are_names,
    "dependentRequired": _are_lists_of_names,
    "multipleOf": lambda value: _is_number(value) and value > 0,
    "pattern": _in_format("regex"),
    "$id": _is_id,
    "$schema": _in_format("uri"),
    **dict.fromkeys(("enum", "examples"), lambda value: isinstance(value, list)),
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), _is_number),
    **dict.fromkeys(("maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains"), _is_count),
    **dict.fromkeys(("maxProperties", "minProperties"), _is_count),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is_flag),
    **dict.fromkeys(("title", "description", "format", "contentMediaType", "contentEncoding", "$comment"), _is_text),
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef"), _in_format("uri-reference")),
    **dict.fromkeys(("$anchor", "$dynamicAnchor", "$recursiveAnchor"), _is_anchor),
    "$vocabulary": _is_vocabulary,
    "dependencies": _are_dependencies,
    # OpenAPI 3.1; its other keywords hold texts and data alone.
    "discriminator": _is_discriminator,
}  # fmt: skip


def wrong_keyword(schema: Any) -> str | None:
    """Return the first keyword with a wrong value; "" for a value that is no schema, None for a right schema.

    The schemas inside it are not looked at.
    """
    if isinstance(schema, bool):
        return None
    if not isinstance(schema, Mapping):
        return ""
    for keyword, value in schema.items():
        # The keywords that sampling adds to schemas begin with a null character (sampling/merging).
        if keyword.startswith("\x00"):
            return str(keyword)
        rule = _RULES.get(keyword)
        if rule is not None and not rule(value):
            return str(keyword)
        shape = OBJECTS["schema"].get(keyword)
        if shape is not None and not _has_shape(value, shape):
            return str(keyword)
    names = schema.get("patternProperties", ())
    return None if all(map(CHECKS["regex"], names)) else "patternProperties"


def _has_shape(value: Any, shape: str) -> bool:
    if shape[0] == "{":
        return isinstance(value, Mapping)
    return (isinstance(value, list) and bool(value)) if shape[0] == "[" else isinstance(value, Mapping | bool)
