"""A suite of 200 tests over the approval story, each with pauses of virtual hours: seconds in all, and ms a test.

The suite is written into a temporary folder and run in one process, in two orders, and by two workers of xdist, each by
sockets and without. Every test writes down what it has seen, down to the generated values; all runs must have seen the
same. Fails if they have not, or if a test has slept. Then the calls that such tests are made of, one by one.
`make bench`.
"""

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import httpx2

from xpander_emulator.testkit import running

TESTS = 200
ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | {
    "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
    "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
}
CONFTEST = """
import os
import time

import httpx2
import pytest


@pytest.fixture(scope="session")
def sockets(emulator_server):
    with httpx2.Client(base_url=emulator_server.base_url, timeout=10) as client:
        yield client


@pytest.fixture
def client(request, emulator):
    if os.environ["SUITE_CLIENT"] == "sockets":
        client = request.getfixturevalue("sockets")
    else:
        client = httpx2.Client(transport=emulator.transport(), base_url=emulator.base_url)
    client.headers["x-api-key"] = emulator.api_key
    return client


@pytest.fixture(autouse=True, scope="session")
def nobody_sleeps():
    time.sleep = None
"""
SUITE = f"""
import os
from pathlib import Path

import pytest

ENDS = {{"approve": "completed", "reject": "stopped", "expire": "error", "clock": "error"}}


@pytest.mark.parametrize("number", range({TESTS // 4}))
@pytest.mark.parametrize("decision", ENDS)
def test_a_refund(decision, number, emulator, client):
    body = {{"input": {{"text": f"Refund order {{number}}"}}}}
    task_id = client.post("/v1/workflows/approval/invoke/async", json=body).json()["id"]
    seen = []
    while (polled := client.get(f"/v1/tasks/{{task_id}}").json())["status"] != "paused":
        seen.append(polled["status"])
    task = emulator.task(task_id)

    emulator.clock.advance("7h")
    assert task.status == "paused"
    if decision == "clock":
        emulator.clock.advance("17h")
    else:
        getattr(task, decision)()
    while (polled := client.get(f"/v1/tasks/{{task_id}}").json())["finished_at"] is None:
        seen.append(polled["status"])

    assert polled["status"] == ENDS[decision]
    told = [decision, str(number), task_id, *seen, polled["finished_at"], polled["result"]]
    Path(os.environ["SUITE_SEEN"], f"{{decision}}-{{number}}").write_text(" ".join(told))
"""


def run(folder: Path, client: str, *arguments: str) -> tuple[float, float, dict[str, str]]:
    """Return seconds of the whole process, those that pytest tells, and what each test has seen."""
    with tempfile.TemporaryDirectory() as seen:
        environment = ENVIRONMENT | {"SUITE_CLIENT": client, "SUITE_SEEN": seen}
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "xpander_emulator.pytest_plugin",
        ]
        began = time.perf_counter()
        done = subprocess.run([*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
        whole = time.perf_counter() - began
        told = re.search(rf"{TESTS} passed in ([\d.]+)s", done.stdout)
        if done.returncode or told is None:
            raise SystemExit(done.stdout + done.stderr)
        return whole, float(told[1]), {path.name: path.read_text() for path in Path(seen).iterdir()}


def calls() -> None:
    """Print what single calls cost."""
    body = {"input": {"text": "Refund order 1042"}}
    with running("calls", scenario="approval") as emulator:
        headers = {"x-api-key": emulator.api_key}
        socket = httpx2.Client(base_url=emulator.base_url, headers=headers)
        inside = httpx2.Client(base_url=emulator.base_url, headers=headers, transport=emulator.transport())
        path = "/v1/workflows/refund/invoke/async"
        task_id = socket.post(path, json=body).json()["id"]
        task = emulator.task(task_id).advance(until="paused")
        print("\n| 500 calls, ms | median | 9 of 10 within |\n|---|---|---|")
        timed("GET task by a socket", lambda: socket.get(f"/v1/tasks/{task_id}"))
        timed("GET task by `transport()`", lambda: inside.get(f"/v1/tasks/{task_id}"))
        timed("POST invoke/async by a socket", lambda: socket.post(path, json=body))
        timed("POST invoke/async by `transport()`", lambda: inside.post(path, json=body))
        timed("`task.status`", lambda: task.status)
        timed("`task.snapshot`", lambda: task.snapshot)
        timed("`emulator.clock.advance`", lambda: emulator.clock.advance("1ms"))
        socket.close()


def timed(name: str, call: Callable[[], object]) -> None:
    taken = []
    for _ in range(500):
        began = time.perf_counter()
        call()
        taken.append((time.perf_counter() - began) * 1000)
    taken.sort()
    print(f"| {name} | {statistics.median(taken):.2f} | {taken[450]:.2f} |")


def main() -> None:
    print(f"| {TESTS} tests | client | s, pytest's own | ms a test | s, whole process |\n|---|---|---|---|---|")
    everything: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_suite.py").write_text(SUITE)
        ways: dict[str, tuple[str, ...]] = {
            "in order": (),
            "any order": ("-p", "pytest_randomly"),
            "any order, 2 workers": ("-p", "pytest_randomly", "-p", "xdist", "-n", "2"),
        }
        for client in ("sockets", "transport"):
            for way, arguments in ways.items():
                whole, told, seen = run(folder, client, *arguments)
                everything.append(seen)
                print(f"| {way} | {client} | {told:.2f} | {told * 1000 / TESTS:.1f} | {whole:.2f} |")
    assert all(len(seen) == TESTS for seen in everything)
    assert all(seen == everything[0] for seen in everything), "the runs differ"
    print(f"\nAll {len(everything)} runs saw the same, {len(set(everything[0].values()))} different outcomes.")
    calls()


if __name__ == "__main__":
    main()
