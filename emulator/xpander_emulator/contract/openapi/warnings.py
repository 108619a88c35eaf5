"""What is doubtful in an OpenAPI file that is served all the same: most likely it does not do what its author meant."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from xpander_emulator.common.json_pointers import look_up, split
from xpander_emulator.common.quoting import describe
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.document_objects import OBJECTS, Site
from xpander_emulator.contract.extension.checks import behaviour_warnings
from xpander_emulator.contract.model import Operation
from xpander_emulator.contract.schema.formats import CHECKS
from xpander_emulator.errors import Diagnostic, did_you_mean

# OpenAPI 3.1.1, 4.4.2, and 3.0.3, 4.4: formats that say how a value is kept or shown, and leave nothing to check.
_TOLD: Final = frozenset({"int32", "int64", "float", "double", "password", "binary"})
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
    """Return what is doubtful, each kind once, at its first place and with the number of further ones."""
    found = [each for site in sites for each in _of_site(document, site)]
    found += [each for operation in operations for each in _of_operation(document, operation)]
    found += behaviour_warnings(document, sites, operations)
    if document.value.get("webhooks"):
        found.append(document.diagnostic(("webhooks",), "webhooks are not called", key=True))
    times: dict[str, int] = {}
    for each in found:
        times[each.message] = times.get(each.message, 0) + 1
    first = {each.message: each for each in reversed(found)}
    return tuple(sorted(_counted(each, times[message] - 1) for message, each in first.items()))


def _counted(diagnostic: Diagnostic, more: int) -> Diagnostic:
    return replace(diagnostic, message=f"{diagnostic.message} (and {more:,} more)") if more else diagnostic


def _of_site(document: Document, site: Site) -> Iterator[Diagnostic]:
    if not isinstance(site.value, Mapping):
        return
    if site.kind == "schema":
        yield from _of_schema(document, site)
    elif site.kind in ("operation", "path item") and "servers" in site.value:
        message = f"the servers of an {site.kind}" if site.kind == "operation" else f"the servers of a {site.kind}"
        told = f"{message} are left aside; paths begin with that of the file's first server"
        yield document.diagnostic((*site.path, "servers"), told, key=True)
    elif site.kind == "security scheme" and "$ref" not in site.value and (fault := _unasked(site.value)):
        yield document.diagnostic((*site.path, "type"), f"{fault}; nothing is asked for")


def _unasked(scheme: Mapping[str, Any]) -> str | None:
    """Return why a security scheme asks a request for nothing, or None where it asks for something."""
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
        elif keyword == "format" and isinstance(value, str) and value not in CHECKS and value not in _TOLD:
            hint = did_you_mean(value, sorted({*CHECKS, *_TOLD}))
            yield document.diagnostic((*site.path, keyword), f"the format '{value}' is not checked{hint}")


def _of_operation(document: Document, operation: Operation) -> Iterator[Diagnostic]:
    path = split(operation.pointer)
    if "operationId" not in look_up(document.value, operation.pointer):
        told = "an operation without operationId is named after its method and path"
        yield document.diagnostic(path, told, key=True)
    if "?" in operation.path:
        yield document.diagnostic(path, "a path with '?' in it is met only by requests that send it as %3F", key=True)
    if "#" in operation.path:
        told = "what stands behind '#' in a path is never sent: its operation is met without it, unless another one is"
        yield document.diagnostic(path, told, key=True)
