"""The port to the store: starts of tasks and the signals that they received, by namespace. Never a status."""

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
from xpander_emulator.store.notifications import Notifications, Subscription


class StoreUnavailable(EmulatorError):
    """The store cannot be read or written at present; the same request may be sent again later.

    retry_after: in seconds.
    """

    status = 503

    def __init__(self, message: str, retry_after: int = 1) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class StartedBy:
    """What starts a sub-task of a scenario: the sub-task exists once turn `turn` of `parent` has entered step `step`.

    turn, step: counted from 0.
    """

    parent: str
    turn: int
    step: int


@dataclass(frozen=True, slots=True)
class Task:
    """The facts of one task.

    ordinal:    how many tasks its namespace had before it, since the last reset.
    parent:     the id of the parent, as the client sent it or as the scenario has it.
    started_by: None for a task that a client has started.
    version:    counts the writes; a writer names the version that it has read.
    mark:       a number of the store, by which the task differs from an earlier one of the same id.
    """

    id: str
    ordinal: int
    turns: tuple[Turn, ...]
    parent: str | None = None
    started_by: StartedBy | None = None
    version: int = 0
    mark: int = field(default=0, compare=False)

    @property
    def turn(self) -> Turn:
        """The newest turn, the one that clients see."""
        return self.turns[-1]

    @property
    def announced_as(self) -> str:
        """The id under which subscribers are notified of the new task: its parent's, or its own."""
        return self.id if self.parent is None else self.parent

    def marked(self, mark: int) -> "Task":
        """Return the task with the mark that the store gave to it."""
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
    """The scenario that one start takes, and one of its paths where `path` has an id.

    plan:  the moves that lead along the path.
    fault: the only fault on the path; None for the faults of the scenario.
    """

    scenario: str
    path: str | None = None
    plan: tuple[Move, ...] = ()
    fault: PathFault | None = None


@dataclass(frozen=True, slots=True)
class Pins:
    """The scenarios of a namespace's next starts: one of `upcoming` for each start, then `default`."""

    default: str | None = None
    upcoming: tuple[Pin, ...] = ()


NO_PINS: Final = Pins()


Value = TypeVar("Value")


# Compared and hashed by identity: each fact exists once, and is looked up with every request.
@dataclass(frozen=True, slots=True, eq=False)
class Fact(Generic[Value]):
    """One value that a namespace has beside its tasks, such as its clock; `name` is also its scope of a reset.

    initial: the value until one is set.
    counted: whether setting the fact deletes the match counts of the namespace's rules.
    """

    name: str
    initial: Value
    to_bytes: Callable[[Value], bytes]
    from_bytes: Callable[[bytes], Value]
    counted: bool = False


class Reading(NamedTuple):
    """The stored facts of one task, of its sub-tasks by ordinal, and of its namespace.

    clock:  None while the namespace has the server's initial clock.
    faults: the rules for coming requests.
    pins:   the scenarios of the next starts.
    """

    task: Task | None
    children: Sequence[Task]
    clock: Clock | None
    faults: tuple[FaultRule, ...] = ()
    pins: Pins = NO_PINS


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of a namespace.

    tasks:    by ordinal.
    ordinals: how many ordinals were taken.
    """

    tasks: Sequence[Task] = ()
    ordinals: int = 0
    facts: Mapping[Fact[Any], Any] = field(default_factory=dict)


class Store(Protocol):
    """The port to a store. Every method is atomic. A namespace is named, never by an API key.

    A change of a task notifies the subscribers of its id, a new task those of its parent's id or of its own, a change
    of a fact and a reset those of WHOLE. Every method may raise StoreUnavailable; nothing has changed then, unless the
    store was lost between a write and its response.
    A task that nobody has changed is the same object with each reading.
    """

    @property
    def log(self) -> Log | None:
        """The log in the store; None where nothing outlives the process."""

    @property
    def is_near(self) -> bool:
        """Whether the store is on this machine, so that reading it waits for no network."""

    @property
    def notifications(self) -> Notifications:
        """The notifications of this process."""

    def agree_on(self, clock: Clock) -> Clock:
        """Return the initial clock of all namespaces: `clock`, or the one of the first server on the store.

        Raises UnknownFormat where another version has written to the store.
        """

    def salt(self) -> bytes:
        """Return 16 random bytes, drawn with the store and the same for every process that shares it.

        Not in an export: the salt belongs to the store, not to a namespace. Does not wait once `agree_on` was called.
        """

    async def close(self) -> None:
        """Close what is open; the next call opens it again."""

    async def read(self, namespace: str, task_id: str) -> Reading:
        """Return the facts of a task and its namespace, with as little waiting as possible.

        task_id: empty for the namespace alone.
        """

    async def get(self, namespace: str, task_id: str) -> Task | None:
        """Return a task, or None."""

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        """Store new tasks, all or none, and return how many tasks there are in all namespaces.

        Raises StaleWrite if one of the ids is taken.
        """

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        """Store a task's next version, and new tasks that come with it.

        Raises StaleWrite unless it is the version after the stored one, or if an id of a new task is taken.
        """

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        """Delete tasks; unknown ids are ignored."""

    async def all(self, namespace: str) -> Sequence[Task]:
        """Return every task of a namespace, by ordinal, ascending."""

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        """Return the tasks whose parent this is, by ordinal."""

    async def count(self) -> int:
        """Return how many tasks all namespaces have."""

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        """Return the tasks that were added first, each with its namespace."""

    async def next_ordinal(self, namespace: str, count: int = 1) -> int:
        """Take the next `count` ordinals and return the first."""

    async def namespaces(self) -> Mapping[str, int]:
        """Return the names of all namespaces that hold anything, with how many tasks they hold."""

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        """Return the value of a fact."""

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        """Set a fact. Raises StaleWrite unless its value still is `seen`."""

    async def count_match(self, namespace: str, task_id: str, rule: str) -> int:
        """Count a request that matches a rule, and return how many have matched, this one included.

        task_id: of the task whose scenario has the rule; the count is deleted with the task, and that of a task that
                 does not exist is 1. Empty for a rule of the namespace.
        """

    async def matches(self, namespace: str, task_id: str, rule: str) -> int:
        """Return how many requests have matched a rule."""

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        """Delete what the scopes name: `tasks` with the ordinals, facts, and with `faults` all match counts."""

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        """Return the tasks of a namespace and these of its facts, as of one moment."""

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        """Put `contents` in the place of all that a namespace holds."""

    def subscribe(self, namespace: str, keys: Sequence[str]) -> AbstractAsyncContextManager[Subscription]:
        """Subscribe to changes in a namespace, by whichever process.

        keys: ids of tasks, WHOLE for the facts and resets, ELSEWHERE for any change by another process.
        """
