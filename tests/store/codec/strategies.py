"""Random values, faults, timelines and tasks that have all that a codec writes."""

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from tests.core.strategies import timelines, turns
from xpander_emulator.core.faults import KINDS, Fault, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.signals import Move
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import (
    Fake,
    Millis,
    Minted,
    Pause,
    StepEvent,
    SubTask,
    Template,
    Timeline,
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
path_faults = st.builds(PathFault, one_rule, st.none() | words)
plans = st.lists(st.builds(Move, st.integers(0, 9), words, words), max_size=3).map(tuple)
pins = st.builds(
    Pins,
    st.none() | words,
    st.lists(st.builds(Pin, words, st.none() | words, plans, st.none() | path_faults), max_size=3).map(tuple),
)


@st.composite
def rich_timelines(draw: st.DrawFn) -> Timeline:
    """Draw a timeline whose steps have every member that a step can have."""
    timeline = draw(timelines())
    steps = []
    for step in timeline.steps:
        pause = Pause("hitl", "p", draw(members), draw(members)) if step.pause else None
        events = (StepEvent(Millis(3), "think", draw(values)),) if draw(st.booleans()) else ()
        sub_tasks = (SubTask("wf", draw(members)),) if draw(st.booleans()) else ()
        rich = replace(step, sets=draw(members), pause=pause, events=events, sub_tasks=sub_tasks)
        rich = replace(rich, streams_result=draw(st.booleans()), faults=draw(rules), line=draw(st.integers(0, 99)))
        steps.append(rich)
    of_the_scenario = draw(st.builds(ScenarioFaults, st.dictionaries(words, faults, max_size=2), rules))
    return Timeline("random", tuple(steps), "scenarios/random.yaml", of_the_scenario)


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Draw a task with one to three turns of any history."""
    history = [
        turn._replace(
            request=draw(st.binary(max_size=9)), version=draw(st.none() | words), chosen=draw(words), plan=draw(plans)
        )
        for turn in draw(st.lists(turns(), min_size=1, max_size=3))
    ]
    parent, started_by = draw(st.none() | st.text(max_size=5)), draw(st.none() | st.just(StartedBy("p", 0, 2)))
    return Task("id", draw(st.integers(0, 10**9)), tuple(history), parent, started_by, 7, 9)
