"""Server-sent events: how a stream is sent, kept alive and ended."""

import logging
import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from starlette.types import Receive, Scope, Send

from emulator import exact
from emulator.contract.judging import judge, violations
from emulator.contract.spec import Contract
from emulator.core.faults import CUT_STREAM, DUPLICATE_EVENT, OUT_OF_ORDER, TRUNCATED, UNSENT
from emulator.errors import EmulatorError
from emulator.faulting import Hit
from emulator.standing import Standing
from emulator.web.exchange import RawHeaders, Reply
from emulator.web.problems import broken_promise

# The header that tells what of an answer the contract does not know, as `--future` has it.
BEYOND: Final = b"x-emulator-beyond-contract"
HEARTBEAT_SECONDS: Final = 15
# How long one event may take to send; a client that does not read is let go.
SEND_SECONDS: Final = 10.0
# The faults by which not even the first event comes whole.
_BROKEN_AT_ONCE: Final = (*UNSENT, TRUNCATED)
_logger = logging.getLogger("emulator")
# It logs each event whole when debugging, with the credentials that a task gives back to its owner.
logging.getLogger("sse_starlette.sse").setLevel(logging.INFO)


@dataclass(slots=True)
class StreamReply:
    """An answer that goes on for as long as its events come; `sent` counts those that were sent whole.

    Comments keep it alive where nothing happens. What a client has not read waits in the transport's buffer, which is
    bounded; while that is full no further event is made. An event with an `id` is sent with it, so that a client that
    comes again names the last one it has had.

    beyond:         what of the events the contract does not know; where there is anything, nothing holds them to it.
    fault:          as of a Reply.
    """

    events: AsyncIterator[Mapping[str, Any]]
    contract: Contract
    event_pointer: str
    headers: RawHeaders = ()
    standing: Standing | None = None
    beyond: str = ""
    fault: Hit | None = None
    sent: int = 0

    @property
    def head(self) -> Reply:
        """The answer without its events, which HEAD asks for."""
        told = ((b"content-type", b"text/event-stream; charset=utf-8"), (b"cache-control", b"no-cache"))
        return Reply(200, media_type=None, headers=(*told, *self.headers), standing=self.standing)

    async def stream(self, scope: Scope, receive: Receive, send: Send, more: RawHeaders) -> None:
        """Send events until they end, the client hangs up or stops reading, or the server stops."""
        # Imported with the first stream: a server that never streams starts 20 ms sooner.
        from sse_starlette.event import ServerSentEvent
        from sse_starlette.sse import EventSourceResponse, SendTimeoutError

        response = EventSourceResponse(
            self._frames(),
            headers={"Cache-Control": "no-cache"},
            ping=HEARTBEAT_SECONDS,
            ping_message_factory=lambda: ServerSentEvent(comment="", sep="\n"),
            sep="\n",
            send_timeout=SEND_SECONDS + (self.fault.fault.over / 1_000 if self.fault else 0),
            # The engine ends the events when the server stops, and so the stream ends in order; sse-starlette would
            # cut it, and every one after it in this process (AppStatus.should_exit is never reset).
            shutdown_grace_period=math.inf,
        )
        response.raw_headers.extend([*self.headers, *beyond_contract(self.beyond), *more])
        try:
            await response(scope, receive, send)
        except* SendTimeoutError:
            _logger.warning("A client of %s read nothing for %.0f s and was let go.", scope["path"], SEND_SECONDS)

    async def _frames(self) -> AsyncIterator[bytes]:
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


def _frame(event: Mapping[str, Any]) -> bytes:
    data = b"data: %b\n\n" % exact.dumps(event)
    return b"id: %b\n%b" % (event["id"].encode(), data) if "id" in event else data


def beyond_contract(what: str) -> RawHeaders:
    """Return the header that tells what of an answer the contract does not know; none where it knows all."""
    return ((BEYOND, what.encode("latin-1", "replace")),) if what else ()
