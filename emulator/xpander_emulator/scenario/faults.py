"""Faults as people write them in a scenario and in the control API, read into rules."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from xpander_emulator.core.faults import (
    BUILT_IN,
    KINDS,
    LATENCY,
    LONGEST,
    SLOW_BODY,
    STATUS,
    STREAM_KINDS,
    Fault,
    FaultRule,
    ScenarioFaults,
)
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Node, suggestion
from xpander_emulator.scenario.durations import as_text, parse_duration, parse_range
from xpander_emulator.scenario.property_schemas import shown
from xpander_emulator.scenario.templates import is_template

MAX_COUNT: Final = 10_000
# RFC 9110, 5.1 and 5.5: the characters of a header's name, and those of its value, which is one line.
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE: Final = re.compile(r"[ -~\x80-ÿ]*")
_KINDS_WITH: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(("status", "headers", "body"), (STATUS,)),
    "over": (SLOW_BODY,),
    "event": STREAM_KINDS,
}
# The server frames each response by these.
_OF_THE_SERVER: Final = ("content-length", "transfer-encoding", "connection")
_Length = TypeVar("_Length", Millis, tuple[Millis, Millis])


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule may say in its place.

    keys:        the keys of a rule, beside those of its fault.
    named:       the faults to which a rule may refer by name, beside the built-in ones.
    is_scenario: whether the rule is a scenario's. A start chooses its scenario only after a rule would have refused it.
    """

    keys: Sequence[str]
    named: Mapping[str, Fault]
    is_scenario: bool = True


def read_scenario_faults(top: Node) -> ScenarioFaults:
    """Return the faults that a scenario names, and the rules that stand outside of its steps."""
    if "faults" in top:
        top["faults"].expect_mapping("'faults' takes names and faults, such as {busy: {status: 503}}")
    named = {member.key: fault for member in top["faults"].members if (fault := _named_fault(member))}
    rules = read_rules(top["fault"], RuleContext(keys.FAULT_RULE_KEYS, named)) if "fault" in top else ()
    return ScenarioFaults(named, rules)


def read_step_faults(step: Node, named: Mapping[str, Fault]) -> tuple[FaultRule, ...]:
    """Return the rules of a step, which may refer to the `named` faults of its scenario."""
    return read_rules(step["fault"], RuleContext(keys.STEP_FAULT_KEYS, named)) if "fault" in step else ()


def read_rules(node: Node, context: RuleContext) -> tuple[FaultRule, ...]:
    """Return the rules of a `fault` key: the name of a fault, a mapping, or a list of these."""
    if node.value == []:
        node.report("the list of faults is empty; name one, such as unavailable, or remove it")
    items = node.elements if isinstance(node.value, list) else (node,)
    return tuple(rule for item in items if (rule := _rule(item, context)))


def _named_fault(node: Node) -> Fault | None:
    if node.expect_name("a fault's name", key=True) and node.key in BUILT_IN:
        node.report(f"'{node.key}' is the name of a built-in fault; choose another", key=True)
    for member in node.members:
        if member.key in keys.FAULT_RULE_KEYS:
            right = f"write it at 'fault', beside 'use: {node.key}'"
            member.report(f"'{member.key}' says when a fault strikes; {right}", key=True)
    node.check_keys(keys.FAULT_KEYS, keys.FAULT_CORRECTIONS, reported=keys.FAULT_RULE_KEYS)
    return _fault(node, node.key) if node.expect_mapping("a fault takes a mapping such as {status: 503}") else None


def _rule(node: Node, context: RuleContext) -> FaultRule | None:
    if isinstance(node.value, str):
        return FaultRule(_used_fault(node, context))
    if not node.expect_mapping("a fault takes a name such as unavailable, or a mapping such as {status: 503}"):
        return None
    for member in node.members:
        if member.key in keys.FAULT_RULE_KEYS and member.key not in context.keys:
            right = "write it at a 'fault' of the whole scenario"
            member.report(f"a step has one status, so that its faults take no '{member.key}'; {right}", key=True)
        if member.key in keys.FAULT_KEYS and "use" in node:
            right = f"remove '{member.key}', or write the whole fault here"
            member.report(f"'use' takes a fault as it is; {right}", key=True)
    node.check_keys((*keys.FAULT_KEYS, *context.keys), keys.FAULT_CORRECTIONS, reported=keys.FAULT_RULE_KEYS)
    fault = _used_fault(node["use"], context) if "use" in node else _fault(node)
    times = None if node["times"].value == "always" else _count(node, "times", 1, ", or always")
    return FaultRule(
        fault,
        nth=_count(node, "nth", 1),
        times=times,
        operation=_operation(node["operation"], fault, context) if "operation" in node else None,
        task_status=_task_status(node["task_status"]),
    )


def _used_fault(node: Node, context: RuleContext) -> Fault:
    known = {**BUILT_IN, **context.named}
    if isinstance(node.value, str) and node.value in known:
        return known[node.value]
    names = [*context.named, *BUILT_IN]
    node.report(f"there is no fault {shown(node.value)}{suggestion(str(node.value), names)}")
    return BUILT_IN["unavailable"]


