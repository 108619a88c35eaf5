"""Server-sent events: how a stream is sent, kept alive and ended.

By two tasks of our own: sse-starlette 3.7 leaves 20 KB of cycles behind with each stream, which only a full search for
garbage finds, and a server that keeps 100,000 tasks cannot afford one.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.validation import judge, violations
from xpander_emulator.core.faults import CUT_STREAM, DUPLICATE_EVENT, OUT_OF_ORDER, TRUNCATED, UNSENT
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import EmulatorError
from xpander_emulator.web.errors import broken_promise
from xpander_emulator.web.http import Reply

# The header that tells what of an answer the contract does not know, as `--future` has it.
BEYOND: Final = b"x-emulator-beyond-contract"
HEARTBEAT_SECONDS: Final = 15
# How long one event may take to send; a client that does not read is let go.
SEND_SECONDS: Final = 10.0
# The faults by which not even the first event comes whole.
_BROKEN_AT_ONCE: Final = (*UNSENT, TRUNCATED)
_HEADERS: Final = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    # nginx holds answers back otherwise (source: its module ngx_http_proxy_module, proxy_buffering).
    (b"x-accel-buffering", b"no"),
)
_HEARTBEAT: Final = b": \n\n"
_logger = logging.getLogger("xpander_emulator")


@dataclass(slots=True)
class StreamReply:
    """An answer that goes on for as long as its events come; `sent` counts those that were sent whole.

    Comments keep it alive where nothing happens. What a client has not read waits in the transport's buffer, which is
    bounded; while that is full no further event is made. An event with an `id` is sent with it, so that a client that
    comes again names the last one it has had.

    beyond:         what of the events the contract does not know; where there is anything, nothing holds them to it.
    fault:          as of a Reply.
    struck:         whether the stream has come to the event that a fault of streams is about.
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

    def with_fault(self, hit: Hit) -> "StreamReply":
        """Return the answer with something going wrong with it."""
        return replace(self, fault=hit)

    @property
    def head(self) -> Reply:
        """The answer without its events, which HEAD asks for."""
        return Reply(200, media_type=None, headers=(*_HEADERS, *self.headers), task_state=self.task_state)

    async def stream(self, scope: Scope, receive: Receive, send: Send, more: Headers) -> None:
        """Send events until they end, the client hangs up or stops reading, or the server stops."""
        headers = [*_HEADERS, *self.headers, *beyond_contract(self.beyond), *more]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        out = _Patient(send, SEND_SECONDS + (self.fault.fault.over / 1_000 if self.fault else 0))
        telling = asyncio.create_task(self._tell(out), name="stream")
        work = (telling, asyncio.create_task(_hung_up(receive), name="hang-up"))
        try:
            while not await _any_ends(work, HEARTBEAT_SECONDS):
                await out.send(_HEARTBEAT)
            if telling.done():
                telling.result()
                await out.send(b"", more=False)
        except _NothingRead:
            _logger.warning("A client of %s read nothing for %.0f s and was let go.", scope["path"], SEND_SECONDS)
        finally:
            await _call_off(work)
            # An error refers to this frame: with the task that has raised it they would be a circle.
            del telling, work

    async def _tell(self, out: "_Patient") -> None:
        async with aclosing(self._frames()) as frames:
            async for frame in frames:
                await out.send(frame)

    async def _frames(self) -> AsyncGenerator[bytes, None]:
        """Yield the events as they are sent, and count them."""
        async for frame in self._disturbed():
            yield frame
            if self.fault is not None and self.fault.fault.kind in _BROKEN_AT_ONCE:
                return
            # Whoever asks for the next event has sent this one.
            self.sent += 1

    async def _disturbed(self) -> AsyncIterator[bytes]:
        """Yield the events, the one that a fault is about twice, behind the next one, or as the last."""
        kind, meant = (self.fault.fault.kind, self.fault.fault.event) if self.fault else ("", 0)
        number, held = 0, b""
        async for frame in self._undisturbed():
            number += 1
            if number == meant and kind == OUT_OF_ORDER:
                held = frame
                continue
            yield frame
            self.struck = self.struck or bool(held) or (number == meant and kind in (DUPLICATE_EVENT, CUT_STREAM))
            if number == meant and kind == DUPLICATE_EVENT:
                yield frame
            if number == meant and kind == CUT_STREAM:
                return
            if held:
                yield held
                held = b""
        if held:
            yield held

    async def _undisturbed(self) -> AsyncIterator[bytes]:
        is_right = judge(self.contract, self.event_pointer)
        try:
            async for event in self.events:
                if not self.beyond and not is_right(event):
                    found = violations(self.contract, self.event_pointer, event, ("event",))
                    raise broken_promise(f"a stream ({event['type']})", found)
                yield _frame(event)
        except EmulatorError as error:
            # The stream ends before `task_finished`: the client sees that something went wrong, the log says what.
            _logger.error("%s", error.message)


class _NothingRead(Exception):
    """What was to be sent was not taken in time."""


class _Patient:
    """Sends pieces of an answer to a client that may take so many seconds for each."""

    def __init__(self, send: Send, seconds: float) -> None:
        self._send = send
        self._seconds = seconds

    async def send(self, body: bytes, *, more: bool = True) -> None:
        """Send a piece; the last one ends the answer. Raises _NothingRead."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._seconds):
                await self._send({"type": "http.response.body", "body": body, "more_body": more})
            return
        # Not raised while the other is handled, which refers to this task: they would be a circle too.
        raise _NothingRead


async def _hung_up(receive: Receive) -> None:
    """Return once the client has hung up."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def _any_ends(work: Iterable[asyncio.Task[None]], seconds: float) -> bool:
    """Return True once any of the work has ended, or False when the time is over before."""
    done, _ = await asyncio.wait(work, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return bool(done)


async def _call_off(work: Iterable[asyncio.Task[None]]) -> None:
    """End the work, and return once it has ended."""
    for each in work:
        each.cancel()
    await asyncio.gather(*work, return_exceptions=True)


def _frame(event: Mapping[str, Any]) -> bytes:
    data = b"data: %b\n\n" % json_codec.dumps(event)
    return b"id: %b\n%b" % (event["id"].encode(), data) if "id" in event else data


def beyond_contract(what: str) -> Headers:
    """Return the header that tells what of an answer the contract does not know; none where it knows all."""
    return ((BEYOND, what.encode("latin-1", "replace")),) if what else ()
