"""Timelines as JSON and back, exactly, so that a task outlives its scenario file and the process."""

from hashlib import blake2b
from json import dumps, loads
from typing import Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Millis, Pause, Polls, Step, StepEvent, SubTask, Timeline, Wait
from xpander_emulator.errors import BadRequest, EmulatorError
from xpander_emulator.store.codec.faults import (
    rule_from_json,
    rule_to_json,
    scenario_faults_from_json,
    scenario_faults_to_json,
)
from xpander_emulator.store.codec.scenario_values import (
    members_from_json,
    members_to_json,
    value_from_json,
    value_to_json,
)

# The format of all that is stored and exported: tables, keys, records, documents (tests/store/test_format.py).
FORMAT: Final = 2


class UnknownFormat(EmulatorError):
    """The format of stored facts is that of another version of the emulator."""


def check_format(what: str, stored_format: object) -> None:
    """Raise UnknownFormat unless `stored_format` is the format that this version reads."""
    if stored_format != FORMAT:
        raise UnknownFormat(
            f"{what} is in format {stored_format}; this version of the emulator reads format {FORMAT}."
            " Use the version that wrote it, or begin with an empty store."
        )


def timeline_to_bytes(timeline: Timeline) -> bytes:
    """Return a timeline as JSON text."""
    return dumps(timeline_to_json(timeline), separators=(",", ":"), ensure_ascii=True).encode()


def timeline_from_bytes(text: bytes) -> Timeline:
    """Return the timeline of a JSON text. Raises UnknownFormat."""
    return timeline_from_json(loads(text))


def digest(text: bytes) -> str:
    """Return the 32 hexadecimal digits under which the text of a timeline is stored once."""
    return blake2b(text, digest_size=16).hexdigest()


def timeline_to_json(timeline: Timeline) -> JsonObject:
    """Return a timeline as JSON, without the members that have their defaults."""
    json = {
        "format": FORMAT,
        "name": timeline.name,
        "source": timeline.source,
        "steps": [_step_to_json(step) for step in timeline.steps],
    }
    if faults := scenario_faults_to_json(timeline.faults):
        json["faults"] = faults
    return json


def timeline_from_json(json: JsonObject) -> Timeline:
    """Return the timeline of its JSON. Raises UnknownFormat."""
    check_format("A stored timeline", json.get("format"))
    return Timeline(
        json["name"],
        tuple(_step_from_json(step) for step in json["steps"]),
        json["source"],
        scenario_faults_from_json(json.get("faults")),
    )


def check_timeline(timeline: Timeline) -> None:
    """Raise BadRequest for a timeline of an imported file that replay could not follow to an end."""
    count = len(timeline.steps)
    for step in timeline.steps:
        targets = list(_targets(step))
        if any(not 0 <= target < count for target in targets):
            raise BadRequest(f"timeline '{timeline.name}': step '{step.id}' leads to none of its {count} steps")
        if any(not 0 <= after.low <= after.high for after in _delays(step)):
            raise BadRequest(f"timeline '{timeline.name}': step '{step.id}' has a delay that is no range of time")
    for start in range(count):
        here, passed = start, 0
        while (goto := _by_itself(timeline.steps[here])) is not None:
            here, passed = goto, passed + 1
            if passed > count:
                raise BadRequest(f"timeline '{timeline.name}': the steps after '{timeline.steps[start].id}' never rest")


def _targets(step: Step) -> list[int]:
    match step.leave:
        case After(goto=goto) | Polls(goto=goto):
            return [goto]
        case Wait(on=on, expiry=expiry):
            return [*on.values(), *([expiry.goto] if expiry else [])]
        case _:
            return []


def _delays(step: Step) -> list[After]:
    match step.leave:
        case After():
            return [step.leave]
        case Wait(expiry=After() as expiry):
            return [expiry]
        case _:
            return []


def _by_itself(step: Step) -> int | None:
    """Return where a step leads by time or reads alone, the expiry of a wait included; None where it rests."""
    match step.leave:
        case After(goto=goto) | Polls(goto=goto):
            return goto
        case Wait(expiry=After(goto=goto)):
            return goto
        case _:
            return None


def _step_to_json(step: Step) -> JsonObject:
    json: JsonObject = {"id": step.id, "status": step.status.value, "line": step.line}
    if step.leave is not None:
        json["leave"] = _leave_to_json(step.leave)
    if step.sets:
        json["sets"] = members_to_json(step.sets)
    if step.pause is not None:
        pause = step.pause
        json["pause"] = {
            "kind": pause.kind,
            "property": pause.property,
            "shown": members_to_json(pause.shown),
            "details": members_to_json(pause.details),
        }
    if step.sub_tasks:
        json["sub_tasks"] = [{"runs": each.runs, "request": members_to_json(each.request)} for each in step.sub_tasks]
    if step.events:
        json["events"] = [[each.offset, each.type, value_to_json(each.data)] for each in step.events]
    if step.streams_result:
        json["streams_result"] = True
    if step.faults:
        json["faults"] = [rule_to_json(rule) for rule in step.faults]
    return json


def _step_from_json(json: JsonObject) -> Step:
    return Step(
        json["id"],
        Status(json["status"]),
        _leave_from_json(json["leave"]) if "leave" in json else None,
        members_from_json(json.get("sets")),
        _pause_from_json(json["pause"]) if "pause" in json else None,
        tuple(SubTask(each["runs"], members_from_json(each["request"])) for each in json.get("sub_tasks", ())),
        tuple(StepEvent(Millis(at), kind, value_from_json(data)) for at, kind, data in json.get("events", ())),
        json.get("streams_result", False),
        tuple(map(rule_from_json, json.get("faults", ()))),
        json["line"],
    )


def _pause_from_json(json: JsonObject) -> Pause:
    return Pause(json["kind"], json["property"], members_from_json(json["shown"]), members_from_json(json["details"]))


def _leave_to_json(leave: After | Polls | Wait) -> JsonObject:
    match leave:
        case After(low=low, high=high, goto=goto):
            return {"after": [low, high, goto]}
        case Polls(count=count, goto=goto):
            return {"polls": [count, goto]}
        case Wait(on=on, expiry=expiry):
            expires = {} if expiry is None else {"expiry": [expiry.low, expiry.high, expiry.goto]}
            return {"on": list(on.items()), **expires}


def _leave_from_json(json: JsonObject) -> After | Polls | Wait:
    if "after" in json:
        return _after(json["after"])
    if "polls" in json:
        return Polls(*json["polls"])
    # A list of pairs, in the order in which the API shows the ways out.
    return Wait(dict(json["on"]), _after(json["expiry"]) if "expiry" in json else None)


def _after(delay: list[int]) -> After:
    low, high, goto = delay
    return After(Millis(low), Millis(high), goto)
