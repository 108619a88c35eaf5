"""Entries as bytes and back, for a journal outside this process. A member that has its default is left out."""

from base64 import b64decode, b64encode
from typing import Any, Final

import orjson

from xpander_emulator.clock import Clock
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.journal.port import Entry, fields_of
from xpander_emulator.store.codec.members import changed_members

FORMAT: Final = 1
_HEADERS: Final = ("request_headers", "headers")
_BODIES: Final = ("request_body", "body")


def to_record(entry: Entry) -> bytes:
    """Return the record of an entry, which must be redacted: the record has all that the entry has."""
    json = changed_members(entry, Entry._fields)
    json["clock"] = [entry.clock.mode, entry.clock.base, entry.clock.anchor, entry.clock.scale]
    json["query"] = entry.query.decode("latin-1")
    del json["request_fields"]
    for name in _HEADERS:
        json[name] = [[part.decode("latin-1") for part in header] for header in getattr(entry, name)]
    for name in _BODIES:
        json[name] = _body_to_json(json[name])
    if entry.violations:
        json["violations"] = [_violation_to_json(violation) for violation in entry.violations]
    return orjson.dumps([FORMAT, json])


def from_record(record: bytes) -> Entry | None:
    """Return the entry of a record, or None for the record of another version."""
    record_format, json = orjson.loads(record)
    if record_format != FORMAT:
        return None
    json["clock"] = Clock(*json["clock"])
    json["query"] = json["query"].encode("latin-1")
    json["headers"] = _headers(json["headers"])
    json["request_fields"] = fields_of(_headers(json.pop("request_headers")))
    for name in _BODIES:
        json[name] = json[name].encode() if isinstance(json[name], str) else b64decode(json[name][0])
    if "fault_place" in json:
        json["fault_place"] = tuple(json["fault_place"])
    json["violations"] = tuple(_violation_from_json(violation) for violation in json.get("violations", ()))
    return Entry(**json)


def _headers(json: list[list[str]]) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in json]


def _body_to_json(body: bytes) -> str | list[str]:
    """Return a body as text, or as base64 in a list where it is not UTF-8."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return [b64encode(body).decode()]


def _violation_to_json(violation: Violation) -> list[Any]:
    loc, context = list(violation.loc), dict(violation.context)
    return [loc, violation.msg, violation.type, violation.input, violation.expected, context]


def _violation_from_json(json: list[Any]) -> Violation:
    loc, *rest = json
    return Violation(tuple(loc), *rest)
