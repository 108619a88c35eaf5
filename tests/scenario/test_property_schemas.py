from typing import Any

import pytest

from tests.contract.samples import contract_with
from tests.scenario.samples import CONTRACT
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.scenario.property_schemas import (
    Placeholder,
    PropertyRules,
    TextPlaceholder,
    request_rules,
    task_rules,
)


def problems(schema: Any, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
    contract = contract_with(S={"properties": {"it": schema}})
    return PropertyRules(contract, SchemaView(contract.document, {"$ref": "#/components/schemas/S"})).problems(
        "it", value
    )


def test_the_task_is_what_the_operation_that_reads_answers_with() -> None:
    rules = task_rules(CONTRACT)

    assert rules is not None
    assert list(rules.properties)[:3] == ["id", "agent_id", "input"]
    assert list(rules.properties["deep_planning"].at("tasks").at(0).properties) == ["id", "title", "completed"]
    assert rules.properties["title"].types == frozenset({"string", "null"})


def test_the_request_is_what_the_operation_that_starts_takes() -> None:
    rules = request_rules(CONTRACT)

    assert rules is not None
    assert "output_format" in rules.properties


def test_a_contract_without_such_operations_has_no_rules() -> None:
    assert task_rules(contract_with(S={})) is None
    assert request_rules(contract_with(S={})) is None


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "integer", "maximum": 3}, 4, "'it' takes at most 3, found 4"),
        ({"type": "string", "pattern": "^a"}, "b", "'it' takes a text that matches ^a, found 'b'"),
        ({"type": "string", "format": "ipv4"}, "b", "'it' takes a text in the format ipv4, found 'b'"),
        ({"const": 1}, 2, "'it' takes 1, found 2"),
        ({"type": "array", "uniqueItems": True}, [1, 1], "'it' takes items that all differ, found [1, 1]"),
        (
            {"properties": {"title": {}}, "additionalProperties": False},
            {"titel": 1},
            "'it' has no 'titel'; the contract knows title. Did you mean 'title'?",
        ),
        ({"enum": ["a", None]}, "b", "'it' takes 'a', found 'b'"),
        ({"type": "string"}, False, "'it' takes a string, found false; write \"false\" in quotes"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, [], "'it' takes a string, found []"),
    ],
)
def test_a_wrong_value_has_a_message(schema: Any, value: Any, message: str) -> None:
    assert [text for _, text in problems(schema, value)] == [message]


def test_a_value_need_not_have_what_the_server_adds() -> None:
    item = {
        "type": "object",
        "required": ["id", "done"],
        "properties": {"id": {"type": "string"}, "done": {"default": False}},
    }

    assert problems(item, {"id": "1"}) == []
    assert problems(item, {}) == [((), "'it' lacks 'id'; the contract requires it")]


def test_more_keys_are_welcome_where_the_contract_says_so() -> None:
    assert problems({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}, {"b": 1}) == []
    assert problems({"type": "object"}, {"b": 1}) == []


def test_a_placeholder_is_no_mistake() -> None:
    nullable = {"anyOf": [{"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "null"}]}

    assert problems(nullable, {"n": Placeholder("{{ x }}")}) == []
    assert problems({"type": "integer", "minimum": 1}, Placeholder("{{ x }}")) == []
    assert problems({"type": "string", "enum": ["a"]}, TextPlaceholder("a{{ x }}")) == []


def test_text_with_a_template_in_it_is_known_to_be_text() -> None:
    assert problems({"type": "integer"}, TextPlaceholder("n {{ x }}")) == [
        ((), "'it' takes an integer, found 'n {{ x }}'")
    ]
