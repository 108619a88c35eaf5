"""Where a task stands."""

from dataclasses import replace

from tests.engines import make_engine, start
from xpander_emulator.clock import machine_time
from xpander_emulator.core.replay import moments
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Millis
from xpander_emulator.engine.task_state import TaskStates

SLOWER = 10_000


async def test_a_host_whose_clock_is_behind_shows_what_another_has_already_done() -> None:
    engine = make_engine(clock="real")
    task = (await engine.start("one", start("approval"))).task_state.task
    ahead = Millis(machine_time() + SLOWER)
    await engine.store.replace("one", task.with_signals([Signal(ahead, "stop")]))

    read = (await engine.read("one", task.id)).task_state

    assert (read.snapshot.status, read.snapshot.finished_at, read.now) == ("stopped", ahead, ahead)


async def test_a_host_whose_clock_is_behind_shows_a_task_that_another_has_started() -> None:
    engine = make_engine(clock="real")
    task = (await engine.start("one", start("approval"))).task_state.task
    behind = TaskStates(
        engine.store, replace(engine.task_states.first_clock, base=Millis(task.turn.starts_at - SLOWER))
    )

    task_state = await behind.get("one", task.id)

    assert (task_state.snapshot.status, task_state.now) == ("pending", task.turn.starts_at)


async def test_a_moment_of_the_past_shows_the_sub_tasks_that_a_client_had_started_by_then() -> None:
    engine = make_engine()
    await engine.start("one", start("approval", id="parent"))
    await engine.start("one", start("completed", id="early", parent_execution_id="parent"))
    await engine.advance("one", 2_000)
    await engine.signal("one", "parent", "approve")
    await engine.advance("one", 1)
    await engine.start("one", start("completed", id="late", parent_execution_id="parent"))

    task_state = await engine.task_states.get("one", "parent")
    first, *_, last = moments(task_state.turn, task_state.now)
    then, approved = [await engine.task_states.at_moment(task_state, moment) for moment in (first, last)]

    assert (then.snapshot.status, approved.snapshot.visits[-1].cause) == ("pending", "approve")
    assert list(then.children) == [("early", False)]
    assert list(approved.children) == [("early", True)]
    assert list(task_state.children) == [("early", True), ("late", False)]


async def test_tasks_are_listed_by_the_start_of_their_first_turn() -> None:
    engine = make_engine()
    await engine.start("one", start("completed", id="old"))
    await engine.skip("one", "old", "completed")
    await engine.advance("one", 100)
    await engine.start("one", start("approval", id="young"))
    await engine.start("one", start("approval", id="old"))

    listed = await engine.task_states.select("one", lambda task: True)

    assert [task.id for task in listed] == ["young", "old"]


async def test_a_moment_shows_a_sub_task_as_its_first_turn_left_it() -> None:
    engine = make_engine()
    parent = (await engine.start("one", start("sub_agents"))).task_state.task.id
    await engine.advance("one", 60_000)
    child = (await engine.task_states.children("one", parent))[0].task.id
    await engine.start("one", start("approval", id=child))

    task_state = await engine.task_states.get("one", parent)
    last = await engine.task_states.at_moment(task_state, list(moments(task_state.turn, task_state.now))[-1])

    assert dict(last.children)[child] is True
