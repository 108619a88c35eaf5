"""Events: what a stream sends while a task is in a step, read from the step's `events` and `stream`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

from xpander_emulator.core.status import TERMINAL, Status
from xpander_emulator.core.timeline import NO_TIME, Millis, Value
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Node, suggestion
from xpander_emulator.scenario.durations import as_text, parse_duration

_ITEM: Final = "an event is a mapping such as {think: Looking for the amount}"
_BEFORE_THE_RESULT: Final = "put it on the executing step before the one that sets 'result'"


@dataclass(frozen=True, slots=True)
class ParsedEvent:
    """An event as its author wrote it.

    data: in the long form where there is a short one; without what `event_links` takes from earlier steps.
    """

    node: Node
    type: str
    at: Millis
    data: Value


def read_events(step: Node) -> tuple[ParsedEvent, ...]:
    """Return the events of a step, in the order of the file and of time."""
    if "events" not in step:
        return ()
    step["events"].expect_list("'events' takes a list such as [{think: Looking}]")
    events = tuple(event for item in step["events"].elements if (event := _event(item)))
    for before, event in pairwise(events):
        if event.at < before.at:
            late = (
                f"'{event.type}' is sent at {as_text(event.at)}, but '{before.type}' above it at {as_text(before.at)}"
            )
            event.node.report(f"{late}; write 'at: {as_text(before.at)}' or later, or move it up")
    return events


def read_stream(step: Node, status: Status | None) -> bool:
    """Return whether a stream cuts the result that follows a step into chunks."""
    if "stream" not in step:
        return False
    stream = step["stream"]
    stream.expect(stream.value == "words", "'stream' takes 'words'")
    exit_ = next((key for key in ("polls", "on") if key in step), None)
    if status in TERMINAL:
        why = f"a step with the status {status} is an end and has no length"
    elif exit_:
        why = f"'stream' takes the length of its step from 'after', and this one is left by '{exit_}'"
    else:
        return True
    stream.report(f"{why}; {_BEFORE_THE_RESULT}", key=True)
    return False


def _event(item: Node) -> ParsedEvent | None:
    item.expect_mapping(_ITEM)
    named = _named(item)
    at = _offset(item["at"]) if "at" in item else NO_TIME
    if named is None or at is None:
        return None
    node, kind = named
    return ParsedEvent(item, kind, at, _READERS.get(kind, Node.timeline_value)(node))


def _named(item: Node) -> tuple[Node, str] | None:
    """Return the member of an item that names its event, and the name."""
    if envelope := next((member for member in item.members if member.key in keys.EVENT_ENVELOPE), None):
        right = "write the event's name as the key, as in {think: Looking}"
        envelope.report(f"'{envelope.key}' is not a key here; {right}", key=True)
        return None
    named = [(member, _kind(member)) for member in item.members if member.key != "at"]
    if item.members and not named:
        item.report(f"the event has no name; {_ITEM}")
    if len(named) > 1 and all(kind for _, kind in named):
        both = f"'{named[0][0].key}' and '{named[1][0].key}'"
        named[1][0].report(f"the event has {both}; write each as an item of its own", key=True)
    return next(((member, kind) for member, kind in named if kind), None)


def _kind(member: Node) -> str | None:
    """Return the event that a key names; report an unknown one, and return its correction, or None."""
    key = member.key
    if key in keys.EVENTS:
        return key
    correction = keys.correction(key.lower(), keys.EVENT_CORRECTIONS)
    if key in keys.EVENTS_OF_THE_EMULATOR:
        message = f"the emulator sends '{key}' by itself; remove it"
    elif key.lower() in keys.OFFSET_CORRECTIONS:
        message = f"unknown key '{key}'; write 'at' instead"
    elif correction:
        message = f"unknown event '{key}'; write '{correction}'"
    elif member.value is None and " " in key:
        message = f"'{key}' has no value; a text with a comma needs quotes between {{ and }}"
    else:
        message = f"unknown event '{key}'{suggestion(key, keys.EVENTS, keys.SEED_EVENTS)}"
    member.report(message, key=True)
    return correction


def _offset(node: Node) -> Millis | None:
    if isinstance(node.value, str) and ".." in node.value:
        node.report(f"'at' takes one length of time, found the range '{node.value}'; write one, such as 300ms")
        return None
    return node.length(parse_duration)


def _thought(node: Node) -> Value:
    if not isinstance(node.value, Mapping):
        node.expect_text(f"'{node.key}' takes text or a mapping")
    return node.timeline_value()


def _chunk(node: Node) -> Value:
    # A blank between two words is a chunk too.
    node.expect(isinstance(node.value, str) and bool(node.value), f"'{node.key}' takes text")
    return node.timeline_value()


def _request(node: Node) -> Value:
    node = _long_form(node, "tool_name", "ocr", keys.REQUEST_CORRECTIONS)
    for member in node.members:
        if member.key in keys.IDS_OF_A_CALL:
            right = "the same for request and result; remove it"
            member.report(f"the emulator makes '{member.key}', {right}", key=True)
    node.check_keys(keys.REQUEST_KEYS, keys.REQUEST_CORRECTIONS, reported=keys.IDS_OF_A_CALL)
    for key in ("operation_id", "graph_node_id"):
        if node[key].value is not None:
            node[key].expect_text(f"'{key}' takes text")
    _check_reasoning(node["reasoning"])
    return node.timeline_values()


def _result(node: Node) -> Value:
    if node.value is None or isinstance(node.value, str):
        return {"result": node.timeline_value()}
    node.expect_mapping("'tool_call_result' takes text, or a mapping such as {result: {rows: 3}}")
    names = [member.key for member in node.members]
    if names and not any(
        name in keys.RESULT_KEYS or keys.correction(name.lower(), keys.RESULT_CORRECTIONS) for name in names
    ):
        data = ", ".join(f"{name}: …" for name in names)
        node.report(f"a result that is a mapping stands under 'result'; write {{result: {{{data}}}}}")
        return {}
    node.check_keys(keys.RESULT_KEYS, keys.RESULT_CORRECTIONS)
    if "tool_name" in node:
        node["tool_name"].expect_text("'tool_name' takes text")
    if "is_error" in node:
        node["is_error"].expect(isinstance(node["is_error"].value, bool), "'is_error' takes true or false")
    return node.timeline_values()


def _plan(node: Node) -> Value:
    if node.value is None:
        return None
    value = node.timeline_value()
    task = node.rules.task
    is_plan = node.expect_mapping("'plan_updated' takes nothing, for the plan that the task shows, or a mapping")
    if is_plan and task and "deep_planning" in task.properties:
        node.check_property(task, "deep_planning", value)
    return value


def _sub_agent(node: Node) -> Value:
    node = _long_form(node, "agent_id", "researcher", keys.SUB_AGENT_CORRECTIONS)
    node.check_keys(keys.SUB_AGENT_KEYS, keys.SUB_AGENT_CORRECTIONS)
    _check_reasoning(node["reasoning"])
    return {"reasoning": None, **node.timeline_values()}


def _auth(node: Node) -> Value:
    node.expect_mapping("'auth_event' takes a mapping such as {type: token_ready}")
    node.check_keys(keys.AUTH_KEYS, keys.AUTH_CORRECTIONS)
    node.require("type", "token_ready", {})
    if "type" in node:
        node["type"].one_of("type", keys.AUTH_TYPES, {})
    return {"data": None, **node.timeline_values()}


def _compactization(node: Node) -> Value:
    if node.value is not None:
        node.expect_mapping("'task_compactization' takes nothing or a mapping")
    return node.timeline_value()


def _long_form(node: Node, name: str, example: str, corrections: keys.Corrections) -> Node:
    """Return a mapping that has `name`, which a text alone stands for."""
    if isinstance(node.value, str):
        node.expect_text(f"'{node.key}' takes text or a mapping")
        return replace(node, value={name: node.value})
    node.expect_mapping(f"'{node.key}' takes text, or a mapping such as {{{name}: {example}}}")
    node.require(name, example, corrections)
    if name in node:
        node[name].expect_text(f"'{name}' takes text")
    return node


def _check_reasoning(node: Node) -> None:
    if node.value is None:
        return
    node.expect_mapping("'reasoning' takes a mapping such as {title: Reading the invoice}")
    node.check_keys(keys.REASONING_KEYS, {})
    for member in node.members:
        if member.key in keys.REASONING_KEYS:
            member.expect_text(f"'{member.key}' takes text")


# Any event that has no reader takes any data.
_READERS: Final[Mapping[str, Callable[[Node], Value]]] = {
    "think": _thought,
    "analyze": _thought,
    "tool_call_request": _request,
    "tool_call_result": _result,
    "chunk": _chunk,
    "plan_updated": _plan,
    "sub_agent_trigger": _sub_agent,
    "auth_event": _auth,
    "task_compactization": _compactization,
}
