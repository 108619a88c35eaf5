"""Faulting: which fault strikes a request, by what is asked for, what is to come, and the story of its task.

Every rule that fits counts the request, whether it strikes or not, so that `nth` is the nth request that fits.
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
from xpander_emulator.core.timeline import Timeline
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


class Asked(NamedTuple):
    """A request, as far as a fault depends on it.

    task_id:   of the task that it is about; None for a start, a list and the like.
    story:     the scenario that a start asks for, by name; in it the names of faults are looked up first.
    preferred: the fault that the client asks for, by name.
    """

    namespace: str
    operation: Operation
    task_id: str | None = None
    story: str | None = None
    preferred: str | None = None

    @property
    def action(self) -> str:
        """What the operation does."""
        return str(self.operation.behaviour.get("action", ""))

    @property
    def streams(self) -> bool:
        """Whether it is answered with events."""
        return "event" in self.operation.behaviour


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that strikes a request, its answer to come `delay` ms of real time late.

    preferred: whether the client has asked for it.
    place:     the scenario whose rule it is, and the step that has it or "" where the whole scenario does; None where
               it is no scenario's.
    """

    fault: Fault
    delay: int = 0
    preferred: bool = False
    place: tuple[str, str] | None = None

    @property
    def name(self) -> str:
        """What `X-Emulator-Fault` tells."""
        return self.fault.name


@dataclass(frozen=True, slots=True)
class _Fitting:
    """A rule that fits a request, by which name the store counts its requests, and the scenario that it is of."""

    rule: FaultRule
    task_id: str
    name: str
    place: tuple[str, str] | None = None


class _BodyDiagnostics(Diagnostics):
    """The mistakes of a request's body, each with its path in place of a file."""

    def add(self, path: DocPath, message: str, *, key: bool = False) -> None:
        self.entries.append(Diagnostic(".".join(map(str, path)), 1, 1, message))


