"""The upgrade of OpenAPI 3.0 files to 3.1, for the few keywords of a schema that differ.

Source: OpenAPI 3.0.3, 4.7.24 (Schema Object), and the migration notes of 3.1.
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from xpander_emulator.contract.openapi.bundle import Bundle

_OLD: Final = re.compile(r"3\.0\.\d+")


def upgraded(bundle: Bundle) -> Bundle:
    """Return a 3.0 document with schemas of 3.1; any other as it is. Diagnostics keep the places of the file."""
    value = bundle.document.value
    if not isinstance(value, Mapping) or not _OLD.fullmatch(str(value.get("openapi"))):
        return bundle
    bundle = replace(bundle, document=replace(bundle.document, value=deepcopy(value)))
    for site in list(bundle.sites()):
        if site.kind == "schema" and isinstance(site.value, dict):
            _upgrade(site.value)
    return bundle


def _upgrade(schema: dict[str, Any]) -> None:
    if "$ref" in schema:
        # OpenAPI 3.0.3, 4.7.23: keywords beside a reference are ignored.
        reference = schema["$ref"]
        schema.clear()
        schema["$ref"] = reference
        return
    for bound, exclusive in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(exclusive), bool):
            strict = schema.pop(exclusive)
            if strict and bound in schema:
                schema[exclusive] = schema.pop(bound)
    if schema.pop("nullable", False) is True:
        _allow_null(schema)


def _allow_null(schema: dict[str, Any]) -> None:
    kind = schema.get("type")
    alone = not {"allOf", "anyOf", "oneOf", "not", "const"} & schema.keys()
    if isinstance(kind, str) and alone:
        schema["type"] = [kind, "null"]
        if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
        return
    inner = dict(schema)
    annotations: dict[str, Any] = {
        name: inner.pop(name) for name in ("title", "description", "default", "example") if name in inner
    }
    schema.clear()
    schema.update({**annotations, "anyOf": [inner, {"type": "null"}]})
