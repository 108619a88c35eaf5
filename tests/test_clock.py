from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.clock import LAST_INSTANT, Clock, first_clock, iso, machine_time, millis
from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import BadRequest
from xpander_emulator.settings import CLOCK_MODES, DEFAULT_START, ClockMode

START = datetime(2026, 1, 1, tzinfo=UTC)
ANCHOR = Millis(1_000_000)
modes = st.sampled_from(CLOCK_MODES)
steps = st.lists(st.tuples(st.sampled_from(["advance", "switch", "pass"]), modes, st.integers(0, 10_000)), max_size=10)


def clock_of(mode: ClockMode, scale: float = 60) -> Clock:
    return first_clock(mode, scale, START, ANCHOR)


@pytest.mark.parametrize("mode", ["manual", "auto"])
def test_a_clock_that_stands_begins_at_its_start_and_stays_there(mode: ClockMode) -> None:
    clock = clock_of(mode)

    assert clock.now(ANCHOR) == clock.now(Millis(ANCHOR + 86_400_000)) == millis(START)
    assert clock.seconds_until(Millis(millis(START) + 1), ANCHOR) is None


def test_a_real_clock_shows_the_machines_time() -> None:
    clock = clock_of("real")

    assert clock.now(Millis(ANCHOR + 1_234)) == ANCHOR + 1_234
    assert clock.seconds_until(Millis(ANCHOR + 1_500), ANCHOR) == 1.5


def test_a_scaled_clock_goes_faster_and_waits_less() -> None:
    clock = clock_of("scaled", 60)

    assert clock.now(Millis(ANCHOR + 1_000)) == ANCHOR + 60_000
    assert clock.seconds_until(Millis(ANCHOR + 60_000), ANCHOR) == 1.0


def test_what_is_shown_already_is_not_waited_for() -> None:
    assert clock_of("manual").seconds_until(millis(START), ANCHOR) == 0.0


def test_a_machine_whose_time_goes_back_does_not_take_the_clock_along() -> None:
    assert clock_of("real").now(Millis(ANCHOR - 5_000)) == ANCHOR


@given(mode=modes, steps=steps)
def test_no_clock_ever_goes_back(mode: ClockMode, steps: list[tuple[str, ClockMode, int]]) -> None:
    clock, machine = clock_of(mode), ANCHOR
    shown = clock.now(machine)
    for what, other, amount in steps:
        if what == "advance":
            clock = clock.advanced(amount, machine)
        elif what == "switch":
            clock = clock.switched(other, None, machine)
        else:
            machine = Millis(machine + amount)
        assert clock.now(machine) >= shown
        shown = clock.now(machine)


@given(mode=modes, first=st.integers(0, 10_000), second=st.integers(0, 10_000))
def test_two_advances_are_as_good_as_one(mode: ClockMode, first: int, second: int) -> None:
    clock = clock_of(mode)

    assert clock.advanced(first, ANCHOR).advanced(second, ANCHOR) == clock.advanced(first + second, ANCHOR)


@given(before=modes, after=modes, passed=st.integers(0, 10_000))
def test_another_mode_goes_on_from_what_the_clock_shows(before: ClockMode, after: ClockMode, passed: int) -> None:
    clock, machine = clock_of(before), Millis(ANCHOR + passed)

    assert clock.switched(after, None, machine).now(machine) == clock.now(machine)


def test_going_back_is_refused() -> None:
    with pytest.raises(
        BadRequest, match=r"^A clock never goes back: 2026-01-01T00:00:00.000000Z cannot be moved by -1 ms\.$"
    ):
        clock_of("manual").advanced(-1, ANCHOR)


def test_the_end_of_time_is_not_passed() -> None:
    clock = clock_of("manual").advanced(LAST_INSTANT - millis(START), ANCHOR)

    assert iso(clock.now(ANCHOR)) == "9999-12-31T23:59:59.999000Z"
    with pytest.raises(BadRequest, match=r"^A clock ends with the year 9999: "):
        clock.advanced(1, ANCHOR)


def test_a_fast_clock_stands_still_at_the_end_of_time() -> None:
    clock = clock_of("scaled", 1_000_000)

    assert clock.now(Millis(ANCHOR + 10**12)) == LAST_INSTANT


@pytest.mark.parametrize("scale", [0.0, -1.0, 1_000_001.0, float("nan"), float("inf")])
def test_a_scale_is_above_nothing_and_at_most_a_million(scale: float) -> None:
    with pytest.raises(BadRequest, match=r"it must be above 0 and at most 1,000,000\.$"):
        clock_of("real").switched("scaled", scale, ANCHOR)


def test_a_scale_goes_with_a_scaled_clock_alone() -> None:
    with pytest.raises(BadRequest, match=r"^`scale` goes with mode 'scaled', not with 'manual'\.$"):
        clock_of("real").switched("manual", 2, ANCHOR)


def test_a_scaled_clock_has_the_same_scale_when_none_is_set() -> None:
    assert clock_of("scaled", 5).switched("manual", None, ANCHOR).switched("scaled", None, ANCHOR).pace == 5


def test_an_unknown_mode_is_refused_with_the_known_modes() -> None:
    with pytest.raises(BadRequest, match=r"^Unknown clock mode 'fast'; known modes are real, scaled, manual, auto\.$"):
        clock_of("real").switched("fast", None, ANCHOR)  # type: ignore[arg-type]


@given(st.integers(0, LAST_INSTANT).map(Millis))
def test_an_instant_is_written_with_microseconds_and_read_again(instant: Millis) -> None:
    text = iso(instant)

    assert len(text) == len("2026-01-01T00:00:00.000000Z")
    assert millis(datetime.fromisoformat(text)) == instant


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    assert millis(datetime(2026, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))) == millis(START)


def test_the_machines_time_is_in_milliseconds() -> None:
    assert abs(machine_time() / 1000 - datetime.now(UTC).timestamp()) < 60


@pytest.mark.parametrize("scale", [0.0, -1.0, 1e12, float("nan"), float("inf")])
def test_a_server_does_not_start_with_a_scale_that_no_clock_can_have(scale: float) -> None:
    with pytest.raises(BadRequest, match="it must be above 0 and at most 1,000,000"):
        first_clock("scaled", scale, DEFAULT_START, Millis(0))


def test_a_server_does_not_start_before_1970() -> None:
    with pytest.raises(BadRequest, match="a clock starts in 1970 or later"):
        first_clock("manual", 60.0, DEFAULT_START.replace(year=1), Millis(0))
