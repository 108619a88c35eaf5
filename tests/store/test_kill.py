"""Every write that was acknowledged is there after a kill, and none is there twice.

2,000 writes in each run; `KILL_WRITES=10000` for the whole form.
"""

import http.client
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes import Caller, serving, until
from tests.redis_server import RedisServer

WRITES = int(os.environ.get("KILL_WRITES", "2000"))
CALLERS = 4
UPDATES = 3


class Writers:
    """Start tasks and give each some updates, and note which of them a server has acknowledged."""

    def __init__(self, url: str) -> None:
        self.acknowledged: dict[str, list[str]] = {}
        self.written = 0
        self.refused = 0
        self._url = url
        self._threads = [threading.Thread(target=self._write, args=(number,)) for number in range(CALLERS)]

    def run_until(self, kill: Callable[[], object]) -> None:
        for thread in self._threads:
            thread.start()
        until(lambda: self.written >= WRITES, seconds=100)
        kill()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _write(self, number: int) -> None:
        caller = Caller(self._url)
        try:
            for task in range(10**9):
                if not self._one(caller, f"task-{number}-{task}"):
                    return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            caller.close()

    def _one(self, caller: Caller, task_id: str) -> bool:
        """Write one task; tell whether all of it was acknowledged."""
        status, _ = caller.call("POST", "/v1/workflows/approval/invoke/async", {"input": {"text": "x"}, "id": task_id})
        if status != 200:
            self.refused += 1
            return False
        told = self.acknowledged.setdefault(task_id, [])
        self.written += 1
        for update in range(UPDATES):
            title = f"{task_id}/{update}"
            if caller.signal(task_id, "update", payload={"title": title})[0] != 200:
                self.refused += 1
                return False
            told.append(title)
            self.written += 1
        return True


def check(url: str, writers: Writers) -> None:
    caller = Caller(url)
    document = caller.ok("GET", "/__emulator/export")
    caller.close()
    kept = {task["id"]: task for task in document["tasks"]}
    titles = {
        task_id: [signal["payload"]["title"] for signal in task["turns"][0].get("signals", ())]
        for task_id, task in kept.items()
    }

    assert len(kept) == len(document["tasks"])
    assert len({task["ordinal"] for task in document["tasks"]}) == len(kept)
    assert writers.written >= WRITES
    assert len(kept) - len(writers.acknowledged) in range(CALLERS + 1)
    for task_id, told in writers.acknowledged.items():
        # One more may have been written whose answer never came.
        assert titles[task_id][: len(told)] == told
        assert len(titles[task_id]) - len(told) in (0, 1)
        assert len(set(titles[task_id])) == len(titles[task_id])


@pytest.fixture
def durable() -> Iterator[RedisServer]:
    with RedisServer(durable=True) as server:
        yield server


@pytest.mark.long
def test_what_sqlite_acknowledged_survives_a_kill_of_the_server(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "sqlite:tasks.db") as (process, url):
        writers = Writers(url)
        writers.run_until(process.kill)

    with serving(tmp_path, "--store", "sqlite:tasks.db") as (_, url):
        check(url, writers)


@pytest.mark.long
def test_what_sqlite_acknowledged_survives_a_kill_of_all_workers(tmp_path: Path) -> None:
    arguments = ("--store", "sqlite:tasks.db", "--workers", "2")
    with serving(tmp_path, *arguments) as (process, url):
        writers = Writers(url)
        workers = children(process.pid)

        def kill() -> None:
            for pid in (process.pid, *workers):
                os.kill(pid, signal.SIGKILL)

        writers.run_until(kill)

    with serving(tmp_path, *arguments) as (_, url):
        check(url, writers)


@pytest.mark.long
def test_what_redis_acknowledged_survives_a_kill_of_redis(tmp_path: Path, durable: RedisServer) -> None:
    with serving(tmp_path, "--store", durable.url) as (_, url):
        writers = Writers(url)
        writers.run_until(durable.kill)
        assert writers.refused == CALLERS

        durable.start()
        check(url, writers)


@pytest.mark.long
def test_what_redis_acknowledged_survives_a_kill_of_the_server(tmp_path: Path, durable: RedisServer) -> None:
    with serving(tmp_path, "--store", durable.url) as (process, url):
        writers = Writers(url)
        writers.run_until(process.kill)

    with serving(tmp_path, "--store", durable.url) as (_, url):
        check(url, writers)


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(entry.parent.name))
    return found
