"""Where facts are kept: the births of tasks and the signals they received, per namespace. Never a status."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from emulator.clock import Clock
from emulator.core.faults import FaultRule
from emulator.core.replay import Turn
from emulator.core.signals import Move, Signal


@dataclass(frozen=True, slots=True)
class Follows:
    """A sub-task of a story: it exists once turn `turn` of `parent` has entered step `step`."""

    parent: str
    turn: int
    step: int


@dataclass(frozen=True, slots=True)
class Task:
    """The facts of one task.

    ordinal: how many tasks its namespace had before it, since its last reset.
    parent:  the id that the client gave as the parent, or that of the story which starts it.
    version: counts the writes; whoever appends says which version was seen.
    """

    id: str
    ordinal: int
    turns: tuple[Turn, ...]
    parent: str | None = None
    follows: Follows | None = None
    version: int = 0

    @property
    def turn(self) -> Turn:
        """The newest turn, the one that clients see."""
        return self.turns[-1]

    def with_signals(self, signals: Sequence[Signal]) -> "Task":
        """Return the task with `signals` added to its newest turn."""
        turns = (*self.turns[:-1], self.turn.after(*signals))
        return replace(self, turns=turns, version=self.version + 1)

    def with_turn(self, turn: Turn) -> "Task":
        """Return the task with a further turn."""
        return replace(self, turns=(*self.turns, turn), version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Pin:
    """The scenario that one start takes, and where `path` names one of its paths, the plan that leads along it."""

    scenario: str
    path: str | None = None
    plan: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True)
class Pins:
    """What a namespace's next tasks take: `upcoming`, one for each start, then the scenario `default`."""

    default: str | None = None
    upcoming: tuple[Pin, ...] = ()


NO_PINS: Final = Pins()


class Store(Protocol):
    """The port to what is kept. Every method is atomic; a namespace is named, never by an API key.

    A change of a task rings a bell under its id, a change of the clock or a reset under the namespace;
    `wait` sleeps until one of them rings.
    """

    async def get(self, namespace: str, task_id: str) -> Task | None:
        """Return a task, or None."""
        ...

    async def add(self, namespace: str, tasks: Sequence[Task]) -> None:
        """Keep new tasks, all or none. Raises StaleWrite if one of the ids is taken."""
        ...

    async def replace(self, namespace: str, task: Task) -> None:
        """Keep a task's next version. Raises StaleWrite unless it is the one that follows what is kept."""
        ...

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        """Forget tasks; unknown ids are passed over."""
        ...

    async def all(self, namespace: str) -> Sequence[Task]:
        """Return every task of a namespace, by ordinal, ascending."""
        ...

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        """Return the tasks whose parent this is, by ordinal."""
        ...

    async def count(self) -> int:
        """Return how many tasks are kept in all namespaces."""
        ...

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        """Return the tasks that were added first, each with its namespace."""
        ...

    async def next_ordinal(self, namespace: str, how_many: int = 1) -> int:
        """Take the next `how_many` ordinals and return the first."""
        ...

    async def namespaces(self) -> Mapping[str, int]:
        """Return the names of all namespaces that hold anything, with how many tasks they hold."""
        ...

    async def clock(self, namespace: str) -> Clock | None:
        """Return the clock that was set, or None while it is the server's own."""
        ...

    async def set_clock(self, namespace: str, clock: Clock) -> None:
        """Keep a clock."""
        ...

    async def pins(self, namespace: str) -> Pins:
        """Return which scenarios the next tasks take."""
        ...

    async def set_pins(self, namespace: str, pins: Pins) -> None:
        """Keep which scenarios the next tasks take."""
        ...

    async def take_pin(self, namespace: str) -> Pin | None:
        """Take the first of the upcoming pins, once."""
        ...

    async def faults(self, namespace: str) -> Sequence[FaultRule]:
        """Return the faults that coming requests meet."""
        ...

    async def set_faults(self, namespace: str, rules: Sequence[FaultRule]) -> None:
        """Keep the faults that coming requests meet; what was counted for earlier ones is forgotten."""
        ...

    async def hit(self, namespace: str, task_id: str, rule: str) -> int:
        """Count a request that fits a rule, and return how many have been, this one included.

        task_id: whose story has the rule; the count goes with the task. Empty for a rule of the namespace.
        """
        ...

    async def hits(self, namespace: str, task_id: str, rule: str) -> int:
        """Return how many requests have been counted for a rule."""
        ...

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        """Forget what the scopes name: `tasks` with the ordinals, `clock`, `pins`, `faults` with all counts."""
        ...

    async def wait(self, namespace: str, task_ids: Sequence[str], seconds: float | None) -> None:
        """Sleep until one of the tasks or the namespace changes, or until the time is over."""
        ...

    async def wake(self) -> None:
        """End every `wait` that goes on."""
        ...
