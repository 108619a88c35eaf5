"""Facts as bytes and back: tasks, clocks, pins and faults, as the stores outside this process have them.

A record is JSON without the members that have their defaults. It names each timeline by its digest. A further fact of
namespaces is one more Fact in FACTS.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Sequence
from typing import Any, Final

import orjson

from xpander_emulator.clock import Clock
from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.faults import FaultRule
from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Move, Signal
from xpander_emulator.core.timeline import Millis, Timeline
from xpander_emulator.store.codec.faults import path_fault_from_json, path_fault_to_json, rule_from_json, rule_to_json
from xpander_emulator.store.codec.members import changed_members, known_members
from xpander_emulator.store.codec.timelines import FORMAT, check_format, digest, timeline_to_bytes
from xpander_emulator.store.port import NO_PINS, Fact, Pin, Pins, StartedBy, Task

_MOST_DIGESTS: Final = 4_096
_TURN: Final = ("kind", "version", "origin", "offset", "signals", "chosen", "plan")
_SIGNAL: Final = ("by", "reason", "payload", "skipped", "seen")
_PIN: Final = ("path", "plan", "fault")


class TimelineDigests:
    """The digests and texts of timelines, the last few thousand of which are cached."""

    def __init__(self) -> None:
        # By identity: to hash or compare such large values would cost more. The value keeps its timeline alive.
        self._cache: dict[int, tuple[Timeline, str, bytes]] = {}

    def __call__(self, timeline: Timeline) -> str:
        """Return the digest of a timeline."""
        return self.with_text(timeline)[0]

    def with_text(self, timeline: Timeline) -> tuple[str, bytes]:
        """Return the digest of a timeline, and its text."""
        cached = self._cache.get(id(timeline))
        if cached is None or cached[0] is not timeline:
            text = timeline_to_bytes(timeline)
            cached = (timeline, digest(text), text)
            if len(self._cache) >= _MOST_DIGESTS:
                del self._cache[next(iter(self._cache))]
            self._cache[id(timeline)] = cached
        return cached[1], cached[2]


def task_to_bytes(task: Task, digest_of: Callable[[Timeline], str]) -> bytes:
    """Return a task's record; `digest_of` gives the digest of a timeline."""
    # A stored result of orjson keeps about 4 kB alive; this one goes to a file or a socket at once.
    return orjson.dumps(task_to_json(task, digest_of))


def task_from_bytes(record: bytes, timeline: Callable[[str], Timeline], mark: int) -> Task:
    """Return the task of a record; `timeline` gives the one of a digest. Raises UnknownFormat."""
    json = orjson.loads(record)
    check_format("A stored task", json.get("format"))
    return task_from_json(json, timeline, mark)


def timelines_of(record: bytes) -> list[str]:
    """Return the digests of the timelines that a record names, in the order of its turns."""
    return [turn["timeline"] for turn in orjson.loads(record)["turns"]]


def task_to_json(task: Task, digest_of: Callable[[Timeline], str]) -> JsonObject:
    """Return a task as JSON."""
    json: JsonObject = {
        "format": FORMAT,
        "id": task.id,
        "ordinal": task.ordinal,
        "version": task.version,
        "turns": [_turn_to_json(turn, digest_of) for turn in task.turns],
    }
    if task.parent is not None:
        json["parent"] = task.parent
    if task.started_by is not None:
        json["follows"] = [task.started_by.parent, task.started_by.turn, task.started_by.step]
    return json


def task_from_json(json: JsonObject, timeline: Callable[[str], Timeline], mark: int = 0) -> Task:
    """Return the task of its JSON."""
    started_by = json.get("follows")
    return Task(
        json["id"],
        json["ordinal"],
        tuple(_turn_from_json(turn, timeline) for turn in json["turns"]),
        json.get("parent"),
        None if started_by is None else StartedBy(*started_by),
        json["version"],
        mark,
    )


