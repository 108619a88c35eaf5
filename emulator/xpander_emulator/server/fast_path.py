"""The fast path: a plain request is answered where it was parsed, in one write, without ASGI.

A task of asyncio, uvicorn's cycle and Starlette's routing cost a poll more than the poll itself (benchmarks/README.md).
The response is made by the same endpoint that ASGI leads to; only the way there and back is shorter. A request that is
not plain goes through ASGI: an unusual method, an odd path, HTTP/1.0, `Expect`, a stream, a fault.
"""

import asyncio
import re
from collections.abc import Awaitable, Coroutine, Generator
from functools import lru_cache, partial
from typing import Any, Final

from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from xpander_emulator.common.types import Header, Headers
from xpander_emulator.server.http1 import Http1Protocol
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.http import Request, Response
from xpander_emulator.web.pipeline import Endpoint

# A path without escapes, and a query as it comes; not two slashes at the start, which begin an authority.
_PLAIN_TARGET: Final = re.compile(rb"/(?!/)[\w.~:@!$&'()*+,;=/-]*(?:\?[!-\"$-~]*)?", re.ASCII)
# RFC 9110, 5.1 and 5.5: the names that fields may have, and no control character, such as the end of a line, in them.
# Fields that say how a response is framed are left to uvicorn.
_LINE: Final = re.compile(
    rb"(?!connection:|transfer-encoding:)[\w!#$%&'*+.^`|~-]++: [^\x00-\x08\x0a-\x1f\x7f]*+\r\n", re.ASCII
)
# Headers whose values are numbers of the emulator's own, which differ in each response.
_NUMBERS: Final = frozenset([b"content-length", b"x-emulator-request", b"x-ratelimit-remaining"])
# RFC 9110, 8.6: only these responses say nothing of their length.
_WITHOUT_LENGTH: Final = (204, 304)
# Lines of headers with values up to this length are cached.
_LONGEST_CACHED: Final = 256
# In bytes; a request with a larger body goes through ASGI.
MAX_BUFFERED: Final = 64 * 1024


