"""Events: what a stream tells while a task is in a step, read from the step's `events` and `stream`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from xpander_emulator.common.types import DocPath
from xpander_emulator.core.task import TERMINAL, Status
from xpander_emulator.core.timeline import NO_TIME, Millis, Value
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics
from xpander_emulator.scenario.durations import NotADuration, as_text, parse_duration
from xpander_emulator.scenario.property_schemas import shown

_ITEM: Final = "an event is a mapping such as {think: Looking for the amount}"
_BEFORE_THE_RESULT: Final = "put it on the executing step before the one that sets 'result'"


@dataclass(frozen=True, slots=True)
class EventDraft:
    """An event as its author wrote it.

    given: its data, in the long form where there is a short one; what it takes from earlier steps is not in it yet.
    """

    path: DocPath
    type: str
    at: Millis
    given: Value


def read_events(findings: Diagnostics, path: DocPath, step: Mapping[str, Any]) -> tuple[EventDraft, ...]:
    """Return what a step tells, in the order of time."""
    if "events" not in step:
        return ()
    raw = step["events"]
    if not isinstance(raw, list) or not raw:
        findings.add((*path, "events"), f"'events' takes a list such as [{{think: Looking}}], found {shown(raw)}")
        return ()
    items = (_event(findings, (*path, "events", index), item) for index, item in enumerate(raw))
    events = tuple(event for event in items if event)
    for before, event in pairwise(events):
        if event.at < before.at:
            told = (
                f"'{event.type}' is told at {as_text(event.at)}, but '{before.type}' above it at {as_text(before.at)}"
            )
            findings.add(event.path, f"{told}; write 'at: {as_text(before.at)}' or later, or move it up")
    return events


def read_stream(findings: Diagnostics, path: DocPath, step: Mapping[str, Any], status: Status | None) -> bool:
    """Return whether a stream cuts the result that follows a step into chunks."""
    if "stream" not in step:
        return False
    at = (*path, "stream")
    if step["stream"] != "words":
        findings.add(at, f"'stream' takes 'words', found {shown(step['stream'])}")
    if status in TERMINAL:
        findings.add(at, f"a step with the status {status} is an end and has no length; {_BEFORE_THE_RESULT}", key=True)
        return False
    if way := next((way for way in ("polls", "on") if way in step), None):
        message = f"'stream' takes the length of its step from 'after', and this one is left by '{way}'"
        findings.add(at, f"{message}; {_BEFORE_THE_RESULT}", key=True)
        return False
    return True


def _event(findings: Diagnostics, path: DocPath, raw: Any) -> EventDraft | None:
    given = findings.mapping(path, raw, _ITEM)
    named = _named(findings, path, given)
    at = _offset(findings, (*path, "at"), given["at"]) if "at" in given else NO_TIME
    if named is None or at is None:
        return None
    key, kind = named
    read = _READERS.get(kind, Diagnostics.value)
    return EventDraft(path, kind, at, read(findings, (*path, key), given[key]))


def _named(findings: Diagnostics, path: DocPath, given: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the key of an item that names the event, and the event that it names."""
    if key := next((key for key in given if key in keys.EVENT_ENVELOPE), None):
        findings.add((*path, key), f"'{key}' is no key here; the event's name is, as in {{think: Looking}}", key=True)
        return None
    found = [(key, _kind(findings, (*path, key), key, given[key])) for key in given if key != "at"]
    if len(found) > 1 and all(kind for _, kind in found):
        both = f"'{found[0][0]}' and '{found[1][0]}'"
        findings.add((*path, found[1][0]), f"the event has {both}; write each as an item of its own", key=True)
    if given and not found:
        findings.add(path, f"the event has no name; {_ITEM}")
    return next(((key, kind) for key, kind in found if kind), None)


def _kind(findings: Diagnostics, path: DocPath, key: str, value: Any) -> str | None:
    if key in keys.EVENTS:
        return key
    slip = keys.EVENT_SLIPS.get(key.lower())
    if key in keys.EVENTS_OF_THE_EMULATOR:
        message = f"'{key}' is told by the emulator itself; remove it"
    elif key.lower() in keys.OFFSET_SLIPS:
        message = f"unknown key '{key}'; write 'at' instead"
    elif slip:
        message = f"unknown event '{key}'; write '{slip}'"
    elif value is None and " " in key:
        message = f"'{key}' has no value; a text with a comma needs quotes between {{ and }}"
    else:
        right = did_you_mean(key, keys.EVENTS) or f"; events are {', '.join(keys.SEED_EVENTS)}"
        message = f"unknown event '{key}'{right}"
    findings.add(path, message, key=True)
    return slip


def _offset(findings: Diagnostics, path: DocPath, found: Any) -> Millis | None:
    if isinstance(found, str) and ".." in found:
        findings.add(path, f"'at' takes one length of time, found the range '{found}'; write one, such as 300ms")
        return None
    try:
        return parse_duration(found)
    except NotADuration as error:
        findings.add(path, str(error))
        return None


def _thought(findings: Diagnostics, path: DocPath, raw: Any) -> Value:
    if not isinstance(raw, Mapping):
        findings.text(path, raw, f"'{path[-1]}' takes text or a mapping")
    return findings.value(path, raw)


def _chunk(findings: Diagnostics, path: DocPath, raw: Any) -> Value:
    # A blank between two words is a chunk too.
    if not isinstance(raw, str) or not raw:
        findings.add(path, f"'{path[-1]}' takes text, found {shown(raw)}")
    return findings.value(path, raw)


