"""Completion: a value has all declared properties, in the schema's order, each with its default."""

from typing import Any

import pytest

from tests.contract.samples import contract_with
from xpander_emulator.contract.schema.completion import completion, default_of, takes_null
from xpander_emulator.contract.schema.reader import SchemaView

NULLABLE = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def completed(schema: Any, value: Any) -> Any:
    contract = contract_with(S=schema)
    return completion(contract, SchemaView(contract.document, schema))(value)


def default(schema: Any) -> Any:
    contract = contract_with(S=schema)
    return default_of(contract, SchemaView(contract.document, schema))


def test_properties_are_in_the_order_of_the_schema_each_with_its_default() -> None:
    schema = {"properties": {"a": NULLABLE, "b": {"type": "integer", "default": 3}, "c": {"type": "string"}}}

    value = completed(schema, {"c": "x", "a": None})

    assert list(value.items()) == [("a", None), ("b", 3), ("c", "x")]


def test_a_property_without_a_default_that_takes_no_null_is_left_out_unless_it_is_required() -> None:
    properties = {"a": {"type": "string"}, "b": {"type": "string"}}

    assert completed({"properties": properties, "required": ["b"]}, {}) == {"b": None}


def test_further_properties_stay_where_the_schema_says_that_it_takes_them() -> None:
    schema = {"properties": {"a": NULLABLE}}

    assert completed(schema, {"x": 1}) == {"a": None}
    assert completed({**schema, "additionalProperties": True}, {"x": 1}) == {"a": None, "x": 1}


def test_objects_inside_are_completed_too() -> None:
    user = {"properties": {"email": {"type": "string"}, "role": {"default": "user"}}}

    assert completed({"properties": {"user": user}}, {"user": {"email": "a@b.c"}}) == {
        "user": {"email": "a@b.c", "role": "user"}
    }


@pytest.mark.parametrize("value", ["text", 3, None, [1]])
def test_a_value_that_is_no_object_stays_as_it_is(value: Any) -> None:
    assert completed({"properties": {"a": {"default": 1}}}, value) == value


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"default": 3}, 3),
        ({"allOf": [{"default": 3}]}, 3),
        (NULLABLE, None),
        ({"type": "object", "properties": {"a": {"default": 1}}}, {"a": 1}),
        ({"type": ["object", "null"], "properties": {"a": {"default": 1}}}, None),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, None),
        ({"type": "object", "properties": {"a": {"default": 1}}, "maxProperties": 0}, None),
    ],
)
def test_the_default_is_declared_or_null_or_an_object_of_defaults_that_is_valid(schema: Any, value: Any) -> None:
    assert default(schema) == value


def test_a_schema_that_contains_itself_ends() -> None:
    contract = contract_with(Node={"type": "object", "properties": {"n": {"$ref": "#/components/schemas/Node"}}})
    view = SchemaView(contract.document, {"$ref": "#/components/schemas/Node"})

    assert completion(contract, view)({"n": {}}) is not None


@pytest.mark.parametrize(
    ("schema", "takes"),
    [
        (True, True),
        (NULLABLE, True),
        ({"type": "string"}, False),
        ({"type": ["string", "null"]}, True),
        ({"not": {"type": "null"}}, False),
        ({"oneOf": [{"type": "null"}, {}]}, False),
        ({"if": {"type": "null"}, "then": False}, False),
    ],
)
def test_whether_null_satisfies_a_schema(schema: Any, takes: bool) -> None:
    contract = contract_with(S=schema)

    assert takes_null(contract, SchemaView(contract.document, schema)) is takes
