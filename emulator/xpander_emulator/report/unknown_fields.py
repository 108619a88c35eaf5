"""Unknown fields: the names in a request that the contract does not declare, even where it tolerates them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from xpander_emulator.common import json_codec
from xpander_emulator.common.json_pointers import look_up
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.contract.schema.validation import is_too_deep
from xpander_emulator.journal.port import Entry

_JSON: Final = "application/json"
_LONGEST: Final = 60


class UnknownFields:
    """Finds the names in requests that the operations of one contract do not declare."""

    def __init__(self, contract: Contract) -> None:
        self._root = contract.document
        self._operations = {operation.id: operation for operation in contract.operations}
        self._bodies: dict[str, SchemaView] = {}
        self._queries: dict[str, frozenset[str] | None] = {}

    def of(self, entry: Entry) -> Sequence[str]:
        """Return the names in a request that its operation does not declare, sorted: `?verbose`, `input.txt`."""
        operation = self._operations.get(entry.operation or "")
        if operation is None:
            return ()
        return sorted({*self._in_query(operation, entry.query), *self._in_body(operation, entry)})

    def _in_body(self, operation: Operation, entry: Entry) -> Iterator[str]:
        media_type = operation.body.content.get(_JSON) if operation.body else None
        if media_type is None or media_type.schema_pointer is None or entry.request_size != len(entry.request_body):
            return
        try:
            value = json_codec.loads(entry.request_body)
        except orjson.JSONDecodeError:
            return
        if not is_too_deep(value):
            pointer = media_type.schema_pointer
            if pointer not in self._bodies:
                self._bodies[pointer] = SchemaView(self._root, look_up(self._root, pointer))
            yield from self._within(self._bodies[pointer], value, "")

    def _within(self, view: SchemaView, value: Any, path: str) -> Iterator[str]:
        if isinstance(value, list):
            if len(view.items) == 1:
                for item in value:
                    yield from self._within(view.items[0], item, path)
        elif isinstance(value, Mapping):
            for name, item in value.items():
                here = f"{path}.{name}" if path else str(name)
                if name in view.properties:
                    yield from self._within(view.properties[name], item, here)
                elif view.properties and not view.is_free:
                    yield _shown(here)

    def _in_query(self, operation: Operation, query: bytes) -> Iterator[str]:
        if not query:
            return
        if operation.id not in self._queries:
            self._queries[operation.id] = self._names_in_query(operation)
        known = self._queries[operation.id]
        if known is not None:
            names = (name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
            yield from (_shown(f"?{name}") for name in names if name not in known)

    def _names_in_query(self, operation: Operation) -> frozenset[str] | None:
        """Return the names that a query may have; None where an object is sent whose properties are names too."""
        parameters = [each for each in operation.parameters if each.place == "query"]
        views = [SchemaView(self._root, each.schema) for each in parameters]
        if any(view.properties or view.is_free for view in views):
            return None
        credentials = (each.name for each in chain.from_iterable(operation.security) if each.place == "query")
        return frozenset([*(each.name for each in parameters), *credentials])


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