def _fault(node: Node, name: str = "") -> Fault:
    kind = _kind(node)
    if kind is None:
        return BUILT_IN["unavailable"]
    for member in node.members:
        kinds = _KINDS_WITH.get(member.key, (kind,))
        if kind not in kinds:
            other = f"goes with the kind {' or '.join(kinds)}, and this fault is of kind {kind}"
            member.report(f"'{member.key}' {other}; remove it", key=True)
    for needed, key, example in ((LATENCY, "latency", "500ms"), (SLOW_BODY, "over", "2s"), (STATUS, "status", "503")):
        if kind == needed:
            node.require(key, example, {})
    status = _http_status(node.get("status")) if kind == STATUS else 0
    low, high = _latency(node["latency"])
    return Fault(
        name=name or (f"status-{status}" if kind == STATUS else kind),
        kind=kind,
        status=status,
        headers=_headers(node["headers"]) if "headers" in node else (),
        body=_body(node["body"], status),
        low=low,
        high=high,
        over=(_real_time(node["over"], parse_duration) or 0) if "over" in node else 0,
        event=_count(node, "event", 2),
    )


def _kind(node: Node) -> str | None:
    if node["kind"].value is not None:
        return node["kind"].one_of("kind", KINDS, keys.FAULT_KIND_CORRECTIONS)
    for key, kind in (("status", STATUS), ("latency", LATENCY)):
        if key in node:
            return kind
    if not any(keys.correction(member.key.lower(), keys.FAULT_CORRECTIONS) for member in node.members):
        right = f"'status', 'latency', or 'kind' with one of {', '.join(KINDS)}"
        node.report(f"the fault does not say what goes wrong; write {right}")
    return None


def _http_status(node: Node | None) -> int:
    expected = "'status' of a fault takes an HTTP status from 200 to 599"
    return int(node.value) if node and node.expect_whole_number(200, 599, expected) else 503


def _headers(node: Node) -> tuple[tuple[str, str], ...]:
    node.expect_mapping("'headers' takes names and values, such as {Retry-After: 2}")
    for member in node.members:
        if not _HEADER_NAME.fullmatch(member.key):
            member.report(f"{shown(member.key)} is not the name of a header", key=True)
        elif member.key.lower() in _OF_THE_SERVER:
            member.report(f"the server itself sends '{member.key}'; remove it", key=True)
        elif not _is_header_value(member.value):
            expected = f"the header '{member.key}' takes a number or text on one line in Latin-1"
            member.report(f"{expected}, found {json.dumps(member.value)}")
    return tuple((member.key, str(member.value)) for member in node.members)


def _is_header_value(value: Any) -> bool:
    is_plain = isinstance(value, str | int | float) and not isinstance(value, bool)
    return is_plain and _HEADER_VALUE.fullmatch(str(value)) is not None


def _body(node: Node, status: int) -> Any:
    if node.value is not None and status in (204, 304):
        node.report(f"a response with the status {status} has no body (RFC 9110, 15); remove 'body'", key=True)
    if isinstance(node.value, str) and is_template(node.value):
        node.report("'body' of a fault is sent as it is, so that '{{ … }}' has no effect; write the text itself")
    return node.value


def _latency(node: Node) -> tuple[Millis, Millis]:
    none = (Millis(0), Millis(0))
    return none if node.value is None else _real_time(node, parse_range) or none


def _real_time(node: Node, parse: Callable[[Any], _Length]) -> _Length | None:
    """Return a length of real time, or a range, of at most LONGEST ms; report anything else."""
    length = node.length(parse)
    if length is None or max(length if isinstance(length, tuple) else (length,)) <= LONGEST:
        return length
    node.report(f"'{node.value}' is longer than {as_text(Millis(LONGEST))}, the longest real time for a response")
    return None


def _count(node: Node, key: str, default: int, more: str = "") -> int:
    """Return a whole number of 1 or more, which `more` completes in a message."""
    expected = f"'{key}' takes a whole number from 1 to {MAX_COUNT}{more}"
    return int(node[key].value) if key in node and node[key].expect_whole_number(1, MAX_COUNT, expected) else default


def _operation(node: Node, fault: Fault, context: RuleContext) -> str:
    """Return the id of an operation to which a fault applies; report one that it cannot strike."""
    name, operations = node.value, node.rules.operations
    if not isinstance(name, str) or not name:
        node.report(f"'operation' takes the id of an operation, such as getTask, found {shown(name)}")
    elif operations is not None and name not in operations:
        right = did_you_mean(name, [*operations]) or "; `xpander-emulator routes` lists them"
        node.report(f"the contract has no operation '{name}'{right}")
    elif operations is not None:
        action = operations[name]
        if context.is_scenario and fault.kind == STATUS and action == "start":
            right = "refuse a start by PUT /__emulator/faults, or by the header Prefer: fault=NAME"
            node.report(f"a scenario cannot refuse '{name}', the start that chooses the scenario; {right}")
        if fault.is_stream_fault and action not in ("start", "events"):
            node.report(f"'{name}' sends no events, so that '{fault.kind}' never strikes it")
    return str(name)


def _task_status(node: Node) -> Status | None:
    name = None if node.value is None else node.one_of("status", tuple(Status), {})
    return None if name is None else Status(name)
