"""Spoiling: an answer on its way out, with a fault.

Whatever breaks the connection needs the server's transport. A client in the same process has no connection: there
BrokenConnection is raised out of the application, in the place of the break.
"""

import asyncio
import socket
import struct
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from xpander_emulator.common.types import Headers
from xpander_emulator.core import faults
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.errors import EmulatorError

# The extension of the scope in which the server hands over its transport.
TRANSPORT: Final = "emulator.transport"
FAULT: Final = b"x-emulator-fault"
# How long a client may take to read what was sent before the connection closes.
CLOSE_SECONDS: Final = 10.0
PIECES: Final = 20
# No UTF-8 and no JSON: what a client gets that speaks to the wrong port, or past a broken proxy.
GARBAGE: Final = b"\xff\xfe}{ not what you have asked for \x00"
_AT_ONCE: Final = (faults.RESET, faults.EMPTY)
_REWRITTEN: Final = (faults.MALFORMED, faults.GARBAGE)
_EVENT: Final = b"data:"
_EVENT_STREAM: Final = b"text/event-stream"


class BrokenConnection(EmulatorError, ConnectionError):
    """A fault broke the connection of a client that has none, since it calls the application in the same process."""


class Spoiler:
    """Stands in the place of `send` and spoils what passes.

    A plain answer's body comes in one piece, a stream's events each in one: the first piece is the one that is
    truncated, malformed or slowed down. What repeats, swaps or ends events is done where they are made; the connection
    breaks in place of what comes behind the last of them.
    """

    def __init__(self, hit: Hit, scope: Scope, receive: Receive, send: Send) -> None:
        self._hit = hit
        self._fault = hit.fault
        self._transport: asyncio.Transport | None = scope.get("extensions", {}).get(TRANSPORT, {}).get("transport")
        self._receive = receive
        self._send = send
        self._started: Message | None = None
        self._events = 0
        self._is_done = False
        self._is_broken = False

    async def send(self, message: Message) -> None:
        """Send a message of the answer, or what the fault makes of it."""
        if self._is_broken:
            return
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._fault.kind == faults.CUT_STREAM and self._events == self._fault.event:
            await self._break()
        elif message.get("body") and not self._is_done:
            await self._body(message)
        else:
            await self._release()
            await self._send(message)

    async def _start(self, message: Message) -> None:
        await asyncio.sleep(self._hit.delay / 1_000)
        if self._fault.kind in _AT_ONCE:
            await self._break()
            return
        is_spoiled = not self._fault.is_stream_fault or _is_stream(message)
        headers = headers_of(self._hit) if is_spoiled else ()
        started = {**message, "headers": [*message["headers"], *headers]}
        if self._fault.kind in _REWRITTEN:
            self._started = started
        else:
            await self._send(started)

    async def _body(self, message: Message) -> None:
        body: bytes = message["body"]
        match self._fault.kind:
            case faults.TRUNCATED:
                await self._send({**message, "body": body[: len(body) // 2], "more_body": True})
                await self._break()
            case faults.MALFORMED:
                await self._rewritten(message, _cut(body))
            case faults.GARBAGE:
                await self._rewritten(message, GARBAGE)
            case faults.SLOW_BODY:
                await self._slowly(message)
            case _:
                self._events += body.startswith(_EVENT)
                await self._send(message)

    async def _rewritten(self, message: Message, body: bytes) -> None:
        self._is_done = True
        if self._started is not None:
            is_told = any(name == b"content-length" for name, _ in self._started["headers"])
            others = [header for header in self._started["headers"] if header[0] != b"content-length"]
            length = [(b"content-length", b"%d" % len(body))] if is_told else []
            await self._send({**self._started, "headers": [*others, *length]})
            self._started = None
        await self._send({**message, "body": body})

    async def _slowly(self, message: Message) -> None:
        self._is_done = True
        body: bytes = message["body"]
        size = -(-len(body) // PIECES)
        pieces = [body[first : first + size] for first in range(0, len(body), size)]
        for piece in pieces[:-1]:
            await self._send({**message, "body": piece, "more_body": True})
            await asyncio.sleep(self._fault.over / 1_000 / max(1, len(pieces) - 1))
        await self._send({**message, "body": pieces[-1]})

    async def _release(self) -> None:
        """Send what was held back for a body that does not come."""
        if self._started is not None:
            await self._send(self._started)
        self._started = None

    async def _break(self) -> None:
        """Close the connection, and return once it is closed, so that nothing is written to it any more."""
        self._is_broken = True
        if self._transport is None:
            raise BrokenConnection(
                f"The fault '{self._hit.name}' breaks the connection here. A client in the same process has none "
                "that could break: to see it as your HTTP library does, call a server by its port."
            )
        if self._fault.kind == faults.RESET:
            # Linux, socket(7): closing with a linger time of zero sends RST in place of FIN.
            linger = struct.pack("ii", 1, 0)
            self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        else:
            self._transport.close()
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                while (await self._receive())["type"] != "http.disconnect":
                    pass
        except TimeoutError:
            self._transport.abort()


def headers_of(hit: Hit) -> Headers:
    """Return the headers that say which fault has struck, and whether the client has asked for it."""
    name = hit.name.encode("latin-1")
    applied = ((b"preference-applied", b"fault=" + name),) if hit.preferred else ()
    return ((FAULT, name), *applied)


def _is_stream(started: Message) -> bool:
    return any(name == b"content-type" and value.startswith(_EVENT_STREAM) for name, value in started["headers"])


def _cut(body: bytes) -> bytes:
    """Return JSON that ends in the middle; of an event, the lines around it stay."""
    if body.startswith(_EVENT):
        return body[: len(body) // 2].rstrip() + b"\n\n"
    return body[: max(1, len(body) // 2)]
