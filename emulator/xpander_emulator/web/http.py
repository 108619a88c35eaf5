"""A request as it came, and a reply as it goes; thin enough that a hot path pays for nothing it does not use."""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple, TypeVar

from starlette.types import Receive, Scope, Send

from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Header, Headers
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import EmulatorError

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
Answered = TypeVar("Answered")
_CONTENT_TYPES: Final = {
    JSON: (b"content-type", b"application/json"),
    PROBLEM: (b"content-type", b"application/problem+json"),
}


class BodyTooLarge(EmulatorError):
    """A request body above the bound."""

    status = 413


class ClientGone(EmulatorError):
    """The client hung up before it had its answer."""


@dataclass(slots=True)
class Request:
    """One HTTP request; its body is read when asked for, up to a bound, and then stands in `raw`.

    is_read: whether it does so already.
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
    def headers(self) -> Sequence[Header]:
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
        """Scheme and host under which the client reached us."""
        host = self.header(b"host")
        if host is None:
            address, port = self.scope.get("server") or ("127.0.0.1", 80)
            host = f"{address}:{port}"
        return f"{self.scope['scheme']}://{host}"

    async def body(self, most: int) -> bytes:
        """Return the whole body. Raises BodyTooLarge above `most` bytes, ClientGone if it never came whole."""
        if not self.is_read:
            self.raw, self.is_read = await self._read(most), True
        if len(self.raw) > most:
            raise _too_large(most)
        return self.raw

    async def _read(self, most: int) -> bytes:
        chunks: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone("The client hung up while it sent its request.")
            chunk = message.get("body", b"")
            size += len(chunk)
            more = message.get("more_body", False)
            if size > most or (more and not chunks and self._announced() > most):
                raise _too_large(most)
            chunks.append(chunk)
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    def _announced(self) -> int:
        """Return how long the body is going to be, as far as the client has said."""
        length = self.header(b"content-length") or ""
        return int(length) if length.isascii() and length.isdigit() and len(length) <= 18 else 0


class Reply(NamedTuple):
    """One HTTP answer.

    data:     the body before it was encoded, for the check against the contract.
    standing: of the task that the answer shows, if it shows one.
    checked:  the ids of the operations by which this very body was found right, where it will be sent again.
    fault:    what goes wrong with the answer on purpose; `fault.name` is what `X-Emulator-Fault` tells.
    """

    status: int
    body: bytes = b""
    media_type: str | None = JSON
    headers: Headers = ()
    data: Any = None
    task_state: TaskState | None = None
    checked: set[str] | None = None
    fault: Hit | None = None

    def whole_headers(self, more: Headers = ()) -> list[Header]:
        """Return the headers as they are sent, `more` behind its own."""
        if self.media_type is None:
            return [*self.headers, *more]
        content_type = _CONTENT_TYPES.get(self.media_type) or (b"content-type", self.media_type.encode())
        return [content_type, (b"content-length", b"%d" % len(self.body)), *self.headers, *more]

    def with_fault(self, hit: Hit) -> "Reply":
        """Return the answer with something going wrong with it."""
        return self._replace(fault=hit)

    async def send(self, send: Send, headers: list[Header]) -> None:
        """Send it with its whole headers."""
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body})


def _too_large(most: int) -> BodyTooLarge:
    return BodyTooLarge(f"The request's body is larger than {most:,} bytes, the most that is taken.")


def json_reply(data: Any, status: int = 200, headers: Headers = (), media_type: str = JSON) -> Reply:
    """Return a reply with `data` as JSON."""
    return Reply(status, json_codec.dumps(data), media_type, headers, data)


async def unless_gone(request: Request, work: Awaitable[Answered]) -> Answered:
    """Return what `work` gives. Raises ClientGone, and gives the work up, when the client hangs up first."""
    task = asyncio.ensure_future(work)
    hang_up = asyncio.ensure_future(_hang_up(request))
    try:
        await asyncio.wait((task, hang_up), return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone("The client hung up while it waited.")
        return task.result()
    finally:
        task.cancel()
        hang_up.cancel()


async def _hang_up(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


WARNING: Final = b"x-emulator-warning"
