"""The engine: starts tasks, reads them, takes signals. It joins store, clock, scenarios and the core.

One read of the clock in each call. A status is never kept: every answer is replayed from the facts.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NamedTuple

from xpander_emulator.clock import Clock, first_clock, machine_time
from xpander_emulator.common import json_codec
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
from xpander_emulator.engine.render.variations import Variation
from xpander_emulator.engine.shared_feed import Following
from xpander_emulator.engine.start_task import Start, TaskStarter
from xpander_emulator.engine.task_state import TaskState, TaskStates, told_of
from xpander_emulator.errors import BadRequest, Conflict, NotFound, StaleWrite, did_you_mean
from xpander_emulator.journal.port import Journal
from xpander_emulator.scenario.directory import Directory
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.scenario.selection import Catalogue, Choice, Scenario
from xpander_emulator.settings import ClockMode, Settings
from xpander_emulator.store.codec.facts import CLOCK, PINS
from xpander_emulator.store.compare_and_set import ATTEMPTS, change_fact
from xpander_emulator.store.notifications import WHOLE
from xpander_emulator.store.port import Pin, Pins, Reading, Store, Task

MAX_SIGNALS: Final = 10_000
MAX_PINS: Final = 1_000
MANUAL_WAIT_SECONDS: Final = 10.0
_MOST_VIEWS: Final = 4_096
RESET_SCOPES: Final = ("tasks", "journal", "clock", "pins", "faults")


@dataclass(frozen=True, slots=True, weakref_slot=True, eq=False)
class View:
    """A task as it is sent: its state, its body, the body that a client gets, and that as JSON.

    Equal only to itself, so that a cache can drop what it has made of a view together with the view.

    warning: what of the request was ignored, and why; "" where nothing was.
    """

    task_state: TaskState
    body: Mapping[str, Any]
    sent: Variation
    encoded: bytes
    warning: str


class _Seen(NamedTuple):
    """A view that holds until the namespace's clock shows `until`, or the task is written."""

    task: Task
    until: Millis | None
    view: View


