"""Text and byte bodies, read as the value that their schema describes."""

from email.message import Message
from typing import Any

from xpander_emulator.contract.model import Contract, essence
from xpander_emulator.contract.request.parameters import coerce
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.contract.schema.violations import Location, Violation

_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})


def is_plain(contract: Contract, media_type: str, pointer: str) -> bool:
    """Return whether a body is text or bytes with a schema for scalars.

    A schema for an object, such as that of XML, describes a value that is not read here.
    """
    name = essence(media_type)
    if not name.startswith(("text/", "image/", "audio/", "video/")) and name != "application/octet-stream":
        return False
    types = SchemaView.of_pointer(contract.document, pointer).types
    return types is None or not _SCALARS.isdisjoint(types)


class PlainReader:
    """Reads the bodies of one schema: text in its charset, bytes as Latin-1."""

    def __init__(self, contract: Contract, pointer: str) -> None:
        self.pointer = pointer
        self._types = SchemaView.of_pointer(contract.document, pointer).declared_types

    def read(self, content_type: str, body: bytes, at: Location) -> tuple[Any, list[Violation]]:
        """Return the scalar that a body stands for, and the violations."""
        violations: list[Violation] = []
        try:
            text = body.decode(_charset(content_type))
        except (LookupError, ValueError) as error:
            return None, [Violation(at, f"Text decode error: {error}", "text_invalid", None, "text in its charset")]
        return coerce(text, self._types, at, violations), violations


def _charset(content_type: str) -> str:
    if not content_type.lower().startswith("text/"):
        return "latin-1"
    message = Message()
    message["content-type"] = content_type
    return str(message.get_param("charset", "utf-8"))
