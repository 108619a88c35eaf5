"""Streams: the same story as polling tells, whenever a client comes, and nothing lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import catalogue, make_engine, start
from xpander_emulator.clock import iso
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.stream import STABLE, cut, follow

Envelope = dict[str, Any]
TASK_EVENTS = ("task_created", "task_updated", "task_finished")
DECISIONS: dict[str, Sequence[str]] = {
    "approval": ("approve",),
    "two_approvals": ("approve", "approve"),
    "approval_then_authorization": ("approve", "authorize"),
    "connector_authorization": ("authorize",),
    "paused_by_webhook": (),
    "streamed_approval": ("approve",),
}


async def listen(stream: AsyncIterator[Envelope]) -> list[Envelope]:
    return [event async for event in stream]


async def stream(engine: Engine, task_id: str) -> list[Envelope]:
    """Return all that a client hears that comes now; the story must have ended."""
    task_state = await engine.task_states.get("one", task_id)
    return await asyncio.wait_for(listen(follow(engine, task_state)), 5)


async def play(engine: Engine, task_id: str, decisions: Sequence[str]) -> dict[str, Any]:
    """Lead a task to its end on a manual clock, polling at each instant at which anything changes."""
    polled: dict[str, Any] = {}
    left = list(decisions)
    while True:
        view = await engine.peek("one", task_id)
        snapshot = view.task_state.snapshot
        polled[iso(snapshot.updated_at)] = view.body
        if snapshot.is_finished:
            return polled
        if snapshot.counts_polls:
            await engine.skip("one", task_id)
        elif left and left[0] in snapshot.waits_for:
            await engine.advance("one", 1_234)
            await engine.signal("one", task_id, left.pop(0), by="tester")
        elif snapshot.next_change is not None:
            await engine.advance("one", snapshot.next_change - view.task_state.now)
        else:
            await engine.signal("one", task_id, "stop")


@pytest.mark.parametrize("story", sorted(catalogue()))
async def test_the_tasks_on_a_stream_are_those_that_polling_sees_at_the_same_instants(story: str) -> None:
    engine = make_engine()
    task_id = (await engine.start("one", start(story))).task_state.task.id

    polled = await play(engine, task_id, DECISIONS.get(story, ()))
    heard = await stream(engine, task_id)

    tasks = {event["time"]: event["data"] for event in heard if event["type"] in TASK_EVENTS}
    assert tasks == {time: polled[time] for time in tasks}
    assert heard[0]["type"] == "task_created"
    assert heard[-1]["type"] == "task_finished"
    assert [event["time"] for event in heard] == sorted(event["time"] for event in heard)
    assert {event["type"] for event in heard} <= STABLE


@pytest.mark.parametrize("story", sorted(catalogue()))
async def test_a_late_client_hears_what_one_heard_that_was_there_from_the_start(story: str) -> None:
    engine = make_engine()
    task_state = (await engine.start("one", start(story))).task_state
    early = asyncio.create_task(listen(follow(engine, task_state)))
    await asyncio.sleep(0)

    await play(engine, task_state.task.id, DECISIONS.get(story, ()))

    assert await asyncio.wait_for(early, 5) == await stream(engine, task_state.task.id)


async def test_on_an_auto_clock_a_stream_goes_to_its_end_in_no_real_time() -> None:
    engine = make_engine(clock="auto")
    task_state = (await engine.start("one", start("slow"))).task_state

    heard = await asyncio.wait_for(listen(follow(engine, task_state)), 2)

    assert heard[-1]["data"]["status"] == "completed"


async def test_a_stream_stays_open_over_a_pause_and_tells_it() -> None:
    engine = make_engine(clock="auto")
    task_state = (await engine.start("one", start("approval"))).task_state
    heard: list[Envelope] = []

    async def collect() -> None:
        async for event in follow(engine, task_state):
            heard.append(event)  # noqa: PERF401  the list is read while it grows

    listening = asyncio.create_task(collect())
    while not heard or heard[-1]["data"]["status"] != "paused":
        await asyncio.sleep(0)
    assert not listening.done()
    await engine.signal("one", task_state.task.id, "approve")
    await asyncio.wait_for(listening, 2)

    statuses = [event["data"]["status"] for event in heard if event["type"] in TASK_EVENTS]
    assert statuses[-3:] == ["paused", "executing", "completed"]


async def test_an_authorization_tells_that_a_login_is_required_and_then_that_the_token_is_ready() -> None:
    engine = make_engine(clock="auto")
    task_id = (await engine.start("one", start("connector_authorization"))).task_state.task.id
    paused = await engine.wait("one", task_id)
    await engine.signal("one", task_id, "authorize")

    heard = await stream(engine, task_id)

    auth = [event["data"] for event in heard if event["type"] == "auth_event"]
    url = paused.body["pending_eca_request"]["auth_url"]
    assert auth == [
        {"type": "login_required", "data": {"url": url, "server_url": url, "server_name": "Google Drive"}},
        {"type": "token_ready", "data": {"access_token": "REDACTED"}},
    ]


@pytest.mark.parametrize("end", ["delete", "reset"])
async def test_a_stream_ends_when_its_task_is_gone(end: str) -> None:
    engine = make_engine()
    task_state = (await engine.start("one", start("approval"))).task_state
    listening = asyncio.create_task(listen(follow(engine, task_state)))
    await asyncio.sleep(0)

    acts: dict[str, Callable[[], Coroutine[Any, Any, object]]] = {
        "delete": lambda: engine.delete("one", task_state.task.id),
        "reset": lambda: engine.reset("one"),
    }
    await acts[end]()

    assert [event["type"] for event in await asyncio.wait_for(listening, 2)] == ["task_created"]


async def test_a_stream_of_an_earlier_turn_does_not_run_into_the_next() -> None:
    engine = make_engine(clock="auto")
    first = (await engine.start("one", start("failed"))).task_state
    listening = asyncio.create_task(listen(follow(engine, first)))
    await engine.wait("one", first.task.id)
    await engine.start("one", start("completed", id=first.task.id))

    heard = await asyncio.wait_for(listening, 2)

    assert heard[-1]["data"]["status"] == "failed"


async def test_latest_begins_with_connected() -> None:
    engine = make_engine(clock="auto", events="latest")
    task_state = (await engine.start("one", start("completed"))).task_state

    heard = await asyncio.wait_for(listen(follow(engine, task_state)), 2)

    assert [event["type"] for event in heard][:2] == ["connected", "task_created"]


async def test_two_hundred_streams_at_once_lose_nothing_and_reorder_nothing() -> None:
    engine = make_engine(clock="real")
    task_states = [(await engine.start("one", start("deep_planning"))).task_state for _ in range(200)]
    for task_state in task_states:
        await engine.skip("one", task_state.task.id)

    heard = await asyncio.wait_for(
        asyncio.gather(*(listen(follow(engine, task_state)) for task_state in task_states)), 20
    )

    kinds = {tuple(event["type"] for event in events) for events in heard}
    assert len(kinds) == 1
    for task_state, events in zip(task_states, heard, strict=True):
        assert {event["task_id"] for event in events} == {task_state.task.id}


@given(st.text())
def test_chunks_together_are_the_text_exactly(text: str) -> None:
    assert "".join(cut(text)) == text


def test_a_long_text_is_cut_into_a_thousand_chunks_at_most() -> None:
    text = "word " * 12_345

    assert len(cut(text)) <= 1_000
    assert "".join(cut(text)) == text
