"""Warnings about an OpenAPI file that is served all the same, but probably does not do what its author meant."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from xpander_emulator.common.json_pointers import look_up, split
from xpander_emulator.common.quoting import describe
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.document_objects import OBJECTS, Site
from xpander_emulator.contract.extension.warnings import behaviour_warnings
from xpander_emulator.contract.model import Operation
from xpander_emulator.contract.schema.formats import CHECKS
from xpander_emulator.errors import Diagnostic, did_you_mean

# OpenAPI 3.1.1, 4.4.2, and 3.0.3, 4.4: formats that say how a value is stored or shown, and need no check.
_UNCHECKED: Final = frozenset({"int32", "int64", "float", "double", "password", "binary"})
# JSON Schema 2020-12, and what OpenAPI adds to it.
KEYWORDS: Final = frozenset({
    *OBJECTS["schema"], "$ref", "$schema", "$comment", "type", "enum", "const", "multipleOf", "maximum",
    "exclusiveMaximum", "minimum", "exclusiveMinimum", "maxLength", "minLength", "pattern", "maxItems", "minItems",
    "uniqueItems", "maxContains", "minContains", "maxProperties", "minProperties", "required", "dependentRequired",
    "format", "contentEncoding", "contentMediaType", "title", "description", "default", "deprecated", "readOnly",
    "writeOnly", "example", "examples", "discriminator", "xml", "externalDocs",
})  # fmt: skip
_NOT_FOLLOWED: Final = frozenset({"$dynamicRef", "$dynamicAnchor", "$anchor", "$recursiveRef", "$recursiveAnchor"})


def warnings(document: Document, sites: Sequence[Site], operations: Sequence[Operation]) -> tuple[Diagnostic, ...]:
    """Return the warnings, each message once: at its first place and with the number of further ones."""
    every = [each for site in sites for each in _of_site(document, site)]
    every += [each for operation in operations for each in _of_operation(document, operation)]
    every += behaviour_warnings(document, sites, operations)
    if document.value.get("webhooks"):
        every.append(document.diagnostic(("webhooks",), "webhooks are not called", key=True))
    counts = Counter(each.message for each in every)
    first = {each.message: each for each in reversed(every)}
    return tuple(sorted(_counted(each, counts[message] - 1) for message, each in first.items()))


def _counted(diagnostic: Diagnostic, more: int) -> Diagnostic:
    return replace(diagnostic, message=f"{diagnostic.message} (and {more:,} more)") if more else diagnostic


def _of_site(document: Document, site: Site) -> Iterator[Diagnostic]:
    if not isinstance(site.value, Mapping):
        return
    if site.kind == "schema":
        yield from _of_schema(document, site)
    elif site.kind in ("operation", "path item") and "servers" in site.value:
        owner = f"an {site.kind}" if site.kind == "operation" else f"a {site.kind}"
        message = f"the servers of {owner} are left aside; paths begin with that of the file's first server"
        yield document.diagnostic((*site.path, "servers"), message, key=True)
    elif site.kind == "security scheme" and site.reference is None and (reason := _unchecked_reason(site.value)):
        yield document.diagnostic((*site.path, "type"), f"{reason}; nothing is asked for")


def _unchecked_reason(scheme: Mapping[str, Any]) -> str | None:
    """Return why no request needs a credential for a security scheme, or None where it needs one."""
    kind = scheme.get("type")
    if kind == "apiKey":
        place = scheme.get("in")
        return None if place in ("header", "query", "cookie") else f"an API key in {describe(place)} is not known"
    if kind in ("http", "oauth2", "openIdConnect"):
        return None
    return f"security of the type {describe(kind)} is not checked"


def _of_schema(document: Document, site: Site) -> Iterator[Diagnostic]:
    for keyword, value in site.value.items():
        if keyword in _NOT_FOLLOWED:
            yield document.diagnostic((*site.path, keyword), f"'{keyword}' is not followed", key=True)
        elif keyword not in KEYWORDS and not keyword.startswith("x-"):
            hint = did_you_mean(keyword, sorted(KEYWORDS))
            message = f"'{keyword}' is no keyword of JSON Schema and says nothing{hint}"
            yield document.diagnostic((*site.path, keyword), message, key=True)
        elif keyword == "format" and isinstance(value, str) and value not in CHECKS and value not in _UNCHECKED:
            hint = did_you_mean(value, sorted({*CHECKS, *_UNCHECKED}))
            yield document.diagnostic((*site.path, keyword), f"the format '{value}' is not checked{hint}")


def _of_operation(document: Document, operation: Operation) -> Iterator[Diagnostic]:
    path = split(operation.pointer)
    if "operationId" not in look_up(document.value, operation.pointer):
        message = "an operation without operationId is named after its method and path"
        yield document.diagnostic(path, message, key=True)
    if "?" in operation.path:
        yield document.diagnostic(path, "a path with '?' in it is met only by requests that send it as %3F", key=True)
    if "#" in operation.path:
        message = "what stands behind '#' in a path is never sent: requests reach the operation, or another, without it"
        yield document.diagnostic(path, message, key=True)
