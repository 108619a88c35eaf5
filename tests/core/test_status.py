import pytest

from xpander_emulator.core.status import TERMINAL, TRANSITIONS, Status, may_be_updated, may_follow

LIVE = {Status.PENDING, Status.EXECUTING, Status.PAUSED}


def test_three_statuses_are_live_and_four_are_ends() -> None:
    assert set(Status) == LIVE | TERMINAL
    assert set(TRANSITIONS) == set(Status)


@pytest.mark.parametrize("status", Status)
def test_a_status_is_its_word_on_the_wire(status: Status) -> None:
    assert str(status) == status.value
    assert f"{status}" == status.value


@pytest.mark.parametrize("end", sorted(TERMINAL))
def test_nothing_follows_an_end(end: Status) -> None:
    assert [status for status in Status if may_follow(end, status)] == [end]


@pytest.mark.parametrize("before", sorted(LIVE))
def test_every_end_may_follow_every_live_status(before: Status) -> None:
    assert all(may_follow(before, end) for end in TERMINAL)
    assert may_follow(before, before)


@pytest.mark.parametrize("before", [Status.EXECUTING, Status.PAUSED])
def test_a_task_that_ran_is_never_pending_again(before: Status) -> None:
    assert not may_follow(before, Status.PENDING)
    assert not may_be_updated(before, Status.PENDING)


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_an_update_may_also_turn_one_end_into_another(before: Status, after: Status) -> None:
    between_ends = {before, after} <= TERMINAL

    assert may_be_updated(before, after) is (before is not after and (may_follow(before, after) or between_ends))
