"""The server: one application on one socket, in the foreground or in a thread.

The application is loaded and the socket bound before anybody is told, so who hears the address can use it at once.
"""

import asyncio
import errno
import gc
import importlib.util
import json
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, Self

import uvicorn

from emulator.contract import values
from emulator.core.timeline import Template
from emulator.errors import EmulatorError
from emulator.scenario import templates
from emulator.settings import MEMORY, Settings
from emulator.web.access import is_loopback
from emulator.web.app import create_app

# The xpander SDK looks for these digits anywhere in its base URL and then talks to another path or another host.
FORBIDDEN_IN_PORT: Final = ("9016", "8085")
EVERY_ADDRESS: Final = ("", "0.0.0.0", "::")  # noqa: S104  names of a choice, nothing is bound to them here
GRACE_SECONDS: Final = 1
START_SECONDS: Final = 30
_READING_SECONDS: Final = 0.05

_logger: Final = logging.getLogger(__name__)
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class BadChoice(EmulatorError):
    """Settings that nothing may be served with; the message says how to get out."""


class CannotStart(EmulatorError):
    """The settings are fine, but this machine does not let the server start."""


def serve(settings: Settings, announce: Callable[[str], None]) -> int:
    """Serve in the foreground until SIGINT or SIGTERM, and return the exit code, 0.

    announce: called once, in a thread of its own, with the base URL of a server that answers.

    Raises BadChoice, CannotStart, and what create_app raises.
    """
    if settings.ready_file:
        _clear_ready_file(settings.ready_file)
    if settings.workers > 1:
        return _serve_with_workers(settings, announce)
    with _signals(_leave), bind(settings) as listener:
        url = base_url(settings.host, listener)
        banner = threading.Thread(target=announce, args=(url,), name="announce", daemon=True)

        def started() -> None:
            if settings.ready_file:
                write_ready_file(settings.ready_file, url)
            banner.start()
            threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()

        server = _Server(_configuration(settings), started)
        _calm_the_collector()
        try:
            server.run(sockets=[listener])
        finally:
            if settings.ready_file:
                settings.ready_file.unlink(missing_ok=True)
            if banner.ident:
                banner.join(timeout=GRACE_SECONDS)
    return 0


def _serve_with_workers(settings: Settings, announce: Callable[[str], None]) -> int:
    """Serve by several processes that share one socket; everything is loaded once, before they are forked."""
    from emulator.workers import Workers

    with _signals(_leave), bind(settings) as listener:
        listener.listen()
        url = base_url(settings.host, listener)
        config = _configuration(settings)

        def work(ready: Callable[[], None], parent_gone: int) -> int:
            def started() -> None:
                ready()
                asyncio.get_running_loop().add_reader(parent_gone, leave)
                threading.Thread(target=_warm_up, name="warm-up", daemon=True).start()

            def leave() -> None:
                server.should_exit = True
                asyncio.get_running_loop().remove_reader(parent_gone)

            server = _WorkerServer(config, started)
            server.run(sockets=[listener])
            return 0

        def renew() -> bool:
            nonlocal config
            try:
                config = _configuration(settings)
            except EmulatorError as error:
                _logger.error("The workers are not replaced: %s", error.message)
                return False
            return True

        def on_ready() -> None:
            if settings.ready_file:
                write_ready_file(settings.ready_file, url)
            announce(url)

        _calm_the_collector()
        try:
            code = Workers(settings.workers, work, renew, on_ready, GRACE_SECONDS + 5).run()
        finally:
            if settings.ready_file:
                settings.ready_file.unlink(missing_ok=True)
    if code:
        raise CannotStart("A worker ended before it could answer; the log says why.")
    return code


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

    def start(self) -> None:
        """Start, and return once it answers. Raises what `serve` raises."""
        with bind(self.settings) as listener:
            self._server = _Server(_configuration(self.settings), self._settled.set)
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
        """Stop, and return once the port is free. Open streams end within the grace of a second."""
        if self._server and self._thread:
            self._server.should_exit = True
            self._thread.join(timeout=GRACE_SECONDS + 5)

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
    """uvicorn's server, which tells when it has started and does not raise a signal again when it has obeyed it."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

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


def _configuration(settings: Settings) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_is_news)
    app = create_app(settings)
    for doubt in app.contract.doubts:
        _logger.warning("%s", doubt)
    return uvicorn.Config(
        app,
        loop="uvloop" if importlib.util.find_spec("uvloop") else "asyncio",
        http="httptools",
        ws="none",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def _warm_up() -> None:
    """Load what the first texts of a story need, 120 ms of imports, once the server answers and before it is asked."""
    templates.render(Template("{{ fake.name }}"), {}, lambda provider, pointer: values.fake(provider, 0, pointer), "")


def _calm_the_collector() -> None:
    """Let the collector of reference cycles look seldom, and never at what was loaded at the start.

    Tasks are immutable and hold no cycles: at the default of 700 allocations the search took half of each POST
    (see benchmarks/README.md). Only for a process that is the server's own.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


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


