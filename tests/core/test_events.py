"""The events of a turn, case by case."""

from xpander_emulator.core.events import CHUNK, events, result_turn
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Millis, Step, StepEvent, Timeline, Wait

STREAMED = Timeline(
    "streamed",
    (
        Step("ask", Status.PAUSED, Wait({"approve": 1})),
        Step(
            "answer",
            Status.EXECUTING,
            After(Millis(1_000), Millis(1_000), 2),
            events=(StepEvent(Millis(200), "think", "early"), StepEvent(Millis(900), "think", "late")),
            streams_result=True,
        ),
        Step("done", Status.COMPLETED, None, {"result": "An answer"}),
    ),
)
SKIPPED = Signal(Millis(1_000), "skip", skipped=Millis(5_000), seen=1)
APPROVED = Signal(Millis(2_000), "approve", seen=1)  # at 7,000 in the task's own time
UPDATED = Signal(Millis(2_100), "update", payload={"title": "Mine"}, seen=2)
STOPPED = Signal(Millis(2_500), "stop", seen=2)


def turn(*signals: Signal) -> Turn:
    return Turn(STREAMED, "wf", b"{}", 7, Millis(1_000), signals=signals)


def sent(*signals: Signal) -> list[tuple[int, str]]:
    return [(event.at, event.type) for event in events(turn(*signals), Millis(9_000))]


def test_a_step_sends_its_events_once_whatever_is_updated_meanwhile() -> None:
    assert sent(SKIPPED, APPROVED, UPDATED) == [
        (1_000, "task_created"),
        (7_000, "task_updated"),
        (7_000, "chunk"),
        (7_100, "task_updated"),
        (7_200, "think"),
        (7_900, "think"),
        (8_000, "task_finished"),
    ]


def test_events_that_are_due_after_their_step_was_left_are_not_sent() -> None:
    assert sent(SKIPPED, APPROVED, STOPPED)[3:] == [(7_200, "think"), (7_500, "task_finished")]


def test_a_result_is_that_of_the_scenario_though_the_task_was_stopped_while_it_was_sent() -> None:
    stopped = turn(SKIPPED, APPROVED, STOPPED)
    (chunk,) = [event for event in events(stopped, Millis(9_000)) if event.type == CHUNK]

    known, until = result_turn(stopped, chunk)

    assert known.signals == (SKIPPED, APPROVED)
    assert until == 3_000  # on the clock, as the task is 5,000 ms ahead of it


def test_only_a_step_that_streams_a_result_sends_chunks_and_only_until_it_is_left() -> None:
    plain = Timeline(
        "plain",
        (
            Step(
                "work",
                Status.EXECUTING,
                After(Millis(1_000), Millis(1_000), 1),
                events=(StepEvent(Millis(200), "think", "early"), StepEvent(Millis(900), "think", "late")),
            ),
            Step("done", Status.COMPLETED),
        ),
    )
    stopped = turn(Signal(Millis(1_500), "stop", seen=1), Signal(Millis(3_000), "update", payload={"title": "Mine"}))

    heard = events(stopped._replace(timeline=plain), Millis(9_000))

    assert [(event.at, event.type) for event in heard] == [
        (1_000, "task_created"),
        (1_200, "think"),
        (1_500, "task_finished"),
        (3_000, "task_finished"),
    ]
