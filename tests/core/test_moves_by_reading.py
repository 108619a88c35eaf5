"""What a read makes happen, case by case; the laws stand with the paths of a scenario."""

from dataclasses import replace

from tests.core.test_replay import turn
from xpander_emulator.core.moves_by_reading import next_move, on_read, on_show, on_wait
from xpander_emulator.core.replay import Turn, replay
from xpander_emulator.core.signals import Move, Signal
from xpander_emulator.core.timeline import Millis

NOW = Millis(5_000)  # three seconds after the task has paused
PAUSED = Move(2, "approval", "approve")


def planned(*moves: Move) -> Turn:
    return turn()._replace(plan=moves)


def kinds(signals: tuple[Signal, ...]) -> list[str]:
    return [signal.kind for signal in signals]


def read(task: Turn) -> Turn:
    return task.after(*on_read(task, NOW, replay(task, NOW), auto_clock=False))


def test_without_a_plan_a_read_of_a_pause_leaves_no_trace() -> None:
    assert on_read(turn(), NOW, replay(turn(), NOW), auto_clock=True) == ()


def test_the_first_read_of_a_pause_is_noted_and_the_second_makes_the_move() -> None:
    once = read(planned(PAUSED))
    twice = read(once)

    assert kinds(once.signals) == ["poll"]
    assert replay(once, NOW).status == "paused"
    assert kinds(twice.signals) == ["poll", "approve"]
    assert replay(twice, NOW).status == "completed"


def test_an_expiry_by_time_is_made_by_a_skip() -> None:
    expired = read(read(planned(replace(PAUSED, kind="expire"))))

    assert kinds(expired.signals) == ["poll", "skip"]
    assert replay(expired, NOW).visits[-1].cause == "expire"


def test_a_read_that_passes_time_is_noted_where_it_shows_a_step_in_which_the_plan_moves() -> None:
    reading = planned(PAUSED)
    before = Millis(1_300)  # in the step before the pause

    assert kinds(on_read(reading, before, replay(reading, before), auto_clock=True)) == ["skip", "poll"]
    assert kinds(on_read(turn(), before, replay(turn(), before), auto_clock=True)) == ["skip"]


def test_whoever_waits_need_not_be_shown_anything() -> None:
    assert kinds(on_wait(planned(PAUSED), NOW, replay(planned(PAUSED), NOW), auto_clock=False)) == ["approve"]


def test_a_step_is_noted_as_shown_once() -> None:
    shown = planned(PAUSED)
    shown = shown.after(*on_show(shown, NOW, replay(shown, NOW)))

    assert kinds(shown.signals) == ["poll"]
    assert on_show(shown, NOW, replay(shown, NOW)) == ()


def test_a_move_for_another_step_than_that_of_the_visit_is_never_made() -> None:
    elsewhere = planned(replace(PAUSED, step="extract"))

    assert next_move(elsewhere, replay(elsewhere, NOW)) is None


def test_a_move_that_the_step_does_not_wait_for_is_never_made() -> None:
    wrong = planned(replace(PAUSED, kind="authorize"))

    assert next_move(wrong, replay(wrong, NOW)) is None


def test_a_task_that_an_update_has_taken_off_its_timeline_follows_no_plan() -> None:
    updated = planned(PAUSED).after(Signal(NOW, "update", payload={"status": "executing"}, seen=3))

    assert replay(updated, NOW).detached
    assert next_move(updated, replay(updated, NOW)) is None
