"""Where tasks stand: the facts of the store, replayed to what their clock shows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.core.replay import Snapshot, Turn, replay, sub_tasks_started
from xpander_emulator.core.timeline import NO_TIME, Millis
from xpander_emulator.errors import NotFound
from xpander_emulator.store.codec.facts import CLOCK
from xpander_emulator.store.port import Reading, StartedBy, Store, Task


# One is made with every reading of a task. A NamedTuple is as immutable as a frozen dataclass, and made in a third of
# the time (benchmarks/README.md).
class TaskState(NamedTuple):
    """A task with all that its rendering needs to know.

    number:   which turn is shown, counted from 0.
    now:      on the clock that the turn follows, which is `ahead` ms ahead of its namespace's.
    children: the ids of its sub-tasks that exist, each with whether it has ended.
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
        """When the task's first turn was born, in its own time."""
        first = self.task.turns[0]
        return Millis(first.starts_at + first.offset)

    def seen_as(self, turn: Turn, now: Millis, snapshot: Snapshot) -> "TaskState":
        """Return the same task with another history of its turn, at another instant."""
        return self._replace(turn=turn, now=now, snapshot=snapshot, children=())


class TaskStates:
    """Reads tasks from a store. One read of the clock in each call; nothing is changed and nothing kept.

    first_clock: the one that a namespace goes by until another is set.
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
        """Return where a task stands. Raises NotFound."""
        task_state = await self.find(namespace, task_id)
        if task_state is None:
            raise NotFound("Task not found")
        return task_state

    async def find(self, namespace: str, task_id: str) -> TaskState | None:
        """Return where a task stands; None if there is none, or its story has not come to it."""
        return await self.of(namespace, await self._store.read(namespace, task_id))

    async def of(self, namespace: str, reading: Reading) -> TaskState | None:
        """Return where the newest turn of a task stands that was just read, with its sub-tasks; None as `find` does."""
        if reading.task is None:
            return None
        return await self._with_children(namespace, reading, self.clock_of(reading).now(machine_time()))

    def clock_of(self, reading: Reading) -> Clock:
        """Return the clock that the namespace of a reading goes by."""
        return reading.clock or self.first_clock

    async def _with_children(self, namespace: str, reading: Reading, now: Millis) -> TaskState | None:
        task = reading.task
        task_state = None if task is None else await self.alone(namespace, task, now)
        if task_state is None or not reading.children:
            return task_state
        found = [
            await self.alone(namespace, child, now) for child in reading.children if child.id != task_state.task.id
        ]
        children = tuple((child.task.id, child.snapshot.is_finished) for child in found if child is not None)
        return task_state._replace(children=children)

    async def has_moved(self, task_state: TaskState) -> bool:
        """Return whether anything but time has happened to a turn since it stood so, its end with the task included."""
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
        """Return where one turn of a task (the newest, or `number`) stands, its sub-tasks left aside."""
        number = len(task.turns) - 1 if number is None else number
        turn, ahead = task.turns[number], NO_TIME
        if task.started_by is not None:
            begun = await self._begun(namespace, task.started_by, now)
            if begun is None:
                return None
            starts_at, ahead = begun
            task = replace(task, turns=(task.turns[0]._replace(starts_at=starts_at), *task.turns[1:]))
            turn = task.turns[number]
        # Hosts whose clocks differ agree, because no reader is before the last thing that happened.
        now = Millis(max(now + ahead, turn.signals[-1].at if turn.signals else turn.starts_at))
        return TaskState(namespace, task, turn, number, now, replay(turn, now), ahead=ahead)

    async def _begun(self, namespace: str, started_by: StartedBy, now: Millis) -> tuple[Millis, Millis] | None:
        """Return when a story's sub-task begins, in its parent's own time, and how far ahead that time is now."""
        task = await self._store.get(namespace, started_by.parent)
        parent = None if task is None else await self.alone(namespace, task, now, started_by.turn)
        if parent is None:
            return None
        entered = dict(sub_tasks_started(parent.snapshot, parent.turn.timeline))
        if started_by.step not in entered:
            return None
        return entered[started_by.step], Millis(parent.now + parent.snapshot.offset - now)

    async def turn(self, namespace: str, task_id: str, number: int) -> TaskState:
        """Return where one turn of a task stands, its sub-tasks left aside. Raises NotFound."""
        reading = await self._store.read(namespace, task_id)
        task = reading.task
        known = task is not None and number < len(task.turns)
        now = self.clock_of(reading).now(machine_time())
        task_state = await self.alone(namespace, task, now, number) if task and known else None
        if task_state is None:
            raise NotFound("Task not found")
        return task_state

    async def at_moment(self, task_state: TaskState, moment: Snapshot) -> TaskState:
        """Return a turn as it stood at a moment of its past, with the sub-tasks that existed then."""
        at = moment.updated_at
        begun = dict(sub_tasks_started(moment, task_state.turn.timeline))
        found: list[tuple[str, bool]] = []
        for child in await self._store.children(task_state.namespace, task_state.task.id):
            clock = await self._clock_then(task_state, child, at, begun)
            if clock is not None:
                starts_at, now = clock
                turn = child.turns[0]._replace(starts_at=starts_at) if child.started_by else child.turns[0]
                found.append((child.id, replay(turn, now).is_finished))
        return task_state._replace(snapshot=moment, children=tuple(found))

    async def _clock_then(
        self, task_state: TaskState, child: Task, at: Millis, begun: Mapping[int, Millis]
    ) -> tuple[Millis, Millis] | None:
        """Return when a sub-task began and what its clock showed at an instant of its parent; None before it began."""
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
        """Return the tasks that exist by now and that both filters take, newest first, ties by ordinal.

        by_state: costs a replay of each task that `by_facts` has taken.
        """
        now = await self.now(namespace)
        found: list[tuple[Millis, int, Task]] = []
        for task in await self._store.all(namespace):
            if not by_facts(task):
                continue
            created = Millis(task.turns[0].starts_at + task.turns[0].offset)
            if by_state is not None or task.started_by is not None:
                task_state = await self.alone(namespace, task, now)
                if task_state is None or not (by_state is None or by_state(task_state)):
                    continue
                created = task_state.created_at
            found.append((created, task.ordinal, task))
        found.sort(key=lambda each: each[:2], reverse=True)
        return [task for _, _, task in found]

    async def turns(self, namespace: str, task_id: str) -> list[TaskState]:
        """Return a task once for each of its turns, oldest first. Raises NotFound."""
        newest, now = await self.get(namespace, task_id), await self.now(namespace)
        earlier = [await self.alone(namespace, newest.task, now, number) for number in range(newest.number)]
        return [*(turn for turn in earlier if turn is not None), newest]

    async def children(self, namespace: str, task_id: str) -> list[TaskState]:
        """Return the sub-tasks of a task that exist by now, by ordinal."""
        now = await self.now(namespace)
        kept = await self._store.children(namespace, task_id)
        found = [
            await self._with_children(namespace, await self._store.read(namespace, child.id), now)
            for child in kept
            if child.id != task_id
        ]
        return [task_state for task_state in found if task_state is not None]


def told_of(task_state: TaskState) -> dict[str, Any]:
    """Return what the feed tells of a task."""
    snapshot = task_state.snapshot
    return {
        "task_id": task_state.task.id,
        "turn": task_state.number + 1,
        "scenario": task_state.turn.timeline.name,
        "step": snapshot.step.id,
        "status": snapshot.status.value,
    }
