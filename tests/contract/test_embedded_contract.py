"""The contract that we serve, held against itself."""

from typing import Any

import orjson
import pytest

from tests.contract.samples import ours
from xpander_emulator.common import json_pointers
from xpander_emulator.contract.model import Credential, MediaType, Operation
from xpander_emulator.contract.schema.validation import find_schema_violations, find_violations
from xpander_emulator.engine.render.task import OWN

CONTRACT = ours()
OPERATIONS = {operation.id: operation for operation in CONTRACT.operations}
ACTIONS = {
    *("start", "read", "list", "history", "stop", "delete", "update", "signal", "report", "thread", "thread_full"),
    *("activity", "events", "push", "catalogue_list", "catalogue_all", "catalogue_get"),
}
# What is answered from its example, and what finds nothing rather than 404 for an id that nobody has used.
FROM_EXAMPLE = {"getHealth", "sdkReportMetrics"}
FINDS_NOTHING = {"sdkListTasks", "sdkListUserTasks", "sdkReportMetrics"}
# What takes a body and can be refused for no state of a task.
WITHOUT_CONFLICT = {"sdkPushEvents", "sdkReportMetrics"}
REPLIES = {"accepted", "wait", "stream"}
SOURCES = {"documented", "seen", "inferred", "extension"}
operations = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)


def media_of(operation: Operation) -> list[tuple[str, str, MediaType]]:
    """Return every body that an operation takes or gives, with a name and its media type."""
    found = [("request", name, media) for name, media in (operation.body.content if operation.body else {}).items()]
    for status, response in operation.responses.items():
        found += [(status, name, media) for name, media in response.content.items()]
    return found


def test_the_operations_are_those_of_the_life_cycle() -> None:
    kinds = [
        f"{verb}{kind}{how}"
        for kind in ("Workflow", "Agent")
        for verb, how in (("invoke", ""), ("invoke", "Async"), ("invoke", "Stream"), ("list", "s"), ("get", ""))
    ]
    tasks = ["listTasks", "getTask", "stopTask", "deleteTask", "getTaskThread", "getTaskThreadFull", "listAgentTasks"]

    sdk = [
        *("sdkListAgents", "sdkGetAgent", "sdkCreateTask", "sdkGetTask", "sdkUpdateTask", "sdkStopTask"),
        *("sdkListTasks", "sdkListUserTasks", "sdkGetActivity", "sdkStreamEvents", "sdkPushEvents"),
        *("sdkReportTask", "sdkReportMetrics", "sdkApproveTask", "sdkRejectTask"),
    ]

    assert sorted(OPERATIONS) == sorted([*kinds, *tasks, *sdk, "getHealth"])


@operations
def test_every_operation_says_what_it_does_and_where_that_is_known_from(operation: Operation) -> None:
    behaviour = operation.behaviour

    assert behaviour["source"] in SOURCES
    assert set(behaviour) <= {"action", "reply", "event", "kind", "subject", "signal", "source"}
    assert operation.id in FROM_EXAMPLE or behaviour["action"] in ACTIONS
    assert ("signal" in behaviour) == (behaviour.get("action") == "signal")
    assert ("reply" in behaviour) == (behaviour.get("action") == "start")
    assert behaviour.get("reply", "wait") in REPLIES
    assert behaviour.get("kind", "agent") in ("workflow", "agent")
    if "subject" in behaviour:
        assert f"{{{behaviour['subject']}}}" in operation.path


@operations
def test_every_body_has_an_example_and_every_example_satisfies_its_schema(operation: Operation) -> None:
    for where, name, media in media_of(operation):
        assert media.examples, f"{where} {name}"
        assert media.schema_pointer is not None
        for example, value in media.examples.items():
            assert find_violations(CONTRACT, media.schema_pointer, value, ()) == (), f"{where} {example}"


