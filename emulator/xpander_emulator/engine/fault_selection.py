"""Fault selection: the fault that strikes a request, by its `Prefer` header, the coming faults and the task's scenario.

Every matching rule counts the request, whether it strikes or not, so that `nth` is the nth matching request.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, NamedTuple

from xpander_emulator.common import keyed_hash
from xpander_emulator.common.types import DocPath, Json
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.model import Operation
from xpander_emulator.core.faults import BUILT_IN, Fault, FaultRule
from xpander_emulator.core.replay import draw
from xpander_emulator.engine.task_state import TaskState, TaskStates
from xpander_emulator.errors import BadRequest, Diagnostic, StaleWrite, did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics, Node, Rules
from xpander_emulator.scenario.faults import RuleContext, read_rules
from xpander_emulator.scenario.selection import Catalogue
from xpander_emulator.store.codec.facts import FAULTS
from xpander_emulator.store.compare_and_set import ATTEMPTS, change_fact
from xpander_emulator.store.port import Reading, Store

_PREFERRED: Final = "preferred"
_NO_DOCUMENT: Final = parse_document("{}", "body")
_READ: Final = "read"


class FaultQuery(NamedTuple):
    """The parts of a request on which its fault depends.

    task_id:   of the task that the request is about; None for a start, a list and the like.
    scenario:  the name of the scenario that a start asks for; names of faults are looked up in it first.
    preferred: the name of the fault that the client prefers.
    """

    namespace: str
    operation: Operation
    task_id: str | None = None
    scenario: str | None = None
    preferred: str | None = None

    @property
    def action(self) -> str:
        """The action of the operation."""
        return str(self.operation.behaviour.get("action", ""))

    @property
    def streams(self) -> bool:
        """Whether the response is a stream of events."""
        return "event" in self.operation.behaviour


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that strikes a request, and the delay of the response in ms of real time.

    preferred: whether the client has asked for the fault.
    place:     the scenario and the step of the rule, "" for a rule of the whole scenario; None where the rule is of no
               scenario.
    """

    fault: Fault
    delay: int = 0
    preferred: bool = False
    place: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """The value of `X-Emulator-Fault`."""
        return self.fault.name


@dataclass(frozen=True, slots=True)
class _Match:
    """A rule that matches a request, the name under which the store counts its matches, and its place in a scenario."""

    rule: FaultRule
    task_id: str
    name: str
    place: tuple[str, str] | None = None


class _BodyDiagnostics(Diagnostics):
    """The mistakes of a request's body, each with its path in place of a file."""

    def add(self, path: DocPath, message: str, *, key: bool = False) -> None:
        self.entries.append(Diagnostic(".".join(map(str, path)), 1, 1, message))