class Faults:
    """The faults of one server. First goes what is preferred, then what is to come, then the step's, the story's."""

    def __init__(self, store: Store, task_states: TaskStates, catalogue: Catalogue, seed: int) -> None:
        self._store = store
        self._task_states = task_states
        self._catalogue = catalogue
        self._seed = seed

    def adopt(self, catalogue: Catalogue) -> None:
        """Take the faults of other scenarios for all further starts and names."""
        self._catalogue = catalogue

    def may_strike(self, preferred: str | None, reading: Reading) -> bool:
        """Return whether any fault could strike a request; nearly always none could."""
        if preferred is not None or reading.faults:
            return True
        return reading.task is not None and reading.task.turn.timeline.goes_wrong

    async def strike(self, asked: Asked, reading: Reading) -> Hit | None:
        """Return the fault of a request that is about to be handled, or None.

        reading: of the namespace and the task that it is about.

        Raises BadRequest where the client prefers one that is not there, or that the operation cannot have.
        """
        task = reading.task
        story = self._catalogue.get(asked.story) if asked.story else None
        timeline = task.turn.timeline if task else story.timeline if story else None
        preferred = self._preferred(asked, timeline)
        goes_wrong = task is not None and task.turn.timeline.goes_wrong
        task_state = await self._task_states.of(asked.namespace, reading)
        told = _told(asked, task_state) if task_state and goes_wrong else ()
        struck = await self._first(asked.namespace, [*_coming(asked, reading.faults, task_state), *told])
        if preferred is None:
            return struck
        ordinal = await self._store.count_match(asked.namespace, "", _PREFERRED)
        return self._hit(preferred, ordinal, asked.namespace, "", _PREFERRED, preferred=True)

    async def strike_started(self, asked: Asked, task_state: TaskState) -> Hit | None:
        """Return the fault that the story of a task has for the very request that has started it, or None."""
        return await self._first(asked.namespace, _told(asked, task_state))

    def named(self, name: str, timeline: Timeline | None = None) -> Fault:
        """Return a fault by its name: of the task's own story, built-in, or else of any story. Raises BadRequest."""
        own = timeline.faults.named if timeline else {}
        stories = (story.timeline.faults.named for story in self._catalogue.values())
        for known in (own, BUILT_IN, *stories):
            if name in known:
                return known[name]
        names = [*own, *BUILT_IN]
        hint = did_you_mean(name, names) or f"; there are {', '.join(names)}"
        raise BadRequest(f"Prefer: fault={name}: there is no such fault{hint}")

    async def keep(self, namespace: str, written: Sequence[Json], operations: Mapping[str, str]) -> None:
        """Let coming requests of a namespace meet these faults, and no others.

        written:    each a name, or a mapping as in a scenario.
        operations: of the contract, by id. Raises BadRequest with everything that is wrong.
        """
        rules = self._read("faults", list(written), operations) if written else ()
        await change_fact(self._store, namespace, FAULTS, lambda _: rules)

    async def add(self, namespace: str, written: Json, operations: Mapping[str, str]) -> None:
        """Let coming requests meet this fault, beside what is left of those before. Raises BadRequest."""
        rules = self._read("fault", written, operations)
        for _ in range(ATTEMPTS):
            kept = await self.kept(namespace)
            seen = tuple(rule for rule, _ in kept)
            try:
                await self._store.set_fact(namespace, FAULTS, (*_left(kept), *rules), seen)
            except StaleWrite:
                continue
            return
        raise StaleWrite(f"The faults of '{namespace}' are being changed by others all the time; try again.")

    async def left(self, namespace: str) -> tuple[FaultRule, ...]:
        """Return what is still to come of the faults of coming requests."""
        return _left(await self.kept(namespace))

    async def kept(self, namespace: str) -> list[tuple[FaultRule, int]]:
        """Return the faults that coming requests meet, each with how many requests it has fitted so far."""
        rules = await self._store.fact(namespace, FAULTS)
        return [(rule, await self._store.matches(namespace, "", str(index))) for index, rule in enumerate(rules)]

    def _read(self, name: str, written: Json, operations: Mapping[str, str]) -> tuple[FaultRule, ...]:
        diagnostics = _BodyDiagnostics(_NO_DOCUMENT, Rules(operations=operations))
        rules = read_rules(Node(diagnostics, (name,), written), self._rule_context())
        if diagnostics.entries:
            raise BadRequest("; ".join(f"{entry.file}: {entry.message}" for entry in diagnostics.entries))
        return rules

    def _rule_context(self) -> RuleContext:
        stories = (story.timeline.faults.named for story in self._catalogue.values())
        named = {name: fault for known in stories for name, fault in known.items()}
        return RuleContext(keys.FAULT_RULE_KEYS, named, is_scenario=False)

    def _preferred(self, asked: Asked, timeline: Timeline | None) -> Fault | None:
        if asked.preferred is None:
            return None
        fault = self.named(asked.preferred, timeline)
        if fault.is_stream_fault and not asked.streams:
            raise BadRequest(
                f"Prefer: fault={asked.preferred}: {asked.operation.id} streams no events that it could spoil"
            )
        return fault

    async def _first(self, namespace: str, fitting: Iterable[_Fitting]) -> Hit | None:
        """Count a request for each rule that it fits, and return the fault of the first that strikes it."""
        first: Hit | None = None
        for each in fitting:
            ordinal = await self._store.count_match(namespace, each.task_id, each.name)
            if first is None and each.rule.strikes(ordinal):
                hit = self._hit(each.rule.fault, ordinal, namespace, each.task_id, each.name)
                first = replace(hit, place=each.place)
        return first

    def _hit(self, fault: Fault, ordinal: int, *place: str, preferred: bool = False) -> Hit:
        key = keyed_hash.keyed(self._seed, "fault", *place, fault.name)
        return Hit(fault, draw(key, ordinal, fault.low, fault.high), preferred)


def _left(kept: Sequence[tuple[FaultRule, int]]) -> tuple[FaultRule, ...]:
    left = [rule.after(met) for rule, met in kept]
    return tuple(rule for rule in left if rule is not None)


def _coming(asked: Asked, rules: Sequence[FaultRule], task_state: TaskState | None) -> Iterator[_Fitting]:
    for index, rule in enumerate(rules):
        if _fits(rule, asked, task_state) and (rule.operation or asked.streams or not rule.fault.is_stream_fault):
            yield _Fitting(rule, "", str(index))


def _told(asked: Asked, task_state: TaskState) -> Iterator[_Fitting]:
    """Yield the rules of a task's story that a request fits: those of its step first."""
    turn, snapshot = task_state.turn, task_state.snapshot
    step = () if snapshot.detached else snapshot.step.faults
    for place, rules in ((snapshot.step.id, step), ("", turn.timeline.faults.rules)):
        yield from (
            _Fitting(rule, task_state.task.id, f"{task_state.number}/{place}/{index}", (turn.timeline.name, place))
            for index, rule in enumerate(rules)
            if _fits(rule, asked, task_state) and (rule.operation or _is_meant(rule, asked))
        )


def _fits(rule: FaultRule, asked: Asked, task_state: TaskState | None) -> bool:
    if rule.operation not in (None, asked.operation.id):
        return False
    return rule.task_status is None or (task_state is not None and task_state.snapshot.status is rule.task_status)


def _is_meant(rule: FaultRule, asked: Asked) -> bool:
    """Return whether a story means a request that it does not name: a stream, or else a read of the task."""
    return asked.streams if rule.fault.is_stream_fault else asked.action == _READ
