from typing import Any

import pytest

from tests.scenario.samples import CONTRACT
from xpander_emulator.scenario.property_schemas import (
    ANYTHING,
    Placeholder,
    Shape,
    TaskShape,
    TextPlaceholder,
    request_shape,
    task_shape,
)


def faults(schema: Any, value: Any) -> list[tuple[tuple[str | int, ...], str]]:
    return TaskShape({"it": Shape(schema)}).faults("it", value)


def test_the_task_is_what_the_operation_that_reads_answers_with() -> None:
    shape = task_shape(CONTRACT.document)

    assert shape is not None
    assert list(shape.properties)[:3] == ["id", "agent_id", "input"]
    assert shape.properties["deep_planning"].at("tasks").at(0).known() == ("id", "title", "completed")
    assert shape.properties["title"].types() == frozenset({"string", "null"})


def test_the_request_is_what_the_operation_that_starts_takes() -> None:
    shape = request_shape(CONTRACT.document)

    assert shape is not None
    assert "output_format" in shape.properties


def test_a_contract_without_such_operations_has_no_shapes() -> None:
    assert task_shape({"paths": {}}) is None
    assert request_shape({"paths": {"/x": {"post": {"x-emulator": {"action": "start"}}}}}) is None


def test_references_are_followed_wherever_they_stand_and_recursion_ends() -> None:
    node = {"properties": {"child": {"$ref": "#/components/schemas/a~1node"}, "n": {"type": "integer"}}}
    document = {
        "paths": {
            "/t": {
                "get": {"x-emulator": {"action": "read"}, "responses": {"200": {"$ref": "#/components/responses/t"}}}
            }
        },
        "components": {
            "responses": {
                "t": {
                    "content": {"application/json": {"schema": {"allOf": [{"$ref": "#/components/schemas/a~1node"}]}}}
                }
            },
            "schemas": {"a/node": node},
        },
    }

    shape = task_shape(document)

    assert shape is not None
    assert shape.properties["n"].types() == frozenset({"integer"})
    assert shape.properties["child"].at("child").at("child") == ANYTHING


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        (True, None),
        ({}, None),
        ({"type": ["string", "null"]}, {"string", "null"}),
        ({"enum": ["a", 1]}, {"string", "integer", "number"}),
        ({"const": None}, {"null"}),
        ({"oneOf": [{"type": "string"}, {}]}, None),
        ({"allOf": [{}, {"type": "object"}]}, {"object"}),
    ],
)
def test_a_place_takes_the_types_of_its_schema(schema: Any, types: set[str] | None) -> None:
    assert Shape(schema).types() == (types if types is None else frozenset(types))


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "boolean"), (1, "number"), (1.0, "integer"), ("", "string"), ({}, "object"), ([], "array")],
)
def test_a_value_is_taken_by_the_place_of_its_type(value: Any, kind: str) -> None:
    assert Shape({"type": kind}).takes(value)
    assert not Shape({"type": "boolean" if kind == "string" else "string"}).takes(value)


@pytest.mark.parametrize(
    ("schema", "value", "message"),
    [
        ({"type": "integer", "maximum": 3}, 4, "'it' takes at most 3, found 4"),
        ({"type": "string", "pattern": "^a"}, "b", "'it' takes text that matches ^a, found 'b'"),
        ({"type": "string", "format": "ipv4"}, "b", "'it' takes text in the format 'ipv4', found 'b'"),
        ({"const": 1}, 2, "'it' takes 1, found 2"),
        ({"type": "array", "uniqueItems": True}, [1, 1], "'it' breaks the contract: [1, 1] has non-unique elements"),
        (
            {"properties": {"title": {}}, "additionalProperties": False},
            {"titel": 1},
            "'it' has no 'titel'; the contract knows title. Did you mean 'title'?",
        ),
        ({"enum": ["a", None]}, "b", "'it' takes a, null, found 'b'"),
        ({"type": "string"}, False, "'it' takes text, found false; write \"false\" in quotes"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, [], "'it' takes text or null, found []"),
    ],
)
def test_a_wrong_value_is_told_in_words(schema: Any, value: Any, message: str) -> None:
    assert [told for _, told in faults(schema, value)] == [message]


def test_more_keys_are_welcome_where_the_contract_says_so() -> None:
    assert faults({"properties": {"a": {}}, "additionalProperties": {"type": "integer"}}, {"b": 1}) == []
    assert faults({"type": "object"}, {"b": 1}) == []


def test_what_nobody_can_know_yet_is_no_mistake() -> None:
    nullable = {"anyOf": [{"type": "object", "properties": {"n": {"type": "integer"}}}, {"type": "null"}]}

    assert faults(nullable, {"n": Placeholder("{{ x }}")}) == []
    assert faults({"type": "integer", "minimum": 1}, Placeholder("{{ x }}")) == []
    assert faults({"type": "string", "enum": ["a"]}, TextPlaceholder("a{{ x }}")) == []


def test_text_with_a_template_in_it_is_known_to_be_text() -> None:
    assert faults({"type": "integer"}, TextPlaceholder("n {{ x }}")) == [
        ((), "'it' takes a whole number, found 'n {{ x }}'")
    ]
