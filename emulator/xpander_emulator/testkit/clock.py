"""The clock of one test."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.errors import BadRequest
from xpander_emulator.scenario.durations import NotADuration, parse_duration
from xpander_emulator.settings import ClockMode
from xpander_emulator.testkit.arguments import check
from xpander_emulator.testkit.namespace import Namespace


@dataclass(frozen=True, slots=True, repr=False)
class TaskClock:
    """The clock of one test, which all of its tasks follow. `Task.advance` can move a single task ahead of it."""

    _namespace: Namespace = field(repr=False)

    @property
    def mode(self) -> ClockMode:
        """The mode of the clock: `"real"`, `"scaled"`, `"manual"` or `"auto"`."""
        return self._clock.mode

    @property
    def now(self) -> datetime:
        """The time that the clock shows, in UTC."""
        return datetime.fromtimestamp(self._clock.now(machine_time()) / 1000, UTC)

    def set(self, mode: ClockMode, scale: float | None = None) -> Self:
        """Change the clock's mode. The clock continues from the time that it shows.

        Args:
            mode: `"real"`, `"scaled"`, `"manual"` or `"auto"`.
            scale: With `"scaled"`, the seconds that pass on the clock in one second of real time; None for no change.

        Returns:
            The clock.

        Raises:
            BadRequest: The mode or the scale is not possible, or has a wrong type.
        """
        check("scale", scale, float | None)
        self._namespace.call(self._namespace.engine.set_clock, mode, scale)
        return self

    def advance(self, by: str | timedelta) -> Self:
        """Move the clock forward, and all tasks with it.

        Args:
            by: A duration such as `"2s"` or `"1h30m"`, or a timedelta.

        Returns:
            The clock.

        Raises:
            BadRequest: The duration is not one, is negative, or leads beyond the year 9999.
        """
        self._namespace.call(self._namespace.engine.advance, _millis(by))
        return self

    def __repr__(self) -> str:
        return f"<TaskClock {self.mode}, {self.now.isoformat()}>"

    @property
    def _clock(self) -> Clock:
        return self._namespace.call(self._namespace.engine.task_states.clock)


def _millis(duration: str | timedelta) -> int:
    if isinstance(duration, timedelta):
        return duration // timedelta(milliseconds=1)
    try:
        return parse_duration(duration)
    except NotADuration as error:
        raise BadRequest(f"The clock cannot be advanced: {error}.") from None
