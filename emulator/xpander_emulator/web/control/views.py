"""How tasks, clocks, faults and scenarios are shown in the control API."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from xpander_emulator.clock import LAST_INSTANT, Clock, iso, machine_time
from xpander_emulator.common.redaction import without_credentials
from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.faults import FaultRule
from xpander_emulator.core.signals import SKIP
from xpander_emulator.core.timeline import Fake, Millis, Pause, Template, Timeline, Value
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.engine.views import View
from xpander_emulator.scenario.durations import as_text, range_as_text
from xpander_emulator.scenario.graph import graph
from xpander_emulator.scenario.playlist import Playlist
from xpander_emulator.scenario.selection import Scenario
from xpander_emulator.store.port import Pins


def task_view(task_state: TaskState, shown: Mapping[str, Any]) -> JsonObject:
    """Return the state of a task; `shown` is what a person sees of its pause, where it has one."""
    turn, snapshot = task_state.turn, task_state.snapshot
    return {
        "id": task_state.task.id,
        "scenario": turn.timeline.name,
        "step": snapshot.step.id,
        "status": snapshot.status.value,
        "waits_for": list(snapshot.waits_for),
        "next_change": _next_change(task_state),
        "source": f"{turn.timeline.source}:{snapshot.step.line}",
        "created_at": iso(task_state.created_at),
        "runs": turn.runs,
        "kind": turn.kind,
        "turn": task_state.number + 1,
        "pause": None if snapshot.pause is None else dict(shown),
    }


def task_details(view: View, shown: Mapping[str, Any]) -> JsonObject:
    """Return a task's state, history, signals and graph, and what a client sees of it but for credentials."""
    task_state = view.task_state
    return {
        **task_view(task_state, shown),
        "history": list(history(task_state)),
        "signals": list(_signals(task_state)),
        "snapshot": without_credentials(view.body),
        "graph": graph(task_state.turn.timeline),
    }


def history(task_state: TaskState) -> Iterator[JsonObject]:
    """Yield the steps that the newest turn has visited, oldest first."""
    before = None
    for visit in task_state.snapshot.visits:
        # A visit has the last decision so far; only the visit to which that decision led shows it.
        decision = None if visit.signal is before else visit.signal
        before = visit.signal
        yield {
            "step": task_state.turn.timeline.steps[visit.step].id,
            "status": visit.status.value,
            "at": iso(visit.at),
            "cause": visit.cause,
            "by": decision and decision.by,
            "reason": decision and decision.reason,
        }


def clock_view(clock: Clock) -> JsonObject:
    """Return the mode and the scale of a clock, and what it shows now."""
    return {
        "mode": clock.mode,
        "now": iso(clock.now(machine_time())),
        "scale": clock.scale if clock.mode == "scaled" else None,
    }


def choices(pins: Pins, default: str) -> JsonObject:
    """Return which scenarios the next starts of a namespace take; `default` is the server's own."""
    return {
        "default": pins.default or default,
        "upcoming": [pin.scenario for pin in pins.upcoming],
        "upcoming_paths": [pin.path for pin in pins.upcoming],
    }


def fault_view(rule: FaultRule) -> JsonObject:
    """Return a fault, and when it strikes."""
    fault = rule.fault
    return {
        "name": fault.name,
        "kind": fault.kind,
        "status": fault.status or None,
        "headers": dict(fault.headers),
        "body": fault.body,
        "latency": range_as_text(Millis(fault.low), Millis(fault.high)) if fault.high else None,
        "over": as_text(Millis(fault.over)) if fault.over else None,
        "event": fault.event if fault.is_stream_fault else None,
        "operation": rule.operation,
        "task_status": rule.task_status,
        "nth": rule.nth,
        "times": "always" if rule.times is None else rule.times,
    }


def scenario_summary(scenario: Scenario) -> JsonObject:
    """Return a scenario as an item of a list."""
    return {"name": scenario.name, "description": scenario.description, "source": scenario.source}


def scenario_details(scenario: Scenario) -> JsonObject:
    """Return all of a scenario: which starts take it, its steps as written, and its graph."""
    drawn = graph(scenario.timeline)
    return {
        **scenario_summary(scenario),
        "match": [str(matcher) for matcher in scenario.match],
        "timeline": list(_steps(scenario.timeline, drawn["edges"])),
        "faults": [fault_view(rule) for rule in scenario.timeline.faults.rules],
        "graph": drawn,
    }


def playlist_view(playlist: Playlist, violations: Callable[[Mapping[str, Any]], Sequence[Any]]) -> JsonObject:
    """Return a playlist, without requests that break the contract: the built-in one is for the built-in contract."""
    items = [
        {
            "scenario": each.scenario,
            "title": each.title,
            "says": each.says,
            "request": None if each.request is None or violations(each.request) else dict(each.request),
            "speed": each.speed,
        }
        for each in playlist.entries
    ]
    return {"title": playlist.title, "source": playlist.source, "stories": items}


def _next_change(task_state: TaskState) -> str | None:
    change = task_state.snapshot.next_change
    if change is None or change - task_state.ahead > LAST_INSTANT:
        return None
    return iso(Millis(change - task_state.ahead))


def _signals(task_state: TaskState) -> Iterator[JsonObject]:
    ahead = task_state.turn.offset
    for signal in task_state.turn.signals:
        yield {
            "at": iso(Millis(signal.at + ahead)),
            "kind": signal.kind,
            "by": signal.by,
            "reason": signal.reason,
            "payload": without_credentials(signal.payload),
            "skipped": as_text(signal.skipped) if signal.kind == SKIP else None,
        }
        ahead = Millis(ahead + signal.skipped)


def _steps(timeline: Timeline, edges: Sequence[JsonObject]) -> Iterator[JsonObject]:
    for step in timeline.steps:
        yield {
            "id": step.id,
            "status": step.status.value,
            "line": step.line,
            "exits": [
                {name: value for name, value in edge.items() if name != "from"}
                for edge in edges
                if edge["from"] == step.id
            ],
            "set": _as_written(step.sets),
            "pause": step.pause and _pause(step.pause),
            "sub_tasks": [{"runs": each.runs, "request": _as_written(each.request)} for each in step.sub_tasks],
            "faults": [fault_view(rule) for rule in step.faults],
        }


def _pause(pause: Pause) -> JsonObject:
    return {"property": pause.property, "shown": _as_written(pause.shown), "details": _as_written(pause.details)}


def _as_written(value: Value) -> Any:
    """Return a value of a scenario as JSON: a template as its text, a Faker provider as `{"fake": provider}`."""
    match value:
        case Template(source=source):
            return source
        case Fake(provider=provider):
            return {"fake": provider}
        case Mapping():
            return {name: _as_written(item) for name, item in value.items()}
        case list() | tuple():
            return [_as_written(item) for item in value]
        case _:
            return value
