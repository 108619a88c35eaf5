"""Unknown fields: the names in a request that the contract does not declare, even where it tolerates them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from xpander_emulator.common import json_codec
from xpander_emulator.common.json_pointers import look_up
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.schema.outlines import Outline, outline
from xpander_emulator.contract.schema.validation import is_too_deep
from xpander_emulator.journal.port import Entry

_JSON: Final = "application/json"
_LONGEST: Final = 60


class UnknownFields:
    """Finds the names in requests that the operations of one contract do not declare."""

    def __init__(self, contract: Contract) -> None:
        self._root = contract.document
        self._operations = {operation.id: operation for operation in contract.operations}
        # By the ids of the schemas, which live as long as the contract.
        self._outlines: dict[int, Outline] = {}

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
            yield from self._within(look_up(self._root, media_type.schema_pointer), value, "")

    def _within(self, schema: Any, value: Any, path: str) -> Iterator[str]:
        if not isinstance(value, Mapping | list):
            return
        known = self._outline(schema)
        if isinstance(value, list):
            if len(known.items) == 1:
                for item in value:
                    yield from self._within(known.items[0], item, path)
            return
        for name, item in value.items():
            here = f"{path}.{name}" if path else str(name)
            if name in known.properties:
                yield from self._within(known.properties[name], item, here)
            elif known.properties and not known.is_free:
                yield _shown(here)

    def _outline(self, schema: Any) -> Outline:
        known = self._outlines.get(id(schema))
        if known is None:
            known = self._outlines[id(schema)] = outline(self._root, schema)
        return known

    def _in_query(self, operation: Operation, query: bytes) -> Iterator[str]:
        if not query:
            return
        parameters = [each for each in operation.parameters if each.place == "query"]
        # OpenAPI 3.1, style `form`: the properties of an object are parameters of their own.
        if any(self._is_object(each.schema) for each in parameters):
            return
        credentials = {each.name for alternative in operation.security for each in alternative if each.place == "query"}
        known = {each.name for each in parameters} | credentials
        for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True):
            if name not in known:
                yield _shown(f"?{name}")

    def _is_object(self, schema: Any) -> bool:
        known = self._outline(schema)
        return bool(known.properties) or known.is_free or not isinstance(schema, Mapping)


def _shown(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
