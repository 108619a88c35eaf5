"""A small contract for scenarios, and what is compiled with it. The emulator serves the whole contract."""

import json
from typing import Any

from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.openapi.load import read_contract
from xpander_emulator.core.timeline import Minted, Step, StepEvent
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.compile import compile_document
from xpander_emulator.scenario.selection import Scenario


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _json(schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": "JSON", "content": {"application/json": {"schema": schema}}}


TEXT = _nullable({"type": "string"})
OBJECT = _nullable({"type": "object"})
COUNT = {"type": "integer", "default": 0}
FLAG = {"type": "boolean", "default": False}
STATUSES = ["pending", "executing", "paused", "error", "failed", "completed", "stopped"]

SCHEMAS: dict[str, Any] = {
    "Input": {"type": "object", "properties": {"text": TEXT, "files": {"type": "array", "items": {"type": "string"}}}},
    "HumanInTheLoopRequest": {
        "type": "object",
        "required": ["wait_node_id"],
        "properties": {"wait_node_id": {"type": "string"}},
    },
    "PendingECARequest": {
        "type": "object",
        "required": ["connector_name", "auth_url"],
        "properties": {"connector_name": {"type": "string"}, "auth_url": {"type": "string"}},
    },
    "PlanItem": {
        "type": "object",
        "required": ["id", "title"],
        "properties": {"id": {"type": "string"}, "title": {"type": "string"}, "completed": FLAG},
    },
    "DeepPlanning": {
        "type": "object",
        "properties": {
            **dict.fromkeys(("enabled", "enforce", "started", "question_raised"), FLAG),
            "tasks": {"type": "array", "items": _ref("PlanItem")},
        },
    },
    "Tokens": {
        "type": "object",
        "properties": dict.fromkeys(("completion_tokens", "prompt_tokens", "total_tokens"), COUNT),
    },
    "Task": {
        "type": "object",
        "required": ["id", "agent_id", "input", "created_at"],
        "properties": {
            "id": {"type": "string"},
            "agent_id": {"type": "string"},
            "input": _ref("Input"),
            "created_at": {"type": "string", "format": "date-time"},
            "status": _nullable({"type": "string", "enum": STATUSES}),
            "internal_status": _nullable({"type": "string", "maxLength": 255}),
            "last_executed_node_id": TEXT,
            "result": TEXT,
            "title": TEXT,
            "worker_id": TEXT,
            "payload_extension": OBJECT,
            "hitl_request": _nullable(_ref("HumanInTheLoopRequest")),
            "pending_eca_request": _nullable(_ref("PendingECARequest")),
            "output_format": _nullable({"type": "string", "enum": ["text", "markdown", "json", "voice"]}),
            "is_continuous": _nullable({"type": "boolean"}),
            "deep_planning": _nullable(_ref("DeepPlanning")),
            "execution_attempts": _nullable({"type": "integer", "minimum": 1}),
            "tokens": _nullable(_ref("Tokens")),
        },
    },
    "Request": {
        "type": "object",
        "required": ["input"],
        "properties": {
            "input": _ref("Input"),
            "id": TEXT,
            "title": TEXT,
            "payload_extension": OBJECT,
            "output_format": _nullable({"type": "string", "enum": ["text", "markdown", "json", "voice"]}),
        },
    },
}


def _parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "small", "version": "1"},
    "paths": {
        "/v1/workflows/{workflow_id}/invoke/async": {
            "parameters": [_parameter("workflow_id")],
            "post": {
                "operationId": "invokeWorkflowAsync",
                "x-emulator": {"action": "start"},
                "requestBody": {"content": _json(_ref("Request"))["content"]},
                "responses": {"200": _json(_ref("Task"))},
            },
        },
        "/v1/tasks/{task_id}": {
            "parameters": [_parameter("task_id")],
            "get": {
                "operationId": "getTask",
                "x-emulator": {"action": "read"},
                "responses": {"200": _json(_ref("Task"))},
            },
        },
    },
    "components": {"schemas": SCHEMAS},
}
CONTRACT = read_contract(parse_document(json.dumps(DOCUMENT), "small.json"))


def compiled(text: str) -> Scenario:
    """Return the scenario of a text."""
    return compile_document(parse_document(text, "refund.yaml"), CONTRACT)


def steps(text: str) -> tuple[Step, ...]:
    """Return the steps of a list of steps, whose first line is the third of the file."""
    return compiled(f"scenario: refund\nsteps:\n{text}").timeline.steps


def mistakes(text: str) -> list[str]:
    """Return `line:column: message` for each mistake in a scenario; [] if it has none."""
    try:
        compiled(text)
    except InvalidFiles as error:
        return [f"{each.line}:{each.column}: {each.message}" for each in error.diagnostics]
    return []


def step_mistakes(text: str) -> list[str]:
    """Return the mistakes in a list of steps, whose first line is the third of the file."""
    return mistakes(f"scenario: refund\nsteps:\n{text}")


def events_of(*lines: str) -> tuple[StepEvent, ...]:
    """Return the events of an executing step."""
    items = "".join(f"      - {line}\n" for line in lines)
    return steps(f"  - status: executing\n    after: 1s\n    events:\n{items}  - {{status: completed}}\n")[0].events


# The data of `tool_call_request: ocr`.
CALL: dict[str, Any] = {
    "request_id": Minted("request", 1),
    "operation_id": "ocr",
    "tool_call_id": Minted("tool_call", 1),
    "graph_node_id": None,
    "tool_name": "ocr",
    "payload": {},
    "reasoning": None,
}
