"""Coverage: what of the scenarios and of the contract a client has reached. A value that merges; nothing here observes.

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
from xpander_emulator.core.timeline import Timeline, Wait, exits

STEP: Final = "step"
TRANSITION: Final = "transition"
SIGNAL: Final = "signal"
FAULT: Final = "fault"
STATUS: Final = "status"
# The kinds that a percentage is made of. Statuses follow from steps, and are counted beside them.
COUNTED: Final = (STEP, TRANSITION, SIGNAL, FAULT)
KINDS: Final = (*COUNTED, STATUS)
ANSWER: Final = "answer"


class Item(NamedTuple):
    """A thing that a client can reach. `scenario` is "" for an answer of the contract, whose name is `getTask 200`."""

    scenario: str
    kind: str
    name: str


class Move(NamedTuple):
    """A task's move into a step, or out of its timeline into a status; `before` is the step left, -1 at its start."""

    before: int
    step: int
    cause: str
    status: str


@dataclass(frozen=True, slots=True)
class Coverage:
    """The items that exist, and the items that a client has reached.

    declared: the items of the scenarios and the contract, each with its line in its file, 0 where it has none.
    reached:  includes items that are not declared, such as the transition of an update by a worker.
    files:    the file of each scenario.
    """

    declared: Mapping[Item, int] = field(default_factory=lambda: MappingProxyType({}))
    reached: frozenset[Item] = frozenset()
    files: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def started(self) -> frozenset[str]:
        """The scenarios of which a client has been shown a task."""
        return frozenset(item.scenario for item in self.reached if item.kind == STEP)


def merge(parts: Iterable[Coverage]) -> Coverage:
    """Return the coverage of all parts together: what any part declares and what any part has reached."""
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


def declared_by_scenarios(timelines: Iterable[Timeline]) -> Coverage:
    """Return the coverage that declares the items of scenarios, none of them reached."""
    return merge(Coverage(dict(_declared(timeline)), files={timeline.name: timeline.source}) for timeline in timelines)


def declared_by_contract(operations: Iterable[Operation]) -> Coverage:
    """Return the coverage that declares the answers of operations, by status, class (`4XX`) or `default`."""
    return Coverage(
        {
            Item("", ANSWER, f"{operation.id} {status}"): operation.line
            for operation in operations
            for status in operation.responses
        }
    )


def answer_item(operation: Operation, status: int) -> Item:
    """Return the item of an answer, by the name under which the contract declares it."""
    names = (str(status), f"{status // 100}XX", "default")
    declared = next((name for name in names if name in operation.responses), names[0])
    return Item("", ANSWER, f"{operation.id} {declared}")


def fault_item(scenario: str, step: str, name: str) -> Item:
    """Return the item of a fault; `step` is "" for a fault of the whole scenario."""
    return Item(scenario, FAULT, f"{name} at {step}" if step else name)


def reached_by_moves(timeline: Timeline, moves: Iterable[Move]) -> Iterator[Item]:
    """Yield the items that a client reaches when it is shown a task after these moves."""
    name, steps = timeline.name, timeline.steps
    for before, index, cause, status in moves:
        yield Item(name, STATUS, status)
        if cause not in (STOP, UPDATE):
            yield Item(name, STEP, steps[index].id)
        if cause == START:
            continue
        by = POLLS if cause == SKIP else cause
        to = status if cause in (STOP, UPDATE) else steps[index].id
        yield Item(name, TRANSITION, _transition(steps[before].id, by, to))
        if by == STOP or (by != UPDATE and isinstance(steps[before].leave, Wait)):
            yield Item(name, SIGNAL, by)


def _transition(before: str, by: str, after: str) -> str:
    return f"{before} → {after} ({by})"


def _declared(timeline: Timeline) -> Iterator[tuple[Item, int]]:
    name = timeline.name
    signals: dict[str, int] = {}
    statuses: dict[str, int] = {}
    for step in timeline.steps:
        yield Item(name, STEP, step.id), step.line
        statuses.setdefault(step.status.value, step.line)
        for by, to in exits(step).items():
            yield Item(name, TRANSITION, _transition(step.id, by, timeline.steps[to].id)), step.line
            if isinstance(step.leave, Wait):
                signals.setdefault(by, step.line)
        yield from _faults(name, step.id, step.faults, step.line)
    if timeline.steps[0].leave is not None:
        signals.setdefault(STOP, 0)
    for kind, lines in ((STATUS, statuses), (SIGNAL, signals)):
        yield from ((Item(name, kind, each), line) for each, line in lines.items())
    yield from _faults(name, "", timeline.faults.rules, 0)


def _faults(scenario: str, step: str, rules: Iterable[FaultRule], line: int) -> Iterator[tuple[Item, int]]:
    return ((fault_item(scenario, step, rule.fault.name), line) for rule in rules)
