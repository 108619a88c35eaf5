"""The clock of one test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.errors import BadRequest
from xpander_emulator.scenario.durations import NotADuration, parse_duration
from xpander_emulator.settings import ClockMode
from xpander_emulator.testkit.arguments import check
from xpander_emulator.testkit.namespace import Room


@dataclass(frozen=True, slots=True, repr=False)
class TaskClock:
    """The clock that all tasks of a test follow; each task's own time may be ahead of it."""

    _room: Room = field(repr=False)

    @property
    def mode(self) -> ClockMode:
        """How it goes: `real`, `scaled`, `manual` or `auto`."""
        return self._clock.mode

    @property
    def now(self) -> datetime:
        """What it shows."""
        return datetime.fromtimestamp(self._clock.now(machine_time()) / 1000, UTC)

    def set(self, mode: ClockMode, scale: float | None = None) -> Self:
        """Change how it goes; it goes on from what it shows. Raises BadRequest."""
        check("scale", scale, float | None)
        self._room.call(self._room.engine.set_clock(self._room.namespace, mode, scale))
        return self

    def advance(self, by: str | timedelta) -> Self:
        """Move it on, by `"2s"`, `"1h30m"` or a timedelta. Raises BadRequest, also for a way back."""
        self._room.call(self._room.engine.advance(self._room.namespace, _millis(by)))
        return self

    def __repr__(self) -> str:
        return f"<TaskClock {self.mode}, {self.now.isoformat()}>"

    @property
    def _clock(self) -> Clock:
        return self._room.call(self._room.engine.task_states.clock(self._room.namespace))


def _millis(length: str | timedelta) -> int:
    if isinstance(length, timedelta):
        return length // timedelta(milliseconds=1)
    try:
        return parse_duration(length)
    except NotADuration as error:
        raise BadRequest(f"The clock cannot be advanced: {error}.") from None
