"""Redaction: removes keys, tokens, cookies and other credentials from headers, queries and bodies."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import orjson

from xpander_emulator.common import json_codec
from xpander_emulator.common.redaction import (
    PARAMETERS,
    REDACTED,
    credentials_in,
    is_credential,
    may_hold_credentials,
    sentence_without,
    text_without_credentials,
    texts_in,
    without_credentials,
)
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Operation
from xpander_emulator.contract.schema.validation import is_too_deep
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.journal.port import Entry, fields_of

_ADDRESSED: Final = ("header", "query", "cookie")
_NO_JSON: Final = object()


class Redaction:
    """Removes credentials from headers, queries and bodies before they are shown.

    operations: those of the contract; the credentials that they require are removed too.
    """

    def __init__(self, operations: tuple[Operation, ...]) -> None:
        alternatives = {each for operation in operations for each in operation.security}
        required = {credential.name.lower() for each in alternatives for credential in each}
        self._names = PARAMETERS | required

    def headers(self, raw: Headers) -> dict[str, str]:
        """Return headers by their lower-case names, repeated ones joined by commas."""
        shown: dict[str, str] = {}
        for name, value in raw:
            key = name.decode("latin-1").lower()
            text = REDACTED if key in self._names else value.decode("latin-1")
            shown[key] = f"{shown[key]}, {text}" if key in shown else text
        return shown

    def query(self, raw: bytes) -> dict[str, str | list[str]]:
        """Return the parameters of a query; the values of a repeated one as a list."""
        shown: dict[str, str | list[str]] = {}
        for name, value in parse_qsl(raw.decode("latin-1"), keep_blank_values=True):
            text = REDACTED if name.lower() in self._names else value
            before = shown.get(name)
            shown[name] = text if before is None else [*([before] if isinstance(before, str) else before), text]
        return shown

    def body(self, raw: bytes, size: int) -> Any:
        """Return a body: JSON as its value, anything else as text, None for an empty one.

        size: of the whole body. A truncated body is text, and ends before the first credential in it.
        """
        if not raw:
            return None
        value = _parsed(raw) if size == len(raw) else _NO_JSON
        return _text(raw) if value is _NO_JSON else without_credentials(value)

    def entry(self, entry: Entry) -> Entry:
        """Return an entry without credentials; the size of a body that had one is that of the redacted body."""
        request_body, request_size = _without_secrets(entry.request_body, entry.request_size)
        body, size = _without_secrets(entry.body, entry.size)
        return entry._replace(
            query=self._raw_query(entry.query),
            request_fields=fields_of(self._raw_headers(entry.request_headers)),
            headers=self._raw_headers(entry.headers),
            request_body=request_body,
            request_size=request_size,
            body=body,
            size=size,
            violations=tuple(
                replace(violation, input=shown["input"], msg=shown["msg"])
                for violation, shown in zip(entry.violations, self.violations(entry.violations), strict=True)
            ),
        )

    def _raw_query(self, raw: bytes) -> bytes:
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True) if raw else []
        if not any(name.lower() in self._names for name, _ in pairs):
            return raw
        hidden = [(name, REDACTED if name.lower() in self._names else value) for name, value in pairs]
        return urlencode(hidden).encode("latin-1")

    def _raw_headers(self, raw: Headers) -> Headers:
        hidden = REDACTED.encode()
        return [(name, hidden if name.decode("latin-1").lower() in self._names else value) for name, value in raw]

    def violations(self, violations: Sequence[Violation]) -> list[dict[str, Any]]:
        """Return violations in the form of FastAPI's error details."""
        return [self._violation(each) for each in violations]

    def _violation(self, violation: Violation) -> dict[str, Any]:
        seen = _plain(violation.input)
        if seen is not None and self._is_about_a_credential(violation):
            shown, hidden = REDACTED, texts_in(seen)
        else:
            shown, hidden = _with_texts_cut(without_credentials(seen)), credentials_in(seen)
        # A violation without a message of pydantic has that of jsonschema, which quotes the value.
        return {**violation.as_detail(), "msg": sentence_without(violation.msg, hidden), "input": shown}

    def _is_about_a_credential(self, violation: Violation) -> bool:
        place, *names = (part for part in violation.loc if isinstance(part, str))
        if place in _ADDRESSED and names and names[-1].lower() in self._names:
            return True
        return any(is_credential(name) for name in names)


def _without_secrets(raw: bytes, size: int) -> tuple[bytes, int]:
    """Return a body without credentials, and its size."""
    text = raw.decode("utf-8", "replace")
    return _redacted(raw, text, size) if may_hold_credentials(text) else (raw, size)


def _redacted(raw: bytes, text: str, size: int) -> tuple[bytes, int]:
    # Compared as text; bytes that are no text stay as they are.
    shown = text_without_credentials(text)
    is_clean = shown == text
    value = _parsed(raw) if size == len(raw) else _NO_JSON
    if value is not _NO_JSON:
        clean = without_credentials(value)
        # Of a name that is twice in an object, the value has the last member; the text has both.
        redacted = raw if is_clean and clean == value else json_codec.dumps(clean)
        return redacted, len(redacted)
    redacted = raw if is_clean else shown.encode()
    return redacted, len(redacted) if size == len(raw) else size


def _parsed(raw: bytes) -> Any:
    """Return the value of JSON, or _NO_JSON for anything else and for JSON that is nested too deep."""
    try:
        value = json_codec.loads(raw)
    except orjson.JSONDecodeError:
        return _NO_JSON
    return _NO_JSON if is_too_deep(value) else value


def _text(raw: bytes) -> str:
    return text_without_credentials(raw.decode("utf-8", "replace"))


def _with_texts_cut(value: Any) -> Any:
    """Return a JSON value; each text in it that is JSON itself ends before its first credential."""
    match value:
        case str() if value.lstrip().startswith(("{", "[")):
            return text_without_credentials(value)
        case list():
            return [_with_texts_cut(item) for item in value]
        case dict():
            return {name: _with_texts_cut(item) for name, item in value.items()}
        case _:
            return value


def _plain(value: object) -> Any:
    """Return the input of a violation, which may be any object, as a JSON value."""
    return json.loads(json.dumps(value, default=str))
