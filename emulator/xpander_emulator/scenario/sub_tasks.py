"""Sub-tasks: the tasks that a step starts when a task enters it."""

from xpander_emulator.core.status import TERMINAL, Status
from xpander_emulator.core.timeline import SubTask
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Node
from xpander_emulator.scenario.templates import is_template


def read_sub_tasks(step: Node, status: Status | None) -> tuple[SubTask, ...]:
    """Return the tasks that entering a step starts. status: None where it could not be read."""
    if "sub_tasks" not in step:
        return ()
    node = step["sub_tasks"]
    if status in TERMINAL:
        right = "put 'sub_tasks' in the step before"
        node.report(f"a step with the status {status} is an end and starts nothing; {right}", key=True)
    node.expect_list("'sub_tasks' takes a list such as [{workflow_id: completed}]")
    return tuple(sub_task for item in node.elements if (sub_task := _sub_task(item)))


def _sub_task(node: Node) -> SubTask | None:
    node.expect_mapping("a sub-task is a mapping such as {workflow_id: completed}")
    request = node.rules.request
    if request:
        node.check_keys(("workflow_id", *request.properties), keys.SUB_TASK_CORRECTIONS)
    node.require("workflow_id", "completed", keys.SUB_TASK_CORRECTIONS)
    body = {member.key: member.timeline_value() for member in node.members if member.key != "workflow_id"}
    for key, value in body.items():
        if request and key in request.properties:
            node[key].check_property(request, key, value)
    runs = node["workflow_id"]
    if "workflow_id" not in node or not runs.expect_text("'workflow_id' takes the id of a workflow"):
        return None
    if is_template(runs.value):
        runs.report("'workflow_id' takes a fixed id; templates stand in the request beside it")
    return SubTask(runs.value, {"input": {"text": ""}, **body})