class Engine:
    """One server's tasks, in all of its namespaces."""

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
        self.feed = Feed()
        self.following = Following(store, self.feed)
        first = first_clock(settings.clock, settings.scale, settings.start, machine_time())
        self.task_states = TaskStates(store, store.agree_on(first))
        self.faults = Faults(store, self.task_states, catalogue, settings.seed)
        self._births = TaskStarter(
            settings, catalogue, self.directory, default, renderer, store, self.task_states, self.feed
        )
        self._forgetting = Eviction(store, self.task_states, self.feed, settings.max_tasks, self._forget_views)
        self.closing = False
        self.before_reset: list[Callable[[str, frozenset[str]], Awaitable[None]]] = []
        """Called with the namespace and the scopes before anything is forgotten."""
        self._views: OrderedDict[tuple[str, str], _Seen] = OrderedDict()

    async def start(
        self, namespace: str, start: Start, choice: Choice | None = None, reading: Reading | None = None
    ) -> View:
        """Start a task, or a further turn of a finished one; where there are too many, another is forgotten.

        choice:  the scenario that it takes whatever else would be chosen, and why; None to choose.
        reading: of the namespace, for a caller that has just looked.

        Raises NotFound for an unknown workflow under `--known-only`, Conflict for the id of a live task,
        BadRequest for an unknown preferred scenario.
        """
        reading = reading or await self.store.read(namespace, "")
        task_state, count = await self._births.start(namespace, start, choice, reading)
        if count > self.settings.max_tasks:
            await self._forgetting.make_room(count)
        return self._view(task_state)

    # Reading

    async def peek(self, namespace: str, task_id: str) -> View:
        """Return a task as it is, without counting as a read. Raises NotFound."""
        return self._view(await self.task_states.get(namespace, task_id))

    async def read(self, namespace: str, task_id: str, reading: Reading | None = None) -> View:
        """Return a task to a client that asks for it; the read moves a task that counts reads, or on an auto clock.

        reading: of the task, for a caller that has just looked. Raises NotFound.
        """
        reading = reading or await self.store.read(namespace, task_id)
        clock = self.task_states.clock_of(reading)
        if (view := self._seen(namespace, task_id, reading, clock)) is not None:
            return view

        def poll(task_state: TaskState) -> Sequence[Signal]:
            return on_read(task_state.turn, task_state.now, task_state.snapshot, auto_clock=clock.mode == "auto")

        task_state = await self.task_states.of(namespace, reading)
        return self._view(await self._change(namespace, task_id, poll, task_state), clock)

    async def wait(self, namespace: str, task_id: str, seconds: float | None = None) -> View:
        """Return a task once it has ended or waits for somebody, or as it is when the time is over or the server stops.

        seconds: of real time; None for as long as it takes. A clock that stands is waited for 10 s at most.
        On an auto clock nothing is waited for: the task skips as far as it goes by itself. Raises NotFound.
        """
        return self._view(await self._shown(await self._rested(namespace, task_id, seconds)))

    async def _rested(self, namespace: str, task_id: str, seconds: float | None) -> TaskState:
        loop = asyncio.get_running_loop()
        ends = None if seconds is None else loop.time() + seconds
        patience = loop.time() + MANUAL_WAIT_SECONDS
        while True:
            task_state = await self.task_states.get(namespace, task_id)
            if task_state.snapshot.is_finished or task_state.snapshot.status is Status.PAUSED:
                return task_state
            if await self.skip_idle(task_state):
                continue
            clock = await self.task_states.clock(namespace)
            if clock.mode == "auto" or self.closing:
                return task_state
            bounds = [ends] if clock.pace else [ends, patience]
            left = min((bound - loop.time() for bound in bounds if bound is not None), default=None)
            if left is not None and left <= 0:
                return task_state
            await self.sleep(task_state, task_state.snapshot.next_change, left)

    async def _shown(self, task_state: TaskState) -> TaskState:
        """Note that a task is shown where its plan wants to know, and return it."""
        if next_move(task_state.turn, task_state.snapshot) is None:
            return task_state

        def note(each: TaskState) -> Sequence[Signal]:
            return on_show(each.turn, each.now, each.snapshot)

        return await self._change(task_state.namespace, task_state.task.id, note)

    async def skip_idle(self, task_state: TaskState) -> bool:
        """Move a task on for somebody who waits for it, if it waits for nobody; tell whether it was moved.

        Whoever waits does not count as a reader, so a step that counts reads is passed at once, on any clock;
        a step that waits only for time is passed on an auto clock. A task with a plan makes its move.
        """
        clock = await self.task_states.clock(task_state.namespace)

        def idle(each: TaskState) -> Sequence[Signal]:
            if len(each.snapshot.visits) != len(task_state.snapshot.visits):
                return ()
            return on_wait(each.turn, each.now, each.snapshot, auto_clock=clock.mode == "auto")

        moved = await self._change(task_state.namespace, task_state.task.id, idle)
        return len(moved.snapshot.visits) > len(task_state.snapshot.visits)

    async def sleep(self, task_state: TaskState, until: Millis | None, most: float | None = None) -> None:
        """Sleep until the clock that a task follows shows `until`, or something happens to the task or the clock.

        most: in seconds of real time; None for as long as it takes. Nobody sleeps once the server stops.
        """
        if self.closing:
            return
        async with self.store.subscribe(task_state.namespace, _keys(task_state)) as subscription:
            # Another process may have acted between the reading and the listening.
            if await self.task_states.has_moved(task_state):
                return
            clock = await self.task_states.clock(task_state.namespace)
            due = None if until is None else clock.seconds_until(Millis(until - task_state.ahead), machine_time())
            await subscription.wait(min((each for each in (due, most) if each is not None), default=None))

    async def close(self) -> None:
        """Let nobody wait any longer, because the server stops: waiting calls return, streams end."""
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

        place: the only turn, counted from 0, and step at which it is meant; elsewhere it is a Conflict too.
        """
        given = dict(payload or {})
        if kind == signals.UPDATE:
            self.renderer.check_update(given)

        def decide(task_state: TaskState) -> Sequence[Signal]:
            snapshot = task_state.snapshot
            if kind == signals.STOP and snapshot.is_finished:
                return ()
            elsewhere = place not in (None, (task_state.number, snapshot.step.id))
            if elsewhere or (kind != signals.UPDATE and kind not in snapshot.waits_for):
                raise Conflict(conflict_messages.not_awaited(task_state, kind), snapshot.waits_for)
            return [Signal(task_state.now, kind, by, reason, given, seen=len(snapshot.visits))]

        return self._view(await self._change(namespace, task_id, decide))

    async def skip(self, namespace: str, task_id: str, until: str | None = None) -> View:
        """Move one task through time: to its next change, or until a status or a step id.

        Raises NotFound; Conflict where it cannot get there by time alone, and then nothing has changed.
        """

        def decide(task_state: TaskState) -> Sequence[Signal]:
            if until is None:
                skips = _skip(task_state)
                if not skips:
                    raise Conflict(conflict_messages.stands_still(task_state), task_state.snapshot.waits_for)
                return skips
            if (unknown := conflict_messages.unknown_target(task_state, until)) is not None:
                raise BadRequest(unknown)
            found = skip_until(task_state.turn, task_state.now, until)
            if found is None:
                raise Conflict(conflict_messages.cannot_reach(task_state, until), task_state.snapshot.waits_for)
            return found

        return self._view(await self._change(namespace, task_id, decide))

    async def delete(self, namespace: str, task_id: str) -> None:
        """Forget a task and all of its sub-tasks. Raises NotFound."""
        await self.task_states.get(namespace, task_id)
        await self._forgetting.remove(namespace, task_id)

    # Time, scenarios, reset

    def adopt(self, catalogue: Catalogue) -> None:
        """Take other scenarios for all further starts; a task keeps the timeline with which it was born."""
        self.catalogue = catalogue
        self.directory = Directory(self.settings.runnables, catalogue)
        self.faults.adopt(catalogue)
        self._births.adopt(catalogue, self.directory)

    async def set_clock(self, namespace: str, mode: ClockMode, scale: float | None = None) -> Clock:
        """Change the clock's mode; it goes on from what it shows. Raises BadRequest."""
        return await self._move_clock(namespace, lambda clock: clock.switched(mode, scale, machine_time()))

    async def advance(self, namespace: str, by: int) -> Clock:
        """Move the clock forward by `by` ms. Raises BadRequest if that is back."""
        return await self._move_clock(namespace, lambda clock: clock.advanced(by, machine_time()))

    async def _move_clock(self, namespace: str, move: Callable[[Clock], Clock]) -> Clock:
        first = self.task_states.first_clock
        moved = await change_fact(self.store, namespace, CLOCK, lambda clock: move(clock or first)) or first
        self.feed.tell(namespace, feed.CLOCK)
        return moved

    async def pins(self, namespace: str) -> Pins:
        """Return which scenarios the next starts take."""
        return await self.store.fact(namespace, PINS)

    async def pin_default(self, namespace: str, scenario: str) -> None:
        """Let every further start that nothing else decides take `scenario`. Raises NotFound."""
        self.scenario(scenario)
        await change_fact(self.store, namespace, PINS, lambda pins: replace(pins, default=scenario))
        self.feed.tell(namespace, feed.CHOICES)

    async def pin_next(self, namespace: str, scenario: str, times: int = 1, path: ScenarioPath | None = None) -> Pins:
        """Let the next `times` starts take `scenario`, after those pinned before. Raises NotFound, Conflict.

        path: one of that scenario's paths, along which those tasks go by themselves; None to leave that to signals.
        """
        self.scenario(scenario)
        pin = Pin(scenario, path.id, path.moves, path.fault) if path else Pin(scenario)

        def add(pins: Pins) -> Pins:
            if len(pins.upcoming) + times > MAX_PINS:
                raise Conflict(f"{len(pins.upcoming) + times:,} starts would be pinned; {MAX_PINS:,} is the most.")
            return replace(pins, upcoming=pins.upcoming + (pin,) * times)

        pins = await change_fact(self.store, namespace, PINS, add)
        self.feed.tell(namespace, feed.CHOICES)
        return pins

    def scenario(self, name: str) -> Scenario:
        """Return a scenario by its name. Raises NotFound."""
        if name not in self.catalogue:
            raise NotFound(f"No scenario is called '{name}'{did_you_mean(name, tuple(self.catalogue)) or '.'}")
        return self.catalogue[name]

    async def reset(self, namespace: str, scopes: Sequence[str] = RESET_SCOPES) -> tuple[str, ...]:
        """Bring a namespace, or the parts of it that are named, back to its beginning; a clock takes its tasks along.

        Raises BadRequest for an unknown scope.
        """
        unknown = next((scope for scope in scopes if scope not in RESET_SCOPES), None)
        if unknown is not None:
            known = ", ".join(RESET_SCOPES)
            raise BadRequest(
                f"Unknown scope '{unknown}'; known scopes are {known}{did_you_mean(unknown, RESET_SCOPES)}"
            )
        wanted = frozenset({*scopes, "tasks"} if "clock" in scopes else scopes)
        for each in self.before_reset:
            await each(namespace, wanted)
        await self.store.reset(namespace, wanted)
        if "tasks" in wanted:
            self._forget_views([key for key in self._views if key[0] == namespace])
        if "journal" in wanted:
            await self.journal.reset(namespace)
        done = tuple(scope for scope in RESET_SCOPES if scope in wanted)
        self.feed.tell(namespace, feed.RESET, partial(dict, scope=list(done)))
        return done

    # Inside

    def _seen(self, namespace: str, task_id: str, reading: Reading, clock: Clock) -> View | None:
        """Return the last view of a task if it still holds."""
        seen = self._views.get((namespace, task_id))
        if seen is None or (clock.mode == "auto" and seen.view.task_state.snapshot.moves_by_itself):
            return None
        if seen.task.turn.plan or reading.task is not seen.task or reading.children:
            return None
        if seen.until is not None and clock.now(machine_time()) >= seen.until:
            return None
        return seen.view

    def _view(self, task_state: TaskState, clock: Clock | None = None) -> View:
        body = self.renderer.task(task_state)
        sent = self.renderer.sent(task_state, body)
        warning = self.renderer.left_aside(task_state)
        view = View(task_state, body, sent, json_codec.dumps(sent.body), warning)
        task, snapshot = task_state.task, task_state.snapshot
        lasting = task.started_by is None and not task_state.children and not snapshot.counts_polls
        if clock is not None and lasting:
            key = (task_state.namespace, task.id)
            self._forget_views((key,))
            if len(self._views) >= _MOST_VIEWS:
                self._views.popitem(last=False)
            self._views[key] = _Seen(task, snapshot.next_change, view)
        return view

    def _forget_views(self, keys: Iterable[tuple[str, str]]) -> None:
        for key in keys:
            self._views.pop(key, None)

    async def _change(
        self,
        namespace: str,
        task_id: str,
        decide: Callable[[TaskState], Sequence[Signal]],
        found: TaskState | None = None,
    ) -> TaskState:
        """Append the signals that `decide` finds right; decide anew when somebody else was faster.

        found: where the task stands, for a caller that has just looked.
        """
        for _ in range(ATTEMPTS):
            task_state = found or await self.task_states.get(namespace, task_id)
            found = None
            decided = decide(task_state)
            if not decided:
                return task_state
            if len(task_state.turn.signals) + len(decided) > MAX_SIGNALS:
                raise Conflict(f"Task '{task_id}' has had {MAX_SIGNALS:,} signals, the most that one turn takes.")
            task = task_state.task.with_signals(decided)
            try:
                await self.store.replace(namespace, task)
            except StaleWrite:
                continue
            turn = task_state.turn.after(*decided)
            moved = task_state._replace(task=task, turn=turn, snapshot=replay(turn, task_state.now))
            for signal in decided:
                self.feed.tell(namespace, feed.SIGNAL, partial(_signalled, moved, signal))
            if task_state.children or turn.timeline.sub_tasks:
                return await self.task_states.get(namespace, task_id)
            return moved
        raise StaleWrite(f"Task '{task_id}' is being changed by others all the time; try again.")


def _skip(task_state: TaskState) -> Sequence[Signal]:
    skip = skip_to_change(task_state.now, task_state.snapshot)
    return () if skip is None else (skip,)


def _signalled(task_state: TaskState, signal: Signal) -> dict[str, Any]:
    return {**told_of(task_state), "signal": signal.kind, "by": signal.by}


def _keys(task_state: TaskState) -> tuple[str, ...]:
    """Return the keys whose changes may change where a task stands."""
    started_by = task_state.task.started_by
    return (WHOLE, task_state.task.id, *(() if started_by is None else (started_by.parent,)))
