"""Faults as people write them, in a scenario and in the control API, with everything wrong in them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xpander_emulator.common.types import DocPath
from xpander_emulator.core import faults
from xpander_emulator.core.faults import (
    BUILT_IN,
    KINDS,
    LATENCY,
    LONGEST,
    SLOW_BODY,
    STATUS,
    Fault,
    FaultRule,
    ScenarioFaults,
)
from xpander_emulator.core.task import Status
from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics
from xpander_emulator.scenario.durations import NotADuration, as_text, parse_duration, parse_range
from xpander_emulator.scenario.property_schemas import shown
from xpander_emulator.scenario.templates import is_template

MOST: Final = 10_000
_NAME: Final = re.compile(r"[A-Za-z0-9_-]+")
# RFC 9110, 5.1 and 5.5: what a name of a header is made of, and that its value stays on one line.
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_STATUSES: Final = tuple(status.value for status in Status)
_OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    STATUS: ("status", "headers", "body"),
    SLOW_BODY: ("over",),
    **dict.fromkeys(faults.STREAM_KINDS, ("event",)),
}
# What the server itself must say for an answer to be one.
_OF_THE_SERVER: Final = ("content-length", "transfer-encoding", "connection")


@dataclass(frozen=True, slots=True)
class Place:
    """Where rules stand: what may be written there, and the faults that have a name there.

    keys:     of a rule, beside those of a fault.
    is_story: whether it is a scenario's, which is chosen only by the start that it would strike.
    """

    keys: Sequence[str]
    named: Mapping[str, Fault]
    is_scenario: bool = True


def read_named(findings: Diagnostics, raw: Any) -> Mapping[str, Fault]:
    """Return the faults that a scenario names."""
    found: dict[str, Fault] = {}
    given = findings.mapping(("faults",), raw, "'faults' takes names and faults, such as {busy: {status: 503}}")
    for name, fault in given.items():
        path: DocPath = ("faults", name)
        if not _NAME.fullmatch(name):
            findings.add(path, f"a fault's name is made of letters, digits, '-' and '_', found {shown(name)}", key=True)
        elif name in BUILT_IN:
            findings.add(path, f"'{name}' is the name of a built-in fault; choose another", key=True)
        if isinstance(fault, str):
            findings.add(path, f"a fault takes a mapping such as {{status: 503}}, found {shown(fault)}")
            continue
        told = findings.mapping(path, fault, "a fault takes a mapping such as {status: 503}")
        for key in [key for key in keys.FAULT_RULE_KEYS if key in told]:
            message = f"'{key}' says when a fault strikes; it stands at 'fault', beside 'use: {name}'"
            findings.add((*path, key), message, key=True)
        findings.keys(path, _without(told, keys.FAULT_RULE_KEYS), keys.FAULT_KEYS, keys.FAULT_SLIPS)
        if isinstance(fault, Mapping):
            found[name] = _fault(findings, path, told, name)
    return found


def read_rules(findings: Diagnostics, path: DocPath, raw: Any, place: Place) -> tuple[FaultRule, ...]:
    """Return the faults that strike by themselves: a name, a mapping, or a list of these."""
    if isinstance(raw, list):
        if not raw:
            findings.add(path, "the list of faults is empty; name one, such as unavailable, or remove it")
        rules = [_rule(findings, (*path, index), each, place) for index, each in enumerate(raw)]
    else:
        rules = [_rule(findings, path, raw, place)]
    return tuple(rule for rule in rules if rule)


def read_step_faults(findings: Diagnostics, path: DocPath, step: Mapping[str, Any]) -> tuple[FaultRule, ...]:
    """Return the faults of a step; those that the scenario names are told wrong where they stand."""
    if "fault" not in step:
        return ()
    return read_rules(findings, (*path, "fault"), step["fault"], Place(keys.STEP_FAULT_KEYS, _known(findings)))


def read_scenario_faults(findings: Diagnostics, top: Mapping[str, Any]) -> ScenarioFaults:
    """Return what a scenario says of faults outside of its steps."""
    named = read_named(findings, top["faults"]) if "faults" in top else {}
    if "fault" not in top:
        return ScenarioFaults(named)
    return ScenarioFaults(named, read_rules(findings, ("fault",), top["fault"], Place(keys.FAULT_RULE_KEYS, named)))


def _known(findings: Diagnostics) -> Mapping[str, Fault]:
    """Return the faults that a scenario names, each as it is told beside its name, whatever is wrong there."""
    raw = findings.document.value.get("faults")
    quiet = Diagnostics(findings.document, findings.rules)
    return read_named(quiet, raw) if isinstance(raw, Mapping) else {}


def _rule(findings: Diagnostics, path: DocPath, raw: Any, place: Place) -> FaultRule | None:
    if isinstance(raw, str):
        return FaultRule(_use(findings, path, raw, place))
    given = findings.mapping(path, raw, "a fault takes a name such as unavailable, or a mapping such as {status: 503}")
    if not isinstance(raw, Mapping):
        return None
    elsewhere = [key for key in keys.FAULT_RULE_KEYS if key in given and key not in place.keys]
    for key in elsewhere:
        findings.add(
            (*path, key), f"'{key}' stands at a fault of the whole scenario; a step has but one status", key=True
        )
    findings.keys(path, _without(given, elsewhere), (*keys.FAULT_KEYS, *place.keys), keys.FAULT_SLIPS)
    if "use" in given:
        for key in [key for key in keys.FAULT_KEYS if key in given]:
            message = f"'use' takes a fault as it is; remove '{key}', or write the whole fault here"
            findings.add((*path, key), message, key=True)
        fault = _use(findings, (*path, "use"), given["use"], place)
    else:
        fault = _fault(findings, path, given, "")
    operation = _operation(findings, (*path, "operation"), given["operation"]) if "operation" in given else None
    if place.is_scenario and fault.kind == STATUS and (findings.rules.operations or {}).get(operation or "") == "start":
        right = "refuse a start by PUT /__emulator/faults, or by the header Prefer: fault=NAME"
        findings.add((*path, "operation"), f"a story cannot refuse '{operation}', the start that chooses it; {right}")
    if operation is not None and fault.is_stream_fault and _never_streams(findings, operation):
        findings.add((*path, "operation"), f"'{operation}' sends no events, so that '{fault.kind}' never strikes it")
    return FaultRule(
        fault,
        nth=_count(findings, path, given, "nth", ()) or 1,
        times=_count(findings, path, given, "times", ("always",)),
        operation=operation,
        task_status=_task_status(findings, (*path, "task_status"), given.get("task_status")),
    )


def _never_streams(findings: Diagnostics, operation: str) -> bool:
    action = (findings.rules.operations or {}).get(operation)
    return action is not None and action not in ("start", "events")


def _use(findings: Diagnostics, path: DocPath, name: Any, place: Place) -> Fault:
    if isinstance(name, str) and name in place.named:
        return place.named[name]
    known = [*place.named, *BUILT_IN]
    if not isinstance(name, str) or name not in BUILT_IN:
        hint = did_you_mean(str(name), known) or f"; there are {', '.join(known)}"
        findings.add(path, f"there is no fault {shown(name)}{hint}")
    return BUILT_IN.get(str(name), BUILT_IN["unavailable"])


def _fault(findings: Diagnostics, path: DocPath, given: Mapping[str, Any], name: str) -> Fault:
    kind = _kind(findings, path, given)
    if kind is None:
        return BUILT_IN["unavailable"]
    for key, of_kinds in ((key, _kinds_with(key)) for key in given if key in keys.FAULT_KEYS):
        if of_kinds and kind not in of_kinds:
            message = f"'{key}' goes with the kind {' or '.join(of_kinds)}, and this fault is of kind {kind}; remove it"
            findings.add((*path, key), message, key=True)
    low, high = _latency(findings, (*path, "latency"), given.get("latency"))
    if kind == LATENCY and "latency" not in given:
        findings.add(path, "a fault of kind latency lacks 'latency'; write for instance 'latency: 500ms'")
    if kind == SLOW_BODY and "over" not in given:
        findings.add(path, "a fault of kind slow-body lacks 'over'; write for instance 'over: 2s'")
    status = _status(findings, path, given) if kind == STATUS else 0
    return Fault(
        name=name or (f"status-{status}" if kind == STATUS else kind),
        kind=kind,
        status=status,
        headers=_headers(findings, (*path, "headers"), given.get("headers", {})),
        body=_body(findings, (*path, "body"), given.get("body"), status),
        low=low,
        high=high,
        over=_length(findings, (*path, "over"), given["over"], parse_duration) if "over" in given else 0,
        event=_count(findings, path, given, "event", ()) or 2,
    )


def _kind(findings: Diagnostics, path: DocPath, given: Mapping[str, Any]) -> str | None:
    found = given.get("kind")
    if found is None:
        implied = next((kind for key, kind in (("status", STATUS), ("latency", LATENCY)) if key in given), None)
        if implied is None and not any(key.lower() in keys.FAULT_SLIPS for key in given):
            right = f"'status', 'latency', or 'kind' with one of {', '.join(KINDS)}"
            findings.add(path, f"the fault does not say what goes wrong; write {right}")
        return implied
    if found in KINDS:
        return str(found)
    slip = keys.FAULT_KIND_SLIPS.get(str(found).lower().replace("_", "-").replace(" ", "-"))
    right = f"; write '{slip}'" if slip else did_you_mean(str(found), KINDS) or f"; kinds are {', '.join(KINDS)}"
    findings.add((*path, "kind"), f"unknown kind {shown(found)}{right}")
    return slip


def _kinds_with(key: str) -> list[str]:
    return [kind for kind, keys in _OF_KIND.items() if key in keys]


def _status(findings: Diagnostics, path: DocPath, given: Mapping[str, Any]) -> int:
    found = given.get("status")
    if isinstance(found, int) and not isinstance(found, bool) and 200 <= found <= 599:
        return found
    if "status" not in given:
        findings.add(path, "a fault of kind status lacks 'status'; write for instance 'status: 503'")
    else:
        task = "; a status of the task stands at the step" if found in _STATUSES else ""
        message = f"'status' of a fault takes an HTTP status from 200 to 599, found {shown(found)}{task}"
        findings.add((*path, "status"), message)
    return 503


def _headers(findings: Diagnostics, path: DocPath, raw: Any) -> tuple[tuple[str, str], ...]:
    given = findings.mapping(path, raw, "'headers' takes names and values, such as {Retry-After: 2}")
    headers: list[tuple[str, str]] = []
    for name, value in given.items():
        text = str(value)
        if not _HEADER.fullmatch(name):
            findings.add((*path, name), f"{shown(name)} is no name of a header", key=True)
        elif name.lower() in _OF_THE_SERVER:
            findings.add((*path, name), f"'{name}' is given by the server itself; remove it", key=True)
        elif isinstance(value, bool) or not isinstance(value, str | int | float) or not _is_a_header_value(text):
            message = f"the header '{name}' takes a number or text on one line in Latin-1, found {json.dumps(value)}"
            findings.add((*path, name), message)
        else:
            headers.append((name, text))
    return tuple(headers)


def _is_a_header_value(text: str) -> bool:
    return all(" " <= char <= "ÿ" and char != "\x7f" for char in text)


def _body(findings: Diagnostics, path: DocPath, raw: Any, status: int) -> Any:
    if raw is not None and status in (204, 304):
        findings.add(path, f"an answer with the status {status} has no body (RFC 9110, 15); remove 'body'", key=True)
    if isinstance(raw, str) and is_template(raw):
        findings.add(path, "'body' of a fault is sent as it is; '{{ … }}' means nothing there")
    return raw


def _latency(findings: Diagnostics, path: DocPath, raw: Any) -> tuple[int, int]:
    return (0, 0) if raw is None else _length(findings, path, raw, parse_range)


def _length(findings: Diagnostics, path: DocPath, raw: Any, parse: Callable[[Any], Any]) -> Any:
    """Return a length of real time, or a range, that is no longer than the longest."""
    nothing = (0, 0) if parse is parse_range else 0
    try:
        found = parse(raw)
    except NotADuration as error:
        findings.add(path, str(error))
        return nothing
    if max(found if isinstance(found, tuple) else (found,)) > LONGEST:
        most = as_text(Millis(LONGEST))
        findings.add(path, f"'{raw}' is longer than {most}, the longest that an answer is kept back in real time")
        return nothing
    return found


def _count(
    findings: Diagnostics, path: DocPath, given: Mapping[str, Any], key: str, others: Sequence[str]
) -> int | None:
    """Return a whole number of 1 or more, 1 where it is not given; None for one of `others`."""
    found = given.get(key, None if key == "event" else 1)
    if found in others or (found is None and key not in given):
        return None
    if isinstance(found, int) and not isinstance(found, bool) and 1 <= found <= MOST:
        return found
    more = "".join(f", or {other}" for other in others)
    findings.add((*path, key), f"'{key}' takes a whole number from 1 to {MOST}{more}, found {shown(found)}")
    return 1


def _operation(findings: Diagnostics, path: DocPath, found: Any) -> str | None:
    known = findings.rules.operations
    if not isinstance(found, str) or not found:
        findings.add(path, f"'operation' takes the id of an operation, such as getTask, found {shown(found)}")
    elif known is not None and found not in known:
        right = did_you_mean(found, [*known]) or "; `xpander-emulator routes` lists them"
        findings.add(path, f"the contract has no operation '{found}'{right}")
    return str(found)


def _task_status(findings: Diagnostics, path: DocPath, found: Any) -> Status | None:
    if found is None or found in _STATUSES:
        return None if found is None else Status(found)
    hint = did_you_mean(str(found), _STATUSES)
    findings.add(path, f"unknown status {shown(found)}; a status is one of {', '.join(_STATUSES)}{hint}")
    return None


def _without(given: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key not in keys}
