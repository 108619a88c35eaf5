"""Starts a search and listens to its events, until it has ended."""

import json
from collections.abc import Mapping
from typing import Any

import httpx

MOST_ATTEMPTS = 5
BUSY = (429, 503)


class Refused(Exception):
    """The service refused the search at every attempt."""


async def narrate(http: httpx.AsyncClient, question: str) -> list[str]:
    """Return the types of the events in the order in which they came."""
    body = {"input": {"text": question}}
    for _ in range(MOST_ATTEMPTS):
        async with http.stream("POST", "/v1/workflows/search/invoke/stream", json=body) as answer:
            if answer.status_code in BUSY:
                continue
            answer.raise_for_status()
            return [str(event["type"]) for event in [_event(line) async for line in answer.aiter_lines()] if event]
    raise Refused(question)


def _event(line: str) -> Mapping[str, Any]:
    name, _, data = line.partition(":")
    return json.loads(data) if name == "data" else {}
