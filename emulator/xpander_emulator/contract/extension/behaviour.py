"""The behaviour of an operation: its `x-emulator` in a file that may have mistakes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.extension.vocabulary import ACTIONS, Action
from xpander_emulator.contract.model import NOTHING, Operation
from xpander_emulator.contract.schema.reader import ANYTHING, SchemaView
from xpander_emulator.errors import Diagnostic, did_you_mean

EXTENSION: Final = "x-emulator"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One operation of a document with its `x-emulator`."""

    document: Document
    operation: Operation

    @property
    def keys(self) -> Mapping[str, Any]:
        """The mapping `x-emulator`, as it stands in the file."""
        return self.operation.behaviour

    @property
    def name(self) -> str | None:
        """The name of the action; None without one, or for one that is no text."""
        return self.text("action")

    @property
    def action(self) -> Action | None:
        """The action of that name, if there is one."""
        return ACTIONS.get(self.name or "")

    @property
    def response(self) -> SchemaView:
        """The schema of the JSON in the response 200; one that takes anything where none is declared."""
        pointer = self.operation.json_schema("200")
        return ANYTHING if pointer is None else SchemaView.of_pointer(self.document.value, pointer)

    def text(self, key: str) -> str | None:
        """Return the text of a key; None for anything else."""
        value = self.keys.get(key)
        return value if isinstance(value, str) else None

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Return the mapping of a key; an empty one for anything else."""
        value = self.keys.get(key)
        return value if isinstance(value, Mapping) else NOTHING

    def status_values(self) -> tuple[str, tuple[Any, ...]]:
        """Return the contract's name of the status, and the values that its schema lists."""
        name = self.mapping("names").get("status", "status")
        name = name if isinstance(name, str) else "status"
        return name, self.response.at(name).values

    def diagnostic(self, message: str, *inner: str, key: bool = False) -> Diagnostic:
        """Return a diagnostic at a part of `x-emulator`, or at the whole of it."""
        path = (*json_pointers.split(self.operation.pointer), EXTENSION, *inner)
        return self.document.diagnostic(path, message, key=key)

    def __str__(self) -> str:
        return f"{self.operation.method} {self.operation.path} on line {self.operation.line}"


def nearest_or_all(value: Any, known: Sequence[str]) -> str:
    """Return the end of a message: the nearest of the known words, else all of them."""
    hint = did_you_mean(value, known) if isinstance(value, str) else ""
    return hint or f"; known {'is' if len(known) == 1 else 'are'} {', '.join(known)}"
