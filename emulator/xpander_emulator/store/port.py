"""Where facts are kept: the births of tasks and the signals they received, per namespace. Never a status."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

from xpander_emulator.clock import Clock
from xpander_emulator.core.faults import FaultRule, PathFault
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Move, Signal
from xpander_emulator.errors import EmulatorError
from xpander_emulator.store.log import Log
from xpander_emulator.store.notifications import Subscription


class StoreUnavailable(EmulatorError):
    """What is kept cannot be read or written at present; the same request may be sent again later.

    retry_after: in seconds.
    """

    status = 503

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


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
    mark:    the store's own, to tell it from an earlier task of the same id.
    """

    id: str
    ordinal: int
    turns: tuple[Turn, ...]
    parent: str | None = None
    follows: Follows | None = None
    version: int = 0
    mark: int = field(default=0, compare=False)

    @property
    def turn(self) -> Turn:
        """The newest turn, the one that clients see."""
        return self.turns[-1]

    @property
    def announced_as(self) -> str:
        """The id under which listeners are notified of the new task: its parent's, or its own."""
        return self.id if self.parent is None else self.parent

    def marked(self, mark: int) -> "Task":
        """Return the task as the store has marked it."""
        return replace(self, mark=mark)

    def with_signals(self, signals: Sequence[Signal]) -> "Task":
        """Return the task with `signals` added to its newest turn."""
        turns = (*self.turns[:-1], self.turn.after(*signals))
        return replace(self, turns=turns, version=self.version + 1)

    def with_turn(self, turn: Turn) -> "Task":
        """Return the task with a further turn."""
        return replace(self, turns=(*self.turns, turn), version=self.version + 1)


@dataclass(frozen=True, slots=True)
class Pin:
    """The scenario that one start takes, and where `path` names one of its paths, what happens along it.

    plan:  the moves that lead along it.
    fault: the only one that strikes on it; None for those of the story.
    """

    scenario: str
    path: str | None = None
    plan: tuple[Move, ...] = ()
    fault: PathFault | None = None


@dataclass(frozen=True, slots=True)
class Pins:
    """What a namespace's next tasks take: `upcoming`, one for each start, then the scenario `default`."""

    default: str | None = None
    upcoming: tuple[Pin, ...] = ()


NO_PINS: Final = Pins()


Value = TypeVar("Value")


# Compared and hashed by identity: each of them exists once, and is looked up with every request.
@dataclass(frozen=True, slots=True, eq=False)
class Fact(Generic[Value]):
    """One thing that a namespace has beside its tasks, such as its clock; `name` is also its scope of a reset.

    initial: what it is until it is set.
    counted: whether setting it forgets what was counted for the rules of the namespace.
    """

    name: str
    initial: Value
    to_bytes: Callable[[Value], bytes]
    from_bytes: Callable[[bytes], Value]
    counted: bool = False


class Reading(NamedTuple):
    """What is kept of one task, of its sub-tasks by ordinal, and of its namespace.

    clock:  the namespace's, None while it is the first.
    faults: those that its coming requests meet.
    pins:   what its next starts take.
    """

    task: Task | None
    children: Sequence[Task]
    clock: Clock | None
    faults: tuple[FaultRule, ...] = ()
    pins: Pins = NO_PINS


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a namespace holds.

    tasks:    by ordinal.
    ordinals: how many were given.
    facts:    those that were asked for.
    """

    tasks: Sequence[Task] = ()
    ordinals: int = 0
    facts: Mapping[Fact[Any], Any] = field(default_factory=dict)


class Store(Protocol):
    """The port to what is kept. Every method is atomic; a namespace is named, never by an API key.

    A change of a task rings a bell under its id, a new task under that of its parent or its own, a change of a fact or
    a reset under the namespace. Every method may raise StoreUnavailable; nothing has changed then, unless the store
    was lost between a write and its answer.
    A task that nobody has changed is the same object with each reading.
    """

    @property
    def log(self) -> Log | None:
        """The log in it; None where nothing outlives the process."""
        ...

    @property
    def is_near(self) -> bool:
        """Whether what is kept lies on this machine, so that reading it waits for no network."""
        ...

    def agree_on(self, first: Clock) -> Clock:
        """Return the clock with which all namespaces start; the one that the first server here brought, if it fits."""
        ...

    def salt(self) -> bytes:
        """Return 16 random bytes, drawn when the store was made and the same for every process that shares it.

        Not in an export: they belong to the store, not to a namespace. Read without waiting once `agree_on` was called.
        """
        ...

    async def close(self) -> None:
        """Give back what is held open; the next call opens it again."""
        ...

    async def read(self, namespace: str, task_id: str) -> Reading:
        """Return what is kept of a task and its namespace, with as little waiting as possible.

        task_id: empty for the namespace alone.
        """
        ...

    async def get(self, namespace: str, task_id: str) -> Task | None:
        """Return a task, or None."""
        ...

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        """Keep new tasks, all or none, and return how many tasks there are in all namespaces.

        Raises StaleWrite if one of the ids is taken.
        """
        ...

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        """Keep a task's next version, and new tasks that come with it.

        Raises StaleWrite unless it is the version that follows what is kept, or if an id of a new task is taken.
        """
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

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        """Return what a fact of a namespace is."""
        ...

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        """Keep a fact. Raises StaleWrite unless it still is what the writer has seen."""
        ...

    async def hit(self, namespace: str, task_id: str, rule: str) -> int:
        """Count a request that fits a rule, and return how many have been, this one included.

        task_id: whose story has the rule; the count goes with the task, and one that is gone counts 1. Empty for a
                 rule of the namespace.
        """
        ...

    async def hits(self, namespace: str, task_id: str, rule: str) -> int:
        """Return how many requests have been counted for a rule."""
        ...

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        """Forget what the scopes name: `tasks` with the ordinals, facts, and with `faults` all that was counted."""
        ...

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        """Return the tasks of a namespace and those of its facts, as of one moment."""
        ...

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        """Put `contents` in the place of all that a namespace holds."""
        ...

    def listen(self, namespace: str, task_ids: Sequence[str]) -> AbstractAsyncContextManager[Subscription]:
        """Give a bell that rings when one of the tasks or the namespace changes, whichever process changes it."""
        ...

    def listen_elsewhere(self, namespace: str) -> AbstractAsyncContextManager[Subscription]:
        """Give a bell that rings when another process changes anything in a namespace."""
        ...

    async def wake(self) -> None:
        """Ring every bell of this process."""
        ...