@operations
def test_every_example_of_a_header_or_parameter_satisfies_its_schema(operation: Operation) -> None:
    described = json_pointers.look_up(CONTRACT.document, operation.pointer)
    for parameter, sent in zip(operation.parameters, described.get("parameters", []), strict=True):
        resolved = json_pointers.resolve(CONTRACT.document, sent["$ref"])[1]
        for example in resolved.get("examples", {}).values():
            assert find_violations(CONTRACT, parameter.pointer, example["value"], ()) == (), parameter.name
    for response in operation.responses.values():
        for name, header in response.headers.items():
            assert header.schema_pointer is not None
            for value in header.examples.values():
                assert find_violations(CONTRACT, header.schema_pointer, value, ()) == (), name


@operations
def test_every_operation_but_health_needs_a_key_and_tells_the_errors_of_the_api(operation: Operation) -> None:
    if operation.id == "getHealth":
        assert operation.security == ()
        return
    assert operation.security == ((Credential("header", "x-api-key"),),)
    assert {"401", "422", "429", "500"} <= set(operation.responses)
    assert ("404" in operation.responses) == ("{" in operation.path and operation.id not in FINDS_NOTHING)
    assert ({"413", "415"} <= set(operation.responses)) == (operation.body is not None)
    assert ("409" in operation.responses) == (operation.body is not None and operation.id not in WITHOUT_CONFLICT)
    success = next(iter(operation.responses.values()))
    assert {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} == set(success.headers)


@pytest.mark.parametrize("name", CONTRACT.document["components"]["schemas"])
def test_every_schema_is_json_schema(name: str) -> None:
    assert find_schema_violations(CONTRACT.document["components"]["schemas"][name]) == ()


def test_the_examples_of_a_task_show_every_status() -> None:
    examples = OPERATIONS["getTask"].responses["200"].content["application/json"].examples

    statuses = {value["status"] for value in examples.values()}
    assert statuses == set(json_pointers.look_up(CONTRACT.document, "/components/schemas/TaskStatus")["enum"])


@pytest.mark.parametrize(
    "operation_id", ["getTask", "stopTask", "invokeWorkflow", "invokeWorkflowAsync", "invokeAgent"]
)
def test_the_example_of_a_task_has_all_properties_in_their_order(operation_id: str) -> None:
    names = list(json_pointers.look_up(CONTRACT.document, "/components/schemas/AgentExecution")["properties"])
    examples = OPERATIONS[operation_id].responses["200"].content["application/json"].examples

    assert len(names) == 44
    for name, value in examples.items():
        assert list(value) == names, name


def test_an_update_may_name_every_property_that_is_not_the_services_own() -> None:
    named = json_pointers.look_up(CONTRACT.document, "/components/schemas/TaskUpdate")["properties"]
    task = json_pointers.look_up(CONTRACT.document, "/components/schemas/AgentExecution")["properties"]

    assert set(named) == (set(task) - OWN) | {"status", "tool_call_payload_extension"}


def test_the_events_of_a_stream_are_lines_of_json_that_satisfy_their_schema() -> None:
    [text] = OPERATIONS["invokeWorkflowStream"].responses["200"].content["text/event-stream"].examples.values()
    lines = [line for line in text.splitlines() if line]
    events: list[Any] = [orjson.loads(line.removeprefix("data: ")) for line in lines]

    assert all(line.startswith("data: ") for line in lines)
    assert [event["type"] for event in events] == ["task_created", "task_updated", "chunk", "chunk", "task_finished"]
    for event in events:
        assert find_violations(CONTRACT, "/components/schemas/TaskUpdateEvent", event, ()) == ()
        if event["type"].startswith("task_"):
            assert find_violations(CONTRACT, "/components/schemas/AgentExecution", event["data"], ()) == ()


def test_every_component_is_used() -> None:
    text = orjson.dumps(CONTRACT.document).decode()

    for room, components in CONTRACT.document["components"].items():
        if room != "securitySchemes":
            unused = [name for name in components if f'"#/components/{room}/{name}"' not in text]
            assert unused == ([] if room != "schemas" else ["TaskUpdateEvent"]), room
