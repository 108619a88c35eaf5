"""Pauses: what a paused step waits for: a person's decision by `hitl`, or a credential by `eca`."""

from collections.abc import Mapping, Sequence

from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Pause
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Node


def read_pause(step: Node, status: Status | None) -> Pause | None:
    """Return what a step waits for by `hitl` or `eca`, or None. status: None where it could not be read."""
    if "hitl" in step and "eca" in step:
        step["eca"].report("the step has 'hitl' and 'eca'; it waits for one of them, so split it in two", key=True)
    kind = next((key for key in ("hitl", "eca") if key in step), None)
    if kind is None:
        return None
    if status not in (None, Status.PAUSED):
        step[kind].report(f"'{kind}' is for paused steps, and this one is {status}", key=True)
    answer = "approve" if kind == "hitl" else "authorize"
    signals = {keys.correction(member.key, keys.SIGNAL_CORRECTIONS) or member.key for member in step["on"].members}
    if isinstance(step["on"].value, Mapping) and answer not in signals:
        step["on"].report(f"'{kind}' asks for an answer that 'on' does not take; add '{answer}: step-id'")
    return _hitl(step["hitl"]) if kind == "hitl" else _eca(step["eca"])


def _hitl(hitl: Node) -> Pause:
    hitl.expect_mapping("'hitl' takes a mapping such as {wait_node_id: manager-approval}")
    hitl.check_keys(keys.HITL_KEYS, keys.HITL_CORRECTIONS)
    hitl.require("wait_node_id", "manager-approval", {})
    return _pause(hitl, "hitl_request", ("wait_node_id",))


def _eca(eca: Node) -> Pause:
    eca.expect_mapping("'eca' takes a mapping such as {connector_name: Google Drive}")
    eca.check_keys(keys.ECA_KEYS, keys.ECA_CORRECTIONS)
    eca.require("connector_name", "Google Drive", {})
    scopes, url = eca["scopes"], eca["auth_url"]
    if "scopes" in eca:
        are_texts = isinstance(scopes.value, list) and all(isinstance(scope, str) for scope in scopes.value)
        scopes.expect(are_texts, "'scopes' takes a list of texts")
    if url.value is not None:
        is_address = isinstance(url.value, str) and url.value.startswith(("http://", "https://", "{{"))
        url.expect(is_address, "'auth_url' takes an address that begins with https://")
    return _pause(eca, "pending_eca_request", ("connector_name", "auth_url"))


def _pause(node: Node, name: str, client_keys: Sequence[str]) -> Pause:
    """Return a pause whose `client_keys` a client reads in the property `name`; the other keys are for people."""
    for key in (client_keys[0], "title", "content"):
        if key in node:
            node[key].expect_text(f"'{key}' takes text")
    task = node.rules.task
    if task and name not in task.properties:
        node.report(f"the contract's task has no '{name}', so that '{node.key}' cannot be shown", key=True)
    values = node.timeline_values()
    shown = {key: value for key, value in values.items() if key in client_keys}
    return Pause(node.key, name, shown, {key: value for key, value in values.items() if key not in client_keys})
