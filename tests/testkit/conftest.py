from collections.abc import Iterator

import httpx2
import pytest

from tests.testkit.clients import start
from tests.testkit.suites import Suite
from xpander_emulator.testkit import Emulator, EmulatorServer, Task


@pytest.fixture(scope="session")
def server() -> Iterator[EmulatorServer]:
    with EmulatorServer() as server:
        yield server


@pytest.fixture
def kit(request: pytest.FixtureRequest, server: EmulatorServer) -> Iterator[Emulator]:
    """The emulator of one test, as a user's test has it."""
    with server.emulator(request.node.nodeid) as kit:
        yield kit


@pytest.fixture
def client(kit: Emulator) -> Iterator[httpx2.Client]:
    """A client of that emulator, over HTTP."""
    with httpx2.Client(base_url=kit.base_url, headers={"x-api-key": kit.api_key}, timeout=10) as client:
        yield client


@pytest.fixture
def approval(kit: Emulator, client: httpx2.Client) -> Task:
    """A task that has just started and will pause for a manager."""
    return kit.task(start(client, "approval"))


@pytest.fixture
def task_id(kit: Emulator, client: httpx2.Client) -> str:
    """The task of a client that has sent a start, three polls, a wrong path and a body that breaks the contract."""
    task_id = start(client, "approval")
    for _ in range(3):
        client.get(f"/v1/tasks/{task_id}")
    client.get(f"/v1/task/{task_id}")
    client.post("/v1/workflows/approval/invoke/async", json={"inputs": {}})
    return task_id


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    return Suite(pytester, monkeypatch)
