"""Steps: each step of a scenario parsed by itself; `graph_checks` holds what must be true between steps."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import count
from typing import Final

from xpander_emulator.core.faults import Fault, FaultRule
from xpander_emulator.core.signals import DECISIONS, EXPIRE
from xpander_emulator.core.status import TERMINAL, Status
from xpander_emulator.core.timeline import NO_TIME, Fake, Millis, Pause, SubTask, Value
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Node
from xpander_emulator.scenario.durations import as_text, parse_range
from xpander_emulator.scenario.events import ParsedEvent, read_events, read_stream
from xpander_emulator.scenario.faults import read_step_faults
from xpander_emulator.scenario.pauses import read_pause
from xpander_emulator.scenario.sub_tasks import read_sub_tasks

MAX_POLLS: Final = 10_000
_STATUSES: Final = tuple(Status)


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a step.

    node:  where it stands in the document.
    by:    `after`, `polls`, `expire` or the name of a signal.
    goto:  the id that the author gave; None for the step that follows.
    delay: the shortest and longest time before it is taken by itself; None where it is not.
    count: for `polls`.
    """

    node: Node
    by: str
    goto: str | None
    delay: tuple[Millis, Millis] | None = None
    count: int = 0

    @property
    def is_automatic(self) -> bool:
        """Whether it is taken by time or reads, with nobody to decide."""
        return self.delay is not None or self.by == "polls"


@dataclass(frozen=True, slots=True)
class ParsedStep:
    """A step as far as it could be parsed.

    status:       None where it could not be parsed.
    are_exits_ok: whether all of its exits could be parsed.
    """

    node: Node
    id: str
    status: Status | None
    exits: tuple[Exit, ...]
    are_exits_ok: bool
    sets: Mapping[str, Value]
    pause: Pause | None
    sub_tasks: tuple[SubTask, ...]
    events: tuple[ParsedEvent, ...]
    streams_result: bool
    faults: tuple[FaultRule, ...]


def read_steps(node: Node, named_faults: Mapping[str, Fault]) -> tuple[ParsedStep, ...]:
    """Return the steps of a scenario, whose faults may refer to `named_faults`."""
    node.expect_list("'steps' takes a list with at least one step")
    steps = node.elements
    for step in steps:
        step.expect_mapping("a step is a mapping with 'status'")
    statuses = [_status(step) for step in steps]
    ids = _ids(steps, statuses)
    return tuple(
        _step(step, status, step_id, named_faults) for step, status, step_id in zip(steps, statuses, ids, strict=True)
    )


def _step(step: Node, status: Status | None, step_id: str, named_faults: Mapping[str, Fault]) -> ParsedStep:
    step.check_keys(keys.STEP_KEYS, {**keys.STEP_CORRECTIONS, **_property_corrections(step)})
    mistakes = len(step.diagnostics.entries)
    exits = _exits(step, status)
    are_exits_ok = len(step.diagnostics.entries) == mistakes and (bool(exits) or status in TERMINAL)
    events = read_events(step)
    _check_in_time(events, status, exits)
    return ParsedStep(
        node=step,
        id=step_id,
        status=status,
        exits=exits,
        are_exits_ok=are_exits_ok,
        sets=_sets(step),
        pause=read_pause(step, status),
        sub_tasks=read_sub_tasks(step, status),
        events=events,
        streams_result=read_stream(step, status),
        faults=read_step_faults(step, named_faults),
    )


def _property_corrections(step: Node) -> keys.Corrections:
    """Return what to write for a property of the task that stands at a step itself."""
    properties = step.rules.task.properties if step.rules.task else ()
    return {f"'set: {{{name}: …}}'": name for name in properties if name not in keys.RESERVED_PROPERTIES}


def _check_in_time(events: Sequence[ParsedEvent], status: Status | None, exits: Sequence[Exit]) -> None:
    """Report each event that comes later than the task leaves its step."""
    timed = next((exit_ for exit_ in exits if exit_.delay), None)
    if status in TERMINAL:
        longest, why = NO_TIME, f"a task that is {status} closes its stream at once"
    elif timed and timed.delay:
        low, longest = timed.delay
        latest = "" if timed.by == "after" and low == longest else " at the latest"
        why = f"the step is left after {as_text(longest)}{latest}"
    else:
        return
    for event in events:
        if event.at > longest:
            event.node["at"].report(f"'{event.type}' at {as_text(event.at)} is never sent, since {why}")