def _request(findings: Diagnostics, path: DocPath, raw: Any) -> Mapping[str, Value]:
    given = _long_form(findings, path, raw, "tool_name", "ocr", keys.REQUEST_SLIPS)
    for key in [key for key in keys.IDS_OF_A_CALL if key in given]:
        message = f"'{key}' is made by the emulator, the same for request and result; remove it"
        findings.add((*path, key), message, key=True)
    known = {key: value for key, value in given.items() if key not in keys.IDS_OF_A_CALL}
    findings.keys(path, known, keys.REQUEST_KEYS, keys.REQUEST_SLIPS)
    for key in ("operation_id", "graph_node_id"):
        if known.get(key) is not None:
            findings.text((*path, key), known[key], f"'{key}' takes text")
    if "reasoning" in known:
        _reasoning(findings, (*path, "reasoning"), known["reasoning"])
    return _values(findings, path, known)


def _result(findings: Diagnostics, path: DocPath, raw: Any) -> Mapping[str, Value]:
    if raw is None or isinstance(raw, str):
        return {"result": findings.value(path, raw)}
    given = findings.mapping(path, raw, "'tool_call_result' takes text, or a mapping such as {result: {rows: 3}}")
    if given and not any(key in keys.RESULT_KEYS or key.lower() in keys.RESULT_SLIPS for key in given):
        members = ", ".join(f"{key}: …" for key in given)
        findings.add(path, f"a result that is a mapping stands under 'result'; write {{result: {{{members}}}}}")
        return {}
    findings.keys(path, given, keys.RESULT_KEYS, keys.RESULT_SLIPS)
    if "tool_name" in given:
        findings.text((*path, "tool_name"), given["tool_name"], "'tool_name' takes text")
    if not isinstance(given.get("is_error", False), bool):
        findings.add((*path, "is_error"), f"'is_error' takes true or false, found {shown(given['is_error'])}")
    return _values(findings, path, given)


def _plan(findings: Diagnostics, path: DocPath, raw: Any) -> Value:
    if raw is None:
        return None
    findings.mapping(path, raw, "'plan_updated' takes nothing, for the plan that the task shows, or a mapping")
    value = findings.value(path, raw)
    task = findings.rules.task
    if task and isinstance(raw, Mapping) and "deep_planning" in task.properties:
        findings.against(task, path, "deep_planning", value)
    return value


def _sub_agent(findings: Diagnostics, path: DocPath, raw: Any) -> Mapping[str, Value]:
    given = _long_form(findings, path, raw, "agent_id", "researcher", keys.SUB_AGENT_SLIPS)
    findings.keys(path, given, keys.SUB_AGENT_KEYS, keys.SUB_AGENT_SLIPS)
    if "reasoning" in given:
        _reasoning(findings, (*path, "reasoning"), given["reasoning"])
    return {"reasoning": None, **_values(findings, path, given)}


def _auth(findings: Diagnostics, path: DocPath, raw: Any) -> Mapping[str, Value]:
    given = findings.mapping(path, raw, "'auth_event' takes a mapping such as {type: token_ready}")
    findings.keys(path, given, keys.AUTH_KEYS, keys.AUTH_SLIPS)
    if "type" not in given:
        if isinstance(raw, Mapping):
            findings.add(path, "'auth_event' lacks 'type'; write for instance 'type: token_ready'")
    elif given["type"] not in keys.AUTH_TYPES:
        known = f"{', '.join(keys.AUTH_TYPES)}{did_you_mean(str(given['type']), keys.AUTH_TYPES)}"
        findings.add((*path, "type"), f"unknown type {shown(given['type'])}; an auth_event is one of {known}")
    return {"data": None, **_values(findings, path, given)}


def _compactization(findings: Diagnostics, path: DocPath, raw: Any) -> Value:
    if raw is not None:
        findings.mapping(path, raw, "'task_compactization' takes nothing or a mapping")
    return findings.value(path, raw)


def _long_form(
    findings: Diagnostics, path: DocPath, raw: Any, name: str, example: str, slips: Mapping[str, str]
) -> Mapping[str, Any]:
    """Return a mapping in which `name`, which a text alone stands for, is given."""
    if isinstance(raw, str):
        findings.text(path, raw, f"'{path[-1]}' takes text or a mapping")
        return {name: raw}
    given = findings.mapping(path, raw, f"'{path[-1]}' takes text, or a mapping such as {{{name}: {example}}}")
    if name in given:
        findings.text((*path, name), given[name], f"'{name}' takes text")
    elif isinstance(raw, Mapping) and not any(slips.get(key.lower()) == f"'{name}'" for key in given):
        findings.add(path, f"'{path[-1]}' lacks '{name}'; write '{name}: {example}'")
    return given


def _reasoning(findings: Diagnostics, path: DocPath, raw: Any) -> None:
    if raw is None:
        return
    given = findings.mapping(path, raw, "'reasoning' takes a mapping such as {title: Reading the invoice}")
    findings.keys(path, given, keys.REASONING_KEYS, {})
    for key in given:
        if key in keys.REASONING_KEYS:
            findings.text((*path, key), given[key], f"'{key}' takes text")


def _values(findings: Diagnostics, path: DocPath, given: Mapping[str, Any]) -> Mapping[str, Value]:
    return {key: findings.value((*path, key), value) for key, value in given.items()}


# Any event that has no reader takes whatever its author writes.
_READERS: Final[Mapping[str, Callable[[Diagnostics, DocPath, Any], Value]]] = {
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
