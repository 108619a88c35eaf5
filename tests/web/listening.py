"""Listening to a stream that has no end, in the same process."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Message

Json = dict[str, Any]


class Listener:
    """Somebody who listens to one stream. `status` and `headers` are those of the answer."""

    def __init__(self) -> None:
        self.status = 0
        self.headers: dict[bytes, bytes] = {}
        self._frames: asyncio.Queue[bytes] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False

    async def event(self) -> Json:
        """Return the next event, whose id must stand in its frame too."""
        frame = await asyncio.wait_for(self._frames.get(), 5)
        first, second = frame.decode().strip().split("\n")
        event: Json = json.loads(second.removeprefix("data: "))
        assert first == f"id: {event['id']}"
        return event

    async def events(self, count: int) -> Sequence[Json]:
        """Return the next few events."""
        return [await self.event() for _ in range(count)]

    def hang_up(self) -> None:
        """Leave, as a browser does whose page is closed."""
        self._gone.set()

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], dict(message["headers"])
        elif message["body"]:
            self._frames.put_nowait(message["body"])


@asynccontextmanager
async def listening(app: ASGIApp, target: str, headers: Mapping[str, str] | None = None) -> AsyncIterator[Listener]:
    """Give somebody who listens, and see to it that the stream ends when they hang up."""
    listener = Listener()
    path, _, query = target.partition("?")
    sent = {"host": "127.0.0.1:4020", **(headers or {})}
    scope = {
        "type": "http",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode()) for name, value in sent.items()],
    }
    stream = asyncio.ensure_future(app(scope, listener.receive, listener.send))
    try:
        yield listener
    finally:
        listener.hang_up()
        await asyncio.wait_for(stream, 5)


async def heard(app: ASGIApp, target: str, count: int, headers: Mapping[str, str] | None = None) -> Sequence[Json]:
    """Return the first events of a stream."""
    async with listening(app, target, headers) as listener:
        return await listener.events(count)