def _status(step: Node) -> Status | None:
    step.require("status", "executing", keys.STEP_CORRECTIONS)
    node = step.get("status")
    status = node.one_of("status", _STATUSES, keys.STATUS_CORRECTIONS) if node else None
    return Status(status) if status and status == step["status"].value else None


def _ids(steps: Sequence[Node], statuses: Sequence[Status | None]) -> list[str]:
    """Return an id for each step: its own, or else its status, numbered where that is taken."""
    first: dict[str, Node] = {}
    for step, status in zip(steps, statuses, strict=True):
        if "id" in step:
            _check_id(step["id"], status)
            other = first.setdefault(str(step["id"].value), step["id"])
            if other.path != step["id"].path:
                step["id"].report(f"duplicate id '{other.value}', first given on line {other.line}; choose another")
    ids: list[str] = []
    taken = set(first)
    for step, status in zip(steps, statuses, strict=True):
        ids.append(str(step["id"].value) if "id" in step else _free_id(status.value if status else "step", taken))
        taken.add(ids[-1])
    return ids


def _check_id(node: Node, status: Status | None) -> None:
    if node.expect_name("an id") and node.value in _STATUSES and status not in (None, node.value):
        node.report(f"the id '{node.value}' is the name of a status that this step does not have; choose another")


def _free_id(status: str, taken: set[str]) -> str:
    candidates = (status if number == 1 else f"{status}-{number}" for number in count(1))
    return next(candidate for candidate in candidates if candidate not in taken)


def _exits(step: Node, status: Status | None) -> tuple[Exit, ...]:
    names = [key for key in keys.EXITS if key in step]
    if status in TERMINAL:
        for key in (*names, "goto"):
            if key in step:
                step[key].report(f"a step with the status {status} is an end; remove '{key}'", key=True)
    elif not names:
        _refuse_endless(step, status)
    elif len(names) > 1:
        both = " and ".join(f"'{name}'" for name in names)
        step[names[1]].report(f"the step has {both}; it is left by exactly one of them", key=True)
    elif names == ["on"]:
        return _signals(step)
    elif status is Status.PAUSED:
        right = "'on: {expire: {after: 5s, goto: step-id}}' lets it go on by itself"
        step[names[0]].report(f"a paused step is left by 'on', not by '{names[0]}'; {right}", key=True)
    else:
        return _automatic(step, names[0])
    return ()


def _refuse_endless(step: Node, status: Status | None) -> None:
    if status is None or any(_is_a_wrong_exit(member.key) for member in step.members):
        return
    if status is Status.PAUSED:
        step.report("a paused step waits for a signal; add 'on: {approve: step-id}', or a name of your own")
    else:
        right = "add 'after: 1s', 'polls: 2' or 'on: {approve: step-id}'"
        step.report(f"the step is {status} and has no way out; {right}")


def _is_a_wrong_exit(key: str) -> bool:
    """Return whether an unknown key, which is reported elsewhere, was meant as a way out."""
    correction = keys.correction(key.lower(), keys.STEP_CORRECTIONS) or ""
    near = () if key in keys.STEP_KEYS else get_close_matches(key, keys.STEP_KEYS, n=1)
    return correction.startswith(("'after", "'polls", "'on")) or any(name in keys.EXITS for name in near)


def _automatic(step: Node, by: str) -> tuple[Exit, ...]:
    """Return the exit by `after` or `polls`, if it could be parsed."""
    exit_ = Exit(step.get("goto") or step[by], by, _goto(step.get("goto")))
    if by == "after":
        delay = step[by].length(parse_range)
        return (replace(exit_, delay=delay),) if delay else ()
    expected = f"'polls' takes a whole number of reads from 1 to {MAX_POLLS}"
    is_count = step[by].expect_whole_number(1, MAX_POLLS, expected)
    return (replace(exit_, count=step[by].value),) if is_count else ()


def _goto(node: Node | None) -> str | None:
    if node is None:
        return None
    is_id = isinstance(node.value, str) and bool(node.value)
    return str(node.value) if node.expect(is_id, "'goto' takes the id of a step") else None


def _signals(step: Node) -> tuple[Exit, ...]:
    if "goto" in step:
        right = "name the step beside each signal, as in 'on: {approve: step-id}'"
        step["goto"].report(f"'goto' goes with 'after' and 'polls', not with 'on'; {right}", key=True)
    on = step["on"]
    if on.expect_mapping("'on' takes signals and where each leads, such as {approve: step-id}") and not on.members:
        on.report("'on' is empty; name a signal and where it leads, such as 'approve: step-id'")
    return tuple(exit_ for signal in on.members if (exit_ := _signal(signal)))


