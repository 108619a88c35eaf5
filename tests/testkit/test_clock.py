from datetime import UTC, datetime, timedelta

import pytest

from xpander_emulator.settings import ClockMode
from xpander_emulator.testkit import BadRequest, Emulator, Task

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_time_passes_for_every_task_when_the_clock_advances(kit: Emulator, approval: Task) -> None:
    approval.advance(until="paused")

    clock = kit.clock.advance("23h").advance(timedelta(minutes=59))
    before = approval.status
    clock.advance("1m")

    assert (before, approval.status) == ("paused", "error")
    assert clock.now == START + timedelta(hours=24)
    assert clock.mode == "auto"
    assert repr(clock) == "<TaskClock auto, 2026-01-02T00:00:00+00:00>"


def test_a_clock_is_set_and_goes_on_from_what_it_shows(kit: Emulator) -> None:
    kit.clock.set("manual").advance("1s")

    assert (kit.clock.mode, kit.clock.now) == ("manual", START + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("2 seconds", "^The clock cannot be advanced: .*write '2s'"),
        (timedelta(seconds=-1), "^A clock never goes back"),
    ],
)
def test_a_wrong_duration_is_refused(by: str | timedelta, message: str, kit: Emulator) -> None:
    with pytest.raises(BadRequest, match=message):
        kit.clock.advance(by)


def test_a_scaled_clock_goes_on_from_what_it_shows(kit: Emulator) -> None:
    clock = kit.clock.advance("1h").set("scaled", 1.5)

    assert clock.mode == "scaled"
    assert START + timedelta(hours=1) <= clock.now < START + timedelta(hours=2)


@pytest.mark.parametrize(
    ("mode", "scale", "message"),
    [
        ("fast", None, r"^Unknown clock mode 'fast'; known modes are real, scaled, manual, auto\.$"),
        ("scaled", "2", r"^scale takes a number or None, found '2'\.$"),
    ],
)
def test_a_wrong_mode_or_scale_is_refused_and_the_clock_stays(
    mode: ClockMode, scale: float | None, message: str, kit: Emulator
) -> None:
    with pytest.raises(BadRequest, match=message):
        kit.clock.set(mode, scale)

    assert kit.clock.mode == "auto"