def _turn_to_json(turn: Turn, digest_of: Callable[[Timeline], str]) -> JsonObject:
    members = changed_members(turn, _TURN)
    if "signals" in members:
        members["signals"] = [
            {"at": signal.at, "kind": signal.kind, **changed_members(signal, _SIGNAL)} for signal in turn.signals
        ]
    if "plan" in members:
        members["plan"] = _plan_to_json(turn.plan)
    return {
        "timeline": digest_of(turn.timeline),
        "runs": turn.runs,
        "key": f"{turn.key:x}",
        "born": turn.starts_at,
        **_request_to_json(turn.request),
        **members,
    }


def _turn_from_json(json: JsonObject, timeline: Callable[[str], Timeline]) -> Turn:
    members = known_members(json, _TURN)
    if "signals" in members:
        members["signals"] = tuple(
            Signal(signal["at"], signal["kind"], **known_members(signal, _SIGNAL)) for signal in json["signals"]
        )
    if "plan" in members:
        members["plan"] = _plan_from_json(json["plan"])
    request = json["request"].encode() if "request" in json else b64decode(json["request_base64"], validate=True)
    return Turn(timeline(json["timeline"]), json["runs"], request, int(json["key"], 16), json["born"], **members)


def _request_to_json(request: bytes) -> JsonObject:
    try:
        return {"request": request.decode()}
    except UnicodeDecodeError:
        return {"request_base64": b64encode(request).decode()}


def _plan_to_json(plan: Sequence[Move]) -> list[list[Any]]:
    return [[move.visit, move.step, move.kind] for move in plan]


def _plan_from_json(json: Sequence[Sequence[Any]]) -> tuple[Move, ...]:
    return tuple(Move(visit, step, kind) for visit, step, kind in json)


def pin_to_json(pin: Pin) -> JsonObject:
    """Return the scenario and the path of one start as JSON."""
    members = changed_members(pin, _PIN)
    if pin.plan:
        members["plan"] = _plan_to_json(pin.plan)
    if pin.fault is not None:
        members["fault"] = path_fault_to_json(pin.fault)
    return {"scenario": pin.scenario, **members}


def pin_from_json(json: JsonObject) -> Pin:
    """Return the pin of its JSON."""
    fault = path_fault_from_json(json["fault"]) if "fault" in json else None
    return Pin(json["scenario"], json.get("path"), _plan_from_json(json.get("plan", ())), fault)


def _clock_to_bytes(clock: Clock | None) -> bytes:
    return orjson.dumps([FORMAT, *(() if clock is None else (clock.mode, clock.base, clock.anchor, clock.scale))])


def _clock_from_bytes(record: bytes) -> Clock | None:
    members = _members("A stored clock", record)
    if not members:
        return None
    mode, base, anchor, scale = members
    return Clock(mode, Millis(base), Millis(anchor), scale)


def _pins_to_bytes(pins: Pins) -> bytes:
    return orjson.dumps([FORMAT, pins.default, [pin_to_json(pin) for pin in pins.upcoming]])


def _pins_from_bytes(record: bytes) -> Pins:
    default, upcoming = _members("A stored choice of scenarios", record)
    return Pins(default, tuple(map(pin_from_json, upcoming)))


def _faults_to_bytes(rules: tuple[FaultRule, ...]) -> bytes:
    return orjson.dumps([FORMAT, *map(rule_to_json, rules)])


def _faults_from_bytes(record: bytes) -> tuple[FaultRule, ...]:
    return tuple(map(rule_from_json, _members("A stored fault", record)))


def _members(what: str, record: bytes) -> list[Any]:
    """Return the values behind the format in a record. Raises UnknownFormat."""
    values: list[Any] = orjson.loads(record)
    check_format(what, values[0])
    return values[1:]


# The clock that was set for a namespace; None while it has the server's initial one.
CLOCK: Final[Fact[Clock | None]] = Fact("clock", None, _clock_to_bytes, _clock_from_bytes)
PINS: Final[Fact[Pins]] = Fact("pins", NO_PINS, _pins_to_bytes, _pins_from_bytes)
# The rules for coming requests.
FAULTS: Final[Fact[tuple[FaultRule, ...]]] = Fact("faults", (), _faults_to_bytes, _faults_from_bytes, counted=True)
FACTS: Final[tuple[Fact[Any], ...]] = (CLOCK, PINS, FAULTS)
