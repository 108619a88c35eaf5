"""Observing: what each client is answered, noted as it goes out. It costs a request less than a microsecond."""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from emulator.contract.model import Operation
from emulator.core.replay import Visit
from emulator.core.signals import Signal
from emulator.core.timeline import Timeline
from emulator.journal import Entry
from emulator.report.coverage import (
    Coverage,
    Item,
    Move,
    answer_met,
    fault_met,
    merged,
    moves_met,
    of_contract,
    of_stories,
)
from emulator.standing import Standing

# Views of namespaces that are told apart; what an older one has met still counts for the whole server.
MOST_NAMESPACES: Final = 10_000
# Tasks of a namespace that are remembered only to save time.
_MOST_TASKS: Final = 1_000


@dataclass(slots=True)
class _View:
    """What the clients of one namespace have met.

    shown: of each task, the facts from which its history follows when it was last shown, and how long that was.
    moves: by the id of the timeline.
    """

    answers: set[tuple[str, int]] = field(default_factory=set)
    faults: set[tuple[str, str, str]] = field(default_factory=set)
    moves: dict[int, set[Move]] = field(default_factory=dict)
    shown: dict[str, tuple[Timeline, tuple[Signal, ...], int]] = field(default_factory=dict)

    def take(self, other: "_View") -> None:
        self.answers |= other.answers
        self.faults |= other.faults
        for timeline, moves in other.moves.items():
            self.moves.setdefault(timeline, set()).update(moves)


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
        # By their ids, which stay theirs for as long as they are kept here.
        self._timelines: dict[int, Timeline] = {}

    def observe(self, namespace: str, entry: Entry, standing: Standing | None) -> None:
        """Note one answer; `standing` is of the task that it shows."""
        view = self._views.get(namespace) or self._open(namespace)
        if entry.fault_kind is not None:
            if entry.fault_place is not None and entry.fault is not None:
                view.faults.add((*entry.fault_place, entry.fault))
            if not entry.was_sent:
                return
            standing = standing if entry.was_readable else None
        answer = (entry.operation or "", entry.status)
        if answer not in view.answers:
            view.answers.add(answer)
        if standing is None:
            return
        turn, visits, task_id = standing.turn, standing.snapshot.visits, standing.task.id
        before = view.shown.get(task_id)
        # The same story, signals and length are the same history: tasks of equal ids after a reset differ in them.
        if (
            before is None
            or before[0] is not turn.timeline
            or before[2] != len(visits)
            or (before[1] is not turn.signals and before[1] != turn.signals)
        ):
            self._note(view, task_id, turn.timeline, turn.signals, visits)

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

    def forget_all(self) -> None:
        """Forget what any client has met."""
        self._views.clear()
        self._rest = _View()

    def _open(self, namespace: str) -> _View:
        if len(self._views) >= MOST_NAMESPACES:
            _, oldest = self._views.popitem(last=False)
            self._rest.take(oldest)
        view = self._views[namespace] = _View()
        return view

    def _note(
        self, view: _View, task_id: str, timeline: Timeline, signals: tuple[Signal, ...], visits: tuple[Visit, ...]
    ) -> None:
        self._timelines.setdefault(id(timeline), timeline)
        moves = view.moves.setdefault(id(timeline), set())
        before = -1
        for visit in visits:
            moves.add(Move(before, visit.step, visit.cause, visit.status.value))
            before = visit.step
        if len(view.shown) >= _MOST_TASKS:
            view.shown.clear()
        view.shown[task_id] = (timeline, signals, len(visits))

    def _coverage(self, view: _View) -> Coverage:
        known = {id(timeline): timeline for timeline in self._stories()}
        played = [self._timelines[each] for each in view.moves]
        reached: set[Item] = {
            answer_met(self._operations[name], status) for name, status in view.answers if name in self._operations
        }
        reached |= {fault_met(*fault) for fault in view.faults}
        for timeline in played:
            reached.update(moves_met(timeline, view.moves[id(timeline)]))
        stories = of_stories([*known.values(), *(each for each in played if id(each) not in known)])
        return merged([stories, of_contract(self._operations.values()), Coverage(reached=frozenset(reached))])
