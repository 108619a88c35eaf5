"""Asks: what a step asks of others: a person's decision, a credential, or further tasks."""

from collections.abc import Mapping, Sequence
from typing import Any

from xpander_emulator.common.types import DocPath
from xpander_emulator.core.task import TERMINAL, Status
from xpander_emulator.core.timeline import Pause, SubTask
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics
from xpander_emulator.scenario.property_schemas import shown
from xpander_emulator.scenario.templates import is_template


def read_pause(findings: Diagnostics, path: DocPath, step: Mapping[str, Any], status: Status | None) -> Pause | None:
    """Return what a step waits for by `hitl` or `eca`, or None."""
    asked = [key for key in ("hitl", "eca") if key in step]
    if len(asked) > 1:
        findings.add(
            (*path, "eca"), "the step has 'hitl' and 'eca'; it waits for one of them, so split it in two", key=True
        )
    if not asked:
        return None
    key = asked[0]
    if status is not None and status is not Status.PAUSED:
        findings.add((*path, key), f"'{key}' stands only at a paused step, and this one is {status}", key=True)
    answer = "approve" if key == "hitl" else "authorize"
    on = step.get("on")
    if isinstance(on, Mapping) and answer not in on and not any(keys.SIGNAL_SLIPS.get(name) == answer for name in on):
        findings.add((*path, "on"), f"'{key}' asks for an answer that 'on' does not take; add '{answer}: step-id'")
    return _hitl(findings, (*path, key), step[key]) if key == "hitl" else _eca(findings, (*path, key), step[key])


def _hitl(findings: Diagnostics, path: DocPath, raw: Any) -> Pause:
    given = findings.mapping(path, raw, "'hitl' takes a mapping such as {wait_node_id: manager-approval}")
    slips = {"id": "'wait_node_id'", "node_id": "'wait_node_id'", "body": "'content'", "text": "'content'"}
    findings.keys(path, given, keys.HITL_KEYS, {**slips, "message": "'content'", "subject": "'title'"})
    return _asking(findings, path, raw, "hitl_request", ("wait_node_id",), "manager-approval")


def _eca(findings: Diagnostics, path: DocPath, raw: Any) -> Pause:
    given = findings.mapping(path, raw, "'eca' takes a mapping such as {connector_name: Google Drive}")
    slips = {"connector": "'connector_name'", "name": "'connector_name'", "url": "'auth_url'", "scope": "'scopes'"}
    findings.keys(path, given, keys.ECA_KEYS, slips)
    scopes = given.get("scopes", [])
    if not isinstance(scopes, list) or not all(isinstance(scope, str) for scope in scopes):
        findings.add((*path, "scopes"), f"'scopes' takes a list of texts, found {shown(scopes)}")
    url = given.get("auth_url")
    if url is not None and not (isinstance(url, str) and url.startswith(("http://", "https://", "{{"))):
        right = "an address that begins with https://; without it the emulator makes one"
        findings.add((*path, "auth_url"), f"'auth_url' takes {right}, found {shown(url)}")
    return _asking(findings, path, raw, "pending_eca_request", ("connector_name", "auth_url"), "Google Drive")


def _asking(findings: Diagnostics, path: DocPath, raw: Any, name: str, told: Sequence[str], example: str) -> Pause:
    """Return the pause of a mapping, of which the keys `told` go to the client and the first is required."""
    given: Mapping[str, Any] = raw if isinstance(raw, Mapping) else {}
    if told[0] not in given and isinstance(raw, Mapping):
        findings.add(path, f"'{path[-1]}' lacks '{told[0]}'; write '{told[0]}: {example}'")
    for key in given:
        if key in (told[0], "title", "content"):
            findings.text((*path, key), given[key], f"'{key}' takes text")
    values = {key: findings.value((*path, key), item) for key, item in given.items()}
    task = findings.rules.task
    if task and name not in task.properties:
        findings.add(path, f"the contract's task has no '{name}', so that '{path[-1]}' cannot be shown", key=True)
    shown_keys = {key: value for key, value in values.items() if key in told}
    return Pause(str(path[-1]), name, shown_keys, {key: value for key, value in values.items() if key not in told})


def read_sub_tasks(
    findings: Diagnostics, path: DocPath, step: Mapping[str, Any], status: Status | None
) -> tuple[SubTask, ...]:
    """Return the tasks that entering a step starts."""
    if "sub_tasks" not in step:
        return ()
    at = (*path, "sub_tasks")
    raw = step["sub_tasks"]
    if status in TERMINAL:
        findings.add(
            at,
            f"a step with the status {status} is an end and starts nothing; put 'sub_tasks' in the step before",
            key=True,
        )
    if not isinstance(raw, list) or not raw:
        findings.add(at, f"'sub_tasks' takes a list such as [{{workflow_id: completed}}], found {shown(raw)}")
        return ()
    tasks = (_sub_task(findings, (*at, index), item) for index, item in enumerate(raw))
    return tuple(task for task in tasks if task)


def _sub_task(findings: Diagnostics, path: DocPath, raw: Any) -> SubTask | None:
    given = findings.mapping(path, raw, "a sub-task is a mapping such as {workflow_id: completed}")
    request = findings.rules.request
    slips = dict.fromkeys(("agent_id", "scenario", "id", "workflow", "name"), "'workflow_id'")
    if request:
        findings.keys(path, given, ("workflow_id", *request.properties), slips)
    if "workflow_id" not in given:
        if isinstance(raw, Mapping) and not any(key in slips for key in given):
            findings.add(path, "the sub-task lacks 'workflow_id'; write what it runs, such as 'workflow_id: completed'")
        return None
    runs = findings.text((*path, "workflow_id"), given["workflow_id"], "'workflow_id' takes the id of a workflow")
    if runs and is_template(runs):
        findings.add((*path, "workflow_id"), "'workflow_id' takes a fixed id; templates stand in the request beside it")
    body = {key: findings.value((*path, key), item) for key, item in given.items() if key != "workflow_id"}
    for key, value in body.items():
        if request and key in request.properties:
            findings.against(request, (*path, key), key, value)
    return SubTask(runs, {"input": {"text": ""}, **body}) if runs else None
