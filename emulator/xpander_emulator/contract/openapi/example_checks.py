"""Examples and defaults of a contract that break their own schema, and how."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.quoting import describe
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.document_objects import Site
from xpander_emulator.contract.model import Contract, MediaType, is_json
from xpander_emulator.contract.schema.read_write_only import for_requests, for_responses
from xpander_emulator.contract.schema.validation import find_violations, judge
from xpander_emulator.errors import Diagnostic

# A file in which all examples are wrong need not tell each of them.
_MOST_TOLD: Final = 10


def fault_of(contract: Contract, schema_pointer: str, value: Any) -> str | None:
    """Return how a value breaks the schema at a pointer, or None where it keeps it."""
    if judge(contract, schema_pointer)(value):
        return None
    found = find_violations(contract, schema_pointer, value, ())
    first = found[0]
    place = f"at {first.pointer} " if first.loc else ""
    if first.type == "missing":
        told = f"{json_pointers.join(*first.loc)} is missing"
    else:
        told = f"{place}{first.expected} was expected; found {describe(first.input)}"
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    return told + more


def broken_examples(document: Document, sites: Sequence[Site], contract: Contract) -> list[Diagnostic]:
    """Return the examples and defaults that break their schema, at their places; beyond the tenth their number."""
    found = dict.fromkeys([*_of_media(document, contract), *_of_schemas(document, sites, contract)])
    told = list(found)[:_MOST_TOLD]
    if len(found) > _MOST_TOLD:
        last = told.pop()
        told.append(replace(last, message=f"{last.message} ({len(found) - _MOST_TOLD:,} more break theirs)"))
    return told


def _of_media(document: Document, contract: Contract) -> Iterator[Diagnostic]:
    """Yield the broken examples of bodies; one that several operations share is looked at once."""
    seen: set[str] = set()
    requests, answers = for_requests(contract), for_responses(contract)
    for operation in contract.operations:
        bodies = [(requests, operation.body.content)] if operation.body else []
        bodies += [(answers, response.content) for response in operation.responses.values()]
        for direction, content in bodies:
            for name, media in content.items():
                if is_json(name) and media.schema_pointer is not None:
                    yield from _of_one(document, direction, media, seen)


def _of_one(document: Document, contract: Contract, media: MediaType, seen: set[str]) -> Iterator[Diagnostic]:
    for name, value in media.examples.items():
        place = media.places.get(name, "")
        if place not in seen and (fault := fault_of(contract, media.schema_pointer or "", value)):
            yield document.diagnostic(json_pointers.split(place), f"this example breaks its schema: {fault}")
        seen.add(place)


def _of_schemas(document: Document, sites: Sequence[Site], contract: Contract) -> Iterator[Diagnostic]:
    for site in sites:
        if site.kind == "schema" and isinstance(site.value, Mapping):
            pointer = json_pointers.join(*site.path)
            for path, kind, value in _given(site.value):
                if fault := fault_of(contract, pointer, value):
                    yield document.diagnostic((*site.path, *path), f"this {kind} breaks its schema: {fault}")


def _given(schema: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str, Any]]:
    for keyword in ("example", "default"):
        if keyword in schema:
            yield (keyword,), keyword, schema[keyword]
    if isinstance(schema.get("examples"), list):
        for index, value in enumerate(schema["examples"]):
            yield ("examples", index), "example", value
