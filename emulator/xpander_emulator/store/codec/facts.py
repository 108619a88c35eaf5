"""Facts as bytes and back: tasks, clocks, pins and faults, as the stores outside this process keep them.

A further fact of namespaces is one more Fact in FACTS.

A record is JSON; what has its default is left out. Timelines are not in it: it names each by its digest.
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
from xpander_emulator.core.timeline import NO_TIME, NOTHING, Millis, Timeline
from xpander_emulator.store.codec.faults import rule_from_json, rule_to_json, strike_from_json, strike_to_json
from xpander_emulator.store.codec.timelines import FORMAT, check_format, digest, timeline_to_bytes
from xpander_emulator.store.port import NO_PINS, Fact, Follows, Pin, Pins, Task

_MOST_NAMES: Final = 4_096


class TimelineNames:
    """The digest and text of each timeline; those of the last few thousand are remembered."""

    def __init__(self) -> None:
        # By identity, which is all that tells two of these unhashable values apart at once; the value keeps it alive.
        self._known: dict[int, tuple[Timeline, str, bytes]] = {}

    def of(self, timeline: Timeline) -> tuple[str, bytes]:
        """Return the digest of a timeline, and its text."""
        known = self._known.get(id(timeline))
        if known is None or known[0] is not timeline:
            text = timeline_to_bytes(timeline)
            known = (timeline, digest(text), text)
            if len(self._known) >= _MOST_NAMES:
                del self._known[next(iter(self._known))]
            self._known[id(timeline)] = known
        return known[1], known[2]


def task_to_bytes(task: Task, name: Callable[[Timeline], str]) -> bytes:
    """Return a task's record; `name` gives the digest of a timeline."""
    # A stored result of orjson keeps about 4 kB alive; this one goes to a file or a socket at once.
    return orjson.dumps(task_to_json(task, name))


def task_from_bytes(record: bytes, timeline: Callable[[str], Timeline], mark: int) -> Task:
    """Return the task of a record; `timeline` gives the one of a digest. Raises UnknownFormat."""
    found = orjson.loads(record)
    check_format("A stored task", found.get("format"))
    return task_from_json(found, timeline, mark)


def timelines_of(record: bytes) -> list[str]:
    """Return the digests of the timelines that a record names, in the order of its turns."""
    return [turn["timeline"] for turn in orjson.loads(record)["turns"]]


def task_to_json(task: Task, name: Callable[[Timeline], str]) -> JsonObject:
    """Return a task as JSON."""
    told: JsonObject = {
        "format": FORMAT,
        "id": task.id,
        "ordinal": task.ordinal,
        "version": task.version,
        "turns": [_turn_to_json(turn, name) for turn in task.turns],
    }
    if task.parent is not None:
        told["parent"] = task.parent
    if task.follows is not None:
        told["follows"] = [task.follows.parent, task.follows.turn, task.follows.step]
    return told


def task_from_json(found: JsonObject, timeline: Callable[[str], Timeline], mark: int = 0) -> Task:
    """Return the task of its JSON."""
    follows = found.get("follows")
    return Task(
        found["id"],
        found["ordinal"],
        tuple(_turn_from_json(turn, timeline) for turn in found["turns"]),
        found.get("parent"),
        None if follows is None else Follows(*follows),
        found["version"],
        mark,
    )


def _turn_to_json(turn: Turn, name: Callable[[Timeline], str]) -> JsonObject:
    told: JsonObject = {
        "timeline": name(turn.timeline),
        "runs": turn.runs,
        "key": f"{turn.key:x}",
        "born": turn.starts_at,
    }
    try:
        told["request"] = turn.request.decode()
    except UnicodeDecodeError:
        told["request_base64"] = b64encode(turn.request).decode()
    if turn.kind != "workflow":
        told["kind"] = turn.kind
    if turn.version is not None:
        told["version"] = turn.version
    if turn.origin:
        told["origin"] = turn.origin
    if turn.offset:
        told["offset"] = turn.offset
    if turn.signals:
        told["signals"] = [_signal_to_json(signal) for signal in turn.signals]
    if turn.chosen:
        told["chosen"] = turn.chosen
    if turn.plan:
        told["plan"] = _plan_to_json(turn.plan)
    return told


def _turn_from_json(found: JsonObject, timeline: Callable[[str], Timeline]) -> Turn:
    request = found["request"].encode() if "request" in found else b64decode(found["request_base64"], validate=True)
    return Turn(
        timeline(found["timeline"]),
        found["runs"],
        request,
        int(found["key"], 16),
        Millis(found["born"]),
        found.get("kind", "workflow"),
        found.get("version"),
        found.get("origin", ""),
        Millis(found.get("offset", NO_TIME)),
        tuple(map(_signal_from_json, found.get("signals", ()))),
        found.get("chosen", ""),
        _plan_from_json(found.get("plan", ())),
    )


def _signal_to_json(signal: Signal) -> JsonObject:
    told: JsonObject = {"at": signal.at, "kind": signal.kind}
    if signal.by is not None:
        told["by"] = signal.by
    if signal.reason is not None:
        told["reason"] = signal.reason
    if signal.payload:
        told["payload"] = dict(signal.payload)
    if signal.skipped:
        told["skipped"] = signal.skipped
    if signal.seen:
        told["seen"] = signal.seen
    return told


def _signal_from_json(found: JsonObject) -> Signal:
    return Signal(
        Millis(found["at"]),
        found["kind"],
        found.get("by"),
        found.get("reason"),
        found.get("payload", NOTHING),
        Millis(found.get("skipped", NO_TIME)),
        found.get("seen", 0),
    )


def _plan_to_json(plan: Sequence[Move]) -> list[list[Any]]:
    return [[move.visit, move.step, move.kind] for move in plan]


def _plan_from_json(found: Sequence[Sequence[Any]]) -> tuple[Move, ...]:
    return tuple(Move(visit, step, kind) for visit, step, kind in found)


def pin_to_json(pin: Pin) -> JsonObject:
    """Return what one start takes."""
    told: JsonObject = {"scenario": pin.scenario}
    if pin.path is not None:
        told["path"] = pin.path
    if pin.plan:
        told["plan"] = _plan_to_json(pin.plan)
    if pin.fault is not None:
        told["fault"] = strike_to_json(pin.fault)
    return told


def pin_from_json(found: JsonObject) -> Pin:
    """Return what one start takes, of its JSON."""
    fault = strike_from_json(found["fault"]) if "fault" in found else None
    return Pin(found["scenario"], found.get("path"), _plan_from_json(found.get("plan", ())), fault)


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
    """Return what stands behind the format in a record. Raises UnknownFormat."""
    found: list[Any] = orjson.loads(record)
    check_format(what, found[0])
    return found[1:]


# The clock that was set for a namespace; None while it is the server's first one.
CLOCK: Final[Fact[Clock | None]] = Fact("clock", None, _clock_to_bytes, _clock_from_bytes)
PINS: Final[Fact[Pins]] = Fact("pins", NO_PINS, _pins_to_bytes, _pins_from_bytes)
# The faults that coming requests meet.
FAULTS: Final[Fact[tuple[FaultRule, ...]]] = Fact("faults", (), _faults_to_bytes, _faults_from_bytes, counted=True)
FACTS: Final[tuple[Fact[Any], ...]] = (CLOCK, PINS, FAULTS)
