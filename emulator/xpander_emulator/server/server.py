"""The server: one application on one socket, in the foreground or in a thread.

The application is loaded and the socket bound before anybody is told, so who hears the address can use it at once.
"""

import asyncio
import importlib.util
import logging
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Final, Self, TypeVar

import uvicorn

from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import faker_values
from xpander_emulator.core.timeline import Template
from xpander_emulator.engine.reload import Watcher
from xpander_emulator.errors import EmulatorError
from xpander_emulator.scenario import templates
from xpander_emulator.server.connections import protocol_for, room_for
from xpander_emulator.server.gc_policy import QuietMoments, collect_what_is_new
from xpander_emulator.server.listening_socket import CannotStart, base_url, bind
from xpander_emulator.server.ready_file import ready_file
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application, create_app

GRACE_SECONDS: Final = 1
START_SECONDS: Final = 30
# How long a worker that leaves goes on to read what it has accepted.
_READING_SECONDS: Final = 0.05
# How often uvicorn looks whether it should leave, and renews the date that it sends.
TICK_SECONDS: Final = 0.1
_TICKS_A_SECOND: Final = 10
WARM_UP_AFTER_SECONDS: Final = 0.1
Returned = TypeVar("Returned")

_logger: Final = logging.getLogger(__name__)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def serve(settings: Settings, announce: Callable[[str, Contract], None]) -> int:
    """Serve in the foreground until SIGINT or SIGTERM, and return the exit code, 0.

    announce: called once, in a thread of its own, with the base URL of a server that answers and the
              contract that it serves.

    Raises BadChoice, CannotStart, BadReadyFile, and what create_app raises.
    """
    with ready_file(settings.ready_file) as write_ready:
        if settings.workers > 1:
            return _serve_with_workers(settings, announce, write_ready)
        return _serve_alone(settings, announce, write_ready)


def _serve_alone(
    settings: Settings, announce: Callable[[str, Contract], None], write_ready: Callable[[str], None]
) -> int:
    """Serve by this process."""
    with _signals(_leave), bind(settings) as listener:
        url = base_url(settings.host, listener)

        def started() -> None:
            write_ready(url)
            banner.start()
            _warm_up_soon()

        server = _Server(_Loaded(settings), started, QuietMoments())
        banner = threading.Thread(target=announce, args=(url, server.app.contract), name="announce", daemon=True)
        collect_what_is_new()
        try:
            server.run(sockets=[listener])
        finally:
            if banner.ident:
                banner.join(timeout=GRACE_SECONDS)
    return 0


class _Loaded:
    """The application of some settings, and who watches the files that it was made of."""

    def __init__(self, settings: Settings) -> None:
        # Made before the files are read, to miss no change.
        self.settings = settings
        self.watcher = Watcher(settings) if settings.watch else None
        self.app = _load(settings)


def _serve_with_workers(
    settings: Settings, announce: Callable[[str, Contract], None], write_ready: Callable[[str], None]
) -> int:
    """Serve by several processes that share one socket; everything is loaded once, before they are forked."""
    from xpander_emulator.server.workers import Workers

    with _signals(_leave), bind(settings) as listener:
        listener.listen()
        url = base_url(settings.host, listener)
        loaded = _Loaded(settings)

        def work(ready: Callable[[], None], parent_gone: int) -> int:
            def started() -> None:
                ready()
                asyncio.get_running_loop().add_reader(parent_gone, leave)
                _warm_up_soon()

            def leave() -> None:
                server.leave()
                asyncio.get_running_loop().remove_reader(parent_gone)

            server = _WorkerServer(loaded, started, QuietMoments())
            server.run(sockets=[listener])
            return 0

        def renew() -> bool:
            nonlocal loaded
            try:
                loaded = _Loaded(settings)
            except EmulatorError as error:
                _logger.error("The workers are not replaced: %s", error.message)
                return False
            return True

        def on_ready() -> None:
            write_ready(url)
            announce(url, loaded.app.contract)

        collect_what_is_new()
        code = Workers(settings.workers, work, renew, on_ready, GRACE_SECONDS + 5).run()
    if code:
        raise CannotStart("A worker ended before it could answer; the log says why.")
    return code


class NotRunning(EmulatorError):
    """Something was asked of a server that has not started, or has stopped."""


