"""HTTP messages: a request as it arrives, a response as it is sent.

Thin, so that a frequent request pays for nothing that it does not use.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from starlette.types import Receive, Scope, Send

from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Header, Headers, Json
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import EmulatorError

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
Result = TypeVar("Result")
_CONTENT_TYPES: Final = {
    JSON: (b"content-type", b"application/json"),
    PROBLEM: (b"content-type", b"application/problem+json"),
}


class BodyTooLarge(EmulatorError):
    """A request body above the limit."""

    status = 413


class ClientGone(EmulatorError):
    """The client closed its connection before it had its response."""


@dataclass(slots=True)
class Request:
    """One HTTP request; its body is read when it is needed, up to a limit, and is then in `raw`.

    is_read: whether `raw` has the body already.
    """

    scope: Scope
    receive: Receive
    path_parameters: Mapping[str, str]
    raw: bytes = b""
    is_read: bool = False
    _first: dict[bytes, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._first = dict(reversed(self.headers))

    @property
    def headers(self) -> Headers:
        """All headers, names in lower case, in the order sent."""
        return self.scope["headers"]  # type: ignore[no-any-return]

    def header(self, name: bytes) -> str | None:
        """Return the first header of this (lower-case) name."""
        value = self._first.get(name)
        return None if value is None else value.decode("latin-1")

    def header_values(self, name: bytes) -> list[str]:
        """Return every header of this (lower-case) name."""
        return [value.decode("latin-1") for key, value in self.headers if key == name] if name in self._first else []

    @property
    def query(self) -> bytes:
        """The query as sent."""
        return self.scope["query_string"]  # type: ignore[no-any-return]

    @property
    def origin(self) -> str:
        """Scheme and host under which the client reached this server."""
        host = self.header(b"host")
        if host is None:
            address, port = self.scope.get("server") or ("127.0.0.1", 80)
            host = f"{address}:{port}"
        return f"{self.scope['scheme']}://{host}"

    async def body(self, limit: int) -> bytes:
        """Return the whole body. Raises BodyTooLarge above `limit` bytes, ClientGone if the body never came whole."""
        if not self.is_read:
            self.raw, self.is_read = await self._read(limit), True
        if len(self.raw) > limit:
            raise _too_large(limit)
        return self.raw

    async def _read(self, limit: int) -> bytes:
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone("The client closed its connection while it sent its request.")
            chunk = message.get("body", b"")
            size += len(chunk)
            more = message.get("more_body", False)
            if size > limit or (more and not chunks and self._content_length() > limit):
                raise _too_large(limit)
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _content_length(self) -> int:
        """Return the length of the body as far as the client has announced it; 0 if it has not."""
        length = self.header(b"content-length") or ""
        return int(length) if length.isascii() and length.isdigit() and len(length) <= 18 else 0


class Response(NamedTuple):
    """One HTTP response.

    data:       the body before it was encoded, for the check against the contract.
    task_state: of the task that the response shows, if it shows one.
    checked:    the ids of the operations whose contract this body keeps, for a body that will be sent again.
    fault:      the fault that strikes the response.
    beyond:     what of the body the contract does not know, as `--future` has it; "" where it knows all.
    """

    status: int
    body: bytes = b""
    media_type: str | None = JSON
    headers: Headers = ()
    data: Json = None
    task_state: TaskState | None = None
    checked: set[str] | None = None
    fault: Hit | None = None
    beyond: str = ""

    def all_headers(self, extra: Headers = ()) -> list[Header]:
        """Return the headers as they are sent, `extra` behind the response's own."""
        if self.media_type is None:
            return [*self.headers, *extra]
        content_type = _CONTENT_TYPES.get(self.media_type) or (b"content-type", self.media_type.encode())
        return [content_type, (b"content-length", b"%d" % len(self.body)), *self.headers, *extra]

    def with_headers(self, headers: Headers) -> "Response":
        """Return the response with further headers."""
        return self._replace(headers=(*self.headers, *headers))

    def with_fault(self, hit: Hit) -> "Response":
        """Return the response with a fault that strikes it."""
        return self._replace(fault=hit)

    async def send(self, send: Send, headers: list[Header]) -> None:
        """Send the response with all of its headers."""
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request's body is larger than {limit:,} bytes, the most that is taken.")


def json_response(data: Json, status: int = 200, headers: Headers = (), media_type: str = JSON) -> Response:
    """Return a response with `data` as JSON."""
    return Response(status, json_codec.dumps(data), media_type, headers, data)


async def unless_gone(request: Request, work: Awaitable[Result]) -> Result:
    """Return the result of `work`. Raises ClientGone, and cancels the work, when the client disconnects first."""
    task = asyncio.ensure_future(work)
    disconnect = asyncio.ensure_future(disconnected(request.receive))
    try:
        await asyncio.wait((task, disconnect), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone("The client closed its connection while it waited.")
        return task.result()
    finally:
        task.cancel()
        disconnect.cancel()


async def disconnected(receive: Receive) -> None:
    """Return once the client has closed its connection, or the server has."""
    while (await receive())["type"] != "http.disconnect":
        pass
