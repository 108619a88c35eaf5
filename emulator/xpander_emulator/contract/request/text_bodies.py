"""Bodies that are text or bytes, held against the schema of their media type."""

from email.message import Message
from typing import Any

from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.request.parameters import coerce, types_of
from xpander_emulator.contract.schema.violations import Location, Violation

_SCALARS = frozenset({"string", "integer", "number", "boolean", "null"})


def is_plain(contract: Contract, media_type: str, pointer: str) -> bool:
    """Tell whether a body is text or bytes, and its schema says something of a text.

    What a schema says of an object, as of XML, is about a value that is not read here.
    """
    name = media_type.partition(";")[0].strip().lower()
    if not name.startswith(("text/", "image/", "audio/", "video/")) and name != "application/octet-stream":
        return False
    types = types_of(contract, contract.schema(pointer))
    return not types or bool(_SCALARS & set(types))


class PlainReader:
    """Reads the bodies of one schema: a text as the scalar that it stands for, bytes as Latin-1 text."""

    def __init__(self, contract: Contract, pointer: str) -> None:
        self.pointer = pointer
        self._types = types_of(contract, contract.schema(pointer))

    def read(self, content_type: str, body: bytes, at: Location) -> tuple[Any, list[Violation]]:
        """Return the value of a body, and what is wrong with it."""
        faults: list[Violation] = []
        try:
            text = body.decode(_charset(content_type))
        except (LookupError, ValueError) as error:
            return None, [Violation(at, f"Text decode error: {error}", "text_invalid", None, "text in its charset")]
        return coerce(text, self._types, at, faults), faults


def _charset(content_type: str) -> str:
    if not content_type.lower().startswith("text/"):
        return "latin-1"
    message = Message()
    message["content-type"] = content_type
    return str(message.get_param("charset", "utf-8"))
