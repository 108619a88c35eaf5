"""A timeline: the compiled form of a scenario, which a task follows from its start to its end.

Plain immutable data, so that a timeline is stored once by its hash and replayed anywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final, NewType, TypeAlias

from xpander_emulator.core.faults import NO_FAULTS, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.status import TERMINAL, Status

Millis = NewType("Millis", int)
"""Whole milliseconds: an instant since the Unix epoch, or a length of time."""
NO_TIME: Final = Millis(0)


@dataclass(frozen=True, slots=True)
class Template:
    """Text with `{{ … }}` in it, which `engine/render` resolves."""

    source: str


@dataclass(frozen=True, slots=True)
class Fake:
    """A value of a Faker provider, the same one on each reading of the task."""

    provider: str


@dataclass(frozen=True, slots=True)
class Minted:
    """An id that the emulator draws: the same kind and number give the same id within a turn."""

    kind: str
    number: int


# A JSON value in which a Template, a Fake or a Minted may stand at any depth. Opaque to the core.
Value: TypeAlias = object
NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class After:
    """Leave for step `goto` once `low` to `high` ms have passed since the step was entered.

    One delay in that range is drawn for each turn and each step; `low` equals `high` for a fixed one.
    """

    low: Millis
    high: Millis
    goto: int


@dataclass(frozen=True, slots=True)
class Polls:
    """Leave for step `goto` with the read that follows `count` reads of the task."""

    count: int
    goto: int


@dataclass(frozen=True, slots=True)
class Wait:
    """Leave by one of the signals in `on`, or by `expiry` when nobody answers in time."""

    on: Mapping[str, int]
    expiry: After | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """What a paused task asks for.

    kind:     `hitl` (a person decides) or `eca` (a credential is to be authorized).
    property: the property of the task that holds `shown`.
    details:  shown to people only: a title, a text, the scopes of the credential.
    """

    kind: str
    property: str
    shown: Mapping[str, Value]
    details: Mapping[str, Value] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class StepEvent:
    """An event that a stream sends `offset` ms after the entry of its step, if the task is still in the step.

    type: as on the wire, such as `think` or `tool_call_request`.
    """

    offset: Millis
    type: str
    data: Value = None


@dataclass(frozen=True, slots=True)
class SubTask:
    """A task that starts with the entry of a step: the id of what it runs, and the body of its request."""

    runs: str
    request: Mapping[str, Value] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a timeline: its status, and how it is left (`None` at an end).

    sets:   top-level properties of the task, each valid until a later step sets it again.
    events: those that a stream sends during the step, `offset` ascending.
    streams_result: whether a stream cuts the result that the next step sets into chunks, over the length of this step.
    faults: those that strike responses while a task is in the step.
    line:   the line of the scenario file on which the step begins.
    """

    id: str
    status: Status
    leave: After | Polls | Wait | None = None
    sets: Mapping[str, Value] = field(default_factory=lambda: NOTHING)
    pause: Pause | None = None
    sub_tasks: tuple[SubTask, ...] = ()
    events: tuple[StepEvent, ...] = ()
    streams_result: bool = False
    faults: tuple[FaultRule, ...] = ()
    line: int = 0

    def __post_init__(self) -> None:
        if (self.leave is None) != (self.status in TERMINAL):
            raise ValueError(f"step '{self.id}': a terminal status is left by nothing, any other by one thing")


@dataclass(frozen=True, slots=True)
class Timeline:
    """Steps, the first of which a task enters at its start; every `goto` is an index into them.

    name:   the scenario's.
    source: the scenario's file, as a user would name it.
    faults: those of the whole scenario; `goes_wrong` says whether any may strike, here or in a step.
    sub_tasks: every sub-task with the index of the step that starts it, in the order of the file.
    Steps left by time or reads alone never form a circle, so that replay always ends.
    """

    name: str
    steps: tuple[Step, ...]
    source: str = ""
    faults: ScenarioFaults = NO_FAULTS
    goes_wrong: bool = field(init=False, repr=False, compare=False, default=False)
    sub_tasks: tuple[tuple[int, SubTask], ...] = field(init=False, repr=False, compare=False, default=())
    _index: Mapping[str, int] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        if not self.steps:
            raise ValueError(f"timeline '{self.name}' has no step")
        object.__setattr__(self, "_index", {step.id: index for index, step in enumerate(self.steps)})
        planned = ((index, sub_task) for index, step in enumerate(self.steps) for sub_task in step.sub_tasks)
        object.__setattr__(self, "sub_tasks", tuple(planned))
        object.__setattr__(self, "goes_wrong", bool(self.faults.rules) or any(step.faults for step in self.steps))

    def find(self, step_id: str) -> int | None:
        """Return the index of the step with this id, or None."""
        return self._index.get(step_id)


def exits(step: Step) -> Mapping[str, int]:
    """Return where each way out of `step` leads: by `after`, `polls`, `expire`, or the name of a signal."""
    match step.leave:
        case After(goto=goto):
            return {"after": goto}
        case Polls(goto=goto):
            return {"polls": goto}
        case Wait(on=on, expiry=expiry):
            return {**on, "expire": expiry.goto} if expiry else dict(on)
        case _:
            return {}


def with_one_fault(timeline: Timeline, fault: PathFault) -> Timeline:
    """Return the timeline with the rule of `fault` as its only rule."""
    rules = {fault.step: (fault.rule,)}
    steps = tuple(replace(step, faults=rules.get(step.id, ())) for step in timeline.steps)
    return replace(timeline, steps=steps, faults=replace(timeline.faults, rules=rules.get(None, ())))
