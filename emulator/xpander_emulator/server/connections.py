"""Connections: how many may be open at once, and how one more is rejected.

A connection counts as long as it is open, whether it sends a request, follows a stream, waits or is idle.
"""

import asyncio
import logging
from contextlib import suppress
from typing import Any, ClassVar, Final

from xpander_emulator.server.fast_path import FastPathProtocol
from xpander_emulator.server.http1 import raw_error
from xpander_emulator.web.fault_injection import TRANSPORT

# Of the files that a process may open: for itself, for a store, and for connections that are being rejected.
RESERVED_FILES: Final = 128
RETRY_SECONDS: Final = 1
# How long a rejected connection may take to send its request and to read the answer; and how many may take so long.
REJECTION_SECONDS: Final = 1.0
MAX_PENDING_REJECTIONS: Final = RESERVED_FILES // 2
_logger: Final = logging.getLogger(__name__)


def allow_connections(connections: int) -> int:
    """Raise the limit of open files for this many connections; return how many the limit then allows, 1 or more.

    A connection beyond the limit of files would be left waiting, or closed without an answer.
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
    allowed = min(connections, max(1, soft - RESERVED_FILES))
    if allowed < connections:
        _logger.warning(
            "--max-connections is %d, but only %d are possible: a process may open %d files here. Raise `ulimit -n`, "
            "or lower --max-connections.",
            *(connections, allowed, soft),
        )
    return allowed


def protocol_class(max_connections: int) -> type[asyncio.Protocol]:
    """Return the protocol for a server that holds at most so many connections at once, for uvicorn to use."""
    return type("Protocol", (_Protocol,), {"limit": _ConnectionLimit(max_connections)})


class _ConnectionLimit:
    """Counts the open connections of a server, and rejects new ones above a limit."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = 0
        self._is_logged = False

    def acquire(self) -> bool:
        """Count one more connection and return True; return False at the limit, and log that once."""
        if self._open < self._most:
            self._open += 1
            self._is_logged = False
            return True
        if not self._is_logged:
            _logger.warning(
                "All %d connections are taken; a new one is answered 503. See --max-connections.", self._most
            )
            self._is_logged = True
        return False

    def release(self) -> None:
        """Count one connection less."""
        self._open -= 1

    def has_too_many_rejected(self, connections: int) -> bool:
        """Return whether too many of these connections are rejected ones that still wait for their answer."""
        return connections - self._open > MAX_PENDING_REJECTIONS

    def rejection(self) -> bytes:
        """Return the whole HTTP response to a connection above the limit."""
        detail = f"All {self._most:,} connections of this server are taken; try again soon, or see --max-connections."
        return raw_error(b"503 Service Unavailable", detail, b"retry-after: %d\r\n" % RETRY_SECONDS)


class _Protocol(FastPathProtocol):
    """The protocol of one connection, which is counted, or rejected above the limit.

    The transport stands in the scope of a request: a fault of the connection needs it.
    """

    limit: ClassVar[_ConnectionLimit]

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # uvicorn's own log line contains the query, and with it credentials.
        self.access_log = False
        self._is_counted = False
        self._is_rejected = False
        self._rejection_timeout: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._is_counted = self.limit.acquire()
        if self._is_counted:
            return
        self._rejection_timeout = self.loop.call_later(REJECTION_SECONDS, transport.abort)
        if self.limit.has_too_many_rejected(len(self.connections)):
            self._reject()
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._is_counted:
            super().data_received(data)
        elif not self._is_rejected:
            self._reject()
            # The client closes: if the server did, data still on its way here would make the client lose the answer.
            self.transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_counted:
            self.limit.release()
        if self._rejection_timeout is not None:
            self._rejection_timeout.cancel()
        super().connection_lost(exc)

    def _reject(self) -> None:
        self._is_rejected = True
        self.transport.write(self.limit.rejection())

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: {"transport": self.transport}}