class FastPathProtocol(Http1Protocol):
    """uvicorn's protocol, which answers plain requests by itself.

    app: has a method `fast_endpoint`, which returns the endpoint that answers a request at once, with its path
         parameters, or None for a request that needs ASGI (see `web/app`).
    """

    app: Any

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # The body so far of a request that may be answered here; None for one that goes through ASGI.
        self._body: bytes | None = None
        # When the last response was sent from here, if nothing has come since; and the timer that looks at it.
        self._idle_since: float | None = None
        self._idle_timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        self._idle_since = None
        super().data_received(data)
        # A client that announces more than is buffered may wait to learn whether it is accepted.
        if self._body is not None and not self._is_short():
            self._pass_to_asgi(self._body)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._body = None

    def on_headers_complete(self) -> None:
        if self._offer is None and self._is_plain():
            self._body = b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._body is None:
            super().on_body(body)
            return
        self._body += body
        if len(self._body) > MAX_BUFFERED:
            self._pass_to_asgi(self._body)

    def on_message_complete(self) -> None:
        if self._body is None:
            super().on_message_complete()
        elif not self._answer(self._body):
            self._pass_to_asgi(self._body)
            super().on_message_complete()
        self._body = None

    def on_response_complete(self) -> None:
        # uvicorn has a timer of its own for responses through ASGI.
        self._cancel_idle_timer()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_idle_timer()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._body is not None:
            # A request that has begun is answered before the connection closes.
            self._pass_to_asgi(self._body)
        super().shutdown()

    def _is_plain(self) -> bool:
        """Return whether a request may be answered here, by its head and by the state of the connection."""
        parser = self.parser
        return (
            (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and not self.expect_100_continue
            and parser.should_keep_alive()
            and parser.get_http_version() == "1.1"
            and not parser.should_upgrade()
            and _PLAIN_TARGET.fullmatch(self.url) is not None
        )

    def _is_short(self) -> bool:
        """Return whether the announced length of the body is no longer than what is buffered."""
        length = next((value for name, value in self.headers if name == b"content-length"), b"")
        return len(length) <= len(str(MAX_BUFFERED)) and int(length or 0) <= MAX_BUFFERED

    def _pass_to_asgi(self, body: bytes) -> None:
        """Pass a request on to ASGI, as if it had never been buffered."""
        self._body = None
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _answer(self, body: bytes) -> bool:
        """Answer a request that has come whole; return False for one that needs ASGI."""
        raw_path, _, query = self.url.partition(b"?")
        method, path = self.parser.get_method().decode(), raw_path.decode()
        match = self.app.fast_endpoint(method, path)
        if match is None:
            return False
        endpoint, parameters = match
        scope: Any = self.scope
        scope.update(method=method, path=path, raw_path=raw_path, query_string=query)
        request = Request(scope, _disconnected, parameters, body, is_read=True)
        running = endpoint.run(request)
        try:
            awaited = running.send(None)
        except StopIteration as finished:
            self._send(endpoint, request, finished.value)
        else:
            self._finish_by_asgi(endpoint, request, _Suspended(running, awaited))
        return True

    def _send(self, endpoint: Endpoint, request: Request, context: RequestContext) -> None:
        response = context.response
        if not isinstance(response, Response) or response.fault is not None:
            head = None
        else:
            head = self._head(response, context.headers)
        if head is None or not isinstance(response, Response):
            self._finish_by_asgi(endpoint, request, _finished(context))
            return
        self.transport.write(b"%b%b\r\n%b" % (STATUS_LINE[response.status], head, response.body))
        self.server_state.total_requests += 1
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._close_if_idle)

    def _close_if_idle(self) -> None:
        """Close a connection that has been idle for as long as uvicorn keeps one alive; else look again later.

        One timer serves many requests: to set and cancel one for each costs a twentieth of a poll.
        """
        self._idle_timer = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle_timer = self.loop.call_later(left, self._close_if_idle)
        else:
            self.timeout_keep_alive_handler()

    def _cancel_idle_timer(self) -> None:
        self._idle_since = None
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None

    def _head(self, response: Response, headers: Headers) -> bytes | None:
        """Return the headers as they are sent; None where uvicorn has to add or check something."""
        if response.media_type is None and response.status not in _WITHOUT_LENGTH:
            return None
        try:
            return b"".join([_line(header) for header in (*self.server_state.default_headers, *headers)])
        except _UnfitHeader:
            return None

    def _finish_by_asgi(self, endpoint: Endpoint, request: Request, running: Awaitable[RequestContext | None]) -> None:
        """Finish a request that has to wait, or whose response needs uvicorn, through ASGI."""

        async def finish(scope: Scope, receive: Receive, send: Send) -> None:
            request.receive = receive
            context = await running
            if context is not None:
                await endpoint.service.send(context, send)

        app, self.app = self.app, finish
        try:
            super().on_headers_complete()
        finally:
            self.app = app
        super().on_message_complete()


class _UnfitHeader(Exception):
    """A header that cannot be sent, or that says how a response is framed."""


def _line(header: Header) -> bytes:
    """Return a header as it is sent. Raises _UnfitHeader."""
    name, value = header
    if name in _NUMBERS and value.isdigit():
        return b"%b: %b\r\n" % header
    return _cached_line(header) if len(value) <= _LONGEST_CACHED else _checked_line(header)


def _checked_line(header: Header) -> bytes:
    line = b"%b: %b\r\n" % header
    if not _LINE.fullmatch(line):
        raise _UnfitHeader
    return line


_cached_line: Final = lru_cache(maxsize=4_096)(_checked_line)


class _Suspended:
    """The rest of a coroutine that was started by `send` and then had to wait for `awaited`."""

    def __init__(self, coroutine: Coroutine[Any, Any, RequestContext | None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, RequestContext | None]:
        awaited = self._awaited
        while True:
            step = partial(self._coroutine.send, None)
            try:
                yield awaited
            except BaseException as error:  # noqa: BLE001  it is passed on to the coroutine, whatever it is
                step = partial(self._coroutine.throw, error)
            try:
                awaited = step()
            except StopIteration as finished:
                context: RequestContext | None = finished.value
                return context


async def _finished(context: RequestContext) -> RequestContext:
    return context


async def _disconnected() -> Message:
    """Stand in the place of `receive` for a request that has come whole."""
    return {"type": "http.disconnect"}
