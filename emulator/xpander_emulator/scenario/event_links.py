"""Event links: what an event takes from the events and steps before it, on every path on which a task can reach it.

A tool's result takes the request that it answers; an update of the plan takes the plan as it was set last.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xpander_emulator.core.timeline import Minted, StepEvent, Value
from xpander_emulator.scenario.events import ParsedEvent
from xpander_emulator.scenario.graph_checks import Targets
from xpander_emulator.scenario.property_schemas import shown
from xpander_emulator.scenario.steps import ParsedStep

EventPlace = tuple[int, int]
"""The index of a step, and the index of an event in the step."""
Calls = Mapping[EventPlace, Mapping[str, Value]]
"""The data of each `tool_call_request`."""

_NO_PLAN: Final = -1


@dataclass(frozen=True, slots=True)
class _State:
    """What is certain at an event, whatever path has led there.

    unanswered: the requests that no result has answered, each sent on every path.
    plans:      the steps of which one has set the plan last; `_NO_PLAN` where there is a path on which none has.
    """

    unanswered: frozenset[EventPlace] = frozenset()
    plans: frozenset[int] = frozenset({_NO_PLAN})

    def joined(self, other: "_State") -> "_State":
        """Return what is certain where two paths join."""
        return _State(self.unanswered & other.unanswered, self.plans | other.plans)


def link(steps: Sequence[ParsedStep], targets: Targets) -> tuple[tuple[StepEvent, ...], ...]:
    """Return the events of each step with what they take from earlier ones; report where that is not certain."""
    calls = _calls(steps)
    entry_states = _entry_states(steps, targets, calls)
    return tuple(
        tuple(_linked(steps, index, calls, entry_states[index])) if index in entry_states else ()
        for index in range(len(steps))
    )


def _calls(steps: Sequence[ParsedStep]) -> Calls:
    events = [((index, number), event) for index, step in enumerate(steps) for number, event in enumerate(step.events)]
    requests = [(place, event) for place, event in events if event.type == "tool_call_request"]
    return {place: _call(event, steps[place[0]], number) for number, (place, event) in enumerate(requests, start=1)}


def _call(event: ParsedEvent, step: ParsedStep, number: int) -> Mapping[str, Value]:
    """Return the data of a request, in the order in which the official SDK lists it."""
    data = _members(event)
    node = step.sets.get("last_executed_node_id")
    return {
        "request_id": Minted("request", number),
        "operation_id": data.get("operation_id") or data.get("tool_name"),
        "tool_call_id": Minted("tool_call", number),
        "graph_node_id": data.get("graph_node_id") or (node if isinstance(node, str) else None),
        "tool_name": data.get("tool_name"),
        "payload": data.get("payload", {}),
        "reasoning": data.get("reasoning"),
    }


def _members(event: ParsedEvent) -> Mapping[str, Value]:
    return event.data if isinstance(event.data, Mapping) else {}


def _entry_states(steps: Sequence[ParsedStep], targets: Targets, calls: Calls) -> Mapping[int, _State]:
    """Return the state at the entry of each step that a task can reach."""
    known = {0: _State()} if steps else {}
    ahead = [*known]
    while ahead:
        index = ahead.pop()
        left = _states(steps, index, calls, known[index])[-1]
        for target in {target for (source, _), target in targets.items() if source == index}:
            entered = known[target].joined(left) if target in known else left
            # Each join only takes requests away and adds plans, so that the search ends.
            if known.get(target) != entered:
                known[target] = entered
                ahead.append(target)
    return known


def _states(steps: Sequence[ParsedStep], index: int, calls: Calls, entry: _State) -> list[_State]:
    """Return the state before each event of a step, then the state after the last."""
    plans = frozenset({index}) if "deep_planning" in steps[index].sets else entry.plans
    unanswered = entry.unanswered
    states = [_State(unanswered, plans)]
    for number, event in enumerate(steps[index].events):
        if event.type == "tool_call_request":
            unanswered |= {(index, number)}
        elif event.type == "tool_call_result":
            unanswered -= {_answered(event, (index, number), calls, unanswered)}
        states.append(_State(unanswered, plans))
    return states


def _answered(
    result: ParsedEvent, place: EventPlace, calls: Calls, unanswered: frozenset[EventPlace]
) -> EventPlace | None:
    """Return the request that a result answers: the nearest one, of its tool if it names one."""
    tool = _members(result).get("tool_name")
    requests = [each for each in unanswered if tool in (None, calls[each]["tool_name"])]
    # A request further down in the file, from which a `goto` leads back, is never nearer than one above.
    return max(requests, key=lambda each: (each < place, each), default=None)


def _linked(steps: Sequence[ParsedStep], index: int, calls: Calls, entry: _State) -> Iterator[StepEvent]:
    states = _states(steps, index, calls, entry)
    for number, event in enumerate(steps[index].events):
        data = event.data
        if event.type == "tool_call_request":
            data = calls[index, number]
        elif event.type == "tool_call_result":
            data = _result(event, (index, number), calls, states[number].unanswered)
        elif event.type == "plan_updated" and data is None:
            data = _plan(event, steps, states[number].plans)
        yield StepEvent(event.at, event.type, data)


def _result(event: ParsedEvent, place: EventPlace, calls: Calls, unanswered: frozenset[EventPlace]) -> Value:
    data = _members(event)
    answered = _answered(event, place, calls, unanswered)
    if answered is not None:
        return {**calls[answered], "result": data.get("result"), "is_error": data.get("is_error", False)}
    tool, others = data.get("tool_name"), [shown(calls[each]["tool_name"]) for each in sorted(unanswered)]
    if tool is not None and others:
        waiting = f"but no request for it is unanswered here; unanswered is {', '.join(others)}"
        event.node.report(f"the result is of {shown(tool)}, {waiting}")
    else:
        request = "no 'tool_call_request'" + ("" if tool is None else f" for {shown(tool)}")
        event.node.report(f"the result answers {request}; write one before it, on every path that leads here")
    return None


def _plan(event: ParsedEvent, steps: Sequence[ParsedStep], plans: frozenset[int]) -> Value:
    values = [None if index == _NO_PLAN else steps[index].sets["deep_planning"] for index in sorted(plans)]
    if any(value is None for value in values):
        event.node.report(
            "'plan_updated' has no plan to send, as a path leads here on which 'deep_planning' is not set;"
            " set it on each path, or write the plan here"
        )
    elif any(value != values[0] for value in values):
        ids = " or ".join(f"'{steps[index].id}'" for index in sorted(plans))
        right = "set 'deep_planning' at this step, or write the plan here"
        event.node.report(f"'plan_updated' sends the plan that {ids} has set, and they differ; {right}")
    return values[0]
