"""A transport for the synchronous clients of httpx and httpx2: requests without sockets."""

import asyncio
import sys
from collections.abc import Iterator
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any, Final

from starlette.types import Message, Scope

from xpander_emulator.server.threaded import ThreadedServer

_END: Final = None


class Transport:
    """Answers the requests of an `httpx.Client` or `httpx2.Client` in the loop of a running server.

    It inherits from neither library and returns responses of the library of the request. A stream is read as it comes;
    of the client's timeouts, only the one for reading applies.
    """

    def __init__(self, server: ThreadedServer) -> None:
        self._server = server

    def handle_request(self, request: Any) -> Any:
        """Return the response to a request, of the same library as the request."""
        library = sys.modules[type(request).__module__.partition(".")[0]]
        exchange = _Exchange(request.read(), request.extensions.get("timeout", {}).get("read"))
        exchange.answered = self._server.submit(exchange.run(self._server, _scope(request)))
        try:
            head, first = exchange.next(), exchange.next()
        except Empty:
            exchange.give_up()
            raise library.ReadTimeout("The emulator has not answered in time.", request=request) from None
        status, headers = head["status"], head["headers"]
        if not first.get("more_body"):
            return library.Response(status, headers=headers, content=first.get("body", b""), request=request)
        stream = _stream_class(library)(exchange, first, library, request)
        return library.Response(status, headers=headers, stream=stream, request=request)

    def close(self) -> None:
        """Do nothing: the server continues."""

    def __enter__(self) -> "Transport":
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()


class _Exchange:
    """One request in the server's loop, whose messages go to the caller's thread."""

    def __init__(self, body: bytes, timeout: float | None) -> None:
        self.answered: Future[None] | None = None
        self._bodies = [body]
        self._timeout = timeout
        self._messages: SimpleQueue[Message | None] = SimpleQueue()

    async def run(self, server: ThreadedServer, scope: Scope) -> None:
        try:
            await server.app(scope, self._receive, self._send)
        finally:
            self._messages.put(_END)

    def next(self) -> Message:
        """Return the next message, at the end an empty one. Raises Empty at the timeout, or the application's error."""
        message = self._messages.get(timeout=self._timeout)
        if message is _END:
            if self.answered is not None:
                self.answered.result()
            return {"body": b""}
        return message

    def give_up(self) -> None:
        if self.answered is not None:
            self.answered.cancel()

    async def _receive(self) -> Message:
        if self._bodies:
            return {"type": "http.request", "body": self._bodies.pop(), "more_body": False}
        # The client stays connected until it gives up, and then this is cancelled.
        return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    async def _send(self, message: Message) -> None:
        self._messages.put(message)


class _Stream:
    """The body of a response, in parts."""

    def __init__(self, exchange: _Exchange, first: Message, library: Any, request: Any) -> None:
        self._exchange = exchange
        self._first = first
        self._library = library
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        message = self._first
        while True:
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body"):
                return
            try:
                message = self._exchange.next()
            except Empty:
                raise self._library.ReadTimeout("No further part came in time.", request=self._request) from None

    def close(self) -> None:
        self._exchange.give_up()


def _stream_class(library: Any) -> Any:
    """Return a stream class that inherits from the library's own."""
    return type("Stream", (_Stream, library.SyncByteStream), {})


def _scope(request: Any) -> Scope:
    url = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": url.scheme,
        "path": url.path,
        "raw_path": url.raw_path.partition(b"?")[0],
        "query_string": url.query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "server": (url.host, url.port or 80),
        "client": ("127.0.0.1", 0),
    }
