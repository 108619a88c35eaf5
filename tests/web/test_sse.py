"""Streams over HTTP: their form on the wire, clients that vanish or do not read, and a server that stops."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.engines import contract
from tests.web.api_client import Api, api
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings
from xpander_emulator.web import sse
from xpander_emulator.web.sse import StreamResponse

BODY = {"input": {"text": "Refund order 1042"}}
EVENT = "/components/schemas/TaskUpdateEvent"


def events_of(text: str) -> list[dict[str, Any]]:
    """Return the events of a whole stream, whose framing must be one `data:` line and a blank one each."""
    frames = text.split("\n\n")
    assert frames.pop() == ""
    assert all(frame.startswith("data: ") and "\n" not in frame for frame in frames)
    return [json.loads(frame.removeprefix("data: ")) for frame in frames]


@pytest.mark.parametrize("path", ["/v1/workflows/completed/invoke/stream", "/v1/agents/completed/invoke/stream"])
async def test_a_stream_is_one_data_line_an_event_and_closes_after_the_last(auto: Api, path: str) -> None:
    answer = await auto.http.post(path, json=BODY)

    told = events_of(answer.text)
    assert answer.status_code == 200
    assert answer.headers["content-type"].partition(";")[0] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-emulator-scenario"] == "completed"
    assert answer.headers["x-ratelimit-limit"] == "100"
    assert [event["type"] for event in told] == ["task_created", "task_updated", "task_updated", "task_finished"]
    assert told[-1]["data"] == await auto.task(told[0]["task_id"])
    assert list(told[0]) == ["type", "task_id", "organization_id", "time", "data"]


async def test_a_task_that_is_born_ended_closes_its_stream(tmp_path: Path) -> None:
    story = tmp_path / "born_ended.yaml"
    story.write_text("scenario: born_ended\nsteps: [{status: failed, result: No}]\n", encoding="utf-8")

    answer = await api(scenarios=(story,)).http.post("/v1/workflows/born_ended/invoke/stream", json=BODY)

    assert [event["type"] for event in events_of(answer.text)] == ["task_created", "task_finished"]


async def test_a_refused_stream_is_an_ordinary_error(auto: Api) -> None:
    refused = await auto.http.post("/v1/workflows/completed/invoke/stream", json={})

    assert refused.status_code == 422
    assert refused.headers["content-type"] == "application/json"


@pytest.mark.parametrize(("story", "status"), [("failed", "failed"), ("error", "error")])
async def test_a_story_that_ends_badly_ends_its_stream_all_the_same(auto: Api, story: str, status: str) -> None:
    answer = await auto.http.post(f"/v1/workflows/{story}/invoke/stream", json=BODY)

    last = events_of(answer.text)[-1]
    assert (last["type"], last["data"]["status"]) == ("task_finished", status)


async def test_prefer_chooses_the_story_of_a_stream_too(auto: Api) -> None:
    prefer = {"prefer": "scenario=failed"}

    answer = await auto.http.post("/v1/workflows/any/invoke/stream", json=BODY, headers=prefer)

    assert answer.headers["preference-applied"] == "scenario=failed"
    assert events_of(answer.text)[-1]["data"]["status"] == "failed"


def served(**choices: Any) -> ThreadedServer:
    return ThreadedServer(Settings(**{"port": 0, "log_level": "error", **choices}))


def test_a_server_with_open_streams_stops_within_two_seconds() -> None:
    with ExitStack() as open_ones:
        server = open_ones.enter_context(served())
        client = open_ones.enter_context(httpx2.Client(base_url=server.base_url, headers={"x-api-key": "k"}))
        path = "/v1/workflows/approval/invoke/stream"
        answers = [open_ones.enter_context(client.stream("POST", path, json=BODY)) for _ in range(3)]
        firsts = [next(answer.iter_lines()) for answer in answers]
        began = time.perf_counter()
        server.stop()
        taken = time.perf_counter() - began

    assert all(first.startswith('data: {"type":"task_created"') for first in firsts)
    assert taken < 2


def test_a_stream_that_is_open_when_the_server_stops_ends_in_order(caplog: pytest.LogCaptureFixture) -> None:
    with ExitStack() as open_ones:
        server = open_ones.enter_context(served())
        client = open_ones.enter_context(httpx2.Client(base_url=server.base_url, headers={"x-api-key": "k"}))
        answer = open_ones.enter_context(client.stream("POST", "/v1/workflows/approval/invoke/stream", json=BODY))
        lines = answer.iter_lines()
        next(lines)
        server.stop()
        rest = [line for line in lines if line]

    assert not any("task_finished" in line for line in rest)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_call_that_waits_when_the_server_stops_returns_the_present_task(caplog: pytest.LogCaptureFixture) -> None:
    with (
        served(clock="manual") as server,
        httpx2.Client(base_url=server.base_url, headers={"x-api-key": "local"}, timeout=10) as client,
        ThreadPoolExecutor() as threads,
    ):
        waiting = threads.submit(client.post, "/v1/workflows/completed/invoke", json=BODY)
        while not server.call(server.app.engine.store.all("default")):
            pass
        server.stop()
        answer = waiting.result(timeout=5)

    assert answer.status_code == 200
    assert answer.json()["status"] == "pending"
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_signal_over_http_moves_an_open_stream() -> None:
    with ExitStack() as open_ones:
        server = open_ones.enter_context(served(clock="auto"))
        client = open_ones.enter_context(httpx2.Client(base_url=server.base_url, headers={"x-api-key": "local"}))
        path = "/v1/workflows/approval/invoke/stream"
        answer = open_ones.enter_context(client.stream("POST", path, json=BODY))
        lines = (json.loads(line.removeprefix("data: ")) for line in answer.iter_lines() if line)
        paused = next(event for event in lines if event["data"]["status"] == "paused")
        client.post(f"/__emulator/tasks/{paused['task_id']}/signals", json={"signal": "approve"})
        rest = [event["data"]["status"] for event in lines]

    assert rest == ["executing", "completed"]


async def quiet() -> AsyncIterator[Mapping[str, Any]]:
    """A stream on which nothing happens."""
    await forever()
    yield {}


async def endless() -> AsyncIterator[Mapping[str, Any]]:
    """A stream that never stops telling."""
    while True:
        yield {"type": "chunk", "task_id": "t", "organization_id": "o", "time": "2026-01-01T00:00:00Z", "data": "x"}


SCOPE = {"type": "http", "asgi": {"version": "3.0"}, "path": "/stream", "method": "GET", "headers": []}


async def forever() -> Any:
    await asyncio.Event().wait()


async def test_a_stream_on_which_nothing_happens_is_kept_alive_by_comments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "HEARTBEAT_SECONDS", 0.01)
    sent: list[bytes] = []
    enough = asyncio.Event()

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))
        if b"".join(sent).count(b"\n\n") == 2:
            enough.set()

    async def hang_up() -> Any:
        await enough.wait()
        return {"type": "http.disconnect"}

    await asyncio.wait_for(StreamResponse(quiet(), contract(), EVENT).stream(SCOPE, hang_up, send, ()), 5)

    assert b"".join(sent).startswith(b": \n\n: \n\n")


async def test_a_client_that_does_not_read_is_let_go(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sse, "SEND_SECONDS", 0.02)

    async def send(message: Any) -> None:
        if message["type"] == "http.response.body":
            await forever()

    with caplog.at_level(logging.WARNING, "xpander_emulator"):
        await asyncio.wait_for(StreamResponse(endless(), contract(), EVENT).stream(SCOPE, forever, send, ()), 5)

    assert "A client of /stream read nothing" in caplog.text


async def test_an_event_that_breaks_the_contract_is_not_sent_and_ends_the_stream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def wrong() -> AsyncIterator[Mapping[str, Any]]:
        yield {"type": "nonsense"}

    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    await asyncio.wait_for(StreamResponse(wrong(), contract(), EVENT).stream(SCOPE, forever, send, ()), 5)

    assert b"".join(sent) == b""
    assert "breaks the contract" in caplog.text


@pytest.mark.parametrize("story", ["completed", "sub_agents", "tool_calls", "streaming_answer"])
async def test_a_story_takes_a_text_as_long_as_a_request_may_be(auto: Api, story: str) -> None:
    body = {"input": {"text": "z" * 200_000}}

    told = events_of((await auto.http.post(f"/v1/workflows/{story}/invoke/stream", json=body)).text)

    assert told[-1]["type"] == "task_finished"


async def test_a_text_that_cannot_be_rendered_ends_a_stream_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    story = (
        "scenario: broken\nsteps:\n  - {status: pending, after: 1s}\n  - {status: completed, result: '{{ 1 / 0 }}'}\n"
    )
    (tmp_path / "broken.yaml").write_text(story, encoding="utf-8")
    own = api(clock="auto", scenarios=(tmp_path,))

    answer = await own.http.post("/v1/workflows/broken/invoke/stream", json=BODY)

    assert [event["type"] for event in events_of(answer.text)] == ["task_created"]
    assert "broken.yaml:4" in caplog.text
