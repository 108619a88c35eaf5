"""Workers: several processes that do the same work, started, watched, replaced and stopped by the one that forks them.

SIGTERM and SIGINT stop them all, SIGHUP replaces them one after the other, and one that ends by itself is replaced.
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
from dataclasses import dataclass, field
from typing import Final

_logger: Final = logging.getLogger("xpander_emulator")
# One that ends sooner than this after its start is not replaced at once.
_SETTLED_SECONDS: Final = 1.0
_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD) if os.name == "posix" else ()

Work = Callable[[Callable[[], None], int], int]
"""What a worker does: it is given a call that says it is ready, and a file that becomes readable when its parent is
gone, and returns its exit code."""


@dataclass(slots=True)
class _Worker:
    pid: int
    news: int
    born: float
    is_ready: bool = False


@dataclass(slots=True)
class Workers:
    """A number of processes of one work.

    renew:    makes ready for the next generation; tells whether it could.
    on_ready: called once, when the first generation is ready.
    patience: how many seconds a worker has to end when it is told to.
    """

    count: int
    work: Work
    renew: Callable[[], bool]
    on_ready: Callable[[], None]
    patience: float
    _workers: dict[int, _Worker] = field(default_factory=dict)
    _leaving: set[int] = field(default_factory=set)
    _outdated: list[int] = field(default_factory=list)
    _due: list[float] = field(default_factory=list)
    _alive: tuple[int, int] = (-1, -1)
    _announced: bool = False

    def run(self) -> int:
        """Return 0 once a signal has stopped all, or 1 if the first generation does not come up."""
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        before = {number: signal.signal(number, lambda *_: None) for number in _SIGNALS}
        woken_before = signal.set_wakeup_fd(theirs.fileno())
        self._alive = os.pipe()
        try:
            self._due = [time.monotonic()] * self.count
            return self._watch(ours)
        finally:
            self._stop_all()
            signal.set_wakeup_fd(woken_before)
            for number, handler in before.items():
                signal.signal(number, handler)
            for each in self._alive:
                os.close(each)
            ours.close()
            theirs.close()

    def _watch(self, signals: socket.socket) -> int:
        while True:
            self._start_due()
            told = self._wait(signals)
            if signal.SIGTERM in told or signal.SIGINT in told:
                return 0
            if signal.SIGHUP in told and self._announced and self.renew():
                self._outdated = [pid for pid in self._workers if pid not in self._leaving]
                self._due.append(time.monotonic())
            if not self._reap() and not self._announced:
                return 1
            self._settle()

    def _wait(self, signals: socket.socket) -> bytes:
        """Sleep until a signal, news of a worker, or the time to start one; return the signals."""
        with selectors.DefaultSelector() as selector:
            selector.register(signals, selectors.EVENT_READ)
            for worker in self._workers.values():
                if not worker.is_ready:
                    selector.register(worker.news, selectors.EVENT_READ, worker)
            found = selector.select(max(0.0, min(self._due) - time.monotonic()) if self._due else None)
        told = b""
        for key, _ in found:
            if isinstance(key.data, _Worker):
                key.data.is_ready = os.read(key.data.news, 1) == b"1"
            else:
                told = signals.recv(64)
        return told

    def _start_due(self) -> None:
        now = time.monotonic()
        due = [each for each in self._due if each <= now]
        self._due = [each for each in self._due if each > now]
        for _ in due:
            self._start()

    def _start(self) -> None:
        news, tell = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._be_worker(tell)
        os.close(tell)
        self._workers[pid] = _Worker(pid, news, time.monotonic())

    def _be_worker(self, tell: int) -> None:
        """Work in the child, which ends here whatever happens."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            os.close(self._alive[1])
            code = self.work(lambda: _tell(tell), self._alive[0])
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:  # noqa: BLE001  a child must not go on as a second parent
            traceback.print_exc()
        finally:
            logging.shutdown()
            os._exit(code)

    def _reap(self) -> bool:
        """Take leave of workers that have ended and plan their successors; return whether all were told to end."""
        all_told = True
        for pid in [*self._workers]:
            ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                continue
            worker = self._workers.pop(pid)
            os.close(worker.news)
            if pid in self._leaving:
                self._leaving.discard(pid)
                continue
            all_told = False
            if pid in self._outdated:
                self._outdated.remove(pid)
            code = os.waitstatus_to_exitcode(status)
            _logger.warning("Worker %d ended with %d and is replaced.", pid, code)
            pause = 0.0 if time.monotonic() - worker.born > _SETTLED_SECONDS else _SETTLED_SECONDS
            self._due.append(time.monotonic() + pause)
        return all_told

    def _settle(self) -> None:
        """Announce the first generation; go on with a replacement once the newest worker is ready."""
        if self._due or not all(worker.is_ready for worker in self._workers.values()):
            return
        if not self._announced:
            self._announced = True
            self.on_ready()
        elif self._outdated:
            self._end(self._outdated.pop(0))
            if self._outdated:
                self._due.append(time.monotonic())

    def _end(self, pid: int) -> None:
        self._leaving.add(pid)
        os.kill(pid, signal.SIGTERM)

    def _stop_all(self) -> None:
        """End all workers: politely, and after a while not."""
        for pid in [*self._workers]:
            self._end(pid)
        deadline = time.monotonic() + self.patience
        while self._workers and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.005)
        for pid in [*self._workers]:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _tell(news: int) -> None:
    os.write(news, b"1")
    os.close(news)
