"""Steps: each step of a scenario read into a draft, with everything wrong inside it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final

from xpander_emulator.common.types import DocPath
from xpander_emulator.core.faults import FaultRule
from xpander_emulator.core.signals import DECISIONS, EXPIRE
from xpander_emulator.core.task import TERMINAL, Status
from xpander_emulator.core.timeline import NO_TIME, Fake, Millis, Pause, SubTask, Value
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics
from xpander_emulator.scenario.durations import NotADuration, as_text, parse_range
from xpander_emulator.scenario.events import EventDraft, read_events, read_stream
from xpander_emulator.scenario.faults import read_step_faults
from xpander_emulator.scenario.pauses import read_pause, read_sub_tasks
from xpander_emulator.scenario.property_schemas import shown

MAX_POLLS: Final = 10_000
NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
_STATUSES: Final = tuple(status.value for status in Status)


@dataclass(frozen=True, slots=True)
class Exit:
    """One way out of a step.

    by:    `after`, `polls`, `expire` or the name of a signal.
    goto:  the id that the author gave; None for the step that follows.
    delay: the shortest and longest time before it is taken by itself; None where it is not.
    count: for `polls`.
    """

    by: str
    goto: str | None
    path: DocPath
    delay: tuple[Millis, Millis] | None = None
    count: int = 0

    @property
    def is_by_itself(self) -> bool:
        """Whether it is taken by time or reads, with nobody to decide."""
        return self.delay is not None or self.by == "polls"


@dataclass(frozen=True, slots=True)
class Draft:
    """A step as far as it could be read.

    status:   None where it could not be read.
    is_whole: whether all of its exits could be read.
    """

    path: DocPath
    id: str
    status: Status | None
    exits: tuple[Exit, ...]
    is_whole: bool
    sets: Mapping[str, Value]
    pause: Pause | None
    sub_tasks: tuple[SubTask, ...]
    events: tuple[EventDraft, ...]
    streams: bool
    faults: tuple[FaultRule, ...]
    line: int


def read_steps(findings: Diagnostics, raw: Any) -> tuple[Draft, ...]:
    """Return the steps of a scenario."""
    if not isinstance(raw, list) or not raw:
        findings.add(("steps",), f"'steps' takes a list with at least one step, found {shown(raw)}")
        return ()
    steps = [
        findings.mapping(("steps", index), step, "a step is a mapping with 'status'") for index, step in enumerate(raw)
    ]
    statuses = [_status(findings, ("steps", index), step) for index, step in enumerate(steps)]
    ids = _ids(findings, steps, statuses)
    return tuple(
        _draft(findings, ("steps", index), step, status, step_id)
        for index, (step, status, step_id) in enumerate(zip(steps, statuses, ids, strict=True))
    )


def _draft(findings: Diagnostics, path: DocPath, step: Mapping[str, Any], status: Status | None, step_id: str) -> Draft:
    slips = {**keys.STEP_SLIPS, **_property_slips(findings)}
    findings.keys(path, step, keys.STEP_KEYS, slips)
    pause = read_pause(findings, path, step, status)
    before = len(findings.diagnostics)
    exits = _exits(findings, path, step, status)
    is_whole = len(findings.diagnostics) == before and (bool(exits) or status in TERMINAL)
    events = read_events(findings, path, step)
    _check_in_time(findings, events, status, exits)
    return Draft(
        path=path,
        id=step_id,
        status=status,
        exits=exits,
        is_whole=is_whole,
        sets=_sets(findings, path, step),
        pause=pause,
        sub_tasks=read_sub_tasks(findings, path, step, status),
        events=events,
        streams=read_stream(findings, path, step, status),
        faults=read_step_faults(findings, path, step),
        line=findings.document.locate(path)[0],
    )


def _check_in_time(
    findings: Diagnostics, events: Sequence[EventDraft], status: Status | None, exits: Sequence[Exit]
) -> None:
    """Note each event that a task never stays for."""
    if status in TERMINAL:
        longest, why = NO_TIME, f"a task that is {status} closes its stream at once"
    elif way := next((way for way in exits if way.delay), None):
        low, longest = way.delay or (NO_TIME, NO_TIME)
        latest = "" if way.by == "after" and low == longest else " at the latest"
        why = f"the step is left after {as_text(longest)}{latest}"
    else:
        return
    for event in events:
        if event.at > longest:
            findings.add((*event.path, "at"), f"'{event.type}' at {as_text(event.at)} is never told, since {why}")


def _property_slips(findings: Diagnostics) -> Mapping[str, str]:
    task = findings.rules.task
    free = (name for name in (task.properties if task else ()) if name not in keys.OF_THE_EMULATOR)
    return {name: f"'set: {{{name}: …}}'" for name in free if name not in keys.STEP_SLIPS}


def _status(findings: Diagnostics, path: DocPath, step: Mapping[str, Any]) -> Status | None:
    found = step.get("status")
    if found in _STATUSES:
        return Status(found)
    known = f"a status is one of {', '.join(_STATUSES)}"
    if "status" not in step:
        if step and "state" not in step:
            findings.add(path, f"the step has no 'status'; {known}")
    elif right := keys.STATUS_SLIPS.get(str(found).lower().replace("-", "_").replace(" ", "_")):
        findings.add((*path, "status"), f"unknown status '{found}'; write '{right}'")
    else:
        findings.add((*path, "status"), f"unknown status {shown(found)}; {known}{did_you_mean(str(found), _STATUSES)}")
    return None


def _ids(findings: Diagnostics, steps: Sequence[Mapping[str, Any]], statuses: Sequence[Status | None]) -> list[str]:
    """Return an id for each step: its own, or else its status, numbered where that is taken."""
    given: dict[str, int] = {}
    for index, step in enumerate(steps):
        if "id" not in step:
            continue
        step_id = _given_id(findings, ("steps", index, "id"), step["id"], statuses[index])
        if step_id in given:
            line = findings.document.locate(("steps", given[step_id], "id"))[0]
            findings.add(
                ("steps", index, "id"), f"duplicate id '{step_id}', first given on line {line}; choose another"
            )
        given.setdefault(step_id, index)
    ids: list[str] = []
    taken = {*given}
    for step, status in zip(steps, statuses, strict=True):
        ids.append(str(step["id"]) if "id" in step else _free_id(status.value if status else "step", taken))
        taken.add(ids[-1])
    return ids


def _given_id(findings: Diagnostics, path: DocPath, found: Any, status: Status | None) -> str:
    if not isinstance(found, str) or not NAME.fullmatch(found):
        findings.add(path, f"an id is made of letters, digits, '-' and '_', found {shown(found)}")
    elif found in _STATUSES and status is not None and found != status:
        findings.add(path, f"the id '{found}' is the name of a status that this step does not have; choose another")
    return str(found)


def _free_id(status: str, taken: set[str]) -> str:
    number = 1
    while (candidate := status if number == 1 else f"{status}-{number}") in taken:
        number += 1
    return candidate


def _exits(findings: Diagnostics, path: DocPath, step: Mapping[str, Any], status: Status | None) -> tuple[Exit, ...]:
    ways = [key for key in keys.EXITS if key in step]
    if status in TERMINAL:
        for key in [*ways, *(["goto"] if "goto" in step else [])]:
            findings.add((*path, key), f"a step with the status {status} is an end; remove '{key}'", key=True)
        return ()
    if len(ways) > 1:
        both = " and ".join(f"'{way}'" for way in ways)
        findings.add((*path, ways[1]), f"the step has {both}; it is left by exactly one of them", key=True)
        return ()
    if status is Status.PAUSED and ways and ways != ["on"]:
        right = "'on: {expire: {after: 5s, goto: step-id}}' lets it go on by itself"
        findings.add((*path, ways[0]), f"a paused step is left by 'on', not by '{ways[0]}'; {right}", key=True)
        return ()
    if not ways:
        _refuse_endless(findings, path, step, status)
        return ()
    if ways == ["on"]:
        return _signals(findings, path, step)
    goto = _goto(findings, (*path, "goto"), step["goto"]) if "goto" in step else None
    at = (*path, "goto") if "goto" in step else (*path, ways[0])
    if ways == ["after"]:
        delay = _delay(findings, (*path, "after"), step["after"])
        return (Exit("after", goto, at, delay),) if delay else ()
    return _polls(findings, path, step["polls"], Exit("polls", goto, at))


def _refuse_endless(findings: Diagnostics, path: DocPath, step: Mapping[str, Any], status: Status | None) -> None:
    if status is None or any(_means_an_exit(key) for key in step):
        return
    if status is Status.PAUSED:
        findings.add(path, "a paused step waits for a signal; add 'on: {approve: step-id}', or a name of your own")
    else:
        right = "add 'after: 1s', 'polls: 2' or 'on: {approve: step-id}'"
        findings.add(path, f"the step is {status} and has no way out; {right}")


def _means_an_exit(key: str) -> bool:
    """Tell whether a key, which is told to be wrong elsewhere, was meant as a way out."""
    slip = keys.STEP_SLIPS.get(key.lower(), "")
    near = () if key in keys.STEP_KEYS else get_close_matches(key, keys.STEP_KEYS, n=1)
    return slip.startswith(("'after", "'polls", "'on")) or any(name in keys.EXITS for name in near)


def _delay(findings: Diagnostics, path: DocPath, found: Any) -> tuple[Millis, Millis] | None:
    try:
        return parse_range(found)
    except NotADuration as error:
        findings.add(path, str(error))
        return None


def _goto(findings: Diagnostics, path: DocPath, found: Any) -> str | None:
    if isinstance(found, str) and found:
        return found
    findings.add(path, f"'goto' takes the id of a step, found {shown(found)}")
    return None


def _polls(findings: Diagnostics, path: DocPath, found: Any, way: Exit) -> tuple[Exit, ...]:
    if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= MAX_POLLS:
        return (Exit("polls", way.goto, way.path, count=found),)
    findings.add((*path, "polls"), f"'polls' takes a whole number of reads from 1 to {MAX_POLLS}, found {shown(found)}")
    return ()


def _signals(findings: Diagnostics, path: DocPath, step: Mapping[str, Any]) -> tuple[Exit, ...]:
    if "goto" in step:
        right = "name the step beside each signal, as in 'on: {approve: step-id}'"
        findings.add((*path, "goto"), f"'goto' goes with 'after' and 'polls', not with 'on'; {right}", key=True)
    at = (*path, "on")
    on = findings.mapping(at, step["on"], "'on' takes signals and where each leads, such as {approve: step-id}")
    if not on and isinstance(step["on"], Mapping):
        findings.add(at, "'on' is empty; name a signal and where it leads, such as 'approve: step-id'")
    ways = (_signal(findings, (*at, signal), signal, target) for signal, target in on.items())
    return tuple(way for way in ways if way)


def _signal(findings: Diagnostics, path: DocPath, signal: str, target: Any) -> Exit | None:
    if wrong := _wrong_signal(signal):
        findings.add(path, wrong, key=True)
        return None
    if signal == EXPIRE and isinstance(target, Mapping):
        return _expiry(findings, path, target)
    if isinstance(target, Mapping) and isinstance(inner := target.get("goto"), str):
        findings.add(path, f"a signal leads straight to a step; write '{signal}: {inner}'")
        return None
    if not isinstance(target, str) or not target:
        findings.add(path, f"'{signal}' takes the id of the step that it leads to, found {shown(target)}")
        return None
    if signal == EXPIRE and re.fullmatch(r"\d+\s*(ms|s|m|h|d)", target):
        findings.add(path, f"'expire' leads to a step; write 'expire: {{after: {target}, goto: step-id}}'")
        return None
    return Exit(signal, target, path)


def _wrong_signal(signal: str) -> str | None:
    if signal in keys.EVERYWHERE:
        return f"'{signal}' cannot be waited for: {keys.EVERYWHERE[signal]}"
    if right := keys.SIGNAL_SLIPS.get(signal.lower()):
        return f"unknown signal '{signal}'; write '{right}'"
    if not NAME.fullmatch(signal):
        return f"a signal's name is made of letters, digits, '-' and '_', found {shown(signal)}"
    # Any other name is the author's own; one letter off a known signal is more likely a slip.
    near = [] if signal in DECISIONS or not signal.isalpha() else get_close_matches(signal, DECISIONS, 1, 0.84)
    return f"unknown signal '{signal}'. Did you mean '{near[0]}'?" if near else None


def _expiry(findings: Diagnostics, path: DocPath, target: Mapping[str, Any]) -> Exit | None:
    findings.keys(path, target, keys.EXPIRY_KEYS, keys.STEP_SLIPS)
    goto = _goto(findings, (*path, "goto"), target["goto"]) if "goto" in target else None
    at = (*path, "goto") if "goto" in target else path
    if "after" not in target:
        right = f"write 'expire: {goto}'" if goto else "write 'expire: {after: 24h, goto: step-id}'"
        findings.add(path, f"'expire' has no 'after'; {right}")
        return None
    delay = _delay(findings, (*path, "after"), target["after"])
    return Exit(EXPIRE, goto, at, delay) if delay else None


def _sets(findings: Diagnostics, path: DocPath, step: Mapping[str, Any]) -> Mapping[str, Value]:
    sets: dict[str, Value] = {}
    if "set" in step:
        given = findings.mapping((*path, "set"), step["set"], "'set' takes properties and their values")
        for name, raw in given.items():
            if raw is None and " " in name:
                right = "a text with a comma needs quotes between { and }"
                findings.add((*path, "set", name), f"'{name}' has no value; {right}", key=True)
            else:
                _set_one(findings, (*path, "set", name), name, raw, sets)
    if "fake" in step:
        given = findings.mapping((*path, "fake"), step["fake"], "'fake' takes properties and Faker providers")
        for name, provider in given.items():
            _fake_one(findings, (*path, "fake", name), name, provider, sets)
    if "result" in step:
        if "result" in sets:
            findings.add((*path, "result"), "'result' is given twice, here and in 'set' or 'fake'; keep one", key=True)
        _set_one(findings, (*path, "result"), "result", step["result"], sets)
    return sets


def _set_one(findings: Diagnostics, path: DocPath, name: str, raw: Any, sets: dict[str, Value]) -> None:
    sets[name] = findings.value(path, raw)
    task = findings.rules.task
    # A result that is a mapping or a list is sent as JSON text, so that the contract has no say in it.
    if _is_property(findings, path, name) and task and not (name == "result" and isinstance(raw, dict | list)):
        findings.against(task, path, name, sets[name])


def _fake_one(findings: Diagnostics, path: DocPath, name: str, provider: Any, sets: dict[str, Value]) -> None:
    if name in sets:
        findings.add(path, f"'{name}' is in 'set' and in 'fake'; keep one", key=True)
    _is_property(findings, path, name)
    known = findings.rules.providers
    if not isinstance(provider, str):
        findings.add(path, f"'fake' takes the name of a Faker provider, such as uuid4, found {shown(provider)}")
    elif known and provider not in (names := known()):
        right = did_you_mean(provider, [*names]) or ", such as uuid4, name, sentence or url"
        findings.add(path, f"'{provider}' is no Faker provider{right}")
    sets[name] = Fake(str(provider))


def _is_property(findings: Diagnostics, path: DocPath, name: str) -> bool:
    if name in keys.OF_THE_EMULATOR:
        findings.add(path, f"'{name}' cannot be set: {keys.OF_THE_EMULATOR[name]}", key=True)
        return False
    task = findings.rules.task
    if task and name not in task.properties:
        hint = did_you_mean(name, [*task.properties])
        findings.add(path, f"the contract's task has no '{name}'; 'set' takes what it has{hint}", key=True)
        return False
    return True
