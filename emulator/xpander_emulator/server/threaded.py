"""A server in a thread of this process, for tests."""

import asyncio
import socket
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Final, Self, TypeVar

from xpander_emulator.errors import EmulatorError
from xpander_emulator.server.listening_socket import CannotStart, base_url, bind
from xpander_emulator.server.server import GRACE_SECONDS, Server, load
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application

START_SECONDS: Final = 30
Returned = TypeVar("Returned")


class NotRunning(EmulatorError):
    """A server that has not started, or has stopped, was used."""


class ThreadedServer:
    """A server in a thread of this process; with port 0 several can run side by side.

    >>> with ThreadedServer(Settings(port=0)) as server:
    ...     client.get(f"{server.base_url}/v1/tasks")
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        # Set when the server answers, or has failed to start.
        self._settled = threading.Event()
        self._base_url = ""
        self._server: Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Scheme, host and port, without a slash at the end; empty before `start`."""
        return self._base_url

    @property
    def app(self) -> Application:
        """The application, to be used in the server's own event loop only. Raises NotRunning before `start`."""
        if self._server is None:
            raise NotRunning("The server has not started.")
        return self._server.app

    def start(self) -> None:
        """Start, and return once the server answers. Raises what `serve` raises."""
        with bind(self.settings) as listener:
            self._server = Server(load(self.settings), self._settled.set)
            self._base_url = base_url(self.settings.host, listener)
            # The thread gets a duplicate: the original closes here, the duplicate when the server ends.
            self._thread = threading.Thread(
                target=self._run, args=(self._server, listener.dup()), name="emulator", daemon=True
            )
            self._thread.start()
        self._settled.wait(START_SECONDS)
        if not self._server.started:
            self.stop()
            raise CannotStart(f"The server did not start within {START_SECONDS} s; its log says why.")

    def stop(self) -> None:
        """Stop, and return once the port is free. Open streams end, and waiting calls return the present task."""
        if self._server and self._thread:
            self._server.request_stop()
            self._thread.join(timeout=GRACE_SECONDS + 5)

    def submit(self, work: Coroutine[Any, Any, Returned]) -> Future[Returned]:
        """Run `work` in the server's event loop, and return the future of its result. Raises NotRunning."""
        server = self._server
        if server is None or server.loop is None or server.loop.is_closed():
            work.close()
            raise NotRunning("The server does not run: it has not started, or it has stopped.")
        return asyncio.run_coroutine_threadsafe(work, server.loop)

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        """Run `work` in the server's event loop, and return its result, or raise what it raises.

        Must not be called in the server's own thread, which would wait for itself. Raises NotRunning.
        """
        return self.submit(work).result()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, server: Server, listener: socket.socket) -> None:
        try:
            server.run(sockets=[listener])
        except SystemExit:
            pass  # uvicorn's way to say that the application failed while starting; it has logged the reason.
        finally:
            listener.close()
            self._settled.set()
