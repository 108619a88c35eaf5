import re
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.strategies import turns
from tests.profiles import examples
from tests.store.codec import strategies
from tests.store.format_samples import CONTENTS
from tests.store.test_every_store import TURN, task
from xpander_emulator.clock import Clock
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Millis, Timeline
from xpander_emulator.errors import BadRequest
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS
from xpander_emulator.store.export import from_document, to_document
from xpander_emulator.store.port import NO_PINS, Contents, StartedBy, Task

MANUAL = Clock("manual", Millis(5_000), Millis(0))
NOTHING: dict[Any, Any] = {CLOCK: MANUAL, PINS: NO_PINS, FAULTS: ()}
REQUESTS = st.dictionaries(st.sampled_from(["input", "title", "größe"]), st.text(max_size=3) | st.none(), max_size=2)


def through_text(contents: Contents, clock: Clock = MANUAL, machine: int = 0) -> Any:
    """Return the document of a namespace as another server reads it."""
    return orjson.loads(orjson.dumps(to_document(contents, clock, Millis(machine))))


@st.composite
def histories(draw: st.DrawFn) -> tuple[Turn, ...]:
    drawn = draw(st.lists(turns(), min_size=1, max_size=2))
    return tuple(turn._replace(request=orjson.dumps(draw(REQUESTS)), plan=draw(strategies.plans)) for turn in drawn)


@st.composite
def contents(draw: st.DrawFn) -> Contents:
    """Draw a namespace, each sub-task of which follows the first turn of an earlier task."""
    tasks: list[Task] = []
    for ordinal in sorted(draw(st.sets(st.integers(0, 9), max_size=3))):
        parent = draw(st.none() | st.sampled_from(tasks)) if tasks else None
        started_by = None if parent is None else StartedBy(parent.id, 0, 0)
        turns_of_task, version = draw(histories()), draw(st.integers(0, 9))
        tasks.append(
            Task(f"t{ordinal}", ordinal, turns_of_task, started_by.parent if started_by else None, started_by, version)
        )
    facts: dict[Any, Any] = {CLOCK: MANUAL, PINS: draw(strategies.pins), FAULTS: draw(strategies.rules)}
    return Contents(tuple(tasks), draw(st.integers(10, 12)), facts)


@given(contents())
@examples(60)
def test_a_namespace_comes_back_from_its_document_exactly(namespace: Contents) -> None:
    back = from_document(through_text(namespace), Millis(0))

    assert back == namespace
    assert through_text(back) == through_text(namespace)


@given(
    st.sampled_from(["real", "scaled", "manual", "auto"]),
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.integers(0, 2**40),
)
def test_the_clock_goes_on_from_the_instant_of_the_export(mode: Any, base: int, here: int, there: int) -> None:
    clock = Clock(mode, Millis(base), Millis(0), 60.0 if mode == "scaled" else 1.0)

    back = from_document(through_text(Contents(facts=NOTHING), clock, here), Millis(there)).facts[CLOCK]

    assert (back.mode, back.scale) == (clock.mode, clock.scale)
    assert back.now(Millis(there)) == clock.now(Millis(here))


def test_equal_facts_give_equal_documents_and_each_timeline_is_in_them_once() -> None:
    equal = TURN._replace(timeline=Timeline("t", TURN.timeline.steps))
    tasks = tuple(task(f"t{number}", number) for number in range(3))
    copies = tuple(replace(each, turns=(equal,)) for each in tasks)

    document = through_text(Contents(tasks, 3, NOTHING))

    assert (
        document
        == through_text(Contents(copies, 3, NOTHING))
        == through_text(Contents((*tasks[:2], copies[2]), 3, NOTHING))
    )
    assert len(document["timelines"]) == 1
    assert {turn["timeline"] for each in document["tasks"] for turn in each["turns"]} == set(document["timelines"])


def test_credentials_that_clients_have_sent_are_blank_in_the_document() -> None:
    request = b'{"input":{"text":"Hi"},"user_tokens":{"crm":"the-mark"}}'
    signal = Signal(Millis(2_000), "update", payload={"api_key": "the-mark", "title": "kept"})
    turn = TURN._replace(request=request, signals=(signal,))

    document = through_text(Contents((Task("a", 0, (turn,)),), 1, NOTHING))

    [stored] = document["tasks"][0]["turns"]
    assert orjson.loads(stored["request"]) == {"input": {"text": "Hi"}, "user_tokens": {"crm": "[redacted]"}}
    assert stored["signals"][0]["payload"] == {"api_key": "[redacted]", "title": "kept"}


