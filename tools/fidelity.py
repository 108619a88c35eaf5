"""The fidelity page: what of the emulated API is documented, seen, inferred or our own.

Made from the contract's `x-emulator` marks and descriptions and from decisions.yaml; run it after a change of either.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tools.generated_page import ROOT, table, write_or_check
from xpander_emulator.common import resources
from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract

PAGE: Final = ROOT / "docs" / "fidelity.md"
DECISIONS: Final = ROOT / "tools" / "decisions.yaml"

_MARKS: Final[Mapping[str, str]] = {
    "documented": "A public page of the vendor says so.",
    "seen": "The official SDK sends it or needs it.",
    "inferred": "Our reading, where the sources are silent.",
    "extension": "Our own; the real API has nothing like it.",
}
# How the contract's descriptions word the marks.
_WORDINGS: Final = (("inferred", r"\binferred\b"), ("seen", r"\bseen in\b"), ("extension", r"\ban extension\b"),
                ("documented later", r"\bon later pages only\b"))  # fmt: skip
_EXAMPLES: Final = frozenset({"example", "examples", "default", "enum", "x-emulator"})
_INTRODUCTION: Final = """\
<!-- Made by `make docs` from openapi.yaml and tools/decisions.yaml. Do not edit it here. -->

# Fidelity

How close the emulator is to the real API, and how we know. It was written from public documentation as of spring 2026
and from what the official SDK sends; nothing of it was measured on the real service. If you see the real API do
something else, open an issue: a decision here is one line to change, and most can be changed per scenario."""


def page(contract: Contract, groups: Sequence[Mapping[str, Any]]) -> str:
    """Return the whole page in Markdown.

    groups: of decisions, as in decisions.yaml: `group` and `decisions`, each with `what`, `default` and `change`.
    """
    parts = [
        _INTRODUCTION,
        "## Marks",
        table(("mark", "what it says"), [(f"**{mark}**", meaning) for mark, meaning in _MARKS.items()]),
        "## Operations",
        table(("operation", "what it does", "mark", "played by"), list(_operations(contract))),
        "## What the contract marks below its operations",
        "In the contract's own words. What is listed neither here nor below is documented.",
        table(("where", "mark", "what it says"), list(_remarks(contract.document))),
        "## Decisions where the API is silent",
    ]
    for group in groups:
        rows = [(each["what"], each["default"], each["change"]) for each in group["decisions"]]
        parts += [f"### {group['group']}", table(("question", "what the emulator does", "changed by"), rows)]
    return "\n\n".join(parts) + "\n"


def built() -> str:
    """Return the page of the embedded contract and the decisions beside this file. Raises InvalidFiles."""
    contract = load_contract(resources.CONTRACT, resources.CONTRACT.name, check_schemas=False)
    return page(contract, read_document(DECISIONS).value)


def _operations(contract: Contract) -> Iterator[tuple[str, ...]]:
    for operation in contract.operations:
        behaviour = operation.behaviour
        played = " ".join(str(behaviour[key]) for key in ("action", "reply") if key in behaviour) or "its example"
        yield f"`{operation.method} {operation.path}`", operation.summary, str(behaviour.get("source", "-")), played


def _remarks(document: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Yield place, mark and text of each description that tells where its knowledge comes from."""
    for path, text in _descriptions(document, ()):
        marks = [mark for mark, pattern in _WORDINGS if re.search(pattern, text, re.IGNORECASE)]
        if marks and path[0] != "info":
            yield _place(document, path), ", ".join(marks), text


def _descriptions(value: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _descriptions(item, (*path, str(index)))
    if not isinstance(value, Mapping):
        return
    if isinstance(told := value.get("description"), str):
        yield path, " ".join(told.split())
    for key, item in value.items():
        # Below `properties` every key is a name, whatever it is called.
        if key not in _EXAMPLES or (path and path[-1] == "properties"):
            yield from _descriptions(item, (*path, key))


def _place(document: Mapping[str, Any], path: tuple[str, ...]) -> str:
    """Return where a description stands, as a reader of the contract would name it."""
    match path:
        case ("paths", template, method, *_):
            return f"`{document['paths'][template][method]['operationId']}`"
        case ("components", "schemas", name, *rest):
            return f"`{'.'.join([name, *(part for part in rest if part not in ('properties', 'items'))])}`"
        case ("components", kind, name, *_):
            return f"{kind.rstrip('s')} `{name}`"
        case _:
            return f"`{'.'.join(path)}`"


if __name__ == "__main__":
    sys.exit(write_or_check(PAGE, built(), "openapi.yaml and tools/decisions.yaml", sys.argv[1:]))
