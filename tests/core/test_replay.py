"""How a task moves, case by case."""

import pytest

from xpander_emulator.core.replay import Assigned, Turn, draw, replay, skip_until, sub_tasks_started
from xpander_emulator.core.signals import Signal, SignalOrderError
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Millis, Pause, Polls, Step, SubTask, Timeline, Wait

APPROVAL = Timeline(
    "approval",
    (
        Step("pending", Status.PENDING, After(Millis(300), Millis(300), 1)),
        Step("extract", Status.EXECUTING, After(Millis(700), Millis(700), 2), {"title": "Reading"}),
        Step(
            "approval",
            Status.PAUSED,
            Wait({"approve": 3, "reject": 4}, After(Millis(86_400_000), Millis(86_400_000), 5)),
            pause=Pause("hitl", "hitl_request", {"wait_node_id": "manager"}),
        ),
        Step("paid", Status.COMPLETED, None, {"result": "Paid"}),
        Step("denied", Status.STOPPED),
        Step("expired", Status.ERROR),
    ),
)


def turn(*signals: Signal, timeline: Timeline = APPROVAL) -> Turn:
    return Turn(timeline, "wf", b"{}", 7, Millis(1_000), signals=signals)


@pytest.mark.parametrize(
    ("now", "status"),
    [(1_000, "pending"), (1_299, "pending"), (1_300, "executing"), (1_999, "executing"), (2_000, "paused")],
)
def test_each_delay_counts_from_the_entry_of_its_step(now: int, status: str) -> None:
    assert replay(turn(), Millis(now)).status == status


def test_a_pause_defers_all_that_follows_by_its_own_length() -> None:
    approved = turn(Signal(Millis(9_000), "approve"))

    assert replay(approved, Millis(9_000)).finished_at == 9_000


def test_a_signal_goes_before_a_step_due_at_the_same_millisecond() -> None:
    expiry = Millis(2_000 + 86_400_000)

    assert replay(turn(), expiry).step.id == "expired"
    assert replay(turn(Signal(expiry, "approve")), expiry).step.id == "paid"


def test_a_step_that_the_giver_had_seen_goes_before_its_signal() -> None:
    at_the_entry = Signal(Millis(2_000), "approve", seen=3)

    assert replay(turn(at_the_entry), Millis(2_000)).step.id == "paid"


def test_each_time_of_a_task_is_that_of_its_event() -> None:
    paused = replay(turn(), Millis(5_000))
    paid = replay(turn(Signal(Millis(9_000), "approve")), Millis(9_500))

    assert (paused.created_at, paused.started_at, paused.paused_at, paused.finished_at) == (1_000, 1_300, 2_000, None)
    assert paused.updated_at == 2_000
    assert (paid.created_at, paid.started_at, paid.paused_at, paid.finished_at) == (1_000, 1_300, None, 9_000)
    assert paid.updated_at == 9_000


def test_what_a_step_sets_stays_from_its_entry_on() -> None:
    approved = turn(Signal(Millis(9_000), "approve"))

    assert replay(approved, Millis(1_299)).properties == {}
    assert replay(approved, Millis(1_300)).properties == {"title": Assigned("Reading", 1)}
    assert replay(approved, Millis(9_000)).properties == {
        "title": Assigned("Reading", 1),
        "result": Assigned("Paid", 3),
    }


def test_the_read_that_leaves_a_step_is_the_first_of_the_step_that_it_enters() -> None:
    polled = Timeline(
        "p",
        (
            Step("a", Status.EXECUTING, Polls(1, 1)),
            Step("b", Status.EXECUTING, Polls(2, 2)),
            Step("c", Status.COMPLETED),
        ),
    )
    reads = [Signal(Millis(1_000), "poll", seen=1) for _ in range(4)]

    seen = [replay(turn(*reads[:count], timeline=polled), Millis(1_000)) for count in range(5)]

    assert [(each.step.id, each.polls) for each in seen] == [("a", 0), ("a", 1), ("b", 1), ("b", 2), ("c", 1)]


def test_an_update_to_a_legal_status_takes_the_task_off_its_timeline() -> None:
    updated = turn(Signal(Millis(1_400), "update", payload={"status": "completed", "result": "Done by hand"}))
    snapshot = replay(updated, Millis(9_999_999))

    assert snapshot.status == "completed"
    assert snapshot.detached
    assert snapshot.properties["result"].value == "Done by hand"


