"""Credentials in requests and responses: their names, and values without them. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

REDACTED: Final = "[redacted]"
# The credentials of the end user that a request may carry in its body (source: the vendor's page on invoking agents).
USER_CREDENTIALS: Final = frozenset({"user_tokens", "user_oidc_token"})
# Headers with credentials; a body has such headers for other servers too, beside the address of an MCP server.
HEADERS: Final = frozenset(
    {"x-api-key", "authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth-token"}
)
# Usual names of credentials elsewhere.
_USUAL: Final = frozenset(
    {"access_token", "api_key", "apikey", "client_secret", "id_token", "password", "refresh_token"}
)
PROPERTIES: Final = USER_CREDENTIALS | HEADERS | _USUAL
# `token` is a credential in an address, as in those of the pages, and many other things in a body.
PARAMETERS: Final = HEADERS | _USUAL | {"token"}
_SHORTEST: Final = 4


def is_credential(name: str) -> bool:
    """Return whether a property of this name holds a credential."""
    return name in PROPERTIES or name.lower() in PROPERTIES


def without_credentials(value: Any) -> Any:
    """Return a JSON value with its credentials replaced by REDACTED, at any depth; null stays null."""
    if isinstance(value, list | tuple):
        return [without_credentials(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: REDACTED if item is not None and is_credential(name) else without_credentials(item)
        for name, item in value.items()
    }


def with_blank_credentials(value: Any) -> Any:
    """Return a JSON value with blank credentials of the same shape, so that the value can still be used."""
    if isinstance(value, list | tuple):
        return [with_blank_credentials(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {name: _blank(item) if is_credential(name) else with_blank_credentials(item) for name, item in value.items()}


def _blank(value: Any) -> Any:
    match value:
        case str():
            return REDACTED if value else value
        case list() | tuple():
            return [_blank(item) for item in value]
        case Mapping():
            return {name: _blank(item) for name, item in value.items()}
        case bool() | None:
            return value
        case _:
            return 0


def may_hold_credentials(text: str) -> bool:
    """Return, in little time, whether a text may hold a credential; if not, no function below changes it."""
    # A name may be written with escapes.
    if "\\u" in text or "%" in text:
        return True
    plain = _lower(text)
    return any(name in plain and _is_followed_by_more_than_null(name, plain) for name in _SHORTEST_NAMES)


def text_without_credentials(text: str) -> str:
    """Return a text up to the name of its first credential: its syntax is not known, so everything after is removed.

    As in JSON, a credential that is null is none.
    """
    # Escapes of JSON and forms are replaced by their characters.
    read = _ESCAPED.sub(lambda match: chr(int(match[1] or match[2], 16)), text)
    plain = _lower(read)
    ends = [end for name in PROPERTIES if (end := _end_of(name, plain)) is not None]
    return f"{read[: min(ends)]} {REDACTED}" if ends else text


def sentence_without(sentence: str, texts: Iterable[str]) -> str:
    """Return a sentence without these texts; one of less than four characters may be there by chance and stays."""
    for text in sorted({text for text in texts if len(text) >= _SHORTEST}, key=len, reverse=True):
        sentence = sentence.replace(text, REDACTED)
    return sentence


def credentials_in(value: Any) -> Iterator[str]:
    """Yield the texts of all credentials in a value."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts_in(item) if is_credential(name) else credentials_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from credentials_in(item)


def texts_in(value: Any) -> Iterator[str]:
    """Yield all texts in a value, without the names of properties."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(item)


def _lower(text: str) -> str:
    """Return a text in lower case, each character at its place."""
    # The only character whose lower case is two characters.
    return text.replace("\u0130", "i").lower()


def _is_followed_by_more_than_null(name: str, text: str) -> bool:
    return any(not _NULL.match(text, end) for _, end in _places(name, text))


def _end_of(name: str, text: str) -> int | None:
    """Return the end of the first name of a credential in a lower-case text, or None."""
    # The names of a user's credentials are unique; the others are words too, and count only before a value.
    is_a_word = name not in USER_CREDENTIALS
    for start, end in _places(name, text):
        if not _NULL.match(text, end) and not (is_a_word and not _stands_for_a_value(text, start, end)):
            return end
    return None


def _places(name: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each place where a name is in a text."""
    start = text.find(name)
    while start >= 0:
        yield start, start + len(name)
        start = text.find(name, start + 1)


def _stands_for_a_value(text: str, start: int, end: int) -> bool:
    return _FOLLOWED.match(text, end) is not None or text[max(0, start - 6) : start].rstrip("\"'").endswith("name=")


# A text with any name has one of these.
_SHORTEST_NAMES: Final = tuple(
    name for name in PROPERTIES if not any(other in name for other in PROPERTIES if other != name)
)
_NULL: Final = re.compile(r"\"\s*:\s*null[\s,}]")
_ESCAPED: Final = re.compile(r"\\u00([2-7][0-9a-f])|%([2-7][0-9a-f])", re.IGNORECASE)
_FOLLOWED: Final = re.compile(r"\\*[\"']?\s*[:=]")
