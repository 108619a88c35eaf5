"""The six laws of the core, over random timelines, signals and instants."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.core.strategies import instants, signal_lists, turns
from tests.profiles import examples
from xpander_emulator.core.replay import Snapshot, Turn, replay, skip_to_change, skip_until
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.status import TERMINAL, may_be_updated, may_follow
from xpander_emulator.core.timeline import Millis, Polls

many = examples(2_000)


def seen(snapshot: Snapshot) -> tuple[object, ...]:
    """Return what a client or an observer sees of a snapshot; `next_change` is about the future."""
    return (snapshot.visits, snapshot.properties, snapshot.polls, snapshot.detached, snapshot.offset, snapshot.status)


def places(snapshot: Snapshot) -> list[tuple[object, ...]]:
    """Return where a task has been and when; not why."""
    return [(visit.step, visit.status, visit.at) for visit in snapshot.visits]


@many
@given(turns(), instants)
def test_law_1_replay_is_deterministic(turn: Turn, now: Millis) -> None:
    again = turn._replace(signals=tuple(replace(signal) for signal in turn.signals))

    assert replay(turn, now) == replay(again, now)


@many
@given(turns(), instants, signal_lists())
def test_law_2_replay_is_blind_to_the_future(turn: Turn, now: Millis, later: tuple[Signal, ...]) -> None:
    known = turn._replace(signals=tuple(signal for signal in turn.signals if signal.at <= now))
    last = max([int(now), *(signal.at for signal in turn.signals)])
    future = tuple(replace(signal, at=Millis(last + 1 + index)) for index, signal in enumerate(later))

    assert replay(turn.after(*future), now) == replay(known, now)


@many
@given(turns(), instants, signal_lists())
def test_law_3_an_end_absorbs_everything_but_an_update(turn: Turn, now: Millis, more: tuple[Signal, ...]) -> None:
    now = Millis(max(now, turn.signals[-1].at if turn.signals else now))
    ended = replay(turn, now)
    seen = len(ended.visits)
    further = tuple(replace(signal, at=now, seen=seen) for signal in more if signal.kind != "update")

    after = replay(turn.after(*further), Millis(now + 1_000))

    if ended.is_finished:
        assert after.visits == ended.visits
        assert after.finished_at == ended.finished_at
        assert ended.next_change is None
        assert ended.waits_for == ()


@many
@given(turns(), instants, st.integers(1, 60))
def test_law_4_the_next_change_is_exact(turn: Turn, now: Millis, some: int) -> None:
    turn = turn._replace(signals=tuple(signal for signal in turn.signals if signal.at <= now))
    present = replay(turn, now)

    if present.next_change is None:
        assert seen(replay(turn, Millis(now + some))) == seen(present)
    else:
        assert present.next_change > now
        assert seen(replay(turn, Millis(present.next_change - 1))) == seen(present)
        assert len(replay(turn, present.next_change).visits) > len(present.visits)


@many
@given(turns(), instants)
def test_law_5_every_change_of_status_is_in_the_table(turn: Turn, now: Millis) -> None:
    visits = replay(turn, now).visits

    for before, after in pairwise(visits):
        allowed = may_be_updated if after.cause == "update" else may_follow
        assert allowed(before.status, after.status)
        assert before.at <= after.at


@many
@given(turns(), instants, st.integers(0, 300), st.integers(0, 300))
def test_law_6_an_advance_split_in_two_is_the_same_as_one(turn: Turn, now: Millis, first: int, second: int) -> None:
    turn = turn._replace(signals=tuple(signal for signal in turn.signals if signal.at <= now))
    half = Millis(now + first)

    replay(turn, half)

    assert replay(turn, Millis(half + second)) == replay(turn, Millis(now + first + second))
    skipped_once = turn.after(Signal(now, "skip", skipped=Millis(first + second), seen=99))
    skipped_twice = turn.after(
        Signal(now, "skip", skipped=Millis(first), seen=99), Signal(now, "skip", skipped=Millis(second), seen=99)
    )
    if not any(isinstance(step.leave, Polls) for step in turn.timeline.steps):
        once, twice = replay(skipped_once, now), replay(skipped_twice, now)
        assert places(once) == places(twice)


@many
@given(turns(), instants)
def test_a_skip_arrives_at_the_next_change_and_no_further(turn: Turn, now: Millis) -> None:
    now = Millis(max(now, turn.signals[-1].at if turn.signals else now))
    before = replay(turn, now)
    skip = skip_to_change(now, before)

    if skip is None:
        assert before.next_change is None
    else:
        after = replay(turn.after(skip), now)
        assert len(after.visits) > len(before.visits)
        assert after.visits[: len(before.visits)] == before.visits


@many
@given(turns(), instants, st.sampled_from(["paused", "executing", "completed", "s2", "s4"]))
def test_a_skip_until_arrives_or_changes_nothing(turn: Turn, now: Millis, target: str) -> None:
    now = Millis(max(now, turn.signals[-1].at if turn.signals else now))
    skips = skip_until(turn, now, target)

    if skips is not None:
        arrived = replay(turn.after(*skips), now)
        assert target in (arrived.status.value, arrived.step.id)


@many
@given(turns(), instants)
def test_what_a_reader_has_seen_is_never_rewritten_by_a_later_signal(turn: Turn, now: Millis) -> None:
    now = Millis(max(now, turn.signals[-1].at if turn.signals else now))
    before = replay(turn, now)

    for kind in (*before.waits_for, "update", "poll", "skip"):
        signal = Signal(now, kind, payload={"status": "failed"} if kind == "update" else {}, seen=len(before.visits))
        after = replay(turn.after(signal), now)
        assert after.visits[: len(before.visits)] == before.visits
        if kind in before.waits_for:
            assert len(after.visits) > len(before.visits)


@many
@given(turns(), instants)
def test_times_and_flags_follow_from_the_visits(turn: Turn, now: Millis) -> None:
    snapshot = replay(turn, now)

    assert snapshot.status is snapshot.visits[-1].status
    assert snapshot.is_finished is (snapshot.status in TERMINAL)
    assert (snapshot.finished_at is None) is (not snapshot.is_finished)
    assert (snapshot.paused_at is None) is (snapshot.status != "paused")
    assert snapshot.pause is None or snapshot.status == "paused"
    assert snapshot.is_manually_stopped is ("stop" in {visit.cause for visit in snapshot.visits})
