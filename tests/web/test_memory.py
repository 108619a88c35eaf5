"""What a server keeps in memory: nothing of a task that is gone, and never more than its bounds."""

import asyncio
import gc
import weakref
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import Any

import pytest

from emulator.web import streams
from emulator.web.streams import StreamReply
from tests.engines import contract

EVENT = "/components/schemas/TaskUpdateEvent"
SCOPE = {"type": "http", "asgi": {"version": "3.0"}, "path": "/stream", "method": "GET", "headers": []}


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing looks for circles of references: what is in one stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


async def forever() -> Any:
    await asyncio.sleep(3600)


async def taken(message: Any) -> None:
    pass


async def untaken(message: Any) -> None:
    await asyncio.sleep(3600 if "body" in message else 0)


async def told(count: int) -> AsyncGenerator[Mapping[str, Any], None]:
    """So many events, and then silence."""
    for _ in range(count):
        yield {"type": "chunk", "task_id": "t", "organization_id": "o", "time": "2026-01-01T00:00:00Z", "data": "x"}
    await asyncio.sleep(0 if count == 1 else 3600)


async def hung_up() -> Any:
    await asyncio.sleep(0.01)
    return {"type": "http.disconnect"}


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(
    ("count", "receive", "send"),
    [
        pytest.param(1, forever, taken, id="it has ended"),
        pytest.param(2, hung_up, taken, id="the client has hung up"),
        pytest.param(2, forever, untaken, id="the client has read nothing"),
    ],
)
async def test_a_stream_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, count: int, receive: Any, send: Any
) -> None:
    monkeypatch.setattr(streams, "SEND_SECONDS", 0.02)
    events = told(count)
    kept = weakref.ref(events)
    reply = StreamReply(events, contract(), EVENT)
    del events

    await reply.stream(SCOPE, receive, send, ())
    del reply
    # What was not read to its end is closed by the event loop.
    await asyncio.sleep(0.01)

    assert kept() is None
