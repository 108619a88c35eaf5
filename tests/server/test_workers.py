"""Several workers are one server: they share tasks, hear each other, and can be replaced while they serve."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

from tests.processes import ROOT, START, Caller, Json, serving, until
from tests.store.test_kill import children
from xpander_emulator.server.listening_socket import BadChoice, check
from xpander_emulator.settings import Settings

pytestmark = pytest.mark.long
STORES = ("sqlite", "redis")


@pytest.fixture(params=STORES)
def choice(request: pytest.FixtureRequest) -> str:
    return "sqlite:tasks.db" if request.param == "sqlite" else str(request.getfixturevalue("redis_url"))


def test_memory_is_refused_for_several_workers_with_the_ways_out() -> None:
    with pytest.raises(BadChoice) as refused:
        check(Settings(workers=2))

    assert refused.value.message == (
        "2 workers need a store that they share, and memory is each one's own. "
        "Add --store sqlite:PATH or --store redis://HOST:PORT, or stay with one worker."
    )


@contextmanager
def only(worker: int, process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Let one worker alone accept connections: the others are halted meanwhile, and what they hold open stays so."""
    others = [pid for pid in children(process.pid) if pid != worker]
    for pid in others:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in others:
            os.kill(pid, signal.SIGCONT)


def test_a_waiting_call_hears_a_signal_that_another_worker_was_given(tmp_path: Path, choice: str) -> None:
    with serving(tmp_path, "--store", choice, "--workers", "2") as (process, url):
        first, second = children(process.pid)
        for waits, signals in ((first, second), (second, first)):
            waited: list[Any] = []
            task_id = f"waited-for-by-{waits}"
            body: Json = {**START, "id": task_id}
            with only(waits, process):
                waiting = Caller(url)
                waiting.ok("GET", "/v1/tasks")
            call = threading.Thread(
                target=lambda waiting=waiting, body=body, waited=waited: waited.append(
                    waiting.ok("POST", "/v1/workflows/external_worker/invoke", body)
                )
            )
            call.start()
            with only(signals, process):
                caller = Caller(url)
                caller.ok("GET", "/v1/tasks")
            until(lambda caller=caller, task_id=task_id: caller.call("GET", f"/__emulator/tasks/{task_id}")[0] == 200)
            payload = {"status": "completed", "result": "Done"}
            assert caller.signal(task_id, "update", payload=payload)[0] == 200
            call.join(20)

            assert [(task["id"], task["result"]) for task in waited] == [(task_id, "Done")]
            caller.close()
            waiting.close()


def test_of_two_approvals_at_once_exactly_one_wins(tmp_path: Path, choice: str) -> None:
    with serving(tmp_path, "--store", choice, "--workers", "2") as (_, url):
        callers = [Caller(url) for _ in range(8)]
        for number in range(10):
            task_id = f"approved-{number}"
            callers[0].start("approval", task_id)
            assert callers[0].call("POST", f"/__emulator/tasks/{task_id}/skip", {"until": "paused"})[0] == 200
            found: list[int] = []
            gate = threading.Barrier(len(callers))

            def approve(
                caller: Caller, task_id: str = task_id, gate: threading.Barrier = gate, found: list[int] = found
            ) -> None:
                gate.wait(10)
                found.append(caller.signal(task_id, "approve")[0])

            threads = [threading.Thread(target=approve, args=(caller,)) for caller in callers]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(20)

            assert Counter(found) == {200: 1, 409: len(callers) - 1}
            task = callers[0].ok("GET", f"/__emulator/tasks/{task_id}")
            assert [each["kind"] for each in task["signals"]].count("approve") == 1
        for caller in callers:
            caller.close()


def test_a_worker_that_ends_is_replaced(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "sqlite:tasks.db", "--workers", "2") as (process, url):
        caller = Caller(url)
        caller.start("approval", "kept")
        caller.close()
        before = set(children(process.pid))
        killed = min(before)
        # The banner asks one of them; it is not to be the one that is killed.
        until(lambda: "Ctrl+C stops it" in (tmp_path / "log.txt").read_text())

        os.kill(killed, signal.SIGKILL)
        until(lambda: len(set(children(process.pid)) - {killed}) == 2)

        for _ in range(4):
            caller = Caller(url)
            assert caller.ok("GET", "/v1/tasks/kept")["id"] == "kept"
            caller.close()
        assert f"Worker {killed} ended with -9 and is replaced." in (tmp_path / "log.txt").read_text()
        assert (tmp_path / "log.txt").read_text().count("Ctrl+C stops it") == 1


