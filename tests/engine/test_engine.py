"""The engine without HTTP, case by case: what it answers, whom it lets wait, and what it tells the feed."""

import asyncio

import pytest

from tests.engines import make_engine, start
from xpander_emulator.core.replay import Snapshot
from xpander_emulator.core.signals import Signal
from xpander_emulator.engine.engine import MAX_SIGNALS, Engine
from xpander_emulator.errors import Conflict, NotFound


async def started(engine: Engine, runs: str = "approval", **body: str) -> str:
    return (await engine.start("one", start(runs, **body))).task_state.task.id


async def snapshot(engine: Engine, task_id: str) -> Snapshot:
    return (await engine.read("one", task_id)).task_state.snapshot


async def test_a_task_that_was_read_shows_a_sub_task_that_a_client_starts_for_it_afterwards() -> None:
    engine = make_engine()
    parent = await started(engine)
    alone = await engine.read("one", parent)

    child = await started(engine, parent_execution_id=parent)

    assert alone.body["sub_executions"] == []
    assert (await engine.read("one", parent)).body["sub_executions"] == [child]


async def test_a_task_that_was_read_changes_at_the_very_instant_of_its_next_change() -> None:
    engine = make_engine()
    task_id = await started(engine)
    before = await snapshot(engine, task_id)
    assert before.next_change is not None

    await engine.advance("one", before.next_change - before.created_at - 1)
    just_before = await snapshot(engine, task_id)
    await engine.advance("one", 1)

    assert just_before.status == before.status == "pending"
    assert (await snapshot(engine, task_id)).status == "executing"


async def test_whoever_waits_is_answered_once_the_server_stops() -> None:
    engine = make_engine()
    task_id = await started(engine)
    waiting = asyncio.create_task(engine.wait("one", task_id))
    await asyncio.sleep(0)

    await engine.close()

    assert (await asyncio.wait_for(waiting, 5)).body["status"] == "pending"
    assert (await asyncio.wait_for(engine.wait("one", task_id), 5)).body["status"] == "pending"


async def test_whoever_waits_for_less_than_a_second_does_wait() -> None:
    engine = make_engine()
    task_id = await started(engine)
    waiting = asyncio.create_task(engine.wait("one", task_id, seconds=0.9))
    for _ in range(10):
        await asyncio.sleep(0)

    await engine.signal("one", task_id, "stop")

    assert (await asyncio.wait_for(waiting, 5)).body["status"] == "stopped"


async def test_the_feed_tells_which_turn_of_a_task_has_begun_and_what_it_was_given() -> None:
    engine = make_engine()
    followed = engine.feed.follow("one")
    await anext(followed)

    task_id = await started(engine)
    await engine.signal("one", task_id, "stop", by="me")
    await started(engine, "completed", id=task_id)
    told = [(await anext(followed))[1] for _ in range(3)]
    await followed.aclose()

    assert [(event.type, event.data["turn"], event.data["status"]) for event in told] == [
        ("birth", 1, "pending"),
        ("signal", 1, "stopped"),
        ("birth", 2, "pending"),
    ]
    assert (told[1].data["signal"], told[1].data["by"]) == ("stop", "me")


async def test_an_end_takes_a_further_stop_and_no_other_signal() -> None:
    engine = make_engine()
    task_id = await started(engine)
    await engine.signal("one", task_id, "stop")

    again = await engine.signal("one", task_id, "stop")

    assert len(again.task_state.turn.signals) == 1
    with pytest.raises(Conflict, match="stopped"):
        await engine.signal("one", task_id, "approve")


async def test_a_scenario_that_is_not_there_is_refused_with_the_nearest_if_one_is_near() -> None:
    engine = make_engine()

    with pytest.raises(NotFound, match=r"^No scenario is called 'aproval'. Did you mean 'approval'\?$"):
        await engine.pin_default("one", "aproval")
    with pytest.raises(NotFound, match=r"^No scenario is called 'zzzzzz'\.$"):
        await engine.pin_next("one", "zzzzzz")


async def test_a_reset_is_announced_with_all_that_it_takes_before_it_takes_anything() -> None:
    engine = make_engine()
    await started(engine)
    heard: list[tuple[str, frozenset[str], int]] = []

    async def hear(namespace: str, scopes: frozenset[str]) -> None:
        heard.append((namespace, scopes, len(await engine.store.all(namespace))))

    engine.before_reset.append(hear)
    done = await engine.reset("one", ["clock"])

    assert heard == [("one", frozenset({"tasks", "clock"}), 1)]
    assert done == ("tasks", "clock")
    assert await engine.store.all("one") == ()


async def test_a_turn_takes_as_many_signals_as_the_refusal_says() -> None:
    engine = make_engine()
    task_state = (await engine.start("one", start("approval", id="a"))).task_state
    update = Signal(task_state.now, "update", payload={"title": "x"})
    await engine.store.replace("one", task_state.task.with_signals([update] * (MAX_SIGNALS - 1)))
    await engine.signal("one", "a", "update", payload={"title": "y"})

    with pytest.raises(Conflict, match=r"^Task 'a' has had 10,000 signals, the most that one turn takes\.$"):
        await engine.signal("one", "a", "update", payload={"title": "z"})