def test_an_update_to_an_earlier_status_sets_properties_and_leaves_the_task_on_its_timeline() -> None:
    updated = turn(Signal(Millis(1_400), "update", payload={"status": "pending", "title": "Mine"}))

    assert replay(updated, Millis(1_400)).status == "executing"
    assert replay(updated, Millis(1_400)).properties["title"].value == "Mine"
    assert replay(updated, Millis(2_000)).status == "paused"


def test_an_end_may_be_updated_to_another_end() -> None:
    updated = turn(Signal(Millis(3_000), "reject"), Signal(Millis(4_000), "update", payload={"status": "failed"}))

    assert replay(updated, Millis(3_500)).status == "stopped"
    assert replay(updated, Millis(4_000)).status == "failed"


def test_stop_ends_a_live_task_and_says_that_it_was_manual() -> None:
    stopped = replay(turn(Signal(Millis(1_500), "stop", by="me")), Millis(99_999))

    assert (stopped.status, stopped.is_manually_stopped, stopped.finished_at) == ("stopped", True, 1_500)
    assert [visit.step for visit in stopped.visits] == [0, 1, 1]


def test_a_step_that_counts_reads_is_left_by_the_read_after_them() -> None:
    polled = Timeline("p", (Step("a", Status.EXECUTING, Polls(2, 1)), Step("b", Status.COMPLETED)))
    reads = [Signal(Millis(1_000), "poll", seen=1) for _ in range(3)]

    seen = [replay(turn(*reads[:count], timeline=polled), Millis(1_000)).status for count in range(1, 4)]

    assert seen == ["executing", "executing", "completed"]


def test_skip_until_passes_reads_and_time_and_stops_where_somebody_must_answer() -> None:
    assert skip_until(turn(), Millis(1_000), "paused") is not None
    assert skip_until(turn(), Millis(1_000), "completed") is None
    assert skip_until(turn(), Millis(1_000), "expired") is not None


def test_signals_out_of_order_are_a_defect_of_the_caller() -> None:
    with pytest.raises(SignalOrderError, match="signal 'approve' at 2000 comes after one at 3000"):
        replay(turn(Signal(Millis(3_000), "stop"), Signal(Millis(2_000), "approve")), Millis(5_000))


def test_a_delay_drawn_from_a_range_is_the_same_at_each_reading_and_within_the_range() -> None:
    ranged = Timeline("r", (Step("a", Status.PENDING, After(Millis(100), Millis(300), 1)), Step("b", Status.COMPLETED)))
    changes = {replay(turn(timeline=ranged), Millis(1_000)).next_change for _ in range(3)}

    assert len(changes) == 1
    assert 1_100 <= (changes.pop() or 0) <= 1_300


def test_what_is_drawn_follows_splitmix64() -> None:
    # The first values of its reference implementation for the seed 1234567.
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]

    assert [draw(1234567, index, 0, 2**64 - 1) for index in range(4)] == expected
    assert draw(1234567, 0, 10, 12) == 10 + expected[0] % 3


def test_an_expiry_that_is_sent_as_a_signal_leads_where_time_would_have_led() -> None:
    expired = replay(turn(Signal(Millis(3_000), "expire", by="me")), Millis(3_000))

    assert (expired.step.id, expired.visits[-1].cause, expired.finished_at) == ("expired", "expire", 3_000)


def test_sub_tasks_start_with_the_step_that_names_them() -> None:
    parent = Timeline(
        "p",
        (
            Step("a", Status.PENDING, After(Millis(100), Millis(100), 1)),
            Step("b", Status.EXECUTING, After(Millis(100), Millis(100), 2), sub_tasks=(SubTask("completed"),)),
            Step("c", Status.COMPLETED),
        ),
    )

    assert sub_tasks_started(replay(turn(timeline=parent), Millis(1_050)), parent) == ()
    assert sub_tasks_started(replay(turn(timeline=parent), Millis(1_250)), parent) == ((1, 1_100),)
    assert parent.sub_tasks == ((1, SubTask("completed")),)


def test_a_turn_of_a_task_that_is_ahead_begins_in_the_tasks_own_time() -> None:
    ahead = Turn(APPROVAL, "wf", b"{}", 7, Millis(1_000), offset=Millis(500))

    assert replay(ahead, Millis(1_000)).visits[0].at == 1_500
