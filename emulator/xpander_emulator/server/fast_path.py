"""Direct answers: a plain request is answered where it was parsed, in one write, without the machinery around ASGI.

A task of asyncio, uvicorn's cycle and Starlette's routing cost a poll more than the poll itself (benchmarks/README.md).
The answer is made by the very endpoint that ASGI leads to; only the way there and back is shorter. Whatever is not
plain goes the long way: another method than usual, an odd path, HTTP/1.0, a body in no hurry, a stream, a fault.
"""

import asyncio
import re
from collections.abc import Awaitable, Coroutine, Generator, Sequence
from functools import lru_cache, partial
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from xpander_emulator.common.types import Header
from xpander_emulator.server.http1 import Http1Protocol
from xpander_emulator.web.http import Reply, Request
from xpander_emulator.web.pipeline import Endpoint, Outcome

# A path without escapes, and a query as it comes; not two slashes at the start, which begin an authority.
_PLAIN: Final = re.compile(rb"/(?!/)[\w.~:@!$&'()*+,;=/-]*(?:\?[!-\"$-~]*)?", re.ASCII)
# RFC 9110, 5.1 and 5.5: what fields may be named, and that no control character is in them, such as the end of a line.
# What says how an answer is framed is left to uvicorn.
_LINE: Final = re.compile(
    rb"(?!connection:|transfer-encoding:)[\w!#$%&'*+.^`|~-]++: [^\x00-\x08\x0a-\x1f\x7f]*+\r\n", re.ASCII
)
# Numbers of our own making, which are others in each answer.
_NUMBERS: Final = frozenset([b"content-length", b"x-emulator-request", b"x-ratelimit-remaining"])
# RFC 9110, 8.6: the only answers that say nothing of their length.
_WITHOUT_LENGTH: Final = (204, 304)
# Of values up to this length it is remembered that they can be sent.
_MOST_KNOWN: Final = 256
# A body beyond this is not waited for here.
MOST_HELD: Final = 64 * 1024


