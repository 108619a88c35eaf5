"""Replay: where a task stands at one instant, computed on demand and never stored.

Everything about how a task moves lives in this file. Pure: reads no clock, draws no randomness,
does no I/O, remembers nothing between calls. tests/core/test_laws.py holds what follows as laws.

The fold. A turn is a timeline, an instant at which it starts, and signals. Replay enters step 0 at that instant, takes
the signals in order, and before each one follows the delays that are due. A delay counts from the entry of its step.
Steps that are left by time or reads form no circle (`Timeline`), so that the fold always ends.

Two times. Signals, `starts_at` and `now` are on the clock that the turn follows: its namespace's, or for a sub-task its
parent's own time. Visits and all that a snapshot shows are in the task's own time, which is `offset` ms ahead of that
clock. A `skip` adds to the offset, so that one task moves through time and the clock of the others does not.

Polls. A `poll` notes one read in the present step. A step of `Polls(count)` is left by read `count + 1`, which is the
first read of the step that follows; on entry of any other step the count begins at 0.

Ties and `seen`. A signal and a step due at the same millisecond: the signal goes first, unless its sender had seen that
step. `Signal.seen` is the number of visits that the sender had seen, so that no later signal changes what was shown.

Detaching. A `stop`, or an `update` that sets a status, takes the task off its timeline: from then on no delay, poll or
decision moves it. An update sets properties also after the end of a task, and may change one end into another
(`may_be_updated`); nothing else changes a task that has ended.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from xpander_emulator.core import signals
from xpander_emulator.core.signals import EXPIRE, SKIP, STOP, UPDATE, Move, Signal, SignalOrderError
from xpander_emulator.core.status import TERMINAL, Status, may_be_updated
from xpander_emulator.core.timeline import NO_TIME, After, Millis, Pause, Polls, Step, Timeline, Value, Wait

START: Final = "start"
AFTER: Final = "after"
POLLS: Final = "polls"


# Turns, visits and snapshots are made with every request. A NamedTuple is as immutable as a frozen dataclass and comes
# into being in a third of the time (benchmarks/README.md).
class Turn(NamedTuple):
    """One run of a task: its request, its timeline, and the signals that it has received.

    runs:      the id of the workflow or agent that was invoked; `kind` says which, `version` is the version of it.
    request:   the body of the start, as JSON; opaque to the core.
    origin:    scheme and host under which the client reached the emulator.
    key:       64 bits from which every drawn or generated value of this turn follows.
    starts_at: on the clock that the turn follows.
    offset:    by how many ms the task's own time was ahead of that clock at the start.
    chosen:    why the turn follows this timeline, in words.
    signals:   `at` ascending, on that clock too.
    plan:      the signals that reads of the task give to it, `visit` ascending (`core/moves_by_reading`).
    """

    timeline: Timeline
    runs: str
    request: bytes
    key: int
    starts_at: Millis
    kind: str = "workflow"
    version: str | None = None
    origin: str = ""
    offset: Millis = NO_TIME
    signals: tuple[Signal, ...] = ()
    chosen: str = ""
    plan: tuple[Move, ...] = ()

    def after(self, *signals: Signal) -> "Turn":
        """Return the turn with further signals."""
        return self._replace(signals=self.signals + signals)


class Visit(NamedTuple):
    """One entry of a step, or one status for which the task left its timeline; `at` is in the task's own time.

    cause:  `start`, `after`, `polls`, or the kind of the signal that moved it.
    signal: the last decision before or at this visit, for templates such as `{{ signal.reason }}`.
    """

    step: int
    status: Status
    at: Millis
    cause: str
    signal: Signal | None = None


class Assigned(NamedTuple):
    """A value that a step or an update gave to a property, and during which visit."""

    value: Value
    visit: int


class Snapshot(NamedTuple):
    """A task at one instant, with its history. Instants are in the task's own time.

    properties:  the values that steps and updates have set so far, by name.
    offset:      by how many ms the task's own time is ahead of the clock it follows.
    next_change: the first instant, on the clock it follows, at which something changes by time alone; or None.
    waits_for:   the signals that the task accepts now; `update` is always accepted and not in it.
    polls:       how many reads were noted in the present step.
    detached:    whether a stop or an update has taken the task off its timeline.
    """

    status: Status
    step: Step
    visits: tuple[Visit, ...]
    properties: Mapping[str, Assigned]
    pause: Pause | None
    created_at: Millis
    started_at: Millis | None
    paused_at: Millis | None
    finished_at: Millis | None
    updated_at: Millis
    is_manually_stopped: bool
    offset: Millis
    next_change: Millis | None
    waits_for: tuple[str, ...]
    polls: int
    detached: bool

    @property
    def is_finished(self) -> bool:
        """Whether the task has come to an end."""
        return self.status in TERMINAL

    @property
    def counts_polls(self) -> bool:
        """Whether a read of the task moves it."""
        return not self.detached and isinstance(self.step.leave, Polls)

    @property
    def moves_by_itself(self) -> bool:
        """Whether the present step is left by time or reads alone, with nobody to wait for."""
        return not self.detached and isinstance(self.step.leave, After | Polls)


def replay(turn: Turn, now: Millis) -> Snapshot:
    """Return the task as a client that reads it at `now` would see it.

    now: on the clock that the turn follows; signals after it are ignored.

    Raises SignalOrderError if the turn's signals are not ascending.
    """
    fold = _Fold(turn)
    fold.run(now)
    return fold.snapshot()


def moments(turn: Turn, now: Millis) -> tuple[Snapshot, ...]:
    """Return the task at its start and after each change of what it shows, up to `now`, oldest first.

    `updated_at` of each snapshot is the instant of its change. The last one shows what `replay(turn, now)` does.
    """
    fold = _Fold(turn, recording=True)
    fold.run(now)
    return tuple(fold.recorded)


def skip_to_change(now: Millis, snapshot: Snapshot) -> Signal | None:
    """Return the skip that takes a task from its snapshot at `now` to its next change by time or reads.

    None where neither would change anything.
    """
    if snapshot.counts_polls:
        return Signal(now, SKIP, seen=len(snapshot.visits))
    if snapshot.next_change is None:
        return None
    return Signal(now, SKIP, skipped=Millis(snapshot.next_change - now), seen=len(snapshot.visits))


def skip_until(turn: Turn, now: Millis, target: str) -> tuple[Signal, ...] | None:
    """Return the skips that bring the task to `target`, a status or the id of a step, by time and reads alone.

    Empty where the task is there already; None where it does not get there without a signal.
    A step that waits for a signal is passed by its expiry alone.
    """
    skips: tuple[Signal, ...] = ()
    while True:
        snapshot = replay(turn, now)
        if target in (snapshot.status.value, snapshot.step.id if not snapshot.detached else None):
            return skips
        skip = skip_to_change(now, snapshot)
        if skip is None:
            return None
        turn, skips = turn.after(skip), (*skips, skip)


def sub_tasks_started(snapshot: Snapshot, timeline: Timeline) -> tuple[tuple[int, Millis], ...]:
    """Return the index of each entered step that starts sub-tasks, once, with the instant of its first entry."""
    entered: dict[int, Millis] = {}
    for visit in snapshot.visits:
        if timeline.steps[visit.step].sub_tasks and visit.cause not in (STOP, UPDATE):
            entered.setdefault(visit.step, visit.at)
    return tuple(entered.items())


def draw(key: int, index: int, low: int, high: int) -> int:
    """Return a whole number from `low` to `high`, the same one for the same key and index."""
    # SplitMix64 (Steele, Lea, Flood 2014): well mixed, four lines, and the same on every platform.
    mixed = (key + (index + 1) * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return low + (mixed ^ (mixed >> 31)) % (high - low + 1)


class _Fold:
    """The working state of one call of `replay` or `moments`."""

    __slots__ = (
        "decision",
        "detached",
        "leave",
        "offset",
        "polls",
        "properties",
        "recorded",
        "recording",
        "started_at",
        "step",
        "stopped",
        "turn",
        "updated_at",
        "visits",
    )

    def __init__(self, turn: Turn, *, recording: bool = False) -> None:
        self.turn = turn
        self.recording = recording
        self.recorded: list[Snapshot] = []
        self.offset = turn.offset
        self.visits: list[Visit] = []
        self.properties: dict[str, Assigned] = {}
        self.polls = 0
        self.detached = False
        self.stopped = False
        self.started_at: Millis | None = None
        self.decision: Signal | None = None
        self.step: Step
        self.leave: After | Polls | Wait | None
        self.enter(0, Millis(turn.starts_at + turn.offset), START)

    def run(self, now: Millis) -> None:
        """Take every signal and follow every delay up to `now`."""
        last = self.turn.starts_at
        for signal in self.turn.signals:
            if signal.at < last:
                raise SignalOrderError(f"signal '{signal.kind}' at {signal.at} comes after one at {last}")
            if signal.at > now:
                break
            last = signal.at
            self.take(signal)
        self.pass_time(Millis(now + self.offset))

    def record(self) -> None:
        if self.recording:
            self.recorded.append(self.snapshot()._replace(properties=dict(self.properties)))

    def enter(self, index: int, at: Millis, cause: str) -> None:
        step = self.step = self.turn.timeline.steps[index]
        self.leave = step.leave
        visit = len(self.visits)
        self.visit(index, step.status, at, cause)
        if step.sets:
            self.properties.update({name: Assigned(value, visit) for name, value in step.sets.items()})
        self.polls = 0
        if self.recording:
            self.record()

    def detach(self, status: Status, at: Millis, cause: str) -> None:
        self.visit(self.visits[-1].step, status, at, cause)
        self.detached = True
        self.leave = None

    def visit(self, index: int, status: Status, at: Millis, cause: str) -> None:
        self.visits.append(Visit(index, status, at, cause, self.decision))
        self.updated_at = at
        if self.started_at is None and status is Status.EXECUTING:
            self.started_at = at

    def due(self) -> tuple[Millis, int, str] | None:
        """Return when, for which step and why the present step is left by time; None where it is not."""
        leave = self.leave
        cause = AFTER
        if isinstance(leave, Wait):
            leave, cause = leave.expiry, EXPIRE
        if not isinstance(leave, After):
            return None
        visit = self.visits[-1]
        delay = leave.low if leave.low == leave.high else draw(self.turn.key, visit.step, leave.low, leave.high)
        return Millis(visit.at + delay), leave.goto, cause

    def pass_time(self, until: Millis) -> None:
        """Follow every delay that is due at or before `until`, each from the instant of the one before."""
        while (due := self.due()) and due[0] <= until:
            self.enter(due[1], due[0], due[2])

    def take(self, signal: Signal) -> None:
        at = Millis(signal.at + self.offset)
        self.pass_time(Millis(at - 1))
        while len(self.visits) < signal.seen and (due := self.due()) and due[0] <= at:
            self.enter(due[1], due[0], due[2])
        match signal.kind:
            case signals.SKIP:
                self.skip(signal, at)
            case signals.POLL:
                self.poll(at)
            case signals.UPDATE:
                self.update(signal, at)
            case signals.STOP:
                self.stop(signal, at)
            case _:
                self.decide(signal, at)

    def skip(self, signal: Signal, at: Millis) -> None:
        if isinstance(self.leave, Polls):
            self.enter(self.leave.goto, at, SKIP)
        self.offset = Millis(self.offset + signal.skipped)

    def poll(self, at: Millis) -> None:
        self.polls += 1
        if isinstance(self.leave, Polls) and self.polls > self.leave.count:
            self.enter(self.leave.goto, at, POLLS)
            self.polls = 1  # this very read sees the step that it has entered

    def update(self, signal: Signal, at: Millis) -> None:
        visit = self.visits[-1]
        status = signal.payload.get("status")
        if status is not None and may_be_updated(visit.status, after := Status(str(status))):
            self.detach(after, at, UPDATE)
        for name, value in signal.payload.items():
            if name != "status":
                self.properties[name] = Assigned(value, len(self.visits) - 1)
        self.updated_at = at
        self.record()

    def stop(self, signal: Signal, at: Millis) -> None:
        if self.visits[-1].status not in TERMINAL:
            self.stopped = True
            self.decision = replace(signal, at=at)
            self.detach(Status.STOPPED, at, STOP)
            self.record()

    def decide(self, signal: Signal, at: Millis) -> None:
        leave = self.leave
        if not isinstance(leave, Wait):
            return
        goto = leave.on.get(signal.kind)
        if goto is None and signal.kind == EXPIRE and leave.expiry:
            goto = leave.expiry.goto
        if goto is not None:
            self.decision = replace(signal, at=at)
            self.enter(goto, at, signal.kind)

    def snapshot(self) -> Snapshot:
        visits = tuple(self.visits)
        last, due = visits[-1], self.due()
        finished = last.status in TERMINAL
        return Snapshot(
            status=last.status,
            step=self.step,
            visits=visits,
            properties=self.properties,
            pause=self.step.pause if last.status is Status.PAUSED and not self.detached else None,
            created_at=visits[0].at,
            started_at=self.started_at,
            paused_at=last.at if last.status is Status.PAUSED else None,
            finished_at=last.at if finished else None,
            updated_at=self.updated_at,
            is_manually_stopped=self.stopped,
            offset=self.offset,
            next_change=Millis(due[0] - self.offset) if due else None,
            waits_for=_waits_for(self.leave, finished),
            polls=self.polls,
            detached=self.detached,
        )


def _waits_for(leave: After | Polls | Wait | None, finished: bool) -> tuple[str, ...]:
    if finished:
        return ()
    if not isinstance(leave, Wait):
        return (STOP,)
    expire = (EXPIRE,) if leave.expiry and EXPIRE not in leave.on else ()
    return (*leave.on, *expire, STOP)