def check(settings: Settings) -> None:
    """Raise BadChoice where a client could not, or should not, reach a server with these settings."""
    for digits in FORBIDDEN_IN_PORT:
        if digits in str(settings.port):
            raise BadChoice(
                f"Port {settings.port} contains {digits}: the xpander SDK takes such a base URL for another service "
                "and rewrites it. Choose another port, for instance --port 4020, or --port 0 for a free one."
            )
    if not settings.token and not is_loopback(settings.host.strip("[]")):
        raise BadChoice(
            f"Host '{settings.host}' can be reached from other machines, and the control API would be open to them. "
            "Add --token TOKEN (or EMULATOR_TOKEN), or stay on --host 127.0.0.1."
        )
    if settings.workers > 1 and settings.store == MEMORY:
        raise BadChoice(
            f"{settings.workers} workers need a store that they share, and memory is each one's own. "
            "Add --store sqlite:PATH or --store redis://HOST:PORT, or stay with one worker."
        )
    if settings.workers > 1 and not hasattr(os, "fork"):
        raise BadChoice("Several workers need a system that can fork, such as Linux or macOS. Stay with one worker.")


@contextmanager
def bind(settings: Settings) -> Iterator[socket.socket]:
    """Give a bound socket that does not listen yet, closed at the end. Raises BadChoice and CannotStart."""
    check(settings)
    family, address = _resolve(settings.host)
    for _ in range(100):
        with socket.socket(family, socket.SOCK_STREAM) as listener:
            if os.name == "posix":  # elsewhere the option would let two servers share one port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            _bind_to(listener, address, settings)
            if not any(digits in str(listener.getsockname()[1]) for digits in FORBIDDEN_IN_PORT):
                yield listener
                return
    raise CannotStart("No free port was found whose digits the xpander SDK leaves alone. Choose one with --port.")


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    """Return family and address; IPv4 first, because clients try 127.0.0.1 when they are told `localhost`."""
    try:
        found = socket.getaddrinfo(host.strip("[]") or "0.0.0.0", None, type=socket.SOCK_STREAM)  # noqa: S104  the user's
    except OSError:
        raise CannotStart(f"Host '{host}' is not known on this machine. Choose --host 127.0.0.1.") from None
    family, _, _, _, address = min(found, key=lambda info: info[0] != socket.AF_INET)
    return family, str(address[0])


def _bind_to(listener: socket.socket, address: str, settings: Settings) -> None:
    port = settings.port
    try:
        listener.bind((address, port))
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            reason = (
                f"Port {port} on {settings.host} is in use. Stop the other server or choose --port 0 for a free one."
            )
        elif error.errno in (errno.EACCES, errno.EPERM):
            reason = f"Port {port} needs rights that this user does not have. Choose a port above 1023, or --port 0."
        elif error.errno == errno.EADDRNOTAVAIL:
            reason = f"Host '{settings.host}' is no address of this machine. Choose --host 127.0.0.1."
        else:
            reason = f"Port {port} on {settings.host} cannot be used: {error.strerror}."
        raise CannotStart(reason) from None


def base_url(host: str, listener: socket.socket) -> str:
    """Return the URL by which a client on this machine reaches `listener`."""
    name = host.strip("[]")
    if name in EVERY_ADDRESS:
        name = "::1" if listener.family == socket.AF_INET6 else "127.0.0.1"
    return f"http://{f'[{name}]' if ':' in name else name}:{listener.getsockname()[1]}"


def _clear_ready_file(path: Path) -> None:
    """Remove what an earlier server left. Raises CannotStart where the file could not be written later."""
    if not os.access(path.parent, os.W_OK):
        raise CannotStart(f"The ready file {path} cannot be written. Choose one in a folder that exists and is yours.")
    path.unlink(missing_ok=True)


def write_ready_file(path: Path, url: str) -> None:
    """Write {"url", "pid"} so that a reader sees all of it or no file."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps({"url": url, "pid": os.getpid()}) + "\n", encoding="utf-8")
    part.replace(path)