class FastPathProtocol(Http1Protocol):
    """uvicorn's protocol, which answers plain requests by itself.

    app: has a method `fast_endpoint`, which returns the endpoint that answers a request at once, with its path
         parameters, or None for a request that needs ASGI (see `web/app`).
    """

    app: Any

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._held: bytes | None = None
        # When the last direct answer was sent, and nothing has come since; and what looks how long ago that is.
        self._quiet_since: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        self._quiet_since = None
        super().data_received(data)
        # Whoever announces more than is held may wait to hear whether it is taken.
        if self._held is not None and not self._is_short():
            self._let_go(self._held)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._held = None

    def on_headers_complete(self) -> None:
        if self._offer is None and self._is_plain():
            self._held = b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._held is None:
            super().on_body(body)
            return
        self._held += body
        if len(self._held) > MOST_HELD:
            self._let_go(self._held)

    def on_message_complete(self) -> None:
        if self._held is None:
            super().on_message_complete()
        elif not self._answer(self._held):
            self._let_go(self._held)
            super().on_message_complete()
        self._held = None

    def on_response_complete(self) -> None:
        # The long way has a timer of its own.
        self._set_timer_aside()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._set_timer_aside()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._held is not None:
            # What has begun is answered before the connection closes.
            self._let_go(self._held)
        super().shutdown()

    def _is_plain(self) -> bool:
        """Tell whether a request may be answered here, by its head and by what the connection is busy with."""
        parser = self.parser
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and not self.expect_100_continue
            and parser.should_keep_alive()
            and parser.get_http_version() == "1.1"
            and not parser.should_upgrade()
            and _PLAIN.fullmatch(self.url) is not None
        )

    def _is_short(self) -> bool:
        """Tell whether the body is announced as no longer than what is held."""
        announced = next((value for name, value in self.headers if name == b"content-length"), b"")
        return len(announced) <= len(str(MOST_HELD)) and int(announced or 0) <= MOST_HELD

    def _let_go(self, body: bytes) -> None:
        """Send a request the long way, as if it had never been held."""
        self._held = None
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _answer(self, body: bytes) -> bool:
        """Answer a request that has come whole; tell whether that was possible."""
        raw_path, _, query = self.url.partition(b"?")
        method, path = self.parser.get_method().decode(), raw_path.decode()
        found = self.app.fast_endpoint(method, path)
        if found is None:
            return False
        endpoint, parameters = found
        scope: Any = self.scope
        scope.update(method=method, path=path, raw_path=raw_path, query_string=query)
        request = Request(scope, _nothing_more, parameters, body, is_read=True)
        making = endpoint.outcome(request)
        try:
            waits_for = making.send(None)
        except StopIteration as made:
            self._send(endpoint, request, made.value)
        else:
            self._go_on(endpoint, request, _Begun(making, waits_for))
        return True

    def _send(self, endpoint: Endpoint, request: Request, outcome: Outcome) -> None:
        reply = outcome.reply
        head = self._head(reply, outcome.headers) if isinstance(reply, Reply) and reply.fault is None else None
        if head is None or not isinstance(reply, Reply):
            self._go_on(endpoint, request, _made(outcome))
            return
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[reply.status], head, reply.body))
        self.server_state.total_requests += 1
        self._quiet_since = self.loop.time()
        if self._timer is None:
            self._timer = self.loop.call_later(self.timeout_keep_alive, self._close_if_quiet)

    def _close_if_quiet(self) -> None:
        """Close a connection on which nothing was asked for as long as uvicorn keeps one alive; else look again.

        One timer goes on over many requests: to set and cancel one for each costs a twentieth of a poll.
        """
        self._timer = None
        if self._quiet_since is None:
            return
        left = self._quiet_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._timer = self.loop.call_later(left, self._close_if_quiet)
        else:
            self.timeout_keep_alive_handler()

    def _set_timer_aside(self) -> None:
        self._quiet_since = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _head(self, reply: Reply, headers: Sequence[Header]) -> bytes | None:
        """Return the headers as they are sent; None where uvicorn has something to say of them."""
        if reply.media_type is None and reply.status not in _WITHOUT_LENGTH:
            return None
        try:
            return b"".join([_line(header) for header in (*self.server_state.default_headers, *headers)])
        except _Unfit:
            return None

    def _go_on(self, endpoint: Endpoint, request: Request, making: Awaitable[Outcome | None]) -> None:
        """Send an answer that takes its time the long way."""

        async def rest(scope: Scope, receive: Receive, send: Send) -> None:
            request.receive = receive
            outcome = await making
            if outcome is not None:
                await endpoint.send(outcome, send)

        app, self.app = self.app, rest
        try:
            super().on_headers_complete()
        finally:
            self.app = app
        super().on_message_complete()


class _Unfit(Exception):
    """A header that cannot be sent, or that says how an answer is framed."""


def _line(header: Header) -> bytes:
    """Return a header as it is sent. Raises _Unfit."""
    name, value = header
    if name in _NUMBERS and value.isdigit():
        return b"%b: %b\r\n" % header
    return _known_line(header) if len(value) <= _MOST_KNOWN else _checked_line(header)


def _checked_line(header: Header) -> bytes:
    line = b"%b: %b\r\n" % header
    if not _LINE.fullmatch(line):
        raise _Unfit
    return line


_known_line: Final = lru_cache(maxsize=4_096)(_checked_line)


class _Begun:
    """What is left of a coroutine that was begun by hand, and then had to wait."""

    def __init__(self, coroutine: Coroutine[Any, Any, Outcome | None], waits_for: Any) -> None:
        self._coroutine = coroutine
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, Outcome | None]:
        waits_for = self._waits_for
        while True:
            step = partial(self._coroutine.send, None)
            try:
                yield waits_for
            except BaseException as error:  # noqa: BLE001  the coroutine hears of it, whatever it is
                step = partial(self._coroutine.throw, error)
            try:
                waits_for = step()
            except StopIteration as made:
                outcome: Outcome | None = made.value
                return outcome


async def _made(outcome: Outcome) -> Outcome:
    return outcome


async def _nothing_more() -> Message:
    """Stand in the place of `receive` for a request that has come whole."""
    return {"type": "http.disconnect"}
