"""Coverage: what of the stories and of the contract a client has met. A value that merges; nothing here observes.

Merging is associative, commutative and idempotent, so that workers and runs merge in any order, however often.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, NamedTuple

from xpander_emulator.contract.model import Operation
from xpander_emulator.core.faults import FaultRule
from xpander_emulator.core.replay import POLLS, START
from xpander_emulator.core.signals import SKIP, STOP, UPDATE
from xpander_emulator.core.timeline import Step, Timeline, Wait, exits

STEP: Final = "step"
TRANSITION: Final = "transition"
SIGNAL: Final = "signal"
FAULT: Final = "fault"
STATUS: Final = "status"
# What a percentage is made of. A status follows from its steps, and is told beside them.
COUNTED: Final = (STEP, TRANSITION, SIGNAL, FAULT)
KINDS: Final = (*COUNTED, STATUS)
ANSWER: Final = "answer"


class Item(NamedTuple):
    """Something that can be met. `scenario` is "" for an answer of the contract, whose name is `getTask 200`."""

    scenario: str
    kind: str
    name: str


class Move(NamedTuple):
    """How a task came into a step, or left its story for a status; `before` is the step that it left, -1 at birth."""

    before: int
    step: int
    cause: str
    status: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """What there is to meet, and what has been met.

    declared: what the stories and the contract have, each with its line in its file, 0 where it has none.
    reached:  what a client has met; what is not declared lies beyond the stories, such as an update by a worker.
    files:    the file of each scenario.
    """

    declared: Mapping[Item, int] = field(default_factory=lambda: MappingProxyType({}))
    reached: frozenset[Item] = frozenset()
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def started(self) -> frozenset[str]:
        """The scenarios of which a client has been shown a task."""
        return frozenset(item.scenario for item in self.reached if item.kind == STEP)


def merged(parts: Iterable[Coverage]) -> Coverage:
    """Return what any of the parts declares and what any has reached."""
    declared: dict[Item, int] = {}
    files: dict[str, str] = {}
    reached: set[Item] = set()
    for part in parts:
        reached |= part.reached
        for item, line in part.declared.items():
            declared[item] = min(line, declared.get(item, line))
        for scenario, file in part.files.items():
            files[scenario] = min(file, files.get(scenario, file))
    return Coverage(declared, frozenset(reached), files)


def of_scenarios(timelines: Iterable[Timeline]) -> Coverage:
    """Return what there is to meet in stories."""
    return merged(Coverage(dict(_declared(timeline)), files={timeline.name: timeline.source}) for timeline in timelines)


def of_contract(operations: Iterable[Operation]) -> Coverage:
    """Return the answers that operations declare, each by its status, its class (`4XX`) or `default`."""
    return Coverage(
        {
            Item("", ANSWER, f"{operation.id} {status}"): operation.line
            for operation in operations
            for status in operation.responses
        }
    )


def answer_met(operation: Operation, status: int) -> Item:
    """Return the answer of an operation that a client has had, by the name under which it is declared."""
    declared = operation.responses
    names = (str(status), f"{status // 100}XX", "default")
    return Item("", ANSWER, f"{operation.id} {next((name for name in names if name in declared), names[0])}")


def fault_met(scenario: str, step: str, name: str) -> Item:
    """Return the fault of a story that has struck; `step` is "" where the whole story has it."""
    return Item(scenario, FAULT, f"{name} at {step}" if step else name)


def moves_met(timeline: Timeline, moves: Iterable[Move]) -> Iterator[Item]:
    """Yield what a client has met who was shown a task that has moved so."""
    name, steps = timeline.name, timeline.steps
    for before, index, cause, status in moves:
        yield Item(name, STATUS, status)
        if cause not in (STOP, UPDATE):
            yield Item(name, STEP, steps[index].id)
        if cause == START:
            continue
        by = POLLS if cause == SKIP else cause
        to = status if cause in (STOP, UPDATE) else steps[index].id
        yield Item(name, TRANSITION, transition(steps[before].id, by, to))
        if by == STOP or (by != UPDATE and isinstance(steps[before].leave, Wait)):
            yield Item(name, SIGNAL, by)


def transition(before: str, by: str, after: str) -> str:
    """Return how a transition is called."""
    return f"{before} → {after} ({by})"


def _declared(timeline: Timeline) -> Iterator[tuple[Item, int]]:
    name = timeline.name
    signals: dict[str, int] = {}
    for step in timeline.steps:
        yield Item(name, STEP, step.id), step.line
        yield from ((Item(name, STATUS, step.status.value), line) for line in [_first_line(timeline, step)])
        for by, to in exits(step).items():
            yield Item(name, TRANSITION, transition(step.id, by, timeline.steps[to].id)), step.line
            if isinstance(step.leave, Wait):
                signals.setdefault(by, step.line)
        yield from ((fault, step.line) for fault in _faults(name, step.id, step.faults))
    if timeline.steps[0].leave is not None:
        signals.setdefault(STOP, 0)
    yield from ((Item(name, SIGNAL, signal), line) for signal, line in signals.items())
    yield from ((fault, 0) for fault in _faults(name, "", timeline.faults.rules))


def _first_line(timeline: Timeline, step: Step) -> int:
    return next(each.line for each in timeline.steps if each.status is step.status)


def _faults(scenario: str, step: str, rules: Iterable[FaultRule]) -> Iterator[Item]:
    return (fault_met(scenario, step, rule.fault.name) for rule in rules)
