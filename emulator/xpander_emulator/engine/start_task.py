"""Starts: new tasks with the sub-tasks of their scenarios, and further turns of finished tasks."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.common import json_codec, keyed_hash
from xpander_emulator.core.faults import PathFault
from xpander_emulator.core.moves_by_reading import on_show
from xpander_emulator.core.replay import Turn, replay
from xpander_emulator.core.signals import Move
from xpander_emulator.core.timeline import NO_TIME, Millis, with_one_fault
from xpander_emulator.engine import feed
from xpander_emulator.engine.feed import Feed
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.engine.task_state import TaskState, TaskStates
from xpander_emulator.errors import Conflict, NotFound
from xpander_emulator.scenario.directory import Directory
from xpander_emulator.scenario.selection import Catalogue, Choice, choose
from xpander_emulator.settings import Settings
from xpander_emulator.store.codec.facts import PINS
from xpander_emulator.store.compare_and_set import change_fact
from xpander_emulator.store.port import NO_PINS, Pins, Reading, StartedBy, Store, Task

MAX_SUB_TASK_DEPTH: Final = 3


class Start(NamedTuple):
    """The request of a client that starts a task.

    runs, kind, version: of the workflow or agent.
    body, raw:           the request, parsed and as sent.
    preferred:           the name of the scenario that the client prefers, or None.
    """

    runs: str
    kind: str
    version: str | None
    body: Mapping[str, Any]
    raw: bytes
    origin: str = ""
    preferred: str | None = None


class _Selection(NamedTuple):
    """The scenario of a new turn and why, and for a path of it the moves and the fault."""

    choice: Choice
    moves: tuple[Move, ...] = ()
    fault: PathFault | None = None


class TaskStarter:
    """Starts the tasks of one server.

    default: the scenario of a start for which no other is chosen.
    """

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        directory: Directory,
        default: str,
        renderer: TaskRenderer,
        store: Store,
        task_states: TaskStates,
        feed: Feed,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._directory = directory
        self._default = default
        self._renderer = renderer
        self._store = store
        self._task_states = task_states
        self._feed = feed

    def adopt(self, catalogue: Catalogue, directory: Directory) -> None:
        """Take other scenarios for all further starts."""
        self._catalogue = catalogue
        self._directory = directory

    async def start(
        self, namespace: str, start: Start, choice: Choice | None, reading: Reading
    ) -> tuple[TaskState, int]:
        """Start a task, or a further turn of a finished one; return it, and how many tasks there are now.

        That number is 0 after a further turn, which adds no task.

        choice:  the scenario of the task, and why; None to choose one.
        reading: of the namespace.

        Raises NotFound for an unknown workflow under `--known-only`, Conflict for the id of a live task,
        BadRequest for an unknown preferred scenario.
        """
        if self._settings.known_only and not self._directory.knows(start.runs):
            raise NotFound(f"{start.kind.capitalize()} not found")
        task_id = start.body.get("id") or None
        existing = await self._task_states.find(namespace, task_id) if task_id else None
        if existing is not None and not existing.snapshot.is_finished:
            raise Conflict(
                f"Task '{task_id}' is {existing.snapshot.status}. Wait for its end, or change or omit `id`,"
                " or reset the emulator.",
                existing.snapshot.waits_for,
            )
        selection = _Selection(choice) if choice else self._choose(start, reading.pins)
        if choice is None and reading.pins.upcoming:
            selection = await self._take_pin(namespace, start, selection)
        if existing is not None:
            return await self._further_turn(namespace, existing, start, selection)
        return await self._first_turn(namespace, task_id, start, selection, self._task_states.clock_of(reading))

    def _choose(self, start: Start, pins: Pins) -> _Selection:
        """Return the scenario of a start."""
        pin = pins.upcoming[0] if pins.upcoming else None
        choice = choose(
            self._catalogue,
            start.runs,
            start.body,
            pinned=pin.scenario if pin else None,
            preferred=start.preferred,
            default=pins.default or self._default,
            listed=self._directory.scenario(start.runs),
        )
        return _Selection(choice, pin.plan, pin.fault) if pin else _Selection(choice)

    async def _take_pin(self, namespace: str, start: Start, selection: _Selection) -> _Selection:
        """Take the next one of the pinned scenarios, for this start alone, and return it."""

        def take(pins: Pins) -> Pins:
            nonlocal selection
            selection = self._choose(start, pins)
            return replace(pins, upcoming=pins.upcoming[1:])

        await change_fact(self._store, namespace, PINS, take)
        self._feed.publish(namespace, feed.CHOICES)
        return selection

    async def _first_turn(
        self, namespace: str, task_id: str | None, start: Start, selection: _Selection, clock: Clock
    ) -> tuple[TaskState, int]:
        now = clock.now(machine_time())
        ordinal = await self._store.next_ordinal(namespace)
        key = self._key(namespace, ordinal, 0)
        turn = _turn(start, selection, key, now)
        parent = start.body.get("parent_execution_id") or None
        if task_id is not None and await self._store.get(namespace, task_id):
            raise Conflict(f"Task '{task_id}' is planned as a sub-task. Change or omit `id`.")
        task = Task(task_id or await self._free_id(namespace, key), ordinal, (turn,), parent=parent)
        task_state = TaskState(namespace, task, turn, 0, now, replay(turn, now))
        planned = await self._planned(task_state, 0, {task.id}) if turn.timeline.sub_tasks else ()
        count = await self._store.add(namespace, (task, *planned))
        self._feed.publish(namespace, feed.START, task_state.summary)
        return task_state, count

    async def _further_turn(
        self, namespace: str, existing: TaskState, start: Start, selection: _Selection
    ) -> tuple[TaskState, int]:
        task = existing.task
        number = len(task.turns)
        key = self._key(namespace, task.ordinal, number)
        turn = _turn(start, selection, key, existing.now, existing.snapshot.offset)
        task = task.with_turn(turn)
        task_state = existing._replace(
            task=task, turn=turn, number=number, snapshot=replay(turn, existing.now), children=()
        )
        await self._store.replace(namespace, task, await self._planned(task_state, 0, set()))
        self._feed.publish(namespace, feed.START, task_state.summary)
        return task_state, 0

    async def _planned(self, parent: TaskState, depth: int, taken: set[str]) -> tuple[Task, ...]:
        """Return the sub-tasks that the scenario of `parent` may start, and theirs.

        taken: the ids of tasks that are stored together with these; theirs are added.
        """
        plans = parent.turn.timeline.sub_tasks
        if not plans or depth >= MAX_SUB_TASK_DEPTH:
            return ()
        planned: list[Task] = []
        ordinal = await self._store.next_ordinal(parent.namespace, len(plans))
        for place, (step, sub_task) in enumerate(plans):
            body = self._renderer.request_of_sub_task(parent, sub_task.request, f"/sub_tasks/{place}")
            start = Start(sub_task.runs, "workflow", None, body, json_codec.dumps(body), parent.turn.origin)
            key = self._key(parent.namespace, ordinal + place, 0)
            turn = _turn(start, self._choose(start, NO_PINS), key, NO_TIME)
            started_by = StartedBy(parent.task.id, parent.number, step)
            child_id = await self._free_id(parent.namespace, key, taken)
            taken.add(child_id)
            task = Task(child_id, ordinal + place, (turn,), parent.task.id, started_by)
            child = TaskState(parent.namespace, task, turn, 0, NO_TIME, replay(turn, NO_TIME))
            planned += [task, *await self._planned(child, depth + 1, taken)]
        return tuple(planned)

    async def _free_id(self, namespace: str, key: int, taken: Collection[str] = ()) -> str:
        """Return the id that follows from the key, or the next one where a client has taken that id."""
        pointer = "/id"
        while (task_id := keyed_hash.uuid4(key, pointer)) in taken or await self._store.get(namespace, task_id):
            pointer += "/taken"
        return task_id

    def _key(self, namespace: str, ordinal: int, turn: int) -> int:
        return keyed_hash.keyed(self._settings.seed, namespace, ordinal, turn)


def _turn(start: Start, selection: _Selection, key: int, starts_at: Millis, offset: Millis = NO_TIME) -> Turn:
    timeline = selection.choice.scenario.timeline
    turn = Turn(
        with_one_fault(timeline, selection.fault) if selection.fault else timeline,
        start.runs,
        start.raw,
        key,
        starts_at,
        start.kind,
        start.version,
        start.origin,
        offset,
        chosen=selection.choice.reason,
        plan=selection.moves,
    )
    # The response to the start shows the first step.
    return turn.after(*on_show(turn, starts_at, replay(turn, starts_at))) if selection.moves else turn
