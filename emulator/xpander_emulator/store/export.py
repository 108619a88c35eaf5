"""A namespace as one JSON document, equal for equal facts, and back; a mistake is told before anything changes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any

from xpander_emulator.clock import Clock, iso, millis
from xpander_emulator.common import json_codec
from xpander_emulator.common.secrets import may_hold_credentials, with_blank_credentials
from xpander_emulator.common.types import JsonObject
from xpander_emulator.contract.schema.validation import is_too_deep
from xpander_emulator.core.timeline import Millis, Timeline
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.store.codec.facts import (
    CLOCK,
    FAULTS,
    PINS,
    TimelineNames,
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

# What reading a document that keeps the contract's schema may still stumble over.
_BROKEN = (LookupError, TypeError, ValueError)


def to_document(contents: Contents, clock: Clock, machine: Millis) -> JsonObject:
    """Return the document of a namespace, without the credentials that clients have sent.

    clock: the one that it goes by.
    """
    names, pins, faults = TimelineNames(), contents.facts[PINS], contents.facts[FAULTS]
    timelines = {names.of(turn.timeline)[0]: turn.timeline for task in contents.tasks for turn in task.turns}
    return {
        "format": FORMAT,
        "clock": {"mode": clock.mode, "now": iso(clock.now(machine)), "scale": clock.scale},
        "pins": {"default": pins.default, "upcoming": [pin_to_json(pin) for pin in pins.upcoming]},
        "faults": [rule_to_json(rule) for rule in faults],
        "ordinals": contents.ordinals,
        "timelines": {name: timeline_to_json(timelines[name]) for name in sorted(timelines)},
        "tasks": [_task_to_json(task, names) for task in contents.tasks],
    }


def _task_to_json(task: Task, names: TimelineNames) -> JsonObject:
    told = task_to_json(task, lambda timeline: names.of(timeline)[0])
    for turn in told["turns"]:
        if may_hold_credentials(turn.get("request", "")):
            turn["request"] = json_codec.dumps(with_blank_credentials(json_codec.loads(turn["request"]))).decode()
        for signal in turn.get("signals", ()):
            if "payload" in signal:
                signal["payload"] = with_blank_credentials(signal["payload"])
    return told


def from_document(document: Mapping[str, Any], machine: Millis) -> Contents:
    """Return the contents that a document tells of; its clock goes on from the instant that it shows.

    document: keeps the schema of the control API, which holds one of another format to nothing but its number.

    Raises BadRequest where it cannot have been exported, or is in another format.
    """
    if document["format"] != FORMAT:
        raise BadRequest(
            f"The file is in format {document['format']}; this version of the emulator reads format {FORMAT}."
            " Import it with the version that exported it."
        )
    timelines = {name: _timeline(name, found) for name, found in document["timelines"].items()}
    tasks = [_task(place, found, timelines) for place, found in enumerate(document["tasks"])]
    _check(tasks, document["ordinals"])
    facts: dict[Fact[Any], Any] = {
        CLOCK: _clock(document["clock"], machine),
        PINS: Pins(document["pins"]["default"], tuple(map(pin_from_json, document["pins"]["upcoming"]))),
        FAULTS: tuple(map(rule_from_json, document["faults"])),
    }
    return Contents(tuple(sorted(tasks, key=lambda task: task.ordinal)), document["ordinals"], facts)


def _clock(found: Mapping[str, Any], machine: Millis) -> Clock:
    try:
        now = millis(datetime.fromisoformat(found["now"]))
    except ValueError:
        raise BadRequest(f"clock.now: '{found['now']}' is no instant; write it as 2026-01-31T09:30:00Z.") from None
    return Clock(found["mode"], now, machine, found["scale"])


def _timeline(name: str, found: JsonObject) -> Timeline:
    try:
        timeline = timeline_from_json(found)
        check_timeline(timeline)
    except (BadRequest, UnknownFormat) as error:
        raise BadRequest(f"timelines.{name}: {error.message}.") from None
    except _BROKEN as error:
        raise BadRequest(f"timelines.{name}: is no timeline: {error}.") from None
    return timeline


def _task(place: int, found: JsonObject, timelines: Mapping[str, Timeline]) -> Task:
    where = f"tasks[{place}]"
    for turn in found["turns"]:
        name = turn["timeline"]
        if name not in timelines:
            near = did_you_mean(name, tuple(timelines)) or "."
            raise BadRequest(f"{where}: follows the timeline '{name}', which the file does not hold{near}")
        if ("request" in turn) == ("request_base64" in turn):
            raise BadRequest(f"{where}: each turn has `request` or `request_base64`, and not both.")
    try:
        task = task_from_json(found, timelines.__getitem__)
    except _BROKEN as error:
        raise BadRequest(f"{where}: is no task: {error}.") from None
    for turn_number, turn in enumerate(task.turns):
        if not _is_request(turn.request):
            raise BadRequest(f"{where}: the request of turn {turn_number + 1} is no JSON object.")
        instants = [turn.starts_at, *(signal.at for signal in turn.signals)]
        if any(after < before for before, after in pairwise(instants)):
            raise BadRequest(f"{where}: the signals of turn {turn_number + 1} are not in the order of their instants.")
    return task


def _is_request(text: bytes) -> bool:
    try:
        value = json_codec.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and not is_too_deep(value)


def _check(tasks: Sequence[Task], ordinals: int) -> None:
    """Raise BadRequest unless tasks go together."""
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
        parent = by_id.get(task.follows.parent) if task.follows else None
        if parent is None or task.follows is None:
            continue
        if parent.ordinal >= task.ordinal or task.follows.turn >= len(parent.turns):
            raise BadRequest(f"Task '{task.id}' cannot follow turn {task.follows.turn + 1} of '{parent.id}'.")
