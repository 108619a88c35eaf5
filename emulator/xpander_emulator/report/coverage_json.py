"""Coverage as a JSON document, which a run writes and `coverage` merges: equal values give equal bytes."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from xpander_emulator.common.json_syntax import NotJson, read_json
from xpander_emulator.common.types import JsonObject
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.coverage import ANSWER, KINDS, Coverage, Item

FORMAT: Final = "xpander-emulator coverage"
VERSION: Final = 1
# The key of each kind in a document.
_PLURALS: Final = {kind: "statuses" if kind == "status" else f"{kind}s" for kind in KINDS}


def as_json(coverage: Coverage) -> JsonObject:
    """Return the document of a coverage."""
    names = sorted({item.scenario for item in (*coverage.declared, *coverage.reached) if item.kind != ANSWER})
    return {
        "format": FORMAT,
        "version": VERSION,
        "scenarios": [_scenario(coverage, name) for name in names],
        "answers": _items(coverage, "", ANSWER),
    }


def as_text(coverage: Coverage) -> str:
    """Return the text of a coverage document, as a file holds it."""
    return json.dumps(as_json(coverage), indent=1, ensure_ascii=False) + "\n"


def from_text(text: str, source: str) -> Coverage:
    """Return the coverage of a document's text. Raises BadRequest, with `source`, for anything else."""
    try:
        return from_json(read_json(text), source)
    except NotJson as error:
        raise BadRequest(f"{source}: is not JSON: {error}.") from None


def from_json(document: Any, source: str) -> Coverage:
    """Return the coverage of a document. Raises BadRequest for anything else, and for another version."""
    if not isinstance(document, Mapping) or document.get("format") != FORMAT:
        raise BadRequest(f"{source}: is no coverage document; `xpander-emulator coverage -o json` prints one.")
    if document.get("version") != VERSION:
        raise BadRequest(
            f"{source}: is a coverage document of version {document.get('version')}; this release reads {VERSION}."
        )
    try:
        return _coverage(document)
    except KeyError as error:
        raise BadRequest(f"{source}: is a coverage document that lacks {error}.") from None
    except (TypeError, AttributeError, ValueError):
        raise BadRequest(
            f"{source}: is a coverage document with a value of a wrong type. Write it again with"
            " `xpander-emulator coverage -o json`."
        ) from None


def _scenario(coverage: Coverage, name: str) -> JsonObject:
    kinds = {plural: _items(coverage, name, kind) for kind, plural in _PLURALS.items()}
    return {"name": name, "file": coverage.files.get(name), **kinds}


def _items(coverage: Coverage, scenario: str, kind: str) -> list[JsonObject]:
    items = (item for item in {*coverage.declared, *coverage.reached} if item[:2] == (scenario, kind))
    return [
        {"name": item.name, "line": coverage.declared.get(item), "reached": item in coverage.reached}
        for item in sorted(items, key=lambda item: (coverage.declared.get(item, float("inf")), item.name))
    ]


def _coverage(document: Mapping[str, Any]) -> Coverage:
    declared: dict[Item, int] = {}
    reached: set[Item] = set()
    for item, line, is_reached in _lines(document):
        if line is not None:
            declared[item] = int(line)
        if is_reached:
            reached.add(item)
    files = {str(each["name"]): str(each["file"]) for each in document["scenarios"] if each["file"] is not None}
    return Coverage(declared, frozenset(reached), files)


def _lines(document: Mapping[str, Any]) -> Iterator[tuple[Item, int | None, bool]]:
    groups = [
        (str(each["name"]), kind, each[plural]) for each in document["scenarios"] for kind, plural in _PLURALS.items()
    ]
    for scenario, kind, items in [*groups, ("", ANSWER, document["answers"])]:
        for each in items:
            yield Item(scenario, kind, str(each["name"])), each["line"], bool(each["reached"])
