import httpx2
import pytest

from tests.testkit.clients import BODY, client_of, start
from xpander_emulator.server.threaded import NotRunning
from xpander_emulator.testkit import Emulator, EmulatorServer, Task


def test_a_sync_client_without_sockets_reads_the_same_tasks(kit: Emulator, approval: Task) -> None:
    with client_of(kit) as client:
        answer = client.get(f"/v1/tasks/{approval.id}", params={"a": "b c"})
        refused = client.post("/v1/workflows/a/invoke/async", json={})
        missing = client.get("/v1/tasks/nowhere")

    assert (answer.status_code, answer.json()["status"]) == (200, "executing")
    assert answer.headers["content-type"] == "application/json"
    assert (refused.status_code, missing.status_code) == (422, 404)


def test_a_stream_without_sockets_is_read_as_it_comes(kit: Emulator) -> None:
    with (
        client_of(kit) as client,
        client.stream("POST", "/v1/workflows/approval/invoke/stream", json=BODY) as answer,
    ):
        lines = answer.iter_lines()
        paused = next(line for line in lines if '"paused"' in line)
        kit.tasks[0].reject(reason="No")
        rest = list(lines)

    assert "task_updated" in paused
    assert any('"type":"task_finished"' in line for line in rest)


def test_the_read_timeout_holds_without_sockets(kit: Emulator) -> None:
    kit.clock.set("manual")
    client = client_of(kit)

    with pytest.raises(httpx2.ReadTimeout, match="has not answered in time"):
        client.post("/v1/workflows/approval/invoke", json=BODY, timeout=0.05)
    with (
        client.stream("POST", "/v1/workflows/approval/invoke/stream", json=BODY, timeout=0.05) as answer,
        pytest.raises(httpx2.ReadTimeout, match="No further part came in time"),
    ):
        list(answer.iter_lines())


def test_a_client_that_closes_leaves_the_server_running(kit: Emulator) -> None:
    client_of(kit).close()

    start(client_of(kit))
    assert len(kit.tasks) == 1


def test_a_request_to_a_server_that_has_stopped_is_refused() -> None:
    with EmulatorServer() as server:
        client = client_of(server.emulator("a test"))

    with pytest.raises(NotRunning, match="has stopped"):
        client.get("/v1/tasks")
