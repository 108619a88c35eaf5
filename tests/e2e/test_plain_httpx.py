"""The same life without the SDK: plain httpx over `/v1`, and `curl -N` for the stream."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from conftest import Emulator, program

BODY = {"input": {"text": "Refund order 1042"}}


@pytest.fixture
def api(auto: Emulator) -> Iterator[httpx.Client]:
    with auto.api() as client:
        yield client


def events_of(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream; each is one `data:` line and a blank one, comments aside."""
    for line in lines:
        if line.strip() and not line.startswith(":"):
            assert line.startswith("data: "), line
            yield json.loads(line.removeprefix("data: "))


def statuses(api: httpx.Client, task_id: str) -> list[str]:
    """Poll until a task ends or pauses, and return the statuses seen."""
    seen: list[str] = []
    while not seen or seen[-1] in ("pending", "executing"):
        answer = api.get(f"/v1/tasks/{task_id}")
        assert answer.status_code == 200
        seen.append(answer.json()["status"])
    return list(dict.fromkeys(seen))


@pytest.mark.parametrize("noun", ["workflows", "agents"])
@pytest.mark.parametrize("story", ["completed", "failed", "error", "json_result", "tool_calls"])
def test_a_task_is_started_and_polled_to_its_end(api: httpx.Client, noun: str, story: str) -> None:
    started = api.post(f"/v1/{noun}/{story}/invoke/async", json=BODY)

    assert (started.status_code, started.json()["status"]) == (200, "pending")
    assert statuses(api, started.json()["id"])[-1] == (story if story in ("failed", "error") else "completed")


def test_a_sync_invoke_returns_the_end(api: httpx.Client) -> None:
    answer = api.post("/v1/workflows/completed/invoke", json=BODY)

    assert (answer.status_code, answer.json()["status"]) == (200, "completed")


def test_an_approval_is_polled_decided_and_polled_again(api: httpx.Client, auto: Emulator) -> None:
    task_id = api.post("/v1/workflows/approval/invoke/async", json=BODY).json()["id"]

    before = statuses(api, task_id)
    asked = api.get(f"/v1/tasks/{task_id}").json()["hitl_request"]
    auto.signal(task_id, "approve")
    after = statuses(api, task_id)

    assert (before, after) == (["executing", "paused"], ["completed"])
    assert asked == {"wait_node_id": "manager-approval"}


def test_a_task_is_stopped_listed_and_deleted(api: httpx.Client) -> None:
    task_id = api.post("/v1/workflows/approval/invoke/async", json=BODY).json()["id"]

    stopped = api.post(f"/v1/tasks/{task_id}/stop").json()
    listed = api.get("/v1/tasks", params={"status": "stopped"}).json()
    deleted = api.delete(f"/v1/tasks/{task_id}")

    assert (stopped["status"], stopped["is_manually_stopped"]) == ("stopped", True)
    assert [item["id"] for item in listed["items"]] == [task_id]
    assert (deleted.status_code, api.get(f"/v1/tasks/{task_id}").status_code) == (204, 404)


@pytest.mark.parametrize("noun", ["workflows", "agents"])
def test_a_stream_is_read_as_it_comes(api: httpx.Client, noun: str) -> None:
    with api.stream("POST", f"/v1/{noun}/streaming_answer/invoke/stream", json=BODY) as answer:
        events = list(events_of(answer.iter_lines()))

    assert answer.headers["content-type"].startswith("text/event-stream")
    assert [event["type"] for event in events][:: len(events) - 1] == ["task_created", "task_finished"]
    chunks = [event["data"] for event in events if event["type"] == "chunk"]
    assert "".join(chunks) == events[-1]["data"]["result"]
    assert list(events[0]) == ["type", "task_id", "organization_id", "time", "data"]


def test_a_streamed_approval_is_decided_while_it_streams(api: httpx.Client, auto: Emulator) -> None:
    seen = []
    with api.stream("POST", "/v1/workflows/streamed_approval/invoke/stream", json=BODY) as answer:
        for event in events_of(answer.iter_lines()):
            seen.append(event)
            if event["type"] == "task_updated" and event["data"]["status"] == "paused":
                auto.signal(event["task_id"], "approve", by="manager")

    assert seen[-1]["type"] == "task_finished"
    assert "by manager" in seen[-1]["data"]["result"]


def test_a_started_task_is_followed_on_the_path_of_the_sdk(api: httpx.Client, auto: Emulator) -> None:
    task_id = api.post("/v1/workflows/tool_calls/invoke/async", json=BODY).json()["id"]

    with api.stream("GET", f"/{auto.organization_id}/agent-execution/{task_id}/events") as answer:
        events = list(events_of(answer.iter_lines()))

    assert events[-1]["data"] == api.get(f"/v1/tasks/{task_id}").json()


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/v1/tasks/nobody", 404, "Task not found"),
        ("/v1/workflows/nobody", 404, "Workflow not found"),
        ("/v1/agents/nobody", 404, "Agent not found"),
        ("/org/agent-execution/nobody/events", 404, "Task not found"),
    ],
)
def test_what_is_not_there_is_told_in_json(api: httpx.Client, path: str, status: int, detail: str) -> None:
    answer = api.get(path)

    assert (answer.status_code, answer.json()) == (status, {"detail": detail})


def test_without_a_key_nobody_is_let_in(auto: Emulator) -> None:
    answer = httpx.post(f"{auto.url}/v1/workflows/approval/invoke/stream", json=BODY)

    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid or missing API key"})


def curl(emulator: Emulator, *arguments: str) -> list[str]:
    """Return a command that starts curl on a path of the emulator."""
    path, *more = arguments
    return [program("curl", "curl"), "-N", "-sS", f"{emulator.url}{path}", "-H", f"x-api-key: {emulator.key}", *more]


def test_curl_shows_a_streamed_approval_line_by_line(real: Emulator) -> None:
    body = ("-H", "Content-Type: application/json", "-d", json.dumps(BODY))
    command = curl(real, "/v1/workflows/streamed_approval/invoke/stream", *body)

    seen = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        for event in events_of(process.stdout):
            seen.append(event)
            # It is read while the task waits: nothing is held back until the stream ends.
            if event["type"] == "task_updated" and event["data"]["status"] == "paused":
                assert process.poll() is None
                real.signal(event["task_id"], "approve", by="manager")

    assert process.returncode == 0
    assert [event["type"] for event in seen][:: len(seen) - 1] == ["task_created", "task_finished"]
    chunks = [event["data"] for event in seen if event["type"] == "chunk"]
    assert "".join(chunks) == seen[-1]["data"]["result"]


def test_curl_follows_a_task_on_the_path_of_the_sdk(auto: Emulator) -> None:
    with auto.api() as api:
        task_id = api.post("/v1/workflows/completed/invoke/async", json=BODY).json()["id"]

    shown = subprocess.run(
        curl(auto, f"/{auto.organization_id}/agent-execution/{task_id}/events"),
        capture_output=True,
        text=True,
        check=True,
    )

    frames = shown.stdout.split("\n\n")
    assert frames.pop() == ""
    assert [frame.partition("\n")[0][:17] for frame in frames] == ['data: {"type":"ta'] * len(frames)
    assert json.loads(frames[-1].removeprefix("data: "))["data"]["status"] == "completed"
