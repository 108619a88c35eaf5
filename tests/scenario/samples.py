"""A small contract to hold scenarios to; the whole one is served by the emulator."""

import json
from typing import Any

from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.openapi.load import read_contract


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
