import pytest

from tests.engines import make_engine, start
from xpander_emulator.engine.conflict_messages import cannot_reach, not_awaited, stands_still, unknown_target
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState

TAKEN = "Signals that would be taken now: approve, reject, expire, stop."
PAUSED = "Task 't' is paused at step 'waiting'"
STOPPED = "Task 't' is stopped at step 'waiting'"


@pytest.fixture
async def engine() -> Engine:
    """An engine with task `t`, which waits for an approval."""
    engine = make_engine()
    await engine.start("ns", start("approval", id="t"))
    await engine.advance("ns", 2_000)
    return engine


@pytest.fixture
async def paused(engine: Engine) -> TaskState:
    return await engine.task_states.get("ns", "t")


@pytest.fixture
async def stopped(engine: Engine) -> TaskState:
    return (await engine.signal("ns", "t", "stop")).task_state


async def test_a_signal_that_a_task_does_not_wait_for_is_refused_with_those_that_it_takes(paused: TaskState) -> None:
    assert not_awaited(paused, "authorize") == f"{PAUSED} and does not wait for 'authorize'. {TAKEN}"


async def test_a_signal_after_the_end_came_too_late(stopped: TaskState) -> None:
    assert (
        not_awaited(stopped, "approve") == "Task 't' is stopped and takes no further signal; 'approve' came too late."
    )


async def test_a_skip_where_nothing_changes_by_time_is_refused(paused: TaskState, stopped: TaskState) -> None:
    assert stands_still(paused) == f"{PAUSED}; nothing changes there by time. {TAKEN}"
    assert stands_still(stopped) == f"{STOPPED}, its end; nothing changes by time."


async def test_a_place_that_time_alone_does_not_lead_to_is_refused(paused: TaskState, stopped: TaskState) -> None:
    assert cannot_reach(paused, "paid") == f"{PAUSED} and cannot get to 'paid' by time alone. {TAKEN}"
    assert cannot_reach(stopped, "paid") == f"{STOPPED}, its end; it cannot get to 'paid'."


@pytest.mark.parametrize("until", ["completed", "paused", "paid", "pending"])
async def test_a_status_and_a_step_of_the_scenario_can_be_skipped_to(paused: TaskState, until: str) -> None:
    assert unknown_target(paused, until) is None


@pytest.mark.parametrize(("until", "hint"), [("rejectd", ". Did you mean 'rejected'?"), ("zzzzzz", ".")])
async def test_any_other_place_is_told_with_the_steps_and_the_nearest(paused: TaskState, until: str, hint: str) -> None:
    assert unknown_target(paused, until) == (
        f"'{until}' is neither a status nor a step of scenario 'approval', whose steps are"
        f" pending, extract, waiting, pay, paid, rejected, expired{hint}"
    )
