"""Connections: how many may be open at once, and what one more is told.

A connection counts as long as it is open, whether it asks, follows a stream, waits or is only kept alive.
"""

import asyncio
import json
import logging
from contextlib import suppress
from typing import Any, ClassVar, Final

from xpander_emulator.server.fast_path import DirectProtocol
from xpander_emulator.web.fault_injection import TRANSPORT

# Of the files that a process may open: for itself, for a store, and for connections that are being turned away.
RESERVED_FILES: Final = 128
RETRY_SECONDS: Final = 1
# How long a connection that is one too many may take to ask, and to read its answer; and how many may take so long.
FAREWELL_SECONDS: Final = 1.0
MOST_FAREWELLS: Final = RESERVED_FILES // 2
_logger: Final = logging.getLogger(__name__)


def room_for(connections: int) -> int:
    """Let this process open the files that so many connections need; return for how many there is room.

    Where a process may open fewer files, a connection beyond them would be left waiting, or closed without a word.
    """
    try:
        import resource
    except ImportError:  # Windows counts no files
        return connections
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unbounded, needed = resource.RLIM_INFINITY, connections + RESERVED_FILES
    if soft == unbounded or soft >= needed:
        return connections
    wanted = needed if hard == unbounded else min(needed, hard)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    room = min(connections, max(1, soft - RESERVED_FILES))
    if room < connections:
        _logger.warning(
            "Of %d connections there is room for %d: a process may open %d files here. Raise `ulimit -n`, or lower "
            "--max-connections.",
            *(connections, room, soft),
        )
    return room


def protocol_for(most: int) -> type[asyncio.Protocol]:
    """Return uvicorn's protocol with our ways, for a server that holds at most so many connections at once."""
    return type("Protocol", (_Protocol,), {"door": _Door(most)})


class _Door:
    """Through which the connections of a server come in, for as long as there is room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._inside = 0
        self._is_full = False

    def enter(self) -> bool:
        """Take a place, if there is one left; say once in the log that there is none."""
        if self._inside < self._most:
            self._inside += 1
            self._is_full = False
            return True
        if not self._is_full:
            _logger.warning(
                "All %d connections are taken; one more is answered 503. See --max-connections.", self._most
            )
            self._is_full = True
        return False

    def leave(self) -> None:
        """Give a place back."""
        self._inside -= 1

    def is_crowded(self, connections: int) -> bool:
        """Tell whether of so many connections, those inside among them, too many are being turned away."""
        return connections - self._inside > MOST_FAREWELLS

    def refusal(self) -> bytes:
        """Return the whole answer to one connection too many."""
        told = f"All {self._most:,} connections of this server are taken; try again soon, or see --max-connections."
        body = json.dumps({"detail": told}).encode()
        return (
            b"HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\n"
            b"retry-after: %d\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (RETRY_SECONDS, len(body), body)
        )


class _Protocol(DirectProtocol):
    """uvicorn's protocol, which counts connections and turns one too many away.

    It hands its transport to the application: a fault of the connection needs it.
    """

    door: ClassVar[_Door]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # uvicorn's own line for a request tells the query, with the credentials in it.
        self.access_log = False
        self._is_inside = False
        self._is_refused = False
        self._farewell: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._is_inside = self.door.enter()
        if self._is_inside:
            return
        self._farewell = self.loop.call_later(FAREWELL_SECONDS, transport.abort)
        if self.door.is_crowded(len(self.connections)):
            self._refuse()
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._is_inside:
            super().data_received(data)
        elif not self._is_refused:
            self._refuse()
            # The client closes: were it done here, what is still on its way to us would cost it the answer.
            self.transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_inside:
            self.door.leave()
        if self._farewell is not None:
            self._farewell.cancel()
        super().connection_lost(exc)

    def _refuse(self) -> None:
        self._is_refused = True
        self.transport.write(self.door.refusal())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}
