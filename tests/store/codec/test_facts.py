"""Facts come back from bytes exactly as they went in."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.strategies import instants, timelines, turns
from xpander_emulator.clock import Clock
from xpander_emulator.common import resources
from xpander_emulator.core.faults import BUILT_IN, KINDS, Fault, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.replay import Turn, replay
from xpander_emulator.core.signals import Move
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import (
    After,
    Fake,
    Millis,
    Minted,
    Pause,
    Step,
    StepEvent,
    SubTask,
    Template,
    Timeline,
    Wait,
)
from xpander_emulator.errors import BadRequest
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.store.codec.facts import (
    CLOCK,
    FAULTS,
    PINS,
    TimelineDigests,
    task_from_bytes,
    task_to_bytes,
    timelines_of,
)
from xpander_emulator.store.codec.faults import fault_from_json, fault_to_json
from xpander_emulator.store.codec.scenario_values import value_from_json, value_to_json
from xpander_emulator.store.codec.timelines import (
    UnknownFormat,
    check_timeline,
    digest,
    timeline_from_bytes,
    timeline_to_bytes,
)
from xpander_emulator.store.port import Pin, Pins, StartedBy, Task

words = st.sampled_from(["a", "$fake", "$template", "$int", "$object", "zürich", "\U0001f600"])
plain = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5)),
    *(st.text(max_size=5).map(Template), st.just(Fake("name")), st.builds(Minted, words, st.integers(0, 9))),
)
values: st.SearchStrategy[Any] = st.recursive(
    plain,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=2).map(tuple) | st.dictionaries(words, inner, max_size=3)
    ),
    max_leaves=8,
)
members = st.dictionaries(words, values, max_size=3)


counts = st.integers(1, 99)
faults = st.builds(
    Fault,
    words,
    st.sampled_from(KINDS),
    status=st.integers(200, 599),
    headers=st.lists(st.tuples(words, words), max_size=2).map(tuple),
    body=plain,
    low=counts,
    high=counts,
    over=counts,
    event=counts,
)
one_rule = st.builds(
    FaultRule, faults, counts, st.none() | counts, st.none() | words, st.none() | st.sampled_from(Status)
)
rules = st.lists(one_rule, max_size=2).map(tuple)
strikes = st.builds(PathFault, one_rule, st.none() | words)
plans = st.lists(st.builds(Move, st.integers(0, 9), words, words), max_size=3).map(tuple)
pins_of_a_namespace = st.builds(
    Pins,
    st.none() | words,
    st.lists(st.builds(Pin, words, st.none() | words, plans, st.none() | strikes), max_size=3).map(tuple),
)


@st.composite
def rich_timelines(draw: st.DrawFn) -> Timeline:
    """Random timelines whose steps say all that a step can."""
    timeline = draw(timelines())
    steps = []
    for step in timeline.steps:
        pause = Pause("hitl", "p", draw(members), draw(members)) if step.pause else None
        events = (StepEvent(Millis(3), "think", draw(values)),) if draw(st.booleans()) else ()
        sub_tasks = (SubTask("wf", draw(members)),) if draw(st.booleans()) else ()
        rich = replace(step, sets=draw(members), pause=pause, events=events, sub_tasks=sub_tasks)
        rich = replace(rich, streams_result=draw(st.booleans()), faults=draw(rules), line=draw(st.integers(0, 99)))
        steps.append(rich)
    story = draw(st.builds(ScenarioFaults, st.dictionaries(words, faults, max_size=2), rules))
    return Timeline("random", tuple(steps), "stories/random.yaml", story)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    found = tuple(draw(st.lists(turns(), min_size=1, max_size=3)))
    told = [turn._replace(request=draw(st.binary(max_size=9)), version=draw(st.none() | words)) for turn in found]
    told = [turn._replace(chosen=draw(words), plan=draw(plans)) for turn in told]
    started_by = draw(st.none() | st.just(StartedBy("p", 0, 2)))
    return Task("id", draw(st.integers(0, 10**9)), tuple(told), draw(st.none() | st.text(max_size=5)), started_by, 7, 9)


@given(values)
def test_a_value_comes_back_exactly(value: object) -> None:
    back = value_from_json(orjson.loads(orjson.dumps(value_to_json(value))))

    assert back == value
    assert repr(back) == repr(value)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), 2**53, -(2**64), 10**30, True, -0.0])
def test_a_number_that_json_does_not_hold_comes_back_exactly(number: float) -> None:
    assert repr(value_from_json(orjson.loads(orjson.dumps(value_to_json([number]))))) == repr([number])


@given(rich_timelines())
def test_a_timeline_comes_back_exactly_and_has_one_name(timeline: Timeline) -> None:
    text = timeline_to_bytes(timeline)
    back = timeline_from_bytes(text)

    assert back == timeline
    assert back.goes_wrong == timeline.goes_wrong
    assert [list(step.sets) for step in back.steps] == [list(step.sets) for step in timeline.steps]
    assert digest(timeline_to_bytes(back)) == digest(text)


@given(tasks())
def test_a_task_comes_back_exactly(task: Task) -> None:
    digests = TimelineDigests()
    texts = dict(digests.with_text(turn.timeline) for turn in task.turns)

    record = task_to_bytes(task, digests)
    back = task_from_bytes(record, lambda digest: timeline_from_bytes(texts[digest]), 9)

    assert back == task
    assert back.mark == task.mark
    assert set(timelines_of(record)) == set(texts)


@given(turns(), instants)
def test_a_task_that_came_back_stands_where_it_stood(turn: Turn, now: Millis) -> None:
    back = turn._replace(timeline=timeline_from_bytes(timeline_to_bytes(turn.timeline)))

    assert replay(back, now) == replay(turn, now)
    assert replay(back, now).waits_for == replay(turn, now).waits_for


@pytest.mark.parametrize("story", load_scenarios((resources.SCENARIOS,), None, trusted=True), ids=lambda it: it.name)
def test_the_built_in_stories_come_back_exactly(story: Any) -> None:
    assert timeline_from_bytes(timeline_to_bytes(story.timeline)) == story.timeline
    check_timeline(story.timeline)


@given(
    st.builds(
        Clock, st.sampled_from(["real", "scaled", "manual", "auto"]), st.integers(0, 2**47), st.integers(0, 2**47)
    ),
    pins_of_a_namespace,
    rules,
)
def test_clocks_pins_and_faults_come_back_exactly(clock: Clock, pins: Pins, struck: tuple[FaultRule, ...]) -> None:
    assert CLOCK.from_bytes(CLOCK.to_bytes(clock)) == clock
    assert CLOCK.from_bytes(CLOCK.to_bytes(None)) is None
    assert PINS.from_bytes(PINS.to_bytes(pins)) == pins
    assert FAULTS.from_bytes(FAULTS.to_bytes(struck)) == struck


def test_what_has_its_default_is_left_out() -> None:
    turn = Turn(Timeline("t", (Step("end", Status.COMPLETED),)), "wf", b'{"a":1}', 7, Millis(1_000))

    record = task_to_bytes(Task("x", 0, (turn,)), lambda _: "T")

    assert record == (
        b'{"format":2,"id":"x","ordinal":0,"version":0,"turns":'
        b'[{"timeline":"T","runs":"wf","key":"7","born":1000,"request":"{\\"a\\":1}"}]}'
    )


def test_another_format_is_refused_with_what_to_do() -> None:
    told = "is in format 1; this version of the emulator reads format 2. Use the version that wrote it"

    with pytest.raises(UnknownFormat, match=f"A stored timeline {told}"):
        timeline_from_bytes(b'{"format":1,"name":"t","steps":[]}')
    with pytest.raises(UnknownFormat, match=f"A stored task {told}"):
        task_from_bytes(b'{"format":1}', lambda _: pytest.fail("not asked for"), 0)
    with pytest.raises(UnknownFormat, match=f"A stored clock {told}"):
        CLOCK.from_bytes(b"[1]")
    with pytest.raises(UnknownFormat, match=f"A stored choice of scenarios {told}"):
        PINS.from_bytes(b'[1,"x"]')


def test_a_kind_of_fault_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="'flood' is no kind of fault; there are status, latency"):
        fault_from_json({"name": "x", "kind": "flood"})


@pytest.mark.parametrize("fault", BUILT_IN.values(), ids=lambda fault: fault.name)
def test_every_built_in_fault_comes_back_exactly(fault: Fault) -> None:
    assert fault_from_json(orjson.loads(orjson.dumps(fault_to_json(fault)))) == fault


def test_a_special_value_that_is_never_written_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'\$secret' is no special value of a timeline"):
        value_from_json({"$secret": 1})


END = Step("end", Status.COMPLETED)


def test_a_timeline_that_leads_nowhere_or_never_rests_is_refused() -> None:
    off = Timeline("off", (Step("a", Status.EXECUTING, After(Millis(0), Millis(0), 2)), END))
    back = After(Millis(0), Millis(0), 0)
    round_and_round = Timeline(
        "round",
        (
            Step("a", Status.EXECUTING, After(Millis(0), Millis(0), 1)),
            Step("b", Status.PAUSED, Wait({"approve": 2}, back)),
            END,
        ),
    )

    with pytest.raises(BadRequest, match="timeline 'off': step 'a' leads to none of its 2 steps"):
        check_timeline(off)
    with pytest.raises(BadRequest, match="timeline 'round': the steps after 'a' never rest"):
        check_timeline(round_and_round)
