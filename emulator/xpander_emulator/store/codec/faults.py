"""Faults as JSON and back, without the members that have their defaults."""

from typing import Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.faults import KINDS, NO_FAULTS, Fault, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.status import Status
from xpander_emulator.store.codec.members import changed_members, known_members
from xpander_emulator.store.codec.scenario_values import value_from_json, value_to_json

_RULE: Final = ("nth", "times", "operation", "task_status")
_FAULT: Final = ("status", "low", "high", "over", "headers", "body", "event")


def scenario_faults_to_json(faults: ScenarioFaults) -> JsonObject:
    """Return the faults of a scenario as JSON; empty where there are none."""
    json: JsonObject = {}
    if faults.named:
        json["named"] = {name: fault_to_json(fault) for name, fault in faults.named.items()}
    if faults.rules:
        json["rules"] = [rule_to_json(rule) for rule in faults.rules]
    return json


def scenario_faults_from_json(json: JsonObject | None) -> ScenarioFaults:
    """Return the faults of a scenario."""
    if not json:
        return NO_FAULTS
    named = {name: fault_from_json(fault) for name, fault in json.get("named", {}).items()}
    return ScenarioFaults(named, tuple(map(rule_from_json, json.get("rules", ()))))


def path_fault_to_json(fault: PathFault) -> JsonObject:
    """Return the fault of a path as JSON."""
    return {"rule": rule_to_json(fault.rule), **changed_members(fault, ("step",))}


def path_fault_from_json(json: JsonObject) -> PathFault:
    """Return the fault of a path."""
    return PathFault(rule_from_json(json["rule"]), json.get("step"))


def rule_to_json(rule: FaultRule) -> JsonObject:
    """Return a rule as JSON; `times` of null stands for every request."""
    members = changed_members(rule, _RULE)
    if rule.task_status is not None:
        members["task_status"] = rule.task_status.value
    return {"fault": fault_to_json(rule.fault), **members}


def rule_from_json(json: JsonObject) -> FaultRule:
    """Return the rule of its JSON. Raises ValueError for an unknown kind or status."""
    members = known_members(json, _RULE)
    if "task_status" in members:
        members["task_status"] = Status(members["task_status"])
    return FaultRule(fault_from_json(json["fault"]), **members)


def fault_to_json(fault: Fault) -> JsonObject:
    """Return a fault as JSON."""
    members = changed_members(fault, _FAULT)
    if fault.headers:
        members["headers"] = [list(header) for header in fault.headers]
    if fault.body is not None:
        members["body"] = value_to_json(fault.body)
    return {"name": fault.name, "kind": fault.kind, **members}


def fault_from_json(json: JsonObject) -> Fault:
    """Return the fault of its JSON. Raises ValueError for an unknown kind."""
    if json["kind"] not in KINDS:
        raise ValueError(f"'{json['kind']}' is no kind of fault; there are {', '.join(KINDS)}")
    members = known_members(json, _FAULT)
    members["headers"] = tuple((name, value) for name, value in json.get("headers", ()))
    members["body"] = value_from_json(json.get("body"))
    return Fault(json["name"], json["kind"], **members)
