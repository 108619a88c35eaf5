"""Facts come back from bytes exactly as they went in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.codec import strategies
from xpander_emulator.clock import Clock
from xpander_emulator.core.faults import FaultRule
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import (
    Millis,
    Step,
    Timeline,
)
from xpander_emulator.store.codec.facts import (
    CLOCK,
    FAULTS,
    PINS,
    TimelineDigests,
    task_from_bytes,
    task_to_bytes,
    timelines_of,
)
from xpander_emulator.store.codec.timelines import (
    UnknownFormat,
    timeline_from_bytes,
)
from xpander_emulator.store.port import Pins, Task


@given(strategies.tasks())
def test_a_task_comes_back_exactly(task: Task) -> None:
    digests = TimelineDigests()
    texts = dict(digests.with_text(turn.timeline) for turn in task.turns)

    record = task_to_bytes(task, digests)
    back = task_from_bytes(record, lambda digest: timeline_from_bytes(texts[digest]), 9)

    assert back == task
    assert back.mark == task.mark
    assert set(timelines_of(record)) == set(texts)


@given(
    st.builds(
        Clock, st.sampled_from(["real", "scaled", "manual", "auto"]), st.integers(0, 2**47), st.integers(0, 2**47)
    ),
    strategies.pins,
    strategies.rules,
)
def test_clocks_pins_and_faults_come_back_exactly(clock: Clock, pins: Pins, rules: tuple[FaultRule, ...]) -> None:
    assert CLOCK.from_bytes(CLOCK.to_bytes(clock)) == clock
    assert CLOCK.from_bytes(CLOCK.to_bytes(None)) is None
    assert PINS.from_bytes(PINS.to_bytes(pins)) == pins
    assert FAULTS.from_bytes(FAULTS.to_bytes(rules)) == rules


def test_what_has_its_default_is_left_out() -> None:
    turn = Turn(Timeline("t", (Step("end", Status.COMPLETED),)), "wf", b'{"a":1}', 7, Millis(1_000))

    record = task_to_bytes(Task("x", 0, (turn,)), lambda _: "T")

    assert record == (
        b'{"format":2,"id":"x","ordinal":0,"version":0,"turns":'
        b'[{"timeline":"T","runs":"wf","key":"7","born":1000,"request":"{\\"a\\":1}"}]}'
    )


def test_another_format_is_refused_with_what_to_do() -> None:
    message = "is in format 1; this version of the emulator reads format 2. Use the version that wrote it"

    with pytest.raises(UnknownFormat, match=f"A stored task {message}"):
        task_from_bytes(b'{"format":1}', lambda _: pytest.fail("not asked for"), 0)
    with pytest.raises(UnknownFormat, match=f"A stored clock {message}"):
        CLOCK.from_bytes(b"[1]")
    with pytest.raises(UnknownFormat, match=f"A stored choice of scenarios {message}"):
        PINS.from_bytes(b'[1,"x"]')


def test_the_digest_of_an_equal_timeline_is_equal_and_each_timeline_is_written_once() -> None:
    digests = TimelineDigests()
    one, equal = (Timeline("t", (Step("end", Status.COMPLETED),)) for _ in range(2))

    assert digests(one) == digests(equal) == digests.with_text(one)[0]
    assert digests.with_text(one)[1] is digests.with_text(one)[1]
    assert digests(Timeline("u", one.steps)) != digests(one)
