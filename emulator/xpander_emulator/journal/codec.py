"""Entries as bytes and back, for a journal that is kept outside this process. What has its default is left out."""

from base64 import b64decode, b64encode
from typing import Any, Final

import orjson

from xpander_emulator.clock import Clock
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.timeline import Millis
from xpander_emulator.journal.port import Entry, fields_of

FORMAT: Final = 1
_HEADERS: Final = ("request_headers", "headers")
_BODIES: Final = ("request_body", "body")


def to_record(entry: Entry) -> bytes:
    """Return the record of an entry; it shows all that the entry does, so redact that before."""
    told: dict[str, Any] = {
        name: value
        for name, value in entry._asdict().items()
        if name not in Entry._field_defaults or value != Entry._field_defaults[name]
    }
    told["clock"] = [entry.clock.mode, entry.clock.base, entry.clock.anchor, entry.clock.scale]
    told["query"] = entry.query.decode("latin-1")
    del told["request_fields"]
    for name in _HEADERS:
        told[name] = [[part.decode("latin-1") for part in header] for header in getattr(entry, name)]
    for name in _BODIES:
        told[name] = _body_to_json(told[name])
    if entry.violations:
        told["violations"] = [_violation_to_json(each) for each in entry.violations]
    return orjson.dumps([FORMAT, told])


def from_record(record: bytes) -> Entry | None:
    """Return the entry of a record, or None for one that another version has written."""
    form, told = orjson.loads(record)
    if form != FORMAT:
        return None
    told["clock"] = Clock(*told["clock"])
    told["time"] = Millis(told["time"])
    told["query"] = told["query"].encode("latin-1")
    told["headers"] = _headers(told["headers"])
    told["request_fields"] = fields_of(_headers(told.pop("request_headers")))
    for name in _BODIES:
        told[name] = told[name].encode() if isinstance(told[name], str) else b64decode(told[name][0])
    if told.get("fault_place") is not None:
        told["fault_place"] = tuple(told["fault_place"])
    told["violations"] = tuple(_violation_from_json(each) for each in told.get("violations", ()))
    return Entry(**told)


def _headers(found: list[list[str]]) -> Headers:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in found]


def _body_to_json(body: bytes) -> str | list[str]:
    """Return a body as text, or what is no UTF-8 as base64 in a list."""
    try:
        return body.decode()
    except UnicodeDecodeError:
        return [b64encode(body).decode()]


def _violation_to_json(violation: Violation) -> list[Any]:
    told = violation
    return [list(told.loc), told.msg, told.type, told.input, told.expected, dict(told.context)]


def _violation_from_json(found: list[Any]) -> Violation:
    loc, *rest = found
    return Violation(tuple(loc), *rest)