class ThreadedServer:
    """A server in a thread of this process, for tests: with port 0 several can run side by side.

    >>> with ThreadedServer(Settings(port=0)) as server:
    ...     client.get(f"{server.base_url}/v1/tasks")
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._settled = threading.Event()
        self._base_url = ""
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def base_url(self) -> str:
        """Scheme, host and port, without a slash at the end; empty before `start`."""
        return self._base_url

    @property
    def app(self) -> Application:
        """The application, which is to be called in the server's own event loop. Raises NotRunning before `start`."""
        if self._server is None:
            raise NotRunning("The server has not started.")
        return self._server.app

    def start(self) -> None:
        """Start, and return once it answers. Raises what `serve` raises."""
        with bind(self.settings) as listener:
            self._server = _Server(_Loaded(self.settings), self._settled.set)
            self._base_url = base_url(self.settings.host, listener)
            # The thread gets a duplicate: this one closes here, that one when the server ends.
            run = threading.Thread(target=self._run, args=(self._server, listener.dup()), name="emulator", daemon=True)
            self._thread = run
            run.start()
        self._settled.wait(START_SECONDS)
        if not self._server.started:
            self.stop()
            raise CannotStart(f"The server did not start within {START_SECONDS} s; its log says why.")

    def stop(self) -> None:
        """Stop, and return once the port is free. Open streams end, and waiting calls return the present task."""
        if self._server and self._thread:
            self._server.leave()
            self._thread.join(timeout=GRACE_SECONDS + 5)

    def submit(self, work: Coroutine[Any, Any, Returned]) -> Future[Returned]:
        """Run `work` in the server's event loop, and return what will hold its result. Raises NotRunning."""
        server = self._server
        if server is None or server.loop is None or server.loop.is_closed():
            work.close()
            raise NotRunning("The server does not run: it has not started, or it has stopped.")
        return asyncio.run_coroutine_threadsafe(work, server.loop)

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        """Run `work` in the server's event loop, and return its result, or raise what it raises.

        Not for the server's own thread, which would wait for itself. Raises NotRunning.
        """
        return self.submit(work).result()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self, server: "_Server", listener: socket.socket) -> None:
        try:
            server.run(sockets=[listener])
        except SystemExit:
            pass  # uvicorn's way to say that the application failed while starting; it has logged the reason.
        finally:
            listener.close()
            self._settled.set()


class _Server(uvicorn.Server):
    """uvicorn's server for some settings, loaded.

    It tells when it has started, watches the files if it should, leaves at once and lets nobody wait when it does, and
    does not raise a signal again when it has obeyed it.

    quiet_moments: of a server that has its process to itself.
    """

    def __init__(
        self, loaded: _Loaded, on_started: Callable[[], None], quiet_moments: QuietMoments | None = None
    ) -> None:
        self._quiet_moments = quiet_moments
        self._watcher = loaded.watcher
        self.app = loaded.app
        super().__init__(_configuration(self.app, loaded.settings))
        self.loop: asyncio.AbstractEventLoop | None = None
        self._on_started = on_started
        self._left = asyncio.Event()
        self._watching: asyncio.Task[None] | None = None
        self._stop_watching = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        await super().startup(sockets)
        if self._watcher:
            watch = self._watcher.run(self.app.engine, self.app.contract, self._stop_watching)
            self._watching = asyncio.create_task(watch, name="watch")
        self._on_started()

    async def main_loop(self) -> None:
        tick = 0
        while not await self.on_tick(tick):
            tick += 1
            if self._quiet_moments is not None and tick % _TICKS_A_SECOND == 0:
                self._quiet_moments.tick(self.server_state.total_requests)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop_watching.set()
        await self.app.engine.close()
        await super().shutdown(sockets)
        if self._watching:
            await self._watching

    def leave(self) -> None:
        """Stop soon; to be called from another thread."""
        self.should_exit = True
        if self.loop is not None:
            with suppress(RuntimeError):  # the loop may have ended by itself
                self.loop.call_soon_threadsafe(self._left.set)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with _signals(self.handle_exit):
            yield


class _WorkerServer(_Server):
    """A server whose socket others go on to serve: what it has accepted it still reads before it closes connections."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await asyncio.sleep(_READING_SECONDS)
        await super().shutdown(sockets)


def _load(settings: Settings) -> Application:
    app = create_app(settings)
    for doubt in app.contract.warnings:
        _logger.warning("%s", doubt)
    return app


def _configuration(app: Application, settings: Settings) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    return uvicorn.Config(
        app,
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        http=protocol_for(room_for(settings.max_connections)),
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _warm_up_soon() -> None:
    """Have done in a thread what would make the first answers late, after those who wait for the server have theirs."""
    warm_up = threading.Thread(target=_warm_up, name="warm-up", daemon=True)
    asyncio.get_running_loop().call_later(WARM_UP_AFTER_SECONDS, warm_up.start)


def _warm_up() -> None:
    """Load what the first texts of a story need, 120 ms of imports."""
    templates.render(
        Template("{{ fake.name }}"), {}, lambda provider, pointer: faker_values.fake(provider, 0, pointer), ""
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Drop uvicorn's remarks that it ended open streams, and how: that is what stopping means here."""
    cut_off = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not cut_off and not str(record.msg).startswith("Cancel %s running task(s)")


@contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _leave(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
