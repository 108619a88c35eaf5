"""JSON by orjson, but for integers beyond 64 bits, which it reads as floats and does not write: these stay exact."""

import json
import re
from typing import Any, Final

import orjson

# The least integer below 64 bits has 19 digits. As many in a text or a fraction only cost a second reading.
_LONG: Final = re.compile(rb"\d{19}")


def loads(text: bytes | str) -> Any:
    """Return the value of a JSON text. Raises orjson.JSONDecodeError."""
    value = orjson.loads(text)
    if not _LONG.search(text.encode() if isinstance(text, str) else text):
        return value
    try:
        # What orjson has taken the standard library takes too, unless it is nested too deep for it.
        return json.loads(text)
    except RecursionError:
        return value


def dumps(value: Any) -> bytes:
    """Return a value as compact JSON in UTF-8."""
    try:
        # orjson's own result keeps the room it was written in, several times its length, and answers are kept for long.
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
