"""Credentials in what was sent: the names under which they stand, and values without them. Pure."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

REDACTED: Final = "[redacted]"
# The credentials of the end user that a request may carry in its body (source: the vendor's page on invoking agents).
USER_CREDENTIALS: Final = frozenset({"user_tokens", "user_oidc_token"})
# Headers that open doors; those to other servers stand in a body too, beside the address of an MCP server.
HEADERS: Final = frozenset({"x-api-key", "authorization", "proxy-authorization", "cookie", "set-cookie", "x-auth-token"})
# What programs and people call a credential elsewhere.
_USUAL: Final = frozenset(
    {"access_token", "api_key", "apikey", "client_secret", "id_token", "password", "refresh_token"}
)
PROPERTIES: Final = USER_CREDENTIALS | HEADERS | _USUAL
# `token` is one in an address, as in those of our own pages, and many other things in a body.
PARAMETERS: Final = HEADERS | _USUAL | {"token"}
_SHORTEST: Final = 4


def is_credential(name: str) -> bool:
    """Tell whether what stands under a property of this name is one."""
    return name in PROPERTIES or name.lower() in PROPERTIES


def without_credentials(value: Any) -> Any:
    """Return a value as JSON has it without the credentials in it, at any depth; one that is null stays so."""
    if isinstance(value, list | tuple):
        return [without_credentials(item) for item in value]
    if not isinstance(value, Mapping):
        return value
    return {
        name: REDACTED if item is not None and is_credential(name) else without_credentials(item)
        for name, item in value.items()
    }


def text_without_credentials(text: str) -> str:
    """Return a text up to the name of the first credential in it: what it is of is not known, so all behind it goes."""
    found = _IN_TEXT.search(text)
    return text if found is None else f"{text[: found.end()]} {REDACTED}"


def sentence_without(sentence: str, texts: Iterable[str]) -> str:
    """Return a sentence without these texts; one of less than four characters stays, it may stand there by chance."""
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
    """Yield all texts in a value, but for names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from texts_in(item)


def _spelt(name: str) -> str:
    """Return a pattern for a name as JSON and forms may spell it: each character may be escaped."""
    return "".join(rf"(?:{re.escape(each)}|\\u00{ord(each):02x}|%{ord(each):02x})" for each in name)


def _pattern() -> re.Pattern[str]:
    # The user's credentials have names of their own; the others are words, which count where something is put under them.
    own = "|".join(_spelt(name) for name in sorted(USER_CREDENTIALS))
    words = "|".join(_spelt(name) for name in sorted(PROPERTIES - USER_CREDENTIALS))
    return re.compile(rf"(?:{own})|(?:{words})(?=\\*[\"']?\s*[:=])|name=[\"']?(?:{words})\b", re.IGNORECASE)


_IN_TEXT: Final = _pattern()
