"""Task states: the facts of the store, replayed to the instant that the namespace's clock shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.core.replay import Snapshot, Turn, replay, sub_tasks_started
from xpander_emulator.core.timeline import NO_TIME, Millis
from xpander_emulator.errors import NotFound
from xpander_emulator.store.codec.facts import CLOCK
from xpander_emulator.store.port import Reading, StartedBy, Store, Task


# Every read of a task makes a state. A NamedTuple is as immutable as a frozen dataclass, and made in a third of the
# time (benchmarks/README.md).
class TaskState(NamedTuple):
    """A task at one instant, with its sub-tasks.

    number:   of the turn, counted from 0.
    now:      on the clock that the turn follows, which is `ahead` ms ahead of its namespace's.
    children: the ids of the sub-tasks that exist, each with whether it has ended.
    """

    namespace: str
    task: Task
    turn: Turn
    number: int
    now: Millis
    snapshot: Snapshot
    children: Sequence[tuple[str, bool]] = ()
    ahead: Millis = NO_TIME

    @property
    def created_at(self) -> Millis:
        """The start of the task's first turn, in the task's own time."""
        first = self.task.turns[0]
        return Millis(first.starts_at + first.offset)

    def seen_as(self, turn: Turn, now: Millis, snapshot: Snapshot) -> "TaskState":
        """Return the same task with another history of its turn, at another instant, and without sub-tasks."""
        return self._replace(turn=turn, now=now, snapshot=snapshot, children=())

    def summary(self) -> dict[str, Any]:
        """Return what events of the feed say of the task."""
        return {
            "task_id": self.task.id,
            "turn": self.number + 1,
            "scenario": self.turn.timeline.name,
            "step": self.snapshot.step.id,
            "status": self.snapshot.status.value,
        }


class TaskStates:
    """Reads tasks from a store. Each call reads the clock once, changes nothing and caches nothing.

    first_clock: the clock of a namespace until another is set.
    """

    def __init__(self, store: Store, first_clock: Clock) -> None:
        self._store = store
        self.first_clock = first_clock

    async def clock(self, namespace: str) -> Clock:
        """Return the namespace's clock."""
        return await self._store.fact(namespace, CLOCK) or self.first_clock

    async def now(self, namespace: str) -> Millis:
        """Return what the namespace's clock shows."""
        return (await self.clock(namespace)).now(machine_time())

    async def get(self, namespace: str, task_id: str) -> TaskState:
        """Return the state of a task. Raises NotFound."""
        task_state = await self.find(namespace, task_id)
        if task_state is None:
            raise NotFound("Task not found")
        return task_state

    async def find(self, namespace: str, task_id: str) -> TaskState | None:
        """Return the state of a task; None if there is none, or its scenario has not started it yet."""
        return await self.of(namespace, await self._store.read(namespace, task_id))

    async def of(self, namespace: str, reading: Reading) -> TaskState | None:
        """Return the state of the newest turn of a task that was just read, or None as `find` does."""
        if reading.task is None:
            return None
        return await self._with_children(namespace, reading, self.clock_of(reading).now(machine_time()))

    def clock_of(self, reading: Reading) -> Clock:
        """Return the clock of the namespace of a reading."""
        return reading.clock or self.first_clock

    async def _with_children(self, namespace: str, reading: Reading, now: Millis) -> TaskState | None:
        task = reading.task
        task_state = None if task is None else await self.alone(namespace, task, now)
        if task_state is None or not reading.children:
            return task_state
        others = [child for child in reading.children if child.id != task_state.task.id]
        states = [await self.alone(namespace, child, now) for child in others]
        children = tuple((child.task.id, child.snapshot.is_finished) for child in states if child is not None)
        return task_state._replace(children=children)

    async def has_moved(self, task_state: TaskState) -> bool:
        """Return whether anything but time has changed a turn since this state, deletion included."""
        try:
            again = await self.turn(task_state.namespace, task_state.task.id, task_state.number)
        except NotFound:
            return True
        return (
            (again.task.mark, again.task.version) != (task_state.task.mark, task_state.task.version)
            or again.ahead != task_state.ahead
            or again.snapshot != task_state.snapshot
        )

    async def alone(self, namespace: str, task: Task, now: Millis, number: int | None = None) -> TaskState | None:
        """Return the state of one turn of a task, the newest or `number`, without its sub-tasks."""
        number = len(task.turns) - 1 if number is None else number
        turn, ahead = task.turns[number], NO_TIME
        if task.started_by is not None:
            begun = await self._begun(namespace, task.started_by, now)
            if begun is None:
                return None
            starts_at, ahead = begun
            task = replace(task, turns=(task.turns[0]._replace(starts_at=starts_at), *task.turns[1:]))
            turn = task.turns[number]
        # Hosts whose clocks differ agree, because no reader is before the last signal.
        now = Millis(max(now + ahead, turn.signals[-1].at if turn.signals else turn.starts_at))
        return TaskState(namespace, task, turn, number, now, replay(turn, now), ahead=ahead)

    async def _begun(self, namespace: str, started_by: StartedBy, now: Millis) -> tuple[Millis, Millis] | None:
        """Return when a scenario's sub-task starts, in its parent's own time, and how far ahead that time is now."""
        task = await self._store.get(namespace, started_by.parent)
        parent = None if task is None else await self.alone(namespace, task, now, started_by.turn)
        if parent is None:
            return None
        entered = dict(sub_tasks_started(parent.snapshot, parent.turn.timeline))
        if started_by.step not in entered:
            return None
        return entered[started_by.step], Millis(parent.now + parent.snapshot.offset - now)

    async def turn(self, namespace: str, task_id: str, number: int) -> TaskState:
        """Return the state of one turn of a task, without its sub-tasks. Raises NotFound."""
        reading = await self._store.read(namespace, task_id)
        task = reading.task
        known = task is not None and number < len(task.turns)
        now = self.clock_of(reading).now(machine_time())
        task_state = await self.alone(namespace, task, now, number) if task and known else None
        if task_state is None:
            raise NotFound("Task not found")
        return task_state

    async def at_moment(self, task_state: TaskState, moment: Snapshot) -> TaskState:
        """Return the state of a turn at a moment of its past, with the sub-tasks that existed then."""
        at = moment.updated_at
        begun = dict(sub_tasks_started(moment, task_state.turn.timeline))
        children: list[tuple[str, bool]] = []
        for child in await self._store.children(task_state.namespace, task_state.task.id):
            clock = await self._clock_then(task_state, child, at, begun)
            if clock is not None:
                starts_at, now = clock
                turn = child.turns[0]._replace(starts_at=starts_at) if child.started_by else child.turns[0]
                children.append((child.id, replay(turn, now).is_finished))
        return task_state._replace(snapshot=moment, children=tuple(children))

    async def _clock_then(
        self, task_state: TaskState, child: Task, at: Millis, begun: Mapping[int, Millis]
    ) -> tuple[Millis, Millis] | None:
        """Return the start of a sub-task, and its clock at an instant of its parent; None before the start."""
        if child.id == task_state.task.id:
            return None
        if child.started_by is None:
            # A client's sub-task follows the namespace's clock, which its parent's own time may be ahead of.
            now = Millis(min(task_state.now, at))
            return (child.turns[0].starts_at, now) if child.turns[0].starts_at <= now else None
        if child.started_by.turn != task_state.number or child.started_by.step not in begun:
            return None
        return begun[child.started_by.step], at

    async def select(
        self,
        namespace: str,
        by_facts: Callable[[Task], bool],
        by_state: Callable[[TaskState], bool] | None = None,
    ) -> list[Task]:
        """Return the tasks that exist by now and pass both filters, newest first, ties by ordinal.

        by_state: costs a replay of each task that passes `by_facts`.
        """
        now = await self.now(namespace)
        sortable: list[tuple[Millis, int, Task]] = []
        for task in await self._store.all(namespace):
            if not by_facts(task):
                continue
            created = Millis(task.turns[0].starts_at + task.turns[0].offset)
            if by_state is not None or task.started_by is not None:
                task_state = await self.alone(namespace, task, now)
                if task_state is None or not (by_state is None or by_state(task_state)):
                    continue
                created = task_state.created_at
            sortable.append((created, task.ordinal, task))
        sortable.sort(key=lambda item: item[:2], reverse=True)
        return [task for _, _, task in sortable]

    async def turns(self, namespace: str, task_id: str) -> list[TaskState]:
        """Return a task once for each of its turns, oldest first. Raises NotFound."""
        newest, now = await self.get(namespace, task_id), await self.now(namespace)
        earlier = [await self.alone(namespace, newest.task, now, number) for number in range(newest.number)]
        return [*(turn for turn in earlier if turn is not None), newest]

    async def children(self, namespace: str, task_id: str) -> list[TaskState]:
        """Return the sub-tasks of a task that exist by now, by ordinal."""
        now = await self.now(namespace)
        states = [
            await self._with_children(namespace, await self._store.read(namespace, child.id), now)
            for child in await self._store.children(namespace, task_id)
            if child.id != task_id
        ]
        return [task_state for task_state in states if task_state is not None]
