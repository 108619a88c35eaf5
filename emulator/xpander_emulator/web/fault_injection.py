"""Fault injection: a response on its way out, with a fault.

A fault that breaks the connection needs the server's transport. A client in the same process has no connection: in the
place of the break, BrokenConnection is raised out of the application.
"""

import asyncio
import socket
import struct
from typing import Final

from starlette.types import Message, Receive, Scope, Send

from xpander_emulator.core import faults
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.errors import EmulatorError
from xpander_emulator.web.emulator_headers import fault_headers
from xpander_emulator.web.http import Response, disconnected
from xpander_emulator.web.sse import StreamResponse

# The extension of the scope in which the server hands over its transport.
TRANSPORT: Final = "emulator.transport"
# How long a client may take to read what was sent before the connection closes.
CLOSE_SECONDS: Final = 10.0
PIECES: Final = 20
# No UTF-8 and no JSON: what a client gets from the wrong port, or from a broken proxy.
GARBAGE: Final = b"\xff\xfe}{ not what you have asked for \x00"
_CLOSED_AT_ONCE: Final = (faults.RESET, faults.EMPTY)
_REWRITTEN: Final = (faults.MALFORMED, faults.GARBAGE)


class BrokenConnection(EmulatorError, ConnectionError):
    """A fault broke the connection of a client that has none, since it calls the application in the same process."""


class FaultInjector:
    """A `send` that plays the fault of a response.

    A plain response's body is sent in one message, each event of a stream in one: the first such message is truncated,
    malformed or slowed down. Events are repeated, swapped or ended where they are made (`web/sse`); a stream that is
    cut breaks the connection in place of its end.
    """

    def __init__(
        self, hit: Hit, response: Response | StreamResponse, scope: Scope, receive: Receive, send: Send
    ) -> None:
        self._hit = hit
        self._fault = hit.fault
        self._response = response
        self._transport: asyncio.Transport | None = scope.get("extensions", {}).get(TRANSPORT, {}).get("transport")
        self._receive = receive
        self._send = send
        self._is_done = False
        self._is_broken = False

    async def send(self, message: Message) -> None:
        """Send a message of the response, or what the fault makes of it."""
        if self._is_broken:
            return
        if message["type"] == "http.response.start":
            await self._start(message)
        elif self._is_end_of_cut_stream(message):
            await self._break()
        elif message.get("body") and not self._is_done:
            await self._send_body(message)
        else:
            await self._send(message)

    def _is_end_of_cut_stream(self, message: Message) -> bool:
        is_struck = isinstance(self._response, StreamResponse) and self._response.struck
        return is_struck and self._fault.kind == faults.CUT_STREAM and not message.get("more_body")

    async def _start(self, message: Message) -> None:
        await asyncio.sleep(self._hit.delay / 1_000)
        if self._fault.kind in _CLOSED_AT_ONCE:
            await self._break()
            return
        headers, response, extra = message["headers"], self._response, fault_headers(self._hit)
        if isinstance(response, Response):
            if self._fault.is_stream_fault:
                extra = ()
            elif self._fault.kind in _REWRITTEN and response.body:
                length = b"%d" % len(self._rewritten(response.body))
                headers = [(name, length if name == b"content-length" else value) for name, value in headers]
        await self._send({**message, "headers": [*headers, *extra]})

    async def _send_body(self, message: Message) -> None:
        body: bytes = message["body"]
        match self._fault.kind:
            case faults.TRUNCATED:
                await self._send({**message, "body": body[: len(body) // 2], "more_body": True})
                await self._break()
            case faults.MALFORMED | faults.GARBAGE:
                self._is_done = True
                await self._send({**message, "body": self._rewritten(body)})
            case faults.SLOW_BODY:
                await self._send_slowly(message)
            case _:
                await self._send(message)

    def _rewritten(self, body: bytes) -> bytes:
        """Return a body that ends in the middle of its JSON, or garbage; of an event, the frame around it stays."""
        if self._fault.kind == faults.GARBAGE:
            return GARBAGE
        half = body[: max(1, len(body) // 2)]
        return half if isinstance(self._response, Response) else half.rstrip() + b"\n\n"

    async def _send_slowly(self, message: Message) -> None:
        self._is_done = True
        body: bytes = message["body"]
        size = -(-len(body) // PIECES)
        pieces = [body[first : first + size] for first in range(0, len(body), size)]
        for piece in pieces[:-1]:
            await self._send({**message, "body": piece, "more_body": True})
            await asyncio.sleep(self._fault.over / 1_000 / max(1, len(pieces) - 1))
        await self._send({**message, "body": pieces[-1]})

    async def _break(self) -> None:
        """Close the connection, and return once it is closed, so that nothing more is written to it."""
        self._is_broken = True
        if self._transport is None:
            raise BrokenConnection(
                f"The fault '{self._hit.name}' breaks the connection here. A client in the same process has no "
                "connection: to see the fault as your HTTP library does, call a server by its port."
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
                await disconnected(self._receive)
        except TimeoutError:
            self._transport.abort()