def test_tasks_come_by_ordinal_in_whatever_order_the_document_has_them() -> None:
    document = through_text(Contents(tuple(task(f"t{number}", number) for number in range(3)), 3, NOTHING))
    document["tasks"].reverse()

    assert [each.id for each in from_document(document, Millis(0)).tasks] == ["t0", "t1", "t2"]


def in_document(**changes: Any) -> dict[str, Any]:
    """Return a document of two tasks, `a` and its sub-task `b`, with some of its members replaced."""
    sub_task = Task("b", 1, (TURN,), "a", StartedBy("a", 0, 0))
    document: dict[str, Any] = through_text(Contents((task("a"), sub_task), 2, NOTHING))
    return document | {name: change(document[name]) for name, change in changes.items()}


def with_turn(**members: Any) -> Any:
    """Return a change of tasks by which the first turn of the first task has these members."""
    return lambda tasks: [tasks[0] | {"turns": [tasks[0]["turns"][0] | members]}, *tasks[1:]]


def with_task(**members: Any) -> Any:
    """Return a change of tasks by which the second one has these members."""
    return lambda tasks: [tasks[0], tasks[1] | members]


def near_name(tasks: Any) -> Any:
    return with_turn(timeline=tasks[0]["turns"][0]["timeline"][:-1] + "x")(tasks)


NO_TIMELINE = re.escape("tasks[0]: follows the timeline 'gone', which the file does not hold.")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"format": lambda _: 1},
            r"The file is in format 1; this version of the emulator reads format 2\."
            r" Import it with the version that exported it\.",
        ),
        ({"tasks": with_turn(timeline="gone")}, NO_TIMELINE),
        ({"tasks": near_name}, r"tasks\[0\]: follows the timeline '\w+x', .* Did you mean '\w+'\?"),
        ({"tasks": with_task(id="a")}, r"Two tasks have the id 'a'\."),
        ({"tasks": with_task(ordinal=0)}, r"Task 'b' has the ordinal 0; they are unique and below 2\."),
        ({"tasks": with_task(ordinal=2)}, r"Task 'b' has the ordinal 2; they are unique and below 2\."),
        ({"tasks": with_task(follows=["a", 1, 0])}, r"Task 'b' cannot follow turn 2 of 'a'\."),
        ({"tasks": with_task(follows=["b", 0, 0])}, r"Task 'b' cannot follow turn 1 of 'b'\."),
        ({"tasks": with_turn(key="no number")}, r"tasks\[0\]: is no task: invalid literal .*\."),
        ({"tasks": with_turn(request="[]")}, r"tasks\[0\]: the request of turn 1 is no JSON object\."),
        ({"tasks": with_turn(request="{")}, r"tasks\[0\]: the request of turn 1 is no JSON object\."),
        (
            {"tasks": with_turn(request_base64="e30=")},
            r"tasks\[0\]: each turn has `request` or `request_base64`, and not both\.",
        ),
        (
            {"tasks": with_turn(signals=[{"at": 999, "kind": "stop"}])},
            r"tasks\[0\]: the signals of turn 1 are not in the order of their instants\.",
        ),
        (
            {"clock": lambda clock: clock | {"now": "tomorrow"}},
            r"clock\.now: 'tomorrow' is no instant; write it as 2026-01-31T09:30:00Z\.",
        ),
        (
            {"timelines": lambda timelines: {name: json | {"steps": []} for name, json in timelines.items()}},
            r"timelines\.\w+: is no timeline: timeline 't' has no step\.",
        ),
        (
            {"timelines": lambda timelines: {name: json | {"format": 1} for name, json in timelines.items()}},
            r"timelines\.\w+: A stored timeline is in format 1; .*\.",
        ),
    ],
)
def test_a_document_that_no_server_has_exported_is_refused_with_the_place(changes: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=f"^{message}$"):
        from_document(in_document(**changes), Millis(0))


def test_every_member_of_a_fact_is_in_the_document() -> None:
    document = through_text(CONTENTS, CONTENTS.facts[CLOCK], 4)

    with pytest.raises(BadRequest, match=re.escape("tasks[1]: the request of turn 1 is no JSON object.")):
        from_document(document, Millis(4))
    document["tasks"][1]["turns"][0] |= {"request_base64": "e30="}
    back = from_document(document, Millis(4))
    assert (back.facts, back.tasks[0]) == (CONTENTS.facts, CONTENTS.tasks[0])
