"""The server: one application on one socket, in this process or in several workers.

The application is loaded and the socket is bound before the address is announced, so that it can be used at once.
"""

import asyncio
import importlib.util
import logging
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Final, NamedTuple

import uvicorn

from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import faker_values
from xpander_emulator.core.timeline import Template
from xpander_emulator.engine.reload import Watcher
from xpander_emulator.errors import EmulatorError
from xpander_emulator.scenario import templates
from xpander_emulator.server.connections import allow_connections, protocol_class
from xpander_emulator.server.gc_policy import IdleCollector, collect_new_objects_only
from xpander_emulator.server.listening_socket import CannotStart, base_url, bind
from xpander_emulator.server.ready_file import ready_file
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application, create_app

GRACE_SECONDS: Final = 1
# How long a worker that stops goes on to read the connections that it has accepted.
_READING_SECONDS: Final = 0.05
# How often uvicorn looks whether it should stop, and renews the date that it sends.
TICK_SECONDS: Final = 0.1
_TICKS_PER_SECOND: Final = 10
WARM_UP_AFTER_SECONDS: Final = 0.1

_logger: Final = logging.getLogger(__name__)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
Announce = Callable[[str, Contract], None]


class LoadedApp(NamedTuple):
    """The application of some settings; `watcher` watches the files that it was made from, under `--watch`."""

    settings: Settings
    app: Application
    watcher: Watcher | None


def load(settings: Settings) -> LoadedApp:
    """Load the application, and log what is doubtful in its contract. Raises what `create_app` raises."""
    # The watcher is made before the files are read, so that no change between the two is lost.
    watcher = Watcher(settings) if settings.watch else None
    app = create_app(settings)
    for warning in app.contract.warnings:
        _logger.warning("%s", warning)
    return LoadedApp(settings, app, watcher)


def serve(settings: Settings, announce: Announce) -> int:
    """Serve in the foreground until SIGINT or SIGTERM, and return the exit code, 0.

    announce: called once, in a thread of its own, with the base URL of a server that answers and the contract that
              it serves.

    Raises BadChoice, CannotStart, BadReadyFile, and what `create_app` raises.
    """
    with ready_file(settings.ready_file) as write_ready_file:
        serve_it = _serve_with_workers if settings.workers > 1 else _serve_alone
        return serve_it(settings, announce, write_ready_file)


def _serve_alone(settings: Settings, announce: Announce, write_ready_file: Callable[[str], None]) -> int:
    with _signals(_exit), bind(settings) as listener:
        url = base_url(settings.host, listener)

        def on_started() -> None:
            write_ready_file(url)
            banner.start()
            _warm_up_soon()

        server = Server(load(settings), on_started, IdleCollector())
        banner = threading.Thread(target=announce, args=(url, server.app.contract), name="announce", daemon=True)
        collect_new_objects_only()
        try:
            server.run(sockets=[listener])
        finally:
            if banner.ident:
                banner.join(timeout=GRACE_SECONDS)
    return 0


def _serve_with_workers(settings: Settings, announce: Announce, write_ready_file: Callable[[str], None]) -> int:
    """Serve by several processes that share one socket; everything is loaded once, before they are forked."""
    from xpander_emulator.server.workers import Workers

    with _signals(_exit), bind(settings) as listener:
        listener.listen()
        url = base_url(settings.host, listener)
        loaded = load(settings)

        def work(report_ready: Callable[[], None], parent_gone: int) -> int:
            def on_started() -> None:
                report_ready()
                asyncio.get_running_loop().add_reader(parent_gone, stop)
                _warm_up_soon()

            def stop() -> None:
                server.request_stop()
                asyncio.get_running_loop().remove_reader(parent_gone)

            server = _WorkerServer(loaded, on_started, IdleCollector())
            server.run(sockets=[listener])
            return 0

        def reload() -> bool:
            nonlocal loaded
            try:
                loaded = load(settings)
            except EmulatorError as error:
                _logger.error("The workers are not replaced: %s", error.message)
                return False
            return True

        def on_ready() -> None:
            write_ready_file(url)
            announce(url, loaded.app.contract)

        collect_new_objects_only()
        code = Workers(settings.workers, work, reload, on_ready, GRACE_SECONDS + 5).run()
    if code:
        raise CannotStart("A worker ended before it could answer; the log says why.")
    return code


class Server(uvicorn.Server):
    """uvicorn's server of a loaded application.

    Unlike uvicorn's own it reports when it has started, stops at once after `request_stop`, ends waiting calls when it
    stops, and does not raise a signal again after it has obeyed it.

    idle_collector: of a server that has its process to itself.
    """

    def __init__(
        self, loaded: LoadedApp, on_started: Callable[[], None], idle_collector: IdleCollector | None = None
    ) -> None:
        self.app = loaded.app
        super().__init__(_configuration(self.app, loaded.settings))
        self.loop: asyncio.AbstractEventLoop | None = None
        self._on_started = on_started
        self._idle_collector = idle_collector
        self._stop_requested = asyncio.Event()
        self._watcher = loaded.watcher
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
            if self._idle_collector is not None and tick % _TICKS_PER_SECOND == 0:
                self._idle_collector.tick(self.server_state.total_requests)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop_requested.wait(), TICK_SECONDS)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._stop_watching.set()
        await self.app.engine.close()
        await super().shutdown(sockets)
        if self._watching:
            await self._watching

    def request_stop(self) -> None:
        """Stop soon; may be called from another thread."""
        self.should_exit = True
        if self.loop is not None:
            with suppress(RuntimeError):  # the loop may have ended by itself
                self.loop.call_soon_threadsafe(self._stop_requested.set)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        with _signals(self.handle_exit):
            yield


class _WorkerServer(Server):
    """A server whose socket other workers go on to serve: it reads what it has accepted before it closes."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        await asyncio.sleep(_READING_SECONDS)
        await super().shutdown(sockets)


def _configuration(app: Application, settings: Settings) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_no_cancellation)
    return uvicorn.Config(
        app,
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        http=protocol_class(allow_connections(settings.max_connections)),
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _warm_up_soon() -> None:
    """Start the warm-up in a thread, after the clients that wait for the server have their first answers."""
    thread = threading.Thread(target=_warm_up, name="warm-up", daemon=True)
    asyncio.get_running_loop().call_later(WARM_UP_AFTER_SECONDS, thread.start)


def _warm_up() -> None:
    """Import what the first template of a scenario needs, which takes 120 ms."""
    templates.render(
        Template("{{ fake.name }}"), {}, lambda provider, pointer: faker_values.fake(provider, 0, pointer), ""
    )


def _is_no_cancellation(record: logging.LogRecord) -> bool:
    """Drop uvicorn's remarks that it ended open streams, and how: that is what stopping means here."""
    is_cancelled = record.exc_info is not None and isinstance(record.exc_info[1], asyncio.CancelledError)
    return not is_cancelled and not str(record.msg).startswith("Cancel %s running task(s)")


@contextmanager
def _signals(handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)


def _exit(number: int, frame: FrameType | None) -> None:
    raise SystemExit(0)
