"""The plugin that fails a test in which an event loop was held up."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import stalls

ROOT = Path(__file__).parents[1]
HEAD = """
import asyncio
import contextlib
import gc
import socket
import subprocess
import threading
import time
from concurrent.futures import Future

import httpx2

from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app


def compute():
    ends = time.thread_time() + 0.15
    while time.thread_time() < ends:
        pass


def collect():
    ends = time.thread_time() + 0.15
    while time.thread_time() < ends:
        gc.collect()


async def in_loop(work):
    with contextlib.suppress(OSError):
        work()


def serve(work):
    with ThreadedServer(Settings(port=0)) as server:
        server.call(in_loop(work))


async def app_that(work):
    async def api(scope, receive, send):
        work()

    app = create_app(Settings())
    app._api = api
    await app({"type": "http", "method": "GET", "path": "/v1/tasks"}, None, None)


"""


@pytest.fixture(autouse=True)
def short_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setattr(stalls, "LIMIT_SECONDS", 0.1)
    monkeypatch.setattr(stalls, "TRACED", 1)
    yield
    stalls._stalls.clear()


def run(pytester: pytest.Pytester, test: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=f"{HEAD}def test_it():\n    {test}\n")
    return pytester.runpytest_inprocess("-p", "tests.stalls", "-p", "no:cacheprovider")


@pytest.mark.parametrize(
    ("test", "told"),
    [
        ("serve(compute)", "*in_loop*"),
        ("one = threading.Thread(target=lambda: asyncio.run(in_loop(compute))); one.start(); one.join()", "*in_loop*"),
        ("asyncio.run(app_that(compute))", "GET /v1/tasks"),
    ],
)
def test_a_callback_that_computes_for_long_fails_its_test(pytester: pytest.Pytester, test: str, told: str) -> None:
    result = run(pytester, test)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["An event loop was held up:", f"- {told} used 1* ms of CPU time"])


def test_a_call_of_a_protocol_is_measured(pytester: pytest.Pytester) -> None:
    result = run(
        pytester,
        """
    with ThreadedServer(Settings(port=0)) as server:
        server.app.fast_endpoint = lambda method, path: compute()
        httpx2.get(f"{server.base_url}/__emulator/health")
    """,
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["- data_received(b'GET /__emulator/health*used 1* ms of CPU time"])


@pytest.mark.parametrize(
    ("work", "told"),
    [
        ("lambda: time.sleep(0.001)", "sleep"),
        ("lambda: subprocess.run('true')", "Popen.wait"),
        ("lambda: socket.create_connection(('127.0.0.1', 9))", "*socket.connect"),
        ("lambda: Future().result(0)", "Future.result"),
    ],
)
def test_a_call_that_blocks_fails_its_test(pytester: pytest.Pytester, work: str, told: str) -> None:
    result = run(pytester, f"serve({work})")

    result.stdout.fnmatch_lines([f"- {told} was called, which blocks:", "*test_it.py*"])


@pytest.mark.parametrize(
    "test",
    [
        "serve(lambda: None)",
        "serve(collect)",
        "serve(lambda: time.sleep(0))",
        "asyncio.run(app_that(lambda: None))",
        "compute(); time.sleep(0.001)",
        "asyncio.run(in_loop(compute))",
    ],
)
def test_what_is_quick_or_not_of_an_event_loop_passes(pytester: pytest.Pytester, test: str) -> None:
    run(pytester, test).assert_outcomes(passed=1)


def test_a_stall_that_is_known_fails_nothing(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stalls, "KNOWN", {"test_it.py::test_it": "To be mended."})

    run(pytester, "serve(compute)").assert_outcomes(passed=1)


def test_those_that_are_known_are_tests_that_there_are() -> None:
    for node, reason in stalls.KNOWN.items():
        file, _, name = node.rpartition("::")
        assert f"def {name}(" in (ROOT / file).read_text(encoding="utf-8")
        assert reason.endswith(".")
