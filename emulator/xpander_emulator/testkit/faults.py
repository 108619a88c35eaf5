"""What is to go wrong in one test."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from xpander_emulator.core.faults import FaultRule
from xpander_emulator.testkit.namespace import Room


@dataclass(frozen=True, slots=True, repr=False)
class ComingFaults:
    """The faults that coming requests of a test meet, without those of its stories: what is left of each."""

    _room: Room = field(repr=False)

    def clear(self) -> None:
        """Let coming requests meet none any more, but those of their stories."""
        self._room.call(self._room.engine.faults.keep(self._room.namespace, (), {}))

    def __iter__(self) -> Iterator[FaultRule]:
        return iter(self._left())

    def __len__(self) -> int:
        return len(self._left())

    def __repr__(self) -> str:
        return f"<ComingFaults: {', '.join(map(str, self._left())) or 'none'}>"

    def _left(self) -> tuple[FaultRule, ...]:
        return self._room.call(self._room.engine.faults.left(self._room.namespace))
