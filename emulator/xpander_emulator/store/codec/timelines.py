"""Timelines as JSON and back, exactly: what a task follows outlives the scenario file and the process."""

import json
from hashlib import blake2b
from typing import Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.task import Status
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

# Of all that is stored and exported: tables, keys, records, documents. tests/store/test_format.py holds it to them.
FORMAT: Final = 2


class UnknownFormat(EmulatorError):
    """What was stored was written by a version of the emulator whose format this one does not read."""


def check_format(what: str, found: object) -> None:
    """Raise UnknownFormat unless `found` is the format that this version reads."""
    if found != FORMAT:
        raise UnknownFormat(
            f"{what} is in format {found}; this version of the emulator reads format {FORMAT}."
            " Use the version that wrote it, or begin with an empty store."
        )


def timeline_to_bytes(timeline: Timeline) -> bytes:
    """Return a timeline as JSON text."""
    return json.dumps(timeline_to_json(timeline), separators=(",", ":"), ensure_ascii=True).encode()


def timeline_from_bytes(text: bytes) -> Timeline:
    """Return the timeline of a JSON text. Raises UnknownFormat."""
    return timeline_from_json(json.loads(text))


def digest(text: bytes) -> str:
    """Return the name under which a timeline is stored once: 32 hexadecimal digits."""
    return blake2b(text, digest_size=16).hexdigest()


def timeline_to_json(timeline: Timeline) -> JsonObject:
    """Return a timeline as JSON. What has its default is left out."""
    told = {
        "format": FORMAT,
        "name": timeline.name,
        "source": timeline.source,
        "steps": [_step_to_json(step) for step in timeline.steps],
    }
    faults = scenario_faults_to_json(timeline.faults)
    return told | ({"faults": faults} if faults else {})


def timeline_from_json(found: JsonObject) -> Timeline:
    """Return the timeline of its JSON. Raises UnknownFormat."""
    check_format("A stored timeline", found.get("format"))
    return Timeline(
        found["name"],
        tuple(_step_from_json(step) for step in found["steps"]),
        found["source"],
        scenario_faults_from_json(found.get("faults")),
    )


def check_timeline(timeline: Timeline) -> None:
    """Raise BadRequest for a timeline that replay could not follow to an end: one from a file that a person sent."""
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
    """Return where a step leads by time or reads alone, as replay goes through it; an expiry of a wait too."""
    match step.leave:
        case After(goto=goto) | Polls(goto=goto):
            return goto
        case Wait(expiry=After(goto=goto)):
            return goto
        case _:
            return None


def _step_to_json(step: Step) -> JsonObject:
    told: JsonObject = {"id": step.id, "status": step.status.value, "line": step.line}
    if step.leave is not None:
        told["leave"] = _leave_to_json(step.leave)
    if step.sets:
        told["sets"] = members_to_json(step.sets)
    if step.pause is not None:
        pause = step.pause
        told["pause"] = {
            "kind": pause.kind,
            "property": pause.property,
            "shown": members_to_json(pause.shown),
            "details": members_to_json(pause.details),
        }
    if step.sub_tasks:
        told["sub_tasks"] = [{"runs": each.runs, "request": members_to_json(each.request)} for each in step.sub_tasks]
    if step.events:
        told["events"] = [[each.offset, each.type, value_to_json(each.data)] for each in step.events]
    if step.streams_result:
        told["streams_result"] = True
    if step.faults:
        told["faults"] = [rule_to_json(rule) for rule in step.faults]
    return told


def _step_from_json(found: JsonObject) -> Step:
    return Step(
        found["id"],
        Status(found["status"]),
        _leave_from_json(found["leave"]) if "leave" in found else None,
        members_from_json(found.get("sets")),
        _pause_from_json(found["pause"]) if "pause" in found else None,
        tuple(SubTask(each["runs"], members_from_json(each["request"])) for each in found.get("sub_tasks", ())),
        tuple(StepEvent(Millis(at), kind, value_from_json(data)) for at, kind, data in found.get("events", ())),
        found.get("streams_result", False),
        tuple(map(rule_from_json, found.get("faults", ()))),
        found["line"],
    )


def _pause_from_json(found: JsonObject) -> Pause:
    return Pause(
        found["kind"], found["property"], members_from_json(found["shown"]), members_from_json(found["details"])
    )


def _leave_to_json(leave: After | Polls | Wait) -> JsonObject:
    match leave:
        case After(low=low, high=high, goto=goto):
            return {"after": [low, high, goto]}
        case Polls(count=count, goto=goto):
            return {"polls": [count, goto]}
        case Wait(on=on, expiry=expiry):
            expires = {} if expiry is None else {"expiry": [expiry.low, expiry.high, expiry.goto]}
            return {"on": list(on.items()), **expires}


def _leave_from_json(found: JsonObject) -> After | Polls | Wait:
    if "after" in found:
        return _after(found["after"])
    if "polls" in found:
        return Polls(*found["polls"])
    # A list of pairs: the order of the ways out is the order in which they are told.
    return Wait(dict(found["on"]), _after(found["expiry"]) if "expiry" in found else None)


def _after(found: list[int]) -> After:
    low, high, goto = found
    return After(Millis(low), Millis(high), goto)