def _signal(node: Node) -> Exit | None:
    signal, target = node.key, node.value
    if not _is_signal(node):
        return None
    if signal == EXPIRE and isinstance(target, Mapping):
        return _expiry(node)
    if isinstance(node["goto"].value, str):
        node.report(f"a signal leads straight to a step; write '{signal}: {node['goto'].value}'")
    elif node.expect(isinstance(target, str) and bool(target), f"'{signal}' takes the id of the step that it leads to"):
        if signal != EXPIRE or not re.fullmatch(r"\d+\s*(ms|s|m|h|d)", target):
            return Exit(node, signal, target)
        node.report(f"'expire' leads to a step; write 'expire: {{after: {target}, goto: step-id}}'")
    return None


def _is_signal(node: Node) -> bool:
    """Return whether a key names a signal for which a step can wait; report anything else."""
    signal = node.key
    # Any other name is the author's own; one letter off a known signal is more likely a wrong spelling.
    near = [] if signal in DECISIONS or not signal.isalpha() else get_close_matches(signal, DECISIONS, 1, 0.84)
    if signal in keys.RESERVED_SIGNALS:
        message = f"'{signal}' cannot be waited for: {keys.RESERVED_SIGNALS[signal]}"
    elif correction := keys.correction(signal.lower(), keys.SIGNAL_CORRECTIONS):
        message = f"unknown signal '{signal}'; write '{correction}'"
    elif near:
        message = f"unknown signal '{signal}'. Did you mean '{near[0]}'?"
    else:
        return node.expect_name("a signal's name", key=True)
    node.report(message, key=True)
    return False


def _expiry(node: Node) -> Exit | None:
    node.check_keys(keys.EXPIRY_KEYS, keys.STEP_CORRECTIONS)
    goto = _goto(node.get("goto"))
    if "after" not in node:
        right = f"write 'expire: {goto}'" if goto else "write 'expire: {after: 24h, goto: step-id}'"
        node.report(f"'expire' has no 'after'; {right}")
        return None
    delay = node["after"].length(parse_range)
    return Exit(node.get("goto") or node, EXPIRE, goto, delay) if delay else None


def _sets(step: Node) -> Mapping[str, Value]:
    sets: dict[str, Value] = {}
    if "set" in step:
        step["set"].expect_mapping("'set' takes properties and their values")
    for member in step["set"].members:
        if member.value is None and " " in member.key:
            right = "a text with a comma needs quotes between { and }"
            member.report(f"'{member.key}' has no value; {right}", key=True)
        else:
            sets[member.key] = _set_value(member)
    if "fake" in step:
        step["fake"].expect_mapping("'fake' takes properties and Faker providers")
    for member in step["fake"].members:
        if member.key in sets:
            member.report(f"'{member.key}' is in 'set' and in 'fake'; remove one of them", key=True)
        sets[member.key] = _fake_value(member)
    if "result" in step:
        if "result" in sets:
            right = "here and in 'set' or 'fake'; remove one of them"
            step["result"].report(f"'result' is given twice, {right}", key=True)
        sets["result"] = _set_value(step["result"])
    return sets


def _set_value(node: Node) -> Value:
    value, task = node.timeline_value(), node.rules.task
    # A result that is a mapping or a list is sent as JSON text, so that the contract has no say in it.
    is_json_text = node.key == "result" and isinstance(node.value, dict | list)
    if _is_property(node) and task and not is_json_text:
        node.check_property(task, node.key, value)
    return value


def _fake_value(node: Node) -> Value:
    _is_property(node)
    is_text = node.expect(isinstance(node.value, str), "'fake' takes the name of a Faker provider, such as uuid4")
    if is_text and node.rules.providers and node.value not in (names := node.rules.providers()):
        right = did_you_mean(node.value, [*names]) or ", such as uuid4, name, sentence or url"
        node.report(f"'{node.value}' is not a Faker provider{right}")
    return Fake(str(node.value))


def _is_property(node: Node) -> bool:
    """Return whether a key names a property that a scenario may set; report anything else."""
    task = node.rules.task
    if node.key in keys.RESERVED_PROPERTIES:
        node.report(f"'{node.key}' cannot be set: {keys.RESERVED_PROPERTIES[node.key]}", key=True)
    elif task and node.key not in task.properties:
        hint = did_you_mean(node.key, [*task.properties])
        node.report(f"the contract's task has no '{node.key}'; 'set' takes its properties{hint}", key=True)
    else:
        return True
    return False
