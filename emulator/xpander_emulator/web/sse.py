"""Server-sent events: how a stream is sent, kept alive and ended.

By two tasks of asyncio: sse-starlette 3.7 leaves 20 KB of reference cycles behind with each stream, which only a full
garbage collection finds, and a server with 100,000 tasks cannot afford one.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.validation import find_violations, judge
from xpander_emulator.core.faults import CUT_STREAM, DUPLICATE_EVENT, OUT_OF_ORDER, TRUNCATED, UNSENT
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import EmulatorError
from xpander_emulator.web.emulator_headers import beyond_contract
from xpander_emulator.web.errors import broken_promise
from xpander_emulator.web.http import Response, disconnected

HEARTBEAT_SECONDS: Final = 15
# How long one event may take to send; the connection of a client that does not read is closed.
SEND_SECONDS: Final = 10.0
CONTENT_TYPE: Final = (b"content-type", b"text/event-stream; charset=utf-8")
# The faults by which not even the first event comes whole.
_BROKEN_AT_ONCE: Final = (*UNSENT, TRUNCATED)
_HEADERS: Final = (
    CONTENT_TYPE,
    (b"cache-control", b"no-cache"),
    # nginx holds responses back otherwise (source: its module ngx_http_proxy_module, proxy_buffering).
    (b"x-accel-buffering", b"no"),
)
_HEARTBEAT: Final = b": \n\n"
_logger = logging.getLogger("xpander_emulator")


@dataclass(slots=True)
class StreamResponse:
    """A response that goes on for as long as events come. An event with an `id` is sent with it, for `Last-Event-ID`.

    Comments keep it alive while nothing happens. What a client has not read waits in the transport's buffer, which is
    bounded; while that is full no further event is made.

    event_pointer: of the events' schema in the contract.
    beyond:        what of the events the contract does not know; where it is not "", no event is checked.
    fault:         the fault that strikes the stream.
    sent:          how many events were sent whole.
    struck:        whether the stream has come to the event that a fault of streams strikes.
    """

    events: AsyncIterator[Mapping[str, Any]]
    contract: Contract
    event_pointer: str
    headers: Headers = ()
    task_state: TaskState | None = None
    beyond: str = ""
    fault: Hit | None = None
    sent: int = 0
    struck: bool = False

    @property
    def is_spared(self) -> bool:
        """Whether a fault of streams has not struck, since the stream has not come to its event."""
        return self.fault is not None and self.fault.fault.is_stream_fault and not self.struck

    def with_fault(self, hit: Hit) -> "StreamResponse":
        """Return the response with a fault that strikes it."""
        return replace(self, fault=hit)

    @property
    def head(self) -> Response:
        """The response without its events, for HEAD."""
        return Response(200, media_type=None, headers=(*_HEADERS, *self.headers), task_state=self.task_state)

    async def stream(self, scope: Scope, receive: Receive, send: Send, extra: Headers) -> None:
        """Send events until they end, the client disconnects or stops reading, or the server stops.

        extra: headers behind the response's own.
        """
        headers = [*_HEADERS, *self.headers, *beyond_contract(self.beyond), *extra]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        sender = _TimedSender(send, SEND_SECONDS + (self.fault.fault.over / 1_000 if self.fault else 0))
        sending = asyncio.create_task(self._send_frames(sender), name="stream")
        tasks = (sending, asyncio.create_task(disconnected(receive), name="disconnect"))
        try:
            while not (await asyncio.wait(tasks, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED))[0]:
                await sender.send(_HEARTBEAT)
            if sending.done():
                sending.result()
                await sender.send(b"", more=False)
        except _NotRead:
            _logger.warning("A client of %s read nothing for %.0f s and was disconnected.", scope["path"], SEND_SECONDS)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            # An error refers to this frame: together with the task that has raised it that would be a cycle.
            del sending, task, tasks

    async def _send_frames(self, sender: "_TimedSender") -> None:
        async with aclosing(self._counted_frames()) as frames:
            async for frame in frames:
                await sender.send(frame)

    async def _counted_frames(self) -> AsyncGenerator[bytes, None]:
        """Yield the events as they are sent, and count them."""
        async for frame in self._frames_with_fault():
            yield frame
            if self.fault is not None and self.fault.fault.kind in _BROKEN_AT_ONCE:
                return
            # When the next event is requested, this one was sent.
            self.sent += 1

    async def _frames_with_fault(self) -> AsyncIterator[bytes]:
        """Yield the events; a fault of streams repeats its event, delays it by one, or ends the stream with it."""
        kind, struck_number = (self.fault.fault.kind, self.fault.fault.event) if self.fault else ("", 0)
        number, held_back = 0, b""
        async for frame in self._frames():
            number += 1
            if number == struck_number and kind == OUT_OF_ORDER:
                held_back = frame
                continue
            yield frame
            if number == struck_number and kind in (DUPLICATE_EVENT, CUT_STREAM):
                self.struck = True
                if kind == CUT_STREAM:
                    return
                yield frame
            if held_back:
                self.struck = True
                yield held_back
                held_back = b""
        if held_back:
            yield held_back

    async def _frames(self) -> AsyncIterator[bytes]:
        is_valid = judge(self.contract, self.event_pointer)
        try:
            async for event in self.events:
                if not self.beyond and not is_valid(event):
                    broken = find_violations(self.contract, self.event_pointer, event, ("event",))
                    raise broken_promise(f"a stream ({event['type']})", broken)
                yield _frame(event)
        except EmulatorError as error:
            # The stream ends before `task_finished`: the client sees that it is incomplete, the log says why.
            _logger.error("%s", error.message)


class _NotRead(Exception):
    """The client did not read in time what was sent."""


class _TimedSender:
    """Sends parts of a body, each of which the client must read within so many seconds."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds

    async def send(self, body: bytes, *, more: bool = True) -> None:
        """Send a part; the last one ends the response. Raises _NotRead."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._send({"type": "http.response.body", "body": body, "more_body": more})
            return
        # Not raised while the TimeoutError is handled, which refers to this task: that would be a cycle too.
        raise _NotRead


def _frame(event: Mapping[str, Any]) -> bytes:
    data = b"data: %b\n\n" % json_codec.dumps(event)
    return b"id: %b\n%b" % (event["id"].encode(), data) if "id" in event else data
