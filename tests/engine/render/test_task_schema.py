from typing import Any

from tests.contract.samples import contract_with
from tests.engines import contract
from tests.scenario.samples import CONTRACT
from xpander_emulator.contract.schema.reader import ANYTHING
from xpander_emulator.engine.render.task_schema import TaskSchema

OURS = TaskSchema(contract())
SMALL = TaskSchema(CONTRACT)


def test_the_properties_are_those_of_the_contract_in_its_order() -> None:
    document: dict[str, Any] = contract().document["components"]["schemas"]["AgentExecution"]

    assert OURS.pointer == "/components/schemas/AgentExecution"
    assert list(OURS.properties) == list(OURS.defaults) == list(document["properties"])


def test_a_contract_without_tasks_has_no_property() -> None:
    schema = TaskSchema(contract_with(S={}))

    assert (schema.pointer, dict(schema.properties), dict(schema.defaults)) == (None, {}, {})


def test_the_schema_of_a_property_that_is_not_declared_takes_anything() -> None:
    assert SMALL.of("title").types == frozenset({"string", "null"})
    assert SMALL.of("no such property") is ANYTHING


def test_a_property_that_cannot_be_null_and_has_no_default_is_unset() -> None:
    assert set(SMALL.unset) == {"id", "agent_id", "created_at"}
    assert SMALL.unset["created_at"] == {"type": "string", "format": "date-time"}


def test_a_property_names_what_its_value_must_have() -> None:
    assert list(SMALL.required["hitl_request"]) == ["wait_node_id"]
    assert list(SMALL.required["pending_eca_request"]) == ["connector_name", "auth_url"]
    assert list(SMALL.required["title"]) == []


def test_a_value_is_completed_with_the_defaults_of_its_schema_in_its_order() -> None:
    tokens = SMALL.complete("tokens", {"total_tokens": 3, "prompt_tokens": 1})

    assert list(tokens.items()) == [("completion_tokens", 0), ("prompt_tokens", 1), ("total_tokens", 3)]
    assert SMALL.complete("tokens", None) is None
    assert SMALL.complete("title", "Mine") == "Mine"
