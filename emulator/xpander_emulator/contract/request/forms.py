"""Form bodies, read as the value that their schema describes."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from xpander_emulator.common import json_codec
from xpander_emulator.contract.model import Contract, essence
from xpander_emulator.contract.request.parameters import coerce
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.contract.schema.validation import is_too_deep
from xpander_emulator.contract.schema.violations import Location, Violation

URLENCODED: Final = "application/x-www-form-urlencoded"
MULTIPART: Final = "multipart/form-data"
MAX_FIELDS: Final = 1_000


def is_form(media_type: str) -> bool:
    """Return whether a media type is one of the two that HTML forms send."""
    return essence(media_type) in (URLENCODED, MULTIPART)


class FormReader:
    """Reads the forms of one schema; the types of its fields are read once."""

    def __init__(self, contract: Contract, pointer: str) -> None:
        self.pointer = pointer
        properties = SchemaView.of_pointer(contract.document, pointer).properties
        self._types = {name: view.declared_types for name, view in properties.items()}
        self._items = {name: view.at(0).declared_types for name, view in properties.items() if view.items}

    def read(self, content_type: str, body: bytes, at: Location) -> tuple[Any, list[Violation]]:
        """Return the fields by name, each as its type, and the violations. A file is its bytes as Latin-1 text."""
        try:
            fields = _fields(content_type, body)
        except ValueError as error:
            return None, [Violation(at, f"Form decode error: {error}", "form_invalid", None, "a form")]
        violations: list[Violation] = []
        sent: dict[str, list[Any]] = {}
        for name, text in fields:
            types = self._items.get(name, self._types.get(name, ()))
            sent.setdefault(name, []).append(_read(text, types, (*at, name), violations))
        return {name: values if name in self._items else values[-1] for name, values in sent.items()}, violations


def _read(text: str, types: Sequence[str], at: Location, violations: list[Violation]) -> Any:
    """Return the value of a field; an object is sent as JSON (OpenAPI 3.1, 4.8.15)."""
    if "object" in types and "string" not in types:
        try:
            value = json_codec.loads(text)
        except orjson.JSONDecodeError:
            value = None
        if isinstance(value, dict) and not is_too_deep(value):
            return value
        violations.append(Violation(at, "Input should be a valid dictionary", "dict_type", text, "an object as JSON"))
        return text
    return coerce(text, types, at, violations)


def _fields(content_type: str, body: bytes) -> list[tuple[str, str]]:
    if essence(content_type) == URLENCODED:
        return parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
    fields = list(_parts(content_type, body))
    if len(fields) > MAX_FIELDS:
        raise ValueError(f"more than {MAX_FIELDS:,} fields")
    return fields


def _parts(content_type: str, body: bytes) -> Iterable[tuple[str, str]]:
    """Yield the fields of a multipart form (RFC 7578), in order."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    # Imported with the first form of files: every start would pay 4 ms for it.
    from email.parser import BytesParser
    from email.policy import HTTP

    message = BytesParser(policy=HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise ValueError("no part was found between its boundaries")
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        if not isinstance(name, str):
            raise ValueError("a part has no name")
        payload = part.get_payload(decode=True)
        raw = payload if isinstance(payload, bytes) else b""
        yield name, raw.decode("latin-1") if part.get_filename() is not None else raw.decode("utf-8")
