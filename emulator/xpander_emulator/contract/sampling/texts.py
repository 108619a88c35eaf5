"""Texts for a schema: by its format, its pattern, or the name of the property."""

import base64
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.keyed_hash import keyed, uuid4
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.sampling.faker_values import date_time, fake, instant
from xpander_emulator.contract.schema.formats import CHECKS

_USUAL: Final = 5000
LONGEST: Final = 1_000_000

# The values of formats; `key` and `pointer` decide which.
_FORMATS: Final[Mapping[str, Callable[[int, str], str]]] = {
    "date-time": date_time,
    "date": lambda key, pointer: instant(key, pointer).date().isoformat(),
    "time": lambda key, pointer: instant(key, pointer).strftime("%H:%M:%SZ"),
    "duration": lambda key, pointer: f"PT{1 + keyed(key, pointer) % 59}M",
    "uuid": uuid4,
    "byte": lambda key, pointer: base64.b64encode(word(key, pointer).encode()).decode(),
    "regex": lambda key, pointer: f"^{word(key, pointer)}$",
    "json-pointer": lambda key, pointer: f"/{word(key, pointer)}",
    "email": lambda key, pointer: str(fake("safe_email", key, pointer)),
    "idn-email": lambda key, pointer: str(fake("safe_email", key, pointer)),
    "hostname": lambda key, pointer: str(fake("safe_domain_name", key, pointer)),
    "ipv4": lambda key, pointer: str(fake("ipv4", key, pointer)),
    "ipv6": lambda key, pointer: str(fake("ipv6", key, pointer)),
    **dict.fromkeys(("uri", "uri-reference", "iri"), lambda key, pointer: str(fake("url", key, pointer))),
}

# Faker's providers by the name of a property: by the whole name, or by its last word.
_NAMES: Final[Mapping[str, str]] = {
    "email": "safe_email", "first_name": "first_name", "last_name": "last_name", "name": "name", "full_name": "name",
    "display_name": "name", "username": "user_name", "user_name": "user_name", "timezone": "timezone",
    "title": "catch_phrase", "subject": "catch_phrase", "url": "url", "uri": "url", "link": "url", "website": "url",
    "city": "city", "country": "country", "state": "state", "street": "street_address", "address": "street_address",
    "zip": "postcode", "zip_code": "postcode", "postcode": "postcode", "postal_code": "postcode",
    "phone": "phone_number", "phone_number": "phone_number", "company": "company", "organization": "company",
    "job": "job", "description": "sentence", "summary": "sentence", "text": "sentence", "message": "sentence",
    "content": "sentence", "comment": "sentence", "reason": "sentence", "result": "sentence", "body": "paragraph",
    "currency": "currency_code", "language": "language_name", "locale": "locale", "color": "color_name",
    "hostname": "safe_domain_name", "domain": "safe_domain_name", "ip": "ipv4", "user_agent": "user_agent",
    "filename": "file_name", "file_name": "file_name", "id": "uuid4", "uuid": "uuid4", "file": "url", "slug": "slug",
}  # fmt: skip
_BY_LAST_WORD: Final = frozenset({"email", "url", "uri", "id", "phone", "city", "country", "company", "ip", "title"})


def text(schema: Mapping[str, Any], key: int, pointer: str) -> str | None:
    """Return a text that satisfies the schema's format, pattern and lengths, or None when none is found."""
    shortest = int(schema.get("minLength", 0))
    longest = int(schema.get("maxLength", max(_USUAL, shortest)))
    if shortest > longest or shortest > LONGEST:
        return None
    make = _FORMATS.get(schema.get("format", ""))
    if make is not None:
        formatted = _formatted(make, schema, key, pointer, shortest, longest)
        if formatted is not None or "pattern" not in schema:
            return formatted
    if "pattern" in schema:
        # Importing rstr costs 10 ms, and few schemas need it.
        from xpander_emulator.contract.sampling.patterns import text_matching

        return text_matching(schema["pattern"], Random(keyed(key, pointer)), shortest, longest)
    return _fitted(_named(key, pointer), shortest, longest)


def _formatted(
    make: Callable[[int, str], str], schema: Mapping[str, Any], key: int, pointer: str, shortest: int, longest: int
) -> str | None:
    is_right = CHECKS[schema["format"]]
    for attempt in range(12):
        value = make(key, f"{pointer}~{attempt}" if attempt else pointer)
        if shortest <= len(value) <= longest and is_right(value) and matches(schema.get("pattern", ""), value):
            return value
    return None


def word(key: int, pointer: str) -> str:
    """Return an English word in small letters."""
    return str(fake("word", key, pointer))


def longer(matching: str, pattern: str, key: int, pointer: str) -> tuple[str, ...]:
    """Return a text that matches a pattern, and the same text with a word behind it if that matches too."""
    more = f"{matching}{word(key, pointer)}"
    return (matching, more) if matches(pattern, more) else (matching,)


def _named(key: int, pointer: str) -> str:
    name = (json_pointers.split(pointer) or ("",))[-1].lower()
    if name.isdecimal():
        # The name of an item is that of its list: /emails/0.
        name = (json_pointers.split(pointer)[:-1] or ("",))[-1].lower().removesuffix("s")
    last = name.rpartition("_")[2]
    provider = _NAMES.get(name) or (_NAMES[last] if last in _BY_LAST_WORD else "word")
    return str(fake(provider, key, pointer))


def _fitted(words: str, shortest: int, longest: int) -> str:
    if len(words) < shortest:
        words = f"{words} " * (shortest // (len(words) + 1) + 1)
    return words[: max(shortest, min(longest, len(words.rstrip())))]
