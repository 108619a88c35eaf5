"""Checks of the examples and defaults of a contract: those that break their own schema are reported."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.quoting import describe
from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.document_objects import Site
from xpander_emulator.contract.model import Contract, MediaType, is_json
from xpander_emulator.contract.schema.read_write_only import for_requests, for_responses
from xpander_emulator.contract.schema.validation import find_violations, judge
from xpander_emulator.errors import Diagnostic

_MAX_REPORTED: Final = 10


def violation_summary(contract: Contract, schema_pointer: str, value: Any) -> str | None:
    """Return the first violation of the schema at a pointer, and the number of further ones; None for a valid value."""
    if judge(contract, schema_pointer)(value):
        return None
    violations = find_violations(contract, schema_pointer, value, ())
    first = violations[0]
    place = f"at {first.pointer} " if first.loc else ""
    if first.type == "missing":
        summary = f"{json_pointers.join(*first.loc)} is missing"
    else:
        summary = f"{place}{first.expected} was expected; found {describe(first.input)}"
    return f"{summary} (and {len(violations) - 1} more)" if len(violations) > 1 else summary


def broken_examples(document: Document, sites: Sequence[Site], contract: Contract) -> list[Diagnostic]:
    """Return the examples and defaults that break their schema, at their places; of more than ten, the number."""
    broken = list(dict.fromkeys([*_of_media(document, contract), *_of_schemas(document, sites, contract)]))
    reported, more = broken[:_MAX_REPORTED], len(broken) - _MAX_REPORTED
    if more > 0:
        last = reported.pop()
        reported.append(replace(last, message=f"{last.message} ({more:,} more break theirs)"))
    return reported


def _of_media(document: Document, contract: Contract) -> Iterator[Diagnostic]:
    """Yield the broken examples of bodies; one that several operations share is checked once."""
    seen: set[str] = set()
    requests, responses = for_requests(contract), for_responses(contract)
    for operation in contract.operations:
        bodies = [(requests, operation.body.content)] if operation.body else []
        bodies += [(responses, response.content) for response in operation.responses.values()]
        for direction, content in bodies:
            for name, media in content.items():
                if is_json(name) and media.schema_pointer is not None:
                    yield from _of_one(document, direction, media, seen)


def _of_one(document: Document, contract: Contract, media: MediaType, seen: set[str]) -> Iterator[Diagnostic]:
    for name, value in media.examples.items():
        place = media.places.get(name, "")
        if place not in seen and (summary := violation_summary(contract, media.schema_pointer or "", value)):
            yield document.diagnostic(json_pointers.split(place), f"this example breaks its schema: {summary}")
        seen.add(place)


def _of_schemas(document: Document, sites: Sequence[Site], contract: Contract) -> Iterator[Diagnostic]:
    for site in sites:
        if site.kind == "schema" and isinstance(site.value, Mapping):
            pointer = json_pointers.join(*site.path)
            for path, kind, value in _examples_of(site.value):
                if summary := violation_summary(contract, pointer, value):
                    yield document.diagnostic((*site.path, *path), f"this {kind} breaks its schema: {summary}")


def _examples_of(schema: Mapping[str, Any]) -> Iterator[tuple[DocPath, str, Any]]:
    for keyword in ("example", "default"):
        if keyword in schema:
            yield (keyword,), keyword, schema[keyword]
    if isinstance(schema.get("examples"), list):
        for index, value in enumerate(schema["examples"]):
            yield ("examples", index), "example", value
