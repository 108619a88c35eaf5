"""Clocks: real, scaled, manual and auto, one for each namespace, none of which goes back.

A clock is a value; the machine's time is read in one place, `machine_time`.
"""

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import BadRequest
from xpander_emulator.settings import CLOCK_MODES, MAX_SCALE, ClockMode

_FIRST_YEAR: Final = 1970
# The last instant that ISO 8601 writes with a year of four digits, and Python's datetime holds.
LAST_INSTANT: Final = Millis(253_402_300_799_999)


def machine_time() -> Millis:
    """Return the machine's own time. The only read of it in the emulator."""
    return Millis(time.time_ns() // 1_000_000)


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that showed `base` when the machine's time was `anchor`.

    `real` goes at the machine's pace, `scaled` at `scale` times that; `manual` and `auto` stand until
    they are moved. (On `auto`, it is a read of a task that moves that task.)
    """

    mode: ClockMode
    base: Millis
    anchor: Millis
    scale: float = 1.0

    @property
    def pace(self) -> float:
        """How many ms pass in one ms of the machine's time."""
        match self.mode:
            case "real":
                return 1.0
            case "scaled":
                return self.scale
            case _:
                return 0.0

    def now(self, machine: Millis) -> Millis:
        """Return what the clock shows when the machine's time is `machine`."""
        passed = machine - self.anchor
        if passed < 0:
            passed = 0
        if self.mode == "real":
            return Millis(self.base + passed)
        return Millis(min(LAST_INSTANT, self.base + int(passed * self.pace)))

    def seconds_until(self, instant: Millis, machine: Millis) -> float | None:
        """Return how many real seconds it takes this clock to show `instant`; None if it never does by itself."""
        missing = instant - self.now(machine)
        if missing <= 0:
            return 0.0
        return missing / self.pace / 1000 if self.pace else None

    def advanced(self, by: int, machine: Millis) -> "Clock":
        """Return this clock moved forward by `by` ms. Raises BadRequest if that is back, or past the year 9999."""
        now = self.now(machine)
        if by < 0:
            raise BadRequest(f"A clock never goes back: {iso(now)} cannot be moved by {by} ms.")
        if now + by > LAST_INSTANT:
            raise BadRequest(f"A clock ends with the year 9999: {iso(now)} cannot be moved by {by} ms.")
        return replace(self, base=Millis(now + by), anchor=machine)

    def switched(self, mode: ClockMode, scale: float | None, machine: Millis) -> "Clock":
        """Return a clock of another mode that goes on from what this one shows."""
        if mode not in CLOCK_MODES:
            raise BadRequest(f"Unknown clock mode '{mode}'; known modes are {', '.join(CLOCK_MODES)}.")
        if scale is not None and mode != "scaled":
            raise BadRequest(f"`scale` goes with mode 'scaled', not with '{mode}'.")
        pace = self.scale if scale is None else scale
        if mode == "scaled" and not 0 < pace <= MAX_SCALE:
            raise BadRequest(f"`scale` is {pace:g}; it must be above 0 and at most {MAX_SCALE:,.0f}.")
        return Clock(mode, self.now(machine), machine, pace)


def first_clock(mode: ClockMode, scale: float, start: datetime, machine: Millis) -> Clock:
    """Return the clock with which every namespace starts. Raises BadRequest for a scale or start that cannot be."""
    if not 0 < scale <= MAX_SCALE:
        raise BadRequest(f"The scale is {scale:g}; it must be above 0 and at most {MAX_SCALE:,.0f}.")
    if start.year < _FIRST_YEAR:
        raise BadRequest(f"The start is in the year {start.year}; a clock starts in {_FIRST_YEAR} or later.")
    base = millis(start) if mode in ("manual", "auto") else machine
    return Clock(mode, base, machine, scale)


def agreed_clock(clock: Clock, stored: Clock | None, machine: Millis) -> Clock:
    """Return the initial clock of a server that joins a store on which earlier servers agreed on `stored`, if any.

    Only a scaled clock depends on when it was started: all servers go by the oldest, so that none is ahead of the
    others and none goes back after a restart.
    """
    if clock.mode != "scaled" or stored is None or stored.mode != "scaled":
        return clock
    return stored if stored.scale == clock.scale else stored.switched("scaled", clock.scale, machine)


def millis(instant: datetime) -> Millis:
    """Return an aware datetime as ms since the Unix epoch."""
    return Millis(round(instant.timestamp() * 1000))


def iso(instant: Millis) -> str:
    """Return an instant as the API writes it: ISO 8601 with microseconds and `Z`; past the year 9999, its last one."""
    # No clock goes further, but a skip can take a task there.
    instant = min(instant, LAST_INSTANT)
    return f"{_to_the_second(instant // 1000)}.{instant % 1000:03d}000Z"


@lru_cache(maxsize=1024)
def _to_the_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"
