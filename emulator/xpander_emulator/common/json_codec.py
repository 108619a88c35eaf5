"""JSON by orjson. Integers beyond 64 bits, which orjson reads as floats and cannot write, stay exact."""

import json
import re
from typing import Any, Final

import orjson

# The smallest integer beyond 64 bits has 19 digits. So many digits in a text or a fraction only cost a second reading.
_LONG: Final = re.compile(rb"\d{19}")


def loads(text: bytes | str) -> Any:
    """Return the value of a JSON text. Raises orjson.JSONDecodeError."""
    value = orjson.loads(text)
    if not _LONG.search(text.encode() if isinstance(text, str) else text):
        return value
    try:
        # The standard library reads everything that orjson reads, except for deep nesting.
        return json.loads(text)
    except RecursionError:
        return value


def dumps(value: Any) -> bytes:
    """Return a value as compact JSON in UTF-8."""
    try:
        # orjson's result occupies its write buffer, several times its length, and responses are cached for long.
        return bytes(memoryview(orjson.dumps(value)))
    except TypeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
