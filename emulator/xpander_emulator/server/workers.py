"""Workers: processes that do the same work; their parent forks, watches, replaces and stops them.

SIGTERM and SIGINT stop all workers, SIGHUP replaces them one after the other; a worker that ends by itself is replaced.
"""

import logging
import os
import selectors
import signal
import socket
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

_logger: Final = logging.getLogger("xpander_emulator")
# A worker that ends sooner than this after its start is replaced this much later.
_SETTLED_SECONDS: Final = 1.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD) if os.name == "posix" else ()

Work = Callable[[Callable[[], None], int], int]
"""The work of a process, which returns its exit code. It gets a function to call when it is ready, and a file
descriptor that becomes readable when its parent is gone."""


@dataclass(slots=True)
class _Worker:
    pid: int
    ready_pipe: int
    started_at: float
    is_ready: bool = False


@dataclass(slots=True)
class Workers:
    """A number of processes that do the same work.

    reload:   prepares the next generation, and returns whether it could.
    on_ready: called once, when the first generation is ready.
    patience: how many seconds a worker has to end after SIGTERM.
    """

    count: int
    work: Work
    reload: Callable[[], bool]
    on_ready: Callable[[], None]
    patience: float
    _workers: dict[int, _Worker] = field(default_factory=dict)
    _leaving: set[int] = field(default_factory=set)
    _outdated: list[int] = field(default_factory=list)
    _due: list[float] = field(default_factory=list)
    _alive_pipe: tuple[int, int] = (-1, -1)
    _is_announced: bool = False

    def run(self) -> int:
        """Return 0 once a signal has stopped all, or 1 if the first generation does not start."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        handlers = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        wakeup = signal.set_wakeup_fd(theirs.fileno())
        self._alive_pipe = os.pipe()
        with closing(ours), closing(theirs):
            try:
                self._due = [time.monotonic()] * self.count
                return self._watch(ours)
            finally:
                self._stop_all()
                signal.set_wakeup_fd(wakeup)
                for number, handler in handlers.items():
                    signal.signal(number, handler)
                for end in self._alive_pipe:
                    os.close(end)

    def _watch(self, signals: socket.socket) -> int:
        while True:
            self._start_due()
            received = self._wait(signals)
            if signal.SIGTERM in received or signal.SIGINT in received:
                return 0
            if signal.SIGHUP in received and self._is_announced and self.reload():
                self._outdated = [pid for pid in self._workers if pid not in self._leaving]
                self._due.append(time.monotonic())
            if not self._reap() and not self._is_announced:
                return 1
            self._settle()

    def _wait(self, signals: socket.socket) -> bytes:
        """Sleep until a signal, news of a worker, or the time to start one; return the signals."""
        with selectors.DefaultSelector() as selector:
            selector.register(signals, selectors.EVENT_READ)
            for worker in self._workers.values():
                if not worker.is_ready:
                    selector.register(worker.ready_pipe, selectors.EVENT_READ, worker)
            events = selector.select(max(0.0, min(self._due) - time.monotonic()) if self._due else None)
        received = b""
        for key, _ in events:
            if isinstance(key.data, _Worker):
                key.data.is_ready = os.read(key.data.ready_pipe, 1) == b"1"
            else:
                received = signals.recv(64)
        return received

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [each for each in self._due if each <= now]
        self._due = [each for each in self._due if each > now]
        for _ in due:
            self._start()

    def _start(self) -> None:
        reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._be_worker(writing)
        os.close(writing)
        self._workers[pid] = _Worker(pid, reading, time.monotonic())

    def _be_worker(self, ready_pipe: int) -> None:
        """Work in the child, which always ends here."""

        def report_ready() -> None:
            os.write(ready_pipe, b"1")
            os.close(ready_pipe)

        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            os.close(self._alive_pipe[1])
            code = self.work(report_ready, self._alive_pipe[0])
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:  # noqa: BLE001  a child must not go on as a second parent
            traceback.print_exc()
        finally:
            logging.shutdown()
            os._exit(code)

    def _reap(self) -> bool:
        """Remove workers that have ended and plan their successors; return whether all of them had been stopped."""
        all_stopped = True
        for pid in [*self._workers]:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            worker = self._workers.pop(pid)
            os.close(worker.ready_pipe)
            if pid in self._leaving:
                self._leaving.discard(pid)
                continue
            all_stopped = False
            if pid in self._outdated:
                self._outdated.remove(pid)
            code = os.waitstatus_to_exitcode(status)
            _logger.warning("Worker %d ended with %d and is replaced.", pid, code)
            pause = 0.0 if time.monotonic() - worker.started_at > _SETTLED_SECONDS else _SETTLED_SECONDS
            self._due.append(time.monotonic() + pause)
        return all_stopped

    def _settle(self) -> None:
        """Announce the first generation; continue a replacement once the newest worker is ready."""
        if self._due or not all(worker.is_ready for worker in self._workers.values()):
            return
        if not self._is_announced:
            self._is_announced = True
            self.on_ready()
        elif self._outdated:
            self._stop(self._outdated.pop(0))
            if self._outdated:
                self._due.append(time.monotonic())

    def _stop(self, pid: int) -> None:
        self._leaving.add(pid)
        os.kill(pid, signal.SIGTERM)

    def _stop_all(self) -> None:
        """Stop all workers by SIGTERM, and those that have not ended in time by SIGKILL."""
        for pid in [*self._workers]:
            self._stop(pid)
        deadline = time.monotonic() + self.patience
        while self._workers and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.005)
        for pid in [*self._workers]:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
