"""A namespace as one JSON document, equal for equal facts, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from xpander_emulator.clock import Clock, iso, millis
from xpander_emulator.common import json_codec
from xpander_emulator.common.redaction import may_hold_credentials, with_blank_credentials
from xpander_emulator.common.types import JsonObject
from xpander_emulator.contract.schema.validation import is_too_deep
from xpander_emulator.core.timeline import Millis, Timeline
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.store.codec.facts import (
    CLOCK,
    FAULTS,
    PINS,
    TimelineDigests,
    pin_from_json,
    pin_to_json,
    task_from_json,
    task_to_json,
)
from xpander_emulator.store.codec.faults import rule_from_json, rule_to_json
from xpander_emulator.store.codec.timelines import (
    FORMAT,
    UnknownFormat,
    check_timeline,
    timeline_from_json,
    timeline_to_json,
)
from xpander_emulator.store.port import Contents, Fact, Pins, Task

# What reading a document raises although it satisfies the schema of the control API.
_INVALID: Final = (LookupError, TypeError, ValueError)


def to_document(contents: Contents, clock: Clock, machine: Millis) -> JsonObject:
    """Return the document of a namespace, without the credentials that clients have sent.

    clock: the namespace's.
    """
    digests, pins, faults = TimelineDigests(), contents.facts[PINS], contents.facts[FAULTS]
    timelines = {digests(turn.timeline): turn.timeline for task in contents.tasks for turn in task.turns}
    return {
        "format": FORMAT,
        "clock": {"mode": clock.mode, "now": iso(clock.now(machine)), "scale": clock.scale},
        "pins": {"default": pins.default, "upcoming": [pin_to_json(pin) for pin in pins.upcoming]},
        "faults": [rule_to_json(rule) for rule in faults],
        "ordinals": contents.ordinals,
        "timelines": {name: timeline_to_json(timelines[name]) for name in sorted(timelines)},
        "tasks": [_task_to_json(task, digests) for task in contents.tasks],
    }


def _task_to_json(task: Task, digests: TimelineDigests) -> JsonObject:
    json = task_to_json(task, digests)
    for turn in json["turns"]:
        if may_hold_credentials(turn.get("request", "")):
            turn["request"] = json_codec.dumps(with_blank_credentials(json_codec.loads(turn["request"]))).decode()
        for signal in turn.get("signals", ()):
            if "payload" in signal:
                signal["payload"] = with_blank_credentials(signal["payload"])
    return json


def from_document(document: Mapping[str, Any], machine: Millis) -> Contents:
    """Return the contents of a document; its clock goes on from the instant that it shows.

    document: satisfies the schema of the control API, which checks nothing of another format but its number.

    Raises BadRequest where the document cannot have been exported, or is in another format.
    """
    if document["format"] != FORMAT:
        raise BadRequest(
            f"The file is in format {document['format']}; this version of the emulator reads format {FORMAT}."
            " Import it with the version that exported it."
        )
    timelines = {name: _timeline(name, json) for name, json in document["timelines"].items()}
    tasks = [_task(f"tasks[{index}]", json, timelines) for index, json in enumerate(document["tasks"])]
    _check_together(tasks, document["ordinals"])
    facts: dict[Fact[Any], Any] = {
        CLOCK: _clock(document["clock"], machine),
        PINS: Pins(document["pins"]["default"], tuple(map(pin_from_json, document["pins"]["upcoming"]))),
        FAULTS: tuple(map(rule_from_json, document["faults"])),
    }
    return Contents(tuple(sorted(tasks, key=lambda task: task.ordinal)), document["ordinals"], facts)


def _clock(json: JsonObject, machine: Millis) -> Clock:
    try:
        now = millis(datetime.fromisoformat(json["now"]))
    except ValueError:
        raise BadRequest(f"clock.now: '{json['now']}' is no instant; write it as 2026-01-31T09:30:00Z.") from None
    return Clock(json["mode"], now, machine, json["scale"])


def _timeline(name: str, json: JsonObject) -> Timeline:
    try:
        timeline = timeline_from_json(json)
        check_timeline(timeline)
    except (BadRequest, UnknownFormat) as error:
        raise BadRequest(f"timelines.{name}: {error.message}.") from None
    except _INVALID as error:
        raise BadRequest(f"timelines.{name}: is no timeline: {error}.") from None
    return timeline


def _task(where: str, json: JsonObject, timelines: Mapping[str, Timeline]) -> Task:
    for turn in json["turns"]:
        name = turn["timeline"]
        if name not in timelines:
            near = did_you_mean(name, tuple(timelines)) or "."
            raise BadRequest(f"{where}: follows the timeline '{name}', which the file does not hold{near}")
        if ("request" in turn) == ("request_base64" in turn):
            raise BadRequest(f"{where}: each turn has `request` or `request_base64`, and not both.")
    try:
        task = task_from_json(json, timelines.__getitem__)
    except _INVALID as error:
        raise BadRequest(f"{where}: is no task: {error}.") from None
    for number, turn in enumerate(task.turns, start=1):
        if not _is_request(turn.request):
            raise BadRequest(f"{where}: the request of turn {number} is no JSON object.")
        instants = [turn.starts_at, *(signal.at for signal in turn.signals)]
        if instants != sorted(instants):
            raise BadRequest(f"{where}: the signals of turn {number} are not in the order of their instants.")
    return task


def _is_request(text: bytes) -> bool:
    try:
        value = json_codec.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and not is_too_deep(value)


def _check_together(tasks: Sequence[Task], ordinals: int) -> None:
    """Raise BadRequest for ids or ordinals that two tasks share, and for a sub-task before its parent's turn."""
    by_id: dict[str, Task] = {}
    taken: set[int] = set()
    for task in tasks:
        if task.id in by_id:
            raise BadRequest(f"Two tasks have the id '{task.id}'.")
        if task.ordinal in taken or task.ordinal >= ordinals:
            raise BadRequest(f"Task '{task.id}' has the ordinal {task.ordinal}; they are unique and below {ordinals}.")
        by_id[task.id] = task
        taken.add(task.ordinal)
    for task in tasks:
        start = task.started_by
        parent = by_id.get(start.parent) if start else None
        if start and parent and (parent.ordinal >= task.ordinal or start.turn >= len(parent.turns)):
            raise BadRequest(f"Task '{task.id}' cannot follow turn {start.turn + 1} of '{parent.id}'.")
