"""The coverage recorder notes each answer as it goes out. It costs a request less than a microsecond."""

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
    answer_item,
    declared_by_contract,
    declared_by_scenarios,
    fault_item,
    merge,
    reached_by_moves,
)

# Namespaces that are recorded separately; an older one still counts for the whole server.
MOST_NAMESPACES: Final = 10_000
# Timelines that a namespace's record holds; beyond it, what was reached is stored as items. A start whose path has a
# fault has a timeline of its own, and so has each reload of a file.
MOST_TIMELINES: Final = 1_000
# Tasks of all namespaces that are remembered only to save time.
_MOST_TASKS: Final = 1_024


@dataclass(slots=True)
class _Record:
    """What the clients of one namespace have reached.

    moves:   by the id of the timeline, which stays unique as long as the timeline is referenced here.
    earlier: what was reached in timelines that are no longer referenced.
    """

    answers: set[tuple[str, int]] = field(default_factory=set)
    faults: set[tuple[str, str, str]] = field(default_factory=set)
    moves: dict[int, tuple[Timeline, set[Move]]] = field(default_factory=dict)
    earlier: Coverage = field(default_factory=Coverage)

    def add(self, other: "_Record") -> None:
        self.answers |= other.answers
        self.faults |= other.faults
        if other.earlier.reached:
            self.earlier = merge((self.earlier, other.earlier))
        for timeline, moves in other.moves.values():
            self.moves_in(timeline).update(moves)

    def moves_in(self, timeline: Timeline) -> set[Move]:
        """Return the set of moves in a timeline, for the caller to add to."""
        if id(timeline) not in self.moves:
            if len(self.moves) >= MOST_TIMELINES:
                self.earlier, self.moves = self.scenarios(), {}
            self.moves[id(timeline)] = (timeline, set())
        return self.moves[id(timeline)][1]

    def scenarios(self) -> Coverage:
        """Return the coverage of the scenarios whose tasks were shown."""
        declared = declared_by_scenarios(timeline for timeline, _ in self.moves.values())
        reached = (item for timeline, moves in self.moves.values() for item in reached_by_moves(timeline, moves))
        return merge((self.earlier, declared, Coverage(reached=frozenset(reached))))


class CoverageRecorder:
    """Records what clients reach, by namespace and for the whole server; a reset of a namespace deletes nothing here.

    timelines:  returns those of the present scenarios; those of tasks that were shown count as well.
    operations: of the contract.
    """

    def __init__(self, timelines: Callable[[], Iterable[Timeline]], operations: Iterable[Operation]) -> None:
        self._timelines = timelines
        self._operations = {operation.id: operation for operation in operations}
        self._records: OrderedDict[str, _Record] = OrderedDict()
        self._rest = _Record()
        # By task, the facts that its history follows from when it was last shown, and the length of that history.
        self._shown: dict[tuple[str, str], tuple[Timeline, tuple[Signal, ...], int]] = {}

    def record(self, namespace: str, entry: Entry, task_state: TaskState | None) -> None:
        """Record one answer; `task_state` is that of the task that the answer shows."""
        record = self._records.get(namespace) or self._open(namespace)
        if entry.fault_kind is not None:
            if entry.fault_place is not None and entry.fault is not None:
                record.faults.add((*entry.fault_place, entry.fault))
            if not entry.was_sent:
                return
            task_state = task_state if entry.was_readable else None
        answer = (entry.operation or "", entry.status)
        if answer not in record.answers:
            record.answers.add(answer)
        if task_state is None:
            return
        turn, visits, place = task_state.turn, task_state.snapshot.visits, (namespace, task_state.task.id)
        before = self._shown.get(place)
        # Equal timeline, signals and length mean an equal history: tasks of equal ids after a reset differ in them.
        if (
            before is None
            or before[0] is not turn.timeline
            or before[2] != len(visits)
            or (before[1] is not turn.signals and before[1] != turn.signals)
        ):
            _add_moves(record.moves_in(turn.timeline), visits)
            if len(self._shown) >= _MOST_TASKS:
                self._shown.clear()
            self._shown[place] = (turn.timeline, turn.signals, len(visits))

    def of(self, namespace: str) -> Coverage:
        """Return the coverage by the clients of a namespace."""
        return self._coverage(self._records.get(namespace) or _Record())

    def of_all(self) -> Coverage:
        """Return the coverage by all clients."""
        whole = _Record()
        for record in (self._rest, *self._records.values()):
            whole.add(record)
        return self._coverage(whole)

    def delete(self, namespace: str) -> None:
        """Delete what the clients of a namespace have reached."""
        self._records.pop(namespace, None)
        self._shown.clear()

    def delete_all(self) -> None:
        """Delete what all clients have reached."""
        self._records.clear()
        self._shown.clear()
        self._rest = _Record()

    def _open(self, namespace: str) -> _Record:
        if len(self._records) >= MOST_NAMESPACES:
            _, oldest = self._records.popitem(last=False)
            self._rest.add(oldest)
            self._shown.clear()
        record = self._records[namespace] = _Record()
        return record

    def _coverage(self, record: _Record) -> Coverage:
        answers = {
            answer_item(self._operations[name], status) for name, status in record.answers if name in self._operations
        }
        reached = Coverage(reached=frozenset(answers | {fault_item(*fault) for fault in record.faults}))
        contract = declared_by_contract(self._operations.values())
        return merge((declared_by_scenarios(self._timelines()), record.scenarios(), contract, reached))


def _add_moves(moves: set[Move], visits: Iterable[Visit]) -> None:
    before = -1
    for visit in visits:
        moves.add(Move(before, visit.step, visit.cause, visit.status.value))
        before = visit.step
