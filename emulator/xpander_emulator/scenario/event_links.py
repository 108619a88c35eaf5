"""Ways: what an event takes from the steps before it, on whichever way a task has come to it.

A tool's result takes the request that it answers; an update of the plan takes the plan as it was set last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xpander_emulator.core.timeline import Minted, StepEvent, Value
from xpander_emulator.scenario.diagnostics import Diagnostics
from xpander_emulator.scenario.events import EventDraft
from xpander_emulator.scenario.graph_checks import Targets
from xpander_emulator.scenario.property_schemas import shown
from xpander_emulator.scenario.steps import Draft

Place = tuple[int, int]
"""An event: the index of its step, and its own index there."""

_NO_PLAN: Final = -1


@dataclass(frozen=True, slots=True)
class _Known:
    """What holds where a task enters a step.

    unanswered: the requests that no result has answered, each told on every way to here.
    plans:      the steps of which one has set the plan last; `_NO_PLAN` where there is a way on which none has.
    """

    unanswered: frozenset[Place] = frozenset()
    plans: frozenset[int] = frozenset({_NO_PLAN})

    def met_by(self, other: "_Known") -> "_Known":
        """Return what holds where two ways meet."""
        return _Known(self.unanswered & other.unanswered, self.plans | other.plans)


def link(findings: Diagnostics, drafts: Sequence[Draft], targets: Targets) -> tuple[tuple[StepEvent, ...], ...]:
    """Return the events of each step, with what they take from earlier ones; what is not there is a mistake."""
    known = _entries(drafts, targets)
    requests = [(step, index) for step, draft in enumerate(drafts) for index in _requests(draft)]
    numbers = {place: number for number, place in enumerate(requests, start=1)}
    return tuple(
        tuple(_linked(findings, drafts, step, known[step], numbers)) if step in known else ()
        for step in range(len(drafts))
    )


def _requests(draft: Draft) -> list[int]:
    return [index for index, event in enumerate(draft.events) if event.type == "tool_call_request"]


def _entries(drafts: Sequence[Draft], targets: Targets) -> Mapping[int, _Known]:
    """Return what holds at the entry of each step that a task can reach."""
    known = {0: _Known()} if drafts else {}
    ahead = [*known]
    while ahead:
        step = ahead.pop()
        left = _left(drafts, step, known[step])
        for target in {target for (index, _), target in targets.items() if index == step}:
            entered = known[target].met_by(left) if target in known else left
            # Each meeting only takes requests away and adds plans, so that this comes to an end.
            if known.get(target) != entered:
                known[target] = entered
                ahead.append(target)
    return known


def _left(drafts: Sequence[Draft], step: int, known: _Known) -> _Known:
    unanswered = known.unanswered
    for index, event in enumerate(drafts[step].events):
        unanswered = _after((step, index), event, drafts, unanswered)
    return _Known(unanswered, _plans(drafts, step, known))


def _after(place: Place, event: EventDraft, drafts: Sequence[Draft], unanswered: frozenset[Place]) -> frozenset[Place]:
    if event.type == "tool_call_request":
        return unanswered | {place}
    if event.type == "tool_call_result":
        return unanswered - {_answered(place, event, drafts, unanswered)}
    return unanswered


def _plans(drafts: Sequence[Draft], step: int, known: _Known) -> frozenset[int]:
    return frozenset({step}) if "deep_planning" in drafts[step].sets else known.plans


def _answered(place: Place, event: EventDraft, drafts: Sequence[Draft], unanswered: frozenset[Place]) -> Place | None:
    """Return the request that a result answers: the nearest one, of its tool if it names one."""
    tool = _given(event).get("tool_name")
    fitting = [each for each in unanswered if tool is None or _tool(drafts, each) == tool]
    # Of requests further down in the file, which a story comes from by a `goto`, none is nearer than one above.
    return max(fitting, key=lambda each: (each < place, each), default=None)


def _given(event: EventDraft) -> Mapping[str, Value]:
    return event.given if isinstance(event.given, Mapping) else {}


def _tool(drafts: Sequence[Draft], place: Place) -> Value:
    step, index = place
    return _given(drafts[step].events[index]).get("tool_name")


def _linked(
    findings: Diagnostics, drafts: Sequence[Draft], step: int, known: _Known, numbers: Mapping[Place, int]
) -> list[StepEvent]:
    found: list[StepEvent] = []
    unanswered = known.unanswered
    for index, event in enumerate(drafts[step].events):
        data = event.given
        if event.type == "tool_call_request":
            data = _call(drafts, (step, index), numbers)
        elif event.type == "tool_call_result":
            data = _result(findings, drafts, (step, index), unanswered, numbers)
        elif event.type == "plan_updated" and data is None:
            data = _plan(findings, drafts, event, _plans(drafts, step, known))
        found.append(StepEvent(event.at, event.type, data))
        unanswered = _after((step, index), event, drafts, unanswered)
    return found


def _call(drafts: Sequence[Draft], place: Place, numbers: Mapping[Place, int]) -> dict[str, Value]:
    """Return the data of a request, in the order in which the official SDK lists it."""
    step, index = place
    given = _given(drafts[step].events[index])
    node = drafts[step].sets.get("last_executed_node_id")
    return {
        "request_id": Minted("request", numbers[place]),
        "operation_id": given.get("operation_id") or given.get("tool_name"),
        "tool_call_id": Minted("tool_call", numbers[place]),
        "graph_node_id": given.get("graph_node_id") or (node if isinstance(node, str) else None),
        "tool_name": given.get("tool_name"),
        "payload": given.get("payload", {}),
        "reasoning": given.get("reasoning"),
    }


def _result(
    findings: Diagnostics,
    drafts: Sequence[Draft],
    place: Place,
    unanswered: frozenset[Place],
    numbers: Mapping[Place, int],
) -> Value:
    step, index = place
    event = drafts[step].events[index]
    given = _given(event)
    answered = _answered(place, event, drafts, unanswered)
    if answered is None:
        findings.add(event.path, _unasked(given.get("tool_name"), [_tool(drafts, each) for each in sorted(unanswered)]))
        return None
    told = {"result": given.get("result"), "is_error": given.get("is_error", False)}
    return {**_call(drafts, answered, numbers), **told}


def _unasked(tool: Value, others: Sequence[Value]) -> str:
    if tool is None or not others:
        asked = "no 'tool_call_request'" if tool is None else f"no 'tool_call_request' for {shown(tool)}"
        return f"the result answers {asked}; tell one before it, on every way that leads here"
    waiting = ", ".join(shown(other) for other in others)
    return f"the result is of {shown(tool)}, but no request for it is unanswered here; unanswered is {waiting}"


def _plan(findings: Diagnostics, drafts: Sequence[Draft], event: EventDraft, plans: frozenset[int]) -> Value:
    values = [None if step == _NO_PLAN else drafts[step].sets["deep_planning"] for step in sorted(plans)]
    right = "set it on the way, or write the plan here"
    if any(value is None for value in values):
        findings.add(event.path, f"'plan_updated' has no plan to tell, as 'deep_planning' may not be set here; {right}")
    elif any(value != values[0] for value in values):
        ids = " or ".join(f"'{drafts[step].id}'" for step in sorted(plans))
        message = f"'plan_updated' tells the plan that {ids} has set, and they differ; set 'deep_planning' at this step"
        findings.add(event.path, f"{message}, or write the plan here")
    return values[0]
