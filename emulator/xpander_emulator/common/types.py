"""Type aliases that several rooms share."""

from collections.abc import Sequence
from typing import Any, TypeAlias

# A JSON value: text, number, boolean, null, list or object.
Json: TypeAlias = Any
JsonObject: TypeAlias = dict[str, Any]
# HTTP header fields in the order of the wire; ASGI has the names in lower case.
Header: TypeAlias = tuple[bytes, bytes]
Headers: TypeAlias = Sequence[Header]
# A document path leads from the root of a YAML or JSON document to a value, by keys and indexes.
DocPath: TypeAlias = tuple[str | int, ...]
