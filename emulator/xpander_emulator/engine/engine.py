"""The engine: starts tasks, reads them, and gives them signals. It joins store, clock, scenarios and the core.

Each call reads the clock once. A status is never stored: every response is replayed from the facts.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final

from xpander_emulator.clock import Clock, first_clock, machine_time
from xpander_emulator.core import signals
from xpander_emulator.core.moves_by_reading import next_move, on_read, on_show, on_wait
from xpander_emulator.core.replay import replay, skip_to_change, skip_until
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis
from xpander_emulator.engine import conflict_messages, feed
from xpander_emulator.engine.eviction import Eviction
from xpander_emulator.engine.fault_selection import Faults
from xpander_emulator.engine.feed import Feed
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.engine.start_task import Start, TaskStarter
from xpander_emulator.engine.task_state import TaskState, TaskStates
from xpander_emulator.engine.views import View, Views
from xpander_emulator.errors import BadRequest, Conflict, NotFound, StaleWrite, did_you_mean
from xpander_emulator.journal.port import Journal
from xpander_emulator.scenario.directory import Directory
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.scenario.selection import Catalogue, Choice, Scenario
from xpander_emulator.settings import ClockMode, Settings
from xpander_emulator.store.codec.facts import CLOCK, PINS
from xpander_emulator.store.compare_and_set import ATTEMPTS, change_fact
from xpander_emulator.store.notifications import WHOLE
from xpander_emulator.store.port import Pin, Pins, Reading, Store

MAX_SIGNALS: Final = 10_000
MAX_PINS: Final = 1_000
MANUAL_WAIT_SECONDS: Final = 10.0
RESET_SCOPES: Final = ("tasks", "journal", "clock", "pins", "faults")


class Engine:
    """The tasks of one server, in all of its namespaces."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Catalogue,
        default: str,
        renderer: TaskRenderer,
        store: Store,
        journal: Journal,
    ) -> None:
        self.settings = settings
        self.catalogue = catalogue
        self.directory = Directory(settings.runnables, catalogue)
        self.default = default
        self.renderer = renderer
        self.store = store
        self.journal = journal
        self.feed = Feed(store)
        first = first_clock(settings.clock, settings.scale, settings.start, machine_time())
        self.task_states = TaskStates(store, store.agree_on(first))
        self.faults = Faults(store, self.task_states, catalogue, settings.seed)
        self._starter = TaskStarter(
            settings, catalogue, self.directory, default, renderer, store, self.task_states, self.feed
        )
        self._views = Views(renderer)
        self._eviction = Eviction(store, self.task_states, self.feed, settings.max_tasks, self._views.drop)
        self.closing = False
        self.before_reset: list[Callable[[str, frozenset[str]], Awaitable[None]]] = []
        """Called with the namespace and the scopes before anything is deleted."""

    async def start(
        self, namespace: str, start: Start, choice: Choice | None = None, reading: Reading | None = None
    ) -> View:
        """Start a task, or a further turn of a finished one; above `max_tasks`, another task is deleted.

        choice:  the scenario of the task, and why; None to choose one.
        reading: of the namespace, for a caller that has just read it.

        Raises NotFound for an unknown workflow under `--known-only`, Conflict for the id of a live task,
        BadRequest for an unknown preferred scenario.
        """
        reading = reading or await self.store.read(namespace, "")
        task_state, count = await self._starter.start(namespace, start, choice, reading)
        if count > self.settings.max_tasks:
            await self._eviction.evict(count)
        return self._views.view(task_state)

    # Reading

    async def peek(self, namespace: str, task_id: str) -> View:
        """Return a task without counting as a read of it. Raises NotFound."""
        return self._views.view(await self.task_states.get(namespace, task_id))

    async def read(self, namespace: str, task_id: str, reading: Reading | None = None) -> View:
        """Return a task to a client; the read moves a task that counts reads, and any task on an auto clock.

        reading: of the task, for a caller that has just read it. Raises NotFound.
        """
        reading = reading or await self.store.read(namespace, task_id)
        clock = self.task_states.clock_of(reading)
        if (view := self._views.cached(namespace, task_id, reading, clock)) is not None:
            return view

        def poll(task_state: TaskState) -> Sequence[Signal]:
            return on_read(task_state.turn, task_state.now, task_state.snapshot, auto_clock=clock.mode == "auto")

        task_state = await self.task_states.of(namespace, reading)
        return self._views.cache(self._views.view(await self._change(namespace, task_id, poll, task_state)))

    async def wait(self, namespace: str, task_id: str, seconds: float | None = None) -> View:
        """Return a task once it has ended or is paused, or when the time is over or the server stops.

        seconds: of real time; None for no limit. On a manual clock the limit is 10 s.
        On an auto clock nothing is waited for: the task skips as far as it goes by itself. Raises NotFound.
        """
        return self._views.view(await self._note_shown(await self._wait(namespace, task_id, seconds)))

    async def _wait(self, namespace: str, task_id: str, seconds: float | None) -> TaskState:
        loop = asyncio.get_running_loop()
        ends = None if seconds is None else loop.time() + seconds
        manual_ends = loop.time() + MANUAL_WAIT_SECONDS
        while True:
            task_state = await self.task_states.get(namespace, task_id)
            if task_state.snapshot.is_finished or task_state.snapshot.status is Status.PAUSED:
                return task_state
            if await self.skip_idle(task_state):
                continue
            clock = await self.task_states.clock(namespace)
            if clock.mode == "auto" or self.closing:
                return task_state
            bounds = [ends] if clock.pace else [ends, manual_ends]
            left = min((bound - loop.time() for bound in bounds if bound is not None), default=None)
            if left is not None and left <= 0:
                return task_state
            await self.sleep(task_state, task_state.snapshot.next_change, left)

    async def _note_shown(self, task_state: TaskState) -> TaskState:
        """Note that a task is shown if its plan makes a move in the present step, and return the task."""
        if next_move(task_state.turn, task_state.snapshot) is None:
            return task_state

        def note(each: TaskState) -> Sequence[Signal]:
            return on_show(each.turn, each.now, each.snapshot)

        return await self._change(task_state.namespace, task_state.task.id, note)

    async def skip_idle(self, task_state: TaskState) -> bool:
        """Move a task on for a client that waits for it, unless the task waits itself; return whether it has moved.

        A client that waits does not read: a step that counts reads is left at once, on any clock, and a step that is
        left by time on an auto clock. A task with a plan makes its move.
        """
        clock = await self.task_states.clock(task_state.namespace)

        def idle(each: TaskState) -> Sequence[Signal]:
            if len(each.snapshot.visits) != len(task_state.snapshot.visits):
                return ()
            return on_wait(each.turn, each.now, each.snapshot, auto_clock=clock.mode == "auto")

        moved = await self._change(task_state.namespace, task_state.task.id, idle)
        return len(moved.snapshot.visits) > len(task_state.snapshot.visits)

    async def sleep(self, task_state: TaskState, until: Millis | None, most: float | None = None) -> None:
        """Sleep until the clock that a task follows shows `until`, or until the task or the clock is changed.

        most: in seconds of real time; None for no limit. Returns at once when the server stops.
        """
        if self.closing:
            return
        async with self.store.subscribe(task_state.namespace, _keys(task_state)) as subscription:
            # Another process may have changed the task between the read and the subscription.
            if await self.task_states.has_moved(task_state):
                return
            clock = await self.task_states.clock(task_state.namespace)
            due = None if until is None else clock.seconds_until(Millis(until - task_state.ahead), machine_time())
            await subscription.wait(min((each for each in (due, most) if each is not None), default=None))

    async def close(self) -> None:
        """End all waits, because the server stops: waiting calls return, streams end."""
        self.closing = True
        self.store.notifications.notify_all()

    # Acting

    async def signal(
        self,
        namespace: str,
        task_id: str,
        kind: str,
        *,
        by: str | None = None,
        reason: str | None = None,
        payload: Mapping[str, Any] | None = None,
        place: tuple[int, str] | None = None,
    ) -> View:
        """Give a task a signal. Raises NotFound, and Conflict where the task does not wait for it.

        place: the turn, counted from 0, and the step for which the signal is meant; in any other it is a Conflict.
        """
        properties = dict(payload or {})
        if kind == signals.UPDATE:
            self.renderer.check_update(properties)

        def decide(task_state: TaskState) -> Sequence[Signal]:
            snapshot = task_state.snapshot
            if kind == signals.STOP and snapshot.is_finished:
                return ()
            elsewhere = place not in (None, (task_state.number, snapshot.step.id))
            if elsewhere or (kind != signals.UPDATE and kind not in snapshot.waits_for):
                raise Conflict(conflict_messages.not_awaited(task_state, kind), snapshot.waits_for)
            return [Signal(task_state.now, kind, by, reason, properties, seen=len(snapshot.visits))]

        return self._views.view(await self._change(namespace, task_id, decide))

    async def skip(self, namespace: str, task_id: str, until: str | None = None) -> View:
        """Move one task through time: to its next change, or until a status or a step id.

        Raises NotFound; Conflict where the task does not get there by time alone, and then nothing has changed.
        """

        def decide(task_state: TaskState) -> Sequence[Signal]:
            if until is None:
                skip = skip_to_change(task_state.now, task_state.snapshot)
                if skip is None:
                    raise Conflict(conflict_messages.stands_still(task_state), task_state.snapshot.waits_for)
                return [skip]
            if (unknown := conflict_messages.unknown_target(task_state, until)) is not None:
                raise BadRequest(unknown)
            skips = skip_until(task_state.turn, task_state.now, until)
            if skips is None:
                raise Conflict(conflict_messages.cannot_reach(task_state, until), task_state.snapshot.waits_for)
            return skips

        return self._views.view(await self._change(namespace, task_id, decide))

    async def delete(self, namespace: str, task_id: str) -> None:
        """Delete a task and all of its sub-tasks. Raises NotFound."""
        await self.task_states.get(namespace, task_id)
        await self._eviction.delete(namespace, task_id)

    # Time, scenarios, reset

    def adopt(self, catalogue: Catalogue) -> None:
        """Take other scenarios for all further starts; a task goes on along the timeline with which it was started."""
        self.catalogue = catalogue
        self.directory = Directory(self.settings.runnables, catalogue)
        self.faults.adopt(catalogue)
        self._starter.adopt(catalogue, self.directory)

    async def set_clock(self, namespace: str, mode: ClockMode, scale: float | None = None) -> Clock:
        """Change the clock's mode; it goes on from what it shows. Raises BadRequest."""
        return await self._move_clock(namespace, lambda clock: clock.switched(mode, scale, machine_time()))

    async def advance(self, namespace: str, by: int) -> Clock:
        """Move the clock forward by `by` ms. Raises BadRequest for a negative `by`."""
        return await self._move_clock(namespace, lambda clock: clock.advanced(by, machine_time()))

    async def _move_clock(self, namespace: str, move: Callable[[Clock], Clock]) -> Clock:
        first = self.task_states.first_clock
        moved = await change_fact(self.store, namespace, CLOCK, lambda clock: move(clock or first)) or first
        self.feed.publish(namespace, feed.CLOCK)
        return moved

    async def pins(self, namespace: str) -> Pins:
        """Return the scenarios of the next starts."""
        return await self.store.fact(namespace, PINS)

    async def pin_default(self, namespace: str, scenario: str) -> None:
        """Let every further start take `scenario` for which nothing else is chosen. Raises NotFound."""
        self.scenario(scenario)
        await change_fact(self.store, namespace, PINS, lambda pins: replace(pins, default=scenario))
        self.feed.publish(namespace, feed.CHOICES)

    async def pin_next(self, namespace: str, scenario: str, times: int = 1, path: ScenarioPath | None = None) -> Pins:
        """Let the next `times` starts take `scenario`, after those pinned before. Raises NotFound, Conflict.

        path: one of the scenario's paths, along which those tasks go by themselves; None to wait for signals.
        """
        self.scenario(scenario)
        pin = Pin(scenario, path.id, path.moves, path.fault) if path else Pin(scenario)

        def add(pins: Pins) -> Pins:
            if len(pins.upcoming) + times > MAX_PINS:
                raise Conflict(f"{len(pins.upcoming) + times:,} starts would be pinned; {MAX_PINS:,} is the most.")
            return replace(pins, upcoming=pins.upcoming + (pin,) * times)

        pins = await change_fact(self.store, namespace, PINS, add)
        self.feed.publish(namespace, feed.CHOICES)
        return pins

    def scenario(self, name: str) -> Scenario:
        """Return a scenario by its name. Raises NotFound."""
        if name not in self.catalogue:
            raise NotFound(f"No scenario is called '{name}'{did_you_mean(name, tuple(self.catalogue)) or '.'}")
        return self.catalogue[name]

    async def reset(self, namespace: str, scopes: Sequence[str] = RESET_SCOPES) -> tuple[str, ...]:
        """Delete what the scopes name, and return the scopes; a reset of the clock deletes the tasks too.

        Raises BadRequest for an unknown scope.
        """
        unknown = next((scope for scope in scopes if scope not in RESET_SCOPES), None)
        if unknown is not None:
            known = f"{', '.join(RESET_SCOPES)}{did_you_mean(unknown, RESET_SCOPES)}"
            raise BadRequest(f"Unknown scope '{unknown}'; known scopes are {known}")
        wanted = frozenset({*scopes, "tasks"} if "clock" in scopes else scopes)
        for each in self.before_reset:
            await each(namespace, wanted)
        await self.store.reset(namespace, wanted)
        if "tasks" in wanted:
            self._views.drop_namespace(namespace)
        if "journal" in wanted:
            await self.journal.reset(namespace)
        done = tuple(scope for scope in RESET_SCOPES if scope in wanted)
        self.feed.publish(namespace, feed.RESET, partial(dict, scope=list(done)))
        return done

    # Inside

    async def _change(
        self,
        namespace: str,
        task_id: str,
        decide: Callable[[TaskState], Sequence[Signal]],
        present: TaskState | None = None,
    ) -> TaskState:
        """Append the signals that `decide` returns for a task; decide again where another writer was faster.

        present: the task, for a caller that has just read it.
        """
        for _ in range(ATTEMPTS):
            task_state, present = present or await self.task_states.get(namespace, task_id), None
            further = decide(task_state)
            if not further:
                return task_state
            if len(task_state.turn.signals) + len(further) > MAX_SIGNALS:
                raise Conflict(f"Task '{task_id}' has had {MAX_SIGNALS:,} signals, the most that one turn takes.")
            task = task_state.task.with_signals(further)
            try:
                await self.store.replace(namespace, task)
            except StaleWrite:
                continue
            turn = task_state.turn.after(*further)
            moved = task_state._replace(task=task, turn=turn, snapshot=replay(turn, task_state.now))
            for signal in further:
                self.feed.publish(namespace, feed.SIGNAL, partial(_signal_data, moved, signal))
            if task_state.children or turn.timeline.sub_tasks:
                return await self.task_states.get(namespace, task_id)
            return moved
        raise StaleWrite(f"Task '{task_id}' is being changed by others all the time; try again.")


def _signal_data(task_state: TaskState, signal: Signal) -> dict[str, Any]:
    return {**task_state.summary(), "signal": signal.kind, "by": signal.by}


def _keys(task_state: TaskState) -> tuple[str, ...]:
    """Return the keys of the store whose changes may change where a task stands."""
    started_by = task_state.task.started_by
    return (WHOLE, task_state.task.id, *(() if started_by is None else (started_by.parent,)))