def test_a_rolling_restart_loses_nothing_and_takes_up_new_scenarios(tmp_path: Path) -> None:
    stories = tmp_path / "stories"
    stories.mkdir()
    (stories / "one.yaml").write_text(
        "scenario: one\nsteps:\n- {status: pending, after: 1s}\n- {status: completed, result: Old}\n"
    )
    arguments = ("--store", "sqlite:tasks.db", "--workers", "2", "--scenarios", str(stories), "--clock", "manual")
    with serving(tmp_path, *arguments) as (process, url):
        caller = Caller(url)
        caller.start("one", "old")
        caller.close()
        before = set(children(process.pid))
        (stories / "one.yaml").write_text(
            "scenario: one\nsteps:\n- {status: pending, after: 9s}\n- {status: completed, result: New}\n"
        )

        os.kill(process.pid, signal.SIGHUP)
        written: list[str] = []

        def replaced() -> bool:
            caller = Caller(url)
            written.append(caller.start("approval", f"meanwhile-{len(written)}")["id"])
            caller.close()
            now = set(children(process.pid))
            return len(now) == 2 and not now & before

        until(replaced)
        caller = Caller(url)
        caller.start("one", "new")
        caller.ok("POST", "/__emulator/clock/advance", {"by": "2s"})

        assert caller.ok("GET", "/v1/tasks/old")["result"] == "Old"
        assert caller.ok("GET", "/v1/tasks/new")["status"] == "pending"
        assert {task["id"] for task in caller.ok("GET", "/__emulator/export")["tasks"]} == {"old", "new", *written}

        (stories / "one.yaml").write_text("scenario: one\n")
        os.kill(process.pid, signal.SIGHUP)
        until(lambda: "The workers are not replaced: " in (tmp_path / "log.txt").read_text())
        assert caller.ok("GET", "/v1/tasks/old")["result"] == "Old"
        caller.close()


def test_each_worker_watches_the_scenarios(tmp_path: Path) -> None:
    stories = tmp_path / "stories"
    stories.mkdir()
    (stories / "early.yaml").write_text("scenario: early\nsteps:\n- {status: completed}\n")
    arguments = ("--store", "sqlite:tasks.db", "--workers", "2", "--scenarios", str(stories), "--watch")
    with serving(tmp_path, *arguments) as (_, url):
        (stories / "late.yaml").write_text("scenario: late\nsteps:\n- {status: completed}\n")

        told = "Scenarios read again: added late."
        until(lambda: (tmp_path / "log.txt").read_text().count(told) == 2)

        for _ in range(10):
            caller = Caller(url)
            assert caller.ok("GET", "/__emulator/scenarios/late")["name"] == "late"
            caller.close()


def test_whoever_asks_right_after_finds_what_all_workers_have_answered(tmp_path: Path, choice: str) -> None:
    with serving(tmp_path, "--store", choice, "--workers", "2") as (_, url):
        for asked in range(1, 31):
            caller = Caller(url)
            caller.ok("GET", "/v1/tasks")
            if asked % 10 == 0:
                assert caller.ok("POST", "/__emulator/requests/count", {"operation": "listTasks"})["count"] == asked
            caller.close()

        caller = Caller(url)
        page = caller.ok("GET", "/__emulator/requests")
        assert len({item["id"] for item in page["items"]}) == 30
        assert [item["time"] for item in page["items"]] == sorted((it["time"] for it in page["items"]), reverse=True)
        caller.ok("POST", "/__emulator/reset", {"scope": ["journal"]})
        caller.close()
        for asked in range(6):
            caller = Caller(url)
            assert caller.ok("POST", "/__emulator/requests/count", {})["count"] == asked
            caller.ok("GET", "/v1/tasks")
            caller.close()


def test_a_follower_is_told_that_another_worker_has_done_something(tmp_path: Path, choice: str) -> None:
    with serving(tmp_path, "--store", choice, "--workers", "2") as (process, url), ExitStack() as open_ones:
        follows, acts = children(process.pid)
        host, port = url.removeprefix("http://").split(":")
        with only(follows, process):
            following = open_ones.enter_context(socket.create_connection((host, int(port)), timeout=20))
            stream = open_ones.enter_context(following.makefile("rb"))
            following.sendall(b"GET /__emulator/events HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: local\r\n\r\n")
            assert _next_event(stream) == "stale"

        with only(acts, process):
            caller = Caller(url)
            caller.start("completed", "of-the-other")
            caller.close()

        # What its own worker does comes in full, as `birth` and `request`.
        assert _next_event(stream) == "stale"


def _next_event(stream: IO[bytes]) -> str:
    """Return the kind of the next event. Heartbeats come too, so that the socket never times out."""
    deadline = time.monotonic() + 20
    for line in stream:
        if line.startswith(b"data: "):
            return str(json.loads(line.removeprefix(b"data: "))["type"])
        assert time.monotonic() < deadline, "no event has come"
    raise AssertionError("the stream has ended")


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "sqlite:tasks.db", "--workers", "2") as (process, _):
        workers = children(process.pid)
        assert len(workers) == 2

        process.kill()
        process.wait()

        until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_workers_stop_with_exit_code_0_and_leave_no_ready_file(tmp_path: Path) -> None:
    with serving(tmp_path, "--store", "sqlite:tasks.db", "--workers", "2") as (process, _):
        assert json.loads((tmp_path / "ready.json").read_text())["pid"] == process.pid

        process.send_signal(signal.SIGINT)

        assert process.wait(15) == 0
        assert not (tmp_path / "ready.json").exists()
        assert not (tmp_path / "tasks.db-wal").exists()


def test_a_scenario_with_mistakes_ends_the_start_before_any_worker(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("scenario: one\n")
    command = [
        sys.executable,
        "-m",
        "xpander_emulator",
        "serve",
        "--port",
        "0",
        "--store",
        "sqlite:t.db",
        "--workers",
        "2",
    ]
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])

    ended = subprocess.run(
        [*command, "-s", "one.yaml"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert ended.returncode == 3
    assert "one.yaml:1:1: 'steps' is missing" in ended.stderr
