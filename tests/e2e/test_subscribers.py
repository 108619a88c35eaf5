"""The event stream through the SDK: who may read it, and how often."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from conftest import Emulator, Point
from httpx_sse import SSEError
from life import SEED_DATE, Kind, Status, of, plain, started, told
from xpander_sdk import Configuration, Tasks, TaskUpdateEvent


async def test_two_subscribers_at_once_are_told_the_same(real: Emulator) -> None:
    task = await started("streaming_answer")

    one, other = await asyncio.gather(told(task), told(task))

    assert [plain(event) for event in one] == [plain(event) for event in other]
    assert len(one) > 30


async def test_a_late_subscriber_is_told_everything_from_the_beginning(auto: Emulator) -> None:
    task = await started("tool_calls")
    in_time = await told(task)

    late = await told(await Tasks().aget(task.id))

    assert [plain(event) for event in late] == [plain(event) for event in in_time]


async def test_a_subscriber_who_comes_in_the_middle_misses_nothing(real: Emulator) -> None:
    task = await started("streaming_answer")
    first: AsyncIterator[TaskUpdateEvent] = task.aevents()
    seen = [await anext(first) for _ in range(10)]

    late, rest = await asyncio.gather(told(task), _rest(first))

    assert [plain(event) for event in late] == [plain(event) for event in [*seen, *rest]]


async def _rest(stream: AsyncIterator[TaskUpdateEvent]) -> list[TaskUpdateEvent]:
    return [event async for event in stream]


async def test_who_leaves_takes_nothing_from_the_others(real: Emulator) -> None:
    task = await started("streaming_answer")
    watching = asyncio.ensure_future(told(task))
    leaving = task.aevents()

    await anext(leaving)
    await leaving.aclose()

    assert (await watching)[-1].type == Kind.TaskFinished


async def test_twenty_tasks_are_followed_at_once_and_each_stream_is_its_own(real: Emulator) -> None:
    tasks = [await started("streaming_answer") for _ in range(20)]

    streams = await asyncio.gather(*(told(task) for task in tasks))

    for task, events in zip(tasks, streams, strict=True):
        assert {event.task_id for event in events} == {task.id}
        assert "".join(of(Kind.Chunk, events)) == events[-1].data.result


async def test_any_organization_may_stand_in_the_path(auto: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPANDER_ORGANIZATION_ID", "another-one")
    configuration = Configuration()
    task = await Tasks(configuration).acreate(agent_id="completed", prompt="", events_streaming=True)

    events = await told(task)

    assert task.configuration.organization_id == "another-one"
    assert events[-1].type == Kind.TaskFinished


async def test_a_task_of_the_public_api_can_be_followed_too(auto: Emulator) -> None:
    with auto.api() as api:
        body = {"input": {"text": "Hi"}, "events_streaming": True}
        made = api.post("/v1/workflows/tool_calls/invoke/async", json=body).json()

    events = await told(await Tasks().aget(made["id"]))

    assert events[-1].data.status == Status.Completed


# What is refused


async def test_without_events_streaming_the_sdk_asks_nothing(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi")

    with pytest.raises(ValueError, match="does not set with events streaming"):
        await anext(task.aevents())


async def test_the_stream_of_an_unknown_task_is_no_stream_to_the_sdk(auto: Emulator) -> None:
    task = await started("completed")
    task.id = "nobody"

    with pytest.raises(SSEError, match="application/json"):
        await anext(task.aevents())


async def test_a_slash_at_the_end_of_the_base_url_spoils_the_events_alone(
    auto: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XPANDER_BASE_URL", f"{auto.url}/")
    task = await Tasks(Configuration()).acreate(agent_id="completed", prompt="", events_streaming=True)

    with pytest.raises(SSEError):
        await anext(task.aevents())


# The newer types


async def test_the_latest_events_begin_with_connected_and_this_sdk_reads_them(point: Point) -> None:
    point("latest")
    task = await started("tool_calls")

    events = await told(task)

    assert [event.type for event in events[:2]] == [Kind.Connected, Kind.TaskCreated]
    assert events[-1].type == Kind.TaskFinished


async def test_beyond_the_newer_types_the_latest_events_are_the_stable_ones(point: Point) -> None:
    streams = []
    for server in ("auto", "latest"):
        point(server, "the-same-key-on-both")
        events = await told(await started("tool_calls", existing_task_id="the-same"))
        streams.append([plain(event) for event in events if event.type.value in SEED_DATE])

    assert streams[0] == streams[1]


async def test_a_stream_is_sent_as_one(auto: Emulator) -> None:
    task = await started("completed")
    url = f"{auto.url}/{auto.organization_id}/agent-execution/{task.id}/events"

    async with httpx.AsyncClient(headers={"x-api-key": auto.key}) as client, client.stream("GET", url) as answer:
        kind = answer.headers["content-type"]

    assert kind.partition(";")[0] == "text/event-stream"
    assert answer.headers["cache-control"] == "no-cache"
