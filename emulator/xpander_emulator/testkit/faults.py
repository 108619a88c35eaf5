"""The faults that a test sets for coming requests."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from xpander_emulator.core.faults import FaultRule
from xpander_emulator.testkit.namespace import Namespace


@dataclass(frozen=True, slots=True, repr=False)
class ComingFaults:
    """The faults that `Emulator.fault` has set, as far as they have not struck yet. `len` and `for` work on it.

    Faults of scenarios are not among them.
    """

    _namespace: Namespace = field(repr=False)

    def clear(self) -> None:
        """Remove these faults. Faults of scenarios stay."""
        self._namespace.call(self._namespace.engine.faults.set, (), {})

    def __iter__(self) -> Iterator[FaultRule]:
        return iter(self._left())

    def __len__(self) -> int:
        return len(self._left())

    def __repr__(self) -> str:
        return f"<ComingFaults: {', '.join(map(str, self._left())) or 'none'}>"

    def _left(self) -> tuple[FaultRule, ...]:
        return self._namespace.call(self._namespace.engine.faults.remaining)
