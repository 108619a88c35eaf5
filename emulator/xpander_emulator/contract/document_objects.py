"""The objects of an OpenAPI 3.1 file, and a walk through them.

By the table, a `$ref` that is a reference differs from one inside an example, and unknown keys are found.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

# OpenAPI 3.1.1, section 4.8. For each kind of object its keys, and what stands there:
# "" anything · "kind" one · "[kind]" a list of them · "{kind}" a map of names to them.
OBJECTS: Final[Mapping[str, Mapping[str, str]]] = {
    "document": {
        "openapi": "", "info": "info", "jsonSchemaDialect": "", "servers": "[server]", "paths": "{path item}",
        "webhooks": "{path item}", "components": "components", "security": "", "tags": "[tag]", "externalDocs": "docs",
    },
    "info": dict.fromkeys(("title", "summary", "description", "termsOfService", "contact", "license", "version"), ""),
    "server": dict.fromkeys(("url", "description", "variables"), ""),
    "tag": {"name": "", "description": "", "externalDocs": "docs"},
    "docs": {"url": "", "description": ""},
    "components": {
        "schemas": "{schema}", "responses": "{response}", "parameters": "{parameter}", "examples": "{example}",
        "requestBodies": "{request body}", "headers": "{header}", "securitySchemes": "{security scheme}",
        "links": "{link}", "callbacks": "{callback}", "pathItems": "{path item}",
    },
    "path item": {
        "summary": "", "description": "", "servers": "[server]", "parameters": "[parameter]",
        **dict.fromkeys(("get", "put", "post", "delete", "options", "head", "patch", "trace"), "operation"),
    },
    "operation": {
        "tags": "", "summary": "", "description": "", "externalDocs": "docs", "operationId": "",
        "parameters": "[parameter]", "requestBody": "request body", "responses": "{response}",
        "callbacks": "{callback}", "deprecated": "", "security": "", "servers": "[server]",
    },
    "parameter": {
        "name": "", "in": "", "description": "", "required": "", "deprecated": "", "allowEmptyValue": "", "style": "",
        "explode": "", "allowReserved": "", "schema": "schema", "example": "", "examples": "{example}",
        "content": "{media type}",
    },
    "header": {
        "description": "", "required": "", "deprecated": "", "style": "", "explode": "", "schema": "schema",
        "example": "", "examples": "{example}", "content": "{media type}",
    },
    "request body": {"description": "", "content": "{media type}", "required": ""},
    "response": {"description": "", "headers": "{header}", "content": "{media type}", "links": "{link}"},
    "media type": {"schema": "schema", "example": "", "examples": "{example}", "encoding": "{encoding}"},
    "encoding": {"contentType": "", "headers": "{header}", "style": "", "explode": "", "allowReserved": ""},
    "example": dict.fromkeys(("summary", "description", "value", "externalValue"), ""),
    "link": {
        "operationRef": "", "operationId": "", "parameters": "", "requestBody": "", "description": "",
        "server": "server",
    },
    "security scheme": dict.fromkeys(
        ("type", "description", "name", "in", "scheme", "bearerFormat", "flows", "openIdConnectUrl"), ""
    ),
    # JSON Schema 2020-12: the keywords with schemas in them. Every other keyword is allowed and holds data.
    "schema": {
        **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), "{schema}"),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), "[schema]"),
        **dict.fromkeys(("items", "additionalProperties", "not", "if", "then", "else", "contains"), "schema"),
        **dict.fromkeys(("propertyNames", "unevaluatedItems", "unevaluatedProperties", "contentSchema"), "schema"),
    },
}  # fmt: skip

# The section of `components` for each kind of object; an object of these kinds may be a `$ref`.
SECTIONS: Final[Mapping[str, str]] = {shape.strip("{}"): section for section, shape in OBJECTS["components"].items()}
OPEN: Final = frozenset({"schema", "callback"})


# Each start makes thousands. A NamedTuple is made in a third of the time of a frozen dataclass.
class Site(NamedTuple):
    """One object of a file: its path, the kind that is expected there, and its value."""

    path: tuple[str | int, ...]
    kind: str
    value: Any

    @property
    def reference(self) -> str | None:
        """The text of its `$ref`; None for an object without one, and for a kind that may have none."""
        if self.kind not in SECTIONS or not isinstance(self.value, Mapping):
            return None
        reference = self.value.get("$ref")
        return reference if isinstance(reference, str) else None


def walk(value: Any, kind: str = "document", path: tuple[str | int, ...] = ()) -> Iterator[Site]:
    """Yield every object at and under `value`, the outer one first, in the order of the file.

    A value that should be a list or a map, and is neither, is yielded with the kind "list" or "map".
    """
    yield Site(path, kind, value)
    if not isinstance(value, Mapping) or (kind != "schema" and "$ref" in value):
        return
    if kind == "callback":
        yield from _walk_many(value, "{path item}", path)
        return
    shapes = OBJECTS[kind]
    for key, child in value.items():
        if shape := shapes.get(key):
            yield from _walk_many(child, shape, (*path, key))


def _walk_many(value: Any, shape: str, path: tuple[str | int, ...]) -> Iterator[Site]:
    inner = shape.strip("[]{}")
    if shape[0] == "{":
        if not isinstance(value, Mapping):
            yield Site(path, "map", value)
            return
        for key, child in value.items():
            if not (inner != "schema" and key.startswith("x-")):
                yield from walk(child, inner, (*path, key))
    elif shape[0] == "[":
        if not isinstance(value, list):
            yield Site(path, "list", value)
            return
        for index, child in enumerate(value):
            yield from walk(child, inner, (*path, index))
    else:
        yield from walk(value, shape, path)
