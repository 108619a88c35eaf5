"""Observing: what each client is answered, noted as it goes out. It costs a request less than a microsecond."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from xpander_emulator.contract.model import Operation
from xpander_emulator.core.replay import Visit
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.journal.port import Entry
from xpander_emulator.report.coverage import (
    Coverage,
    Move,
    answer_met,
    fault_met,
    merged,
    moves_met,
    of_contract,
    of_scenarios,
)

# Views of namespaces that are told apart; what an older one has met still counts for the whole server.
MOST_NAMESPACES: Final = 10_000
# Timelines that a view keeps; what was met in more of them stands in words. A start that a path gives a fault has one
# of its own, and so has each reload of a file.
MOST_TIMELINES: Final = 1_000
# Tasks of all namespaces that are remembered only to save time.
_MOST_TASKS: Final = 1_024


@dataclass(slots=True)
class _View:
    """What the clients of one namespace have met.

    moves:   by the id of the timeline, which stays its own for as long as it is kept here.
    earlier: what was met in timelines that are kept no longer.
    """

    answers: set[tuple[str, int]] = field(default_factory=set)
    faults: set[tuple[str, str, str]] = field(default_factory=set)
    moves: dict[int, tuple[Timeline, set[Move]]] = field(default_factory=dict)
    earlier: Coverage = field(default_factory=Coverage)

    def take(self, other: "_View") -> None:
        self.answers |= other.answers
        self.faults |= other.faults
        if other.earlier.reached:
            self.earlier = merged((self.earlier, other.earlier))
        for timeline, moves in other.moves.values():
            self.moves_in(timeline).update(moves)

    def moves_in(self, timeline: Timeline) -> set[Move]:
        """Return the moves that were met in a timeline, to be added to."""
        found = self.moves.get(id(timeline))
        if found is None:
            if len(self.moves) >= MOST_TIMELINES:
                self.earlier, self.moves = self.stories(), {}
            found = self.moves[id(timeline)] = (timeline, set())
        return found[1]

    def stories(self) -> Coverage:
        """Return what there is to meet, and what was met, in the stories that were played."""
        declared = of_scenarios(timeline for timeline, _ in self.moves.values())
        reached = (item for timeline, moves in self.moves.values() for item in moves_met(timeline, moves))
        return merged((self.earlier, declared, Coverage(reached=frozenset(reached))))


class CoverageRegister:
    """Notes what clients meet, by namespace and for the whole server; a reset of a namespace takes nothing away.

    stories:    returns the timelines that there are now; those that tasks were shown of count as well.
    operations: of the contract.
    """

    def __init__(self, stories: Callable[[], Iterable[Timeline]], operations: Iterable[Operation]) -> None:
        self._stories = stories
        self._operations = {operation.id: operation for operation in operations}
        self._views: OrderedDict[str, _View] = OrderedDict()
        self._rest = _View()
        # Of each task, the facts from which its history follows when it was last shown, and how long that was.
        self._shown: dict[tuple[str, str], tuple[Timeline, tuple[Signal, ...], int]] = {}

    def observe(self, namespace: str, entry: Entry, task_state: TaskState | None) -> None:
        """Note one answer; `standing` is of the task that it shows."""
        view = self._views.get(namespace) or self._open(namespace)
        if entry.fault_kind is not None:
            if entry.fault_place is not None and entry.fault is not None:
                view.faults.add((*entry.fault_place, entry.fault))
            if not entry.was_sent:
                return
            task_state = task_state if entry.was_readable else None
        answer = (entry.operation or "", entry.status)
        if answer not in view.answers:
            view.answers.add(answer)
        if task_state is None:
            return
        turn, visits, place = task_state.turn, task_state.snapshot.visits, (namespace, task_state.task.id)
        before = self._shown.get(place)
        # The same story, signals and length are the same history: tasks of equal ids after a reset differ in them.
        if (
            before is None
            or before[0] is not turn.timeline
            or before[2] != len(visits)
            or (before[1] is not turn.signals and before[1] != turn.signals)
        ):
            _note(view.moves_in(turn.timeline), visits)
            if len(self._shown) >= _MOST_TASKS:
                self._shown.clear()
            self._shown[place] = (turn.timeline, turn.signals, len(visits))

    def of(self, namespace: str) -> Coverage:
        """Return what the clients of a namespace have met, of all that there is."""
        return self._coverage(self._views.get(namespace) or _View())

    def of_all(self) -> Coverage:
        """Return what all clients have met, of all that there is."""
        whole = _View()
        for view in (self._rest, *self._views.values()):
            whole.take(view)
        return self._coverage(whole)

    def forget(self, namespace: str) -> None:
        """Forget what the clients of a namespace have met."""
        self._views.pop(namespace, None)
        self._shown.clear()

    def forget_all(self) -> None:
        """Forget what any client has met."""
        self._views.clear()
        self._shown.clear()
        self._rest = _View()

    def _open(self, namespace: str) -> _View:
        if len(self._views) >= MOST_NAMESPACES:
            _, oldest = self._views.popitem(last=False)
            self._rest.take(oldest)
            self._shown.clear()
        view = self._views[namespace] = _View()
        return view

    def _coverage(self, view: _View) -> Coverage:
        answers = {
            answer_met(self._operations[name], status) for name, status in view.answers if name in self._operations
        }
        reached = answers | {fault_met(*fault) for fault in view.faults}
        contract = of_contract(self._operations.values())
        return merged((of_scenarios(self._stories()), view.stories(), contract, Coverage(reached=frozenset(reached))))


def _note(moves: set[Move], visits: Iterable[Visit]) -> None:
    """Add the moves of a task that has visited these steps."""
    before = -1
    for visit in visits:
        moves.add(Move(before, visit.step, visit.cause, visit.status.value))
        before = visit.step