class Faults:
    """The faults of one server: the preferred fault goes first, then coming faults, the step's, and the scenario's."""

    def __init__(self, store: Store, task_states: TaskStates, catalogue: Catalogue, seed: int) -> None:
        self._store = store
        self._task_states = task_states
        self._catalogue = catalogue
        self._seed = seed

    def adopt(self, catalogue: Catalogue) -> None:
        """Take the faults of other scenarios for all further starts and names."""
        self._catalogue = catalogue

    def may_strike(self, preferred: str | None, reading: Reading) -> bool:
        """Return whether any fault could strike a request, which is rare."""
        if preferred is not None or reading.faults:
            return True
        return reading.task is not None and reading.task.turn.timeline.goes_wrong

    async def strike(self, query: FaultQuery, reading: Reading) -> Hit | None:
        """Return the fault of a request that is about to be handled, or None.

        reading: of the namespace and the task of the request.

        Raises BadRequest where the client prefers an unknown fault, or one that the operation cannot have.
        """
        preferred = self._preferred(query, reading)
        task_state = await self._task_states.of(query.namespace, reading)
        matches = list(_coming_matches(query, reading.faults, task_state))
        if task_state is not None and task_state.turn.timeline.goes_wrong:
            matches += _scenario_matches(query, task_state)
        hit = await self._first(query.namespace, matches)
        if preferred is None:
            return hit
        ordinal = await self._store.count_match(query.namespace, "", _PREFERRED)
        return self._hit(preferred, ordinal, query.namespace, "", _PREFERRED, preferred=True)

    async def strike_started(self, query: FaultQuery, task_state: TaskState) -> Hit | None:
        """Return the fault that the scenario of a task has for the request that has started it, or None."""
        return await self._first(query.namespace, _scenario_matches(query, task_state))

    async def set(self, namespace: str, rules: Sequence[Json], operations: Mapping[str, str]) -> None:
        """Set the faults of a namespace's coming requests.

        rules:      each a name, or a mapping as in a scenario.
        operations: of the contract, by id. Raises BadRequest with everything that is wrong.
        """
        parsed = self._parse("faults", list(rules), operations) if rules else ()
        await change_fact(self._store, namespace, FAULTS, lambda _: parsed)

    async def add(self, namespace: str, rule: Json, operations: Mapping[str, str]) -> None:
        """Add a fault to what remains of a namespace's coming faults. Raises BadRequest."""
        parsed = self._parse("fault", rule, operations)
        for _ in range(ATTEMPTS):
            coming = await self.coming(namespace)
            seen = tuple(rule for rule, _ in coming)
            try:
                await self._store.set_fact(namespace, FAULTS, (*_remaining(coming), *parsed), seen)
            except StaleWrite:
                continue
            return
        raise StaleWrite(f"The faults of '{namespace}' are being changed by others all the time; try again.")

    async def remaining(self, namespace: str) -> tuple[FaultRule, ...]:
        """Return what remains of the faults of a namespace's coming requests."""
        return _remaining(await self.coming(namespace))

    async def coming(self, namespace: str) -> list[tuple[FaultRule, int]]:
        """Return the faults of a namespace's coming requests, each with how many requests have matched so far."""
        rules = await self._store.fact(namespace, FAULTS)
        return [(rule, await self._store.matches(namespace, "", str(index))) for index, rule in enumerate(rules)]

    def _parse(self, name: str, value: Json, operations: Mapping[str, str]) -> tuple[FaultRule, ...]:
        diagnostics = _BodyDiagnostics(_NO_DOCUMENT, Rules(operations=operations))
        named = {name: fault for scenario in self._named() for name, fault in scenario.items()}
        context = RuleContext(keys.FAULT_RULE_KEYS, named, is_scenario=False)
        rules = read_rules(Node(diagnostics, (name,), value), context)
        if diagnostics.entries:
            raise BadRequest("; ".join(f"{entry.file}: {entry.message}" for entry in diagnostics.entries))
        return rules

    def _named(self) -> Iterator[Mapping[str, Fault]]:
        """Yield the faults that each scenario defines, by name."""
        return (scenario.timeline.faults.named for scenario in self._catalogue.values())

    def _preferred(self, query: FaultQuery, reading: Reading) -> Fault | None:
        """Return the fault that a client prefers: of the task's scenario, built-in, or else of any scenario."""
        name = query.preferred
        if name is None:
            return None
        scenario = self._catalogue.get(query.scenario) if query.scenario else None
        timeline = reading.task.turn.timeline if reading.task else scenario.timeline if scenario else None
        own = timeline.faults.named if timeline else {}
        fault = next((named[name] for named in (own, BUILT_IN, *self._named()) if name in named), None)
        if fault is None:
            known = [*own, *BUILT_IN]
            hint = did_you_mean(name, known) or f"; there are {', '.join(known)}"
            raise BadRequest(f"Prefer: fault={name}: there is no such fault{hint}")
        if fault.is_stream_fault and not query.streams:
            raise BadRequest(f"Prefer: fault={name}: {query.operation.id} streams no events that it could spoil")
        return fault

    async def _first(self, namespace: str, matches: Iterable[_Match]) -> Hit | None:
        """Count a request for each matching rule, and return the fault of the first one that strikes it."""
        first: Hit | None = None
        for match in matches:
            ordinal = await self._store.count_match(namespace, match.task_id, match.name)
            if first is None and match.rule.strikes(ordinal):
                hit = self._hit(match.rule.fault, ordinal, namespace, match.task_id, match.name)
                first = replace(hit, place=match.place)
        return first

    def _hit(self, fault: Fault, ordinal: int, *place: str, preferred: bool = False) -> Hit:
        key = keyed_hash.keyed(self._seed, "fault", *place, fault.name)
        return Hit(fault, draw(key, ordinal, fault.low, fault.high), preferred)


def _remaining(coming: Sequence[tuple[FaultRule, int]]) -> tuple[FaultRule, ...]:
    remaining = [rule.after(count) for rule, count in coming]
    return tuple(rule for rule in remaining if rule is not None)


def _coming_matches(query: FaultQuery, rules: Sequence[FaultRule], task_state: TaskState | None) -> Iterator[_Match]:
    for index, rule in enumerate(rules):
        if _matches(rule, query, task_state) and (rule.operation or query.streams or not rule.fault.is_stream_fault):
            yield _Match(rule, "", str(index))


def _scenario_matches(query: FaultQuery, task_state: TaskState) -> Iterator[_Match]:
    """Yield the matching rules of a task's scenario, those of its step first."""
    turn, snapshot = task_state.turn, task_state.snapshot
    step_rules = () if snapshot.detached else snapshot.step.faults
    for step, rules in ((snapshot.step.id, step_rules), ("", turn.timeline.faults.rules)):
        for index, rule in enumerate(rules):
            if _matches(rule, query, task_state) and (rule.operation or _is_implied(rule, query)):
                name = f"{task_state.number}/{step}/{index}"
                yield _Match(rule, task_state.task.id, name, (turn.timeline.name, step))


def _matches(rule: FaultRule, query: FaultQuery, task_state: TaskState | None) -> bool:
    if rule.operation not in (None, query.operation.id):
        return False
    return rule.task_status is None or (task_state is not None and task_state.snapshot.status is rule.task_status)


def _is_implied(rule: FaultRule, query: FaultQuery) -> bool:
    """Return whether a scenario's rule without an operation is for this request: a stream, or a read of the task."""
    return query.streams if rule.fault.is_stream_fault else query.action == _READ
