"""Checks of an OpenAPI file that do not need its operations."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from xpander_emulator.common import json_pointers
from xpander_emulator.common.quoting import describe
from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.document_objects import OBJECTS, OPEN, SECTIONS, Site
from xpander_emulator.contract.openapi.bundle import readable
from xpander_emulator.contract.schema.schema_graph import Circle, InPlaceCounter, PlacedSchema
from xpander_emulator.contract.schema.validation import find_schema_violations
from xpander_emulator.errors import Diagnostic, did_you_mean

_VERSION: Final = re.compile(r"3\.[01]\.\d+")
_A_LEVEL: Final = "write one of them under 'properties' or 'items', or leave the reference out"
_KINDS: Final = {"list": "a list", "map": "a mapping", "schema": "a mapping, true or false"}


def version_mistakes(document: Document) -> Iterator[Diagnostic]:
    """Yield a mistake for a file that is not OpenAPI 3.0 or 3.1."""
    value = document.value
    if not isinstance(value, Mapping):
        yield document.diagnostic((), f"an OpenAPI document is a mapping; found {describe(value)}")
        return
    version = value.get("openapi")
    if isinstance(version, str) and _VERSION.fullmatch(version):
        return
    if "openapi" in value:
        problem = f"this is OpenAPI {version}" if isinstance(version, str) else f"'openapi' is {describe(version)}"
        yield document.diagnostic(("openapi",), f"{problem}; 3.0 and 3.1 are served, written as openapi: 3.1.0")
    elif "swagger" in value:
        yield document.diagnostic(("swagger",), f"this is Swagger {value['swagger']}; OpenAPI 3.0 and 3.1 are served")
    else:
        yield document.diagnostic((), "'openapi' is missing; the first line should be openapi: 3.1.0")


def top_mistakes(document: Document) -> Iterator[Diagnostic]:
    """Yield the required keys of a file that are missing."""
    value = document.value
    for key in ("info", "paths"):
        if key not in value:
            yield document.diagnostic((), f"'{key}' is missing")
    info = value.get("info")
    if isinstance(info, Mapping):
        for key in ("title", "version"):
            if not isinstance(info.get(key), str):
                message = f"info needs a '{key}', a text; found {describe(info.get(key))}"
                yield document.diagnostic(("info", key), message)


def server_mistakes(document: Document) -> Iterator[Diagnostic]:
    """Yield the mistakes in the URL of the first server, whose path is the start of all paths."""
    servers = document.value.get("servers")
    first = servers[0] if isinstance(servers, list) and servers else None
    if not isinstance(first, Mapping):
        return
    url = first.get("url")
    if not isinstance(url, str):
        yield document.diagnostic(("servers", 0, "url"), f"a server needs a 'url', a text; found {describe(url)}")
        return
    variables = first.get("variables", {})
    for name in re.findall(r"\{([^{}]*)\}", url):
        variable = variables.get(name) if isinstance(variables, Mapping) else None
        default = variable.get("default") if isinstance(variable, Mapping) else None
        if not isinstance(default, str):
            message = f"{{{name}}} in '{url}' needs variables: {name}: default: a text; found {describe(default)}"
            yield document.diagnostic(("servers", 0, "variables", name, "default"), message)
    try:
        urlsplit(url)
    except ValueError as error:
        yield document.diagnostic(("servers", 0, "url"), f"'{url}' is no URL: {error}")


def shape_mistakes(document: Document, sites: Iterable[Site]) -> Iterator[Diagnostic]:
    """Yield values of the wrong type, and keys that an object of OpenAPI does not have."""
    for site in sites:
        if isinstance(site.value, Mapping) and site.kind != "list":
            yield from _unknown_keys(document, site)
        elif not (site.kind == "schema" and isinstance(site.value, bool)):
            wanted = _KINDS.get(site.kind, f"a mapping ({site.kind})")
            yield document.diagnostic(site.path, f"{wanted} was expected here; found {describe(site.value)}")


def _unknown_keys(document: Document, site: Site) -> Iterator[Diagnostic]:
    if site.kind in OPEN or (site.kind in SECTIONS and "$ref" in site.value):
        return
    known = [key for key in OBJECTS[site.kind] if key]
    for key in site.value:
        if key not in OBJECTS[site.kind] and not key.startswith("x-"):
            hint = did_you_mean(key, known) or f"; it may have {', '.join(known)}, or x-…"
            yield document.diagnostic((*site.path, key), f"'{key}' means nothing in this {site.kind}{hint}", key=True)


def reference_mistakes(document: Document, sites: Iterable[Site]) -> Iterator[Diagnostic]:
    """Yield every `$ref` that leads nowhere, out of the file, in a circle or to another kind of object."""
    for site in sites:
        is_reference = isinstance(site.value, Mapping) and site.kind in SECTIONS and "$ref" in site.value
        if is_reference and (message := _reference_mistake(document.value, site)):
            yield document.diagnostic((*site.path, "$ref"), message)
        if site.kind == "schema" and isinstance(site.value, Mapping) and "$id" in site.value:
            yield document.diagnostic((*site.path, "$id"), "'$id' would change what local references mean; remove it")


def _reference_mistake(value: Any, site: Site) -> str | None:
    reference, section = site.reference, f"#/components/{SECTIONS[site.kind]}"
    if reference is None:
        return f"'$ref' is a text such as '{section}/Name'; found {describe(site.value['$ref'])}"
    if not reference.startswith("#"):
        return f"'{reference}' is outside this file; only references within it, '#/…', are followed"
    if not reference.startswith("#/"):
        return f"'{reference}' is no pointer; write '{section}/{reference[1:] or 'Name'}'"
    pointer = json_pointers.from_reference(reference)
    if not json_pointers.exists(value, pointer):
        return f"'{reference}' does not exist{json_pointers.nearest(value, pointer)}"
    if json_pointers.target(value, pointer) is None:
        return f"'{readable(reference)}' refers to itself in the end"
    return _other_kind(pointer, site.kind)


def _other_kind(pointer: str, kind: str) -> str | None:
    parts = json_pointers.split(pointer)
    if len(parts) != 3 or parts[0] != "components" or parts[1] == SECTIONS[kind]:
        return None
    other = next((other for other, section in SECTIONS.items() if section == parts[1]), parts[1])
    return f"'#{pointer}' is a {other}; a {kind} is needed here"


def circle_mistakes(document: Document, sites: Iterable[Site]) -> Iterator[Diagnostic]:
    """Yield a mistake for each circle of schemas that all apply to the same value."""
    counter = InPlaceCounter(document.value)
    reported: set[int] = set()
    for site in sites:
        if site.kind != "schema":
            continue
        try:
            counter.count(PlacedSchema(site.path, site.value))
        except Circle as circle:
            members = {id(each.schema) for each in circle.schemas}
            # A circle of nothing but references is a reference mistake.
            has_others = any(json_pointers.bare_pointer(each.schema) is None for each in circle.schemas)
            if reported.isdisjoint(members) and has_others:
                yield document.diagnostic(circle.schemas[0].path, f"{circle}; {_A_LEVEL}", key=True)
            reported |= members


def schema_mistakes(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """Yield every place at which a schema is no valid JSON Schema 2020-12.

    Only the outermost schemas are validated, since each includes those inside it.
    """
    outermost: DocPath | None = None
    for site in sites:
        if site.kind != "schema" or (outermost is not None and site.path[: len(outermost)] == outermost):
            continue
        outermost = site.path
        for violation in find_schema_violations(site.value):
            problem = f"{violation.expected} was expected; found {describe(violation.input)}"
            message = f"no valid JSON Schema: {problem}"
            yield document.diagnostic((*site.path, *violation.loc), message)
