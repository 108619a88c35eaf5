"""Entries without a server."""

from functools import cache
from typing import Any

import orjson

from tests.contract.samples import ours
from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.redacted_entry import Redaction

CLOCK = Clock("manual", Millis(0), Millis(0))


def entry(ordinal: int = 1, body: Any = None, **told: Any) -> Entry:
    raw = b"" if body is None else orjson.dumps(body)
    facts: dict[str, Any] = {
        "time": Millis(1_000),
        "clock": CLOCK,
        "seconds": 0.25,
        "method": "POST",
        "path": "/v1/workflows/approval/invoke/async",
        "query": b"",
        "operation": "invokeWorkflowAsync",
        "request_fields": (),
        "request_body": raw,
        "request_size": len(raw),
        "status": 200,
        "headers": [],
        "body": b"",
        "size": 0,
    }
    return Entry(ordinal=ordinal, **facts | told)


@cache
def redaction() -> Redaction:
    return Redaction(ours().operations)


# Reading the contract takes longer than an example of Hypothesis may.
redaction()
