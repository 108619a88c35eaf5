"""Faults as JSON and back. What has its default is left out."""

from typing import Any, Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.faults import KINDS, NO_FAULTS, Fault, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.task import Status
from xpander_emulator.store.codec.scenario_values import value_from_json, value_to_json

_NUMBERS: Final = ("status", "low", "high", "over")
_NO_FAULT: Final = Fault("", KINDS[0])


def scenario_faults_to_json(faults: ScenarioFaults) -> JsonObject:
    """Return the faults of a scenario; nothing in it where there are none."""
    told: JsonObject = {}
    if faults.named:
        told["named"] = {name: fault_to_json(fault) for name, fault in faults.named.items()}
    if faults.rules:
        told["rules"] = [rule_to_json(rule) for rule in faults.rules]
    return told


def scenario_faults_from_json(found: JsonObject | None) -> ScenarioFaults:
    """Return the faults of a scenario."""
    if not found:
        return NO_FAULTS
    named = {name: fault_from_json(fault) for name, fault in found.get("named", {}).items()}
    return ScenarioFaults(named, tuple(map(rule_from_json, found.get("rules", ()))))


def strike_to_json(strike: PathFault) -> JsonObject:
    """Return the fault of a path."""
    return {"rule": rule_to_json(strike.rule), **({} if strike.step is None else {"step": strike.step})}


def strike_from_json(found: JsonObject) -> PathFault:
    """Return the fault of a path."""
    return PathFault(rule_from_json(found["rule"]), found.get("step"))


def rule_to_json(rule: FaultRule) -> JsonObject:
    """Return which requests a fault strikes; `times` of null is every one."""
    told: JsonObject = {"fault": fault_to_json(rule.fault)}
    if rule.nth != 1:
        told["nth"] = rule.nth
    if rule.times != 1:
        told["times"] = rule.times
    if rule.operation is not None:
        told["operation"] = rule.operation
    if rule.task_status is not None:
        told["task_status"] = rule.task_status.value
    return told


def rule_from_json(found: JsonObject) -> FaultRule:
    """Return the rule of its JSON. Raises ValueError for a kind or a status that there is not."""
    status = found.get("task_status")
    return FaultRule(
        fault_from_json(found["fault"]),
        found.get("nth", 1),
        found.get("times", 1),
        found.get("operation"),
        None if status is None else Status(status),
    )


def fault_to_json(fault: Fault) -> JsonObject:
    """Return a fault."""
    told: JsonObject = {"name": fault.name, "kind": fault.kind}
    told |= {name: value for name in _NUMBERS if (value := getattr(fault, name))}
    if fault.headers:
        told["headers"] = [list(header) for header in fault.headers]
    if fault.body is not None:
        told["body"] = value_to_json(fault.body)
    if fault.event != _NO_FAULT.event:
        told["event"] = fault.event
    return told


def fault_from_json(found: JsonObject) -> Fault:
    """Return the fault of its JSON. Raises ValueError for a kind that there is not."""
    if found["kind"] not in KINDS:
        raise ValueError(f"'{found['kind']}' is no kind of fault; there are {', '.join(KINDS)}")
    numbers: dict[str, Any] = {name: found.get(name, 0) for name in _NUMBERS}
    return Fault(
        found["name"],
        found["kind"],
        headers=tuple((name, value) for name, value in found.get("headers", ())),
        body=value_from_json(found.get("body")),
        event=found.get("event", _NO_FAULT.event),
        **numbers,
    )
