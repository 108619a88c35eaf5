import re
from typing import Any

import pytest
from hypothesis import given

from tests.core.strategies import instants, turns
from tests.store.codec.strategies import rich_timelines
from xpander_emulator.common import resources
from xpander_emulator.core.replay import Turn, replay
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import (
    After,
    Millis,
    Polls,
    Step,
    Timeline,
    Wait,
)
from xpander_emulator.errors import BadRequest
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.store.codec.timelines import (
    UnknownFormat,
    check_timeline,
    digest,
    timeline_from_bytes,
    timeline_to_bytes,
)


@given(rich_timelines())
def test_a_timeline_comes_back_exactly_and_has_one_name(timeline: Timeline) -> None:
    text = timeline_to_bytes(timeline)
    back = timeline_from_bytes(text)

    assert back == timeline
    assert back.goes_wrong == timeline.goes_wrong
    assert [list(step.sets) for step in back.steps] == [list(step.sets) for step in timeline.steps]
    assert digest(timeline_to_bytes(back)) == digest(text)


@given(turns(), instants)
def test_a_task_replays_alike_once_its_timeline_came_back(turn: Turn, now: Millis) -> None:
    back = turn._replace(timeline=timeline_from_bytes(timeline_to_bytes(turn.timeline)))

    assert replay(back, now) == replay(turn, now)
    assert replay(back, now).waits_for == replay(turn, now).waits_for


@pytest.mark.parametrize(
    "scenario", load_scenarios((resources.SCENARIOS,), None, trusted=True), ids=lambda scenario: scenario.name
)
def test_the_built_in_scenarios_come_back_exactly(scenario: Any) -> None:
    assert timeline_from_bytes(timeline_to_bytes(scenario.timeline)) == scenario.timeline
    check_timeline(scenario.timeline)


def test_a_timeline_of_another_format_is_refused_with_what_to_do() -> None:
    message = (
        "A stored timeline is in format 1; this version of the emulator reads format 2."
        " Use the version that wrote it, or begin with an empty store."
    )

    with pytest.raises(UnknownFormat, match=f"^{re.escape(message)}$"):
        timeline_from_bytes(b'{"format":1,"name":"t","steps":[]}')


def test_a_timeline_is_written_in_few_bytes_without_its_defaults() -> None:
    timeline = Timeline("t", (Step("work", Status.EXECUTING, Polls(2, 1)), Step("end", Status.COMPLETED)))

    assert timeline_to_bytes(timeline) == (
        b'{"format":2,"name":"t","source":"","steps":['
        b'{"id":"work","status":"executing","line":0,"leave":{"polls":[2,1]}},'
        b'{"id":"end","status":"completed","line":0}]}'
    )


def test_the_digest_of_a_text_never_changes() -> None:
    assert digest(b"{}") == "2afb9b83f9314e5d029766197f539792"


END = Step("end", Status.COMPLETED)
NOW = Millis(0)


@pytest.mark.parametrize(
    ("step", "message"),
    [
        (
            Step("a", Status.EXECUTING, After(NOW, NOW, 2)),
            "timeline 'bad': step 'a' leads to none of its 2 steps",
        ),
        (
            Step("a", Status.PAUSED, Wait({"approve": -1})),
            "timeline 'bad': step 'a' leads to none of its 2 steps",
        ),
        (
            Step("a", Status.PAUSED, Wait({"approve": 1}, After(NOW, NOW, 7))),
            "timeline 'bad': step 'a' leads to none of its 2 steps",
        ),
        (
            Step("a", Status.EXECUTING, After(Millis(9), NOW, 1)),
            "timeline 'bad': step 'a' has a delay that is no range of time",
        ),
        (
            Step("a", Status.PAUSED, Wait({"approve": 1}, After(Millis(-1), NOW, 1))),
            "timeline 'bad': step 'a' has a delay that is no range of time",
        ),
        (Step("a", Status.EXECUTING, Polls(1, 0)), "timeline 'bad': the steps after 'a' never rest"),
    ],
)
def test_a_step_that_replay_could_not_follow_is_refused(step: Step, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^{message}$"):
        check_timeline(Timeline("bad", (step, END)))


def test_a_circle_of_steps_that_are_left_by_themselves_is_refused_and_one_of_signals_is_not() -> None:
    onward = Step("a", Status.EXECUTING, After(NOW, NOW, 1))
    by_expiry = Step("b", Status.PAUSED, Wait({"approve": 2}, After(NOW, NOW, 0)))
    by_signal = Step("b", Status.PAUSED, Wait({"approve": 2, "reject": 0}))

    with pytest.raises(BadRequest, match=r"^timeline 'round': the steps after 'a' never rest$"):
        check_timeline(Timeline("round", (onward, by_expiry, END)))
    check_timeline(Timeline("round", (onward, by_signal, END)))
