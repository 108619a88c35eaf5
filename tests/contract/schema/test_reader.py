"""The reader of schemas: properties, types, values and defaults through references and combinations."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from referencing.exceptions import Unresolvable

from tests.contract.request.test_client_schemas import SCHEMAS
from tests.contract.samples import contract_with
from tests.profiles import examples
from xpander_emulator.common.json_pointers import is_self_contained
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.reader import ANYTHING, Branches, SchemaView, json_types
from xpander_emulator.contract.schema.validation import part_validator

DOCUMENT = {
    "a/b c": {"properties": {"id": {"type": "string"}}, "required": ["id"]},
    "list": {"allOf": [{"type": "array"}, {"items": {"$ref": "#/a~1b%20c"}}]},
    "loop": {"allOf": [{"$ref": "#/loop"}, {"properties": {"x": {}}}]},
    "kinds": {
        "properties": {"kind": {"type": "string"}},
        "oneOf": [
            {"type": "null"},
            {"properties": {"kind": {"const": "cat"}, "lives": {"type": "integer"}}, "required": ["kind"]},
            {"properties": {"kind": {"const": "dog"}, "bark": True}},
        ],
    },
}


def view(schema: Any) -> SchemaView:
    return SchemaView(DOCUMENT, schema)


def test_properties_are_read_through_references_and_combinations() -> None:
    whole = view({"$ref": "#/kinds", "properties": {"at": {}}})

    assert list(whole.properties) == ["at", "kind", "lives", "bark"]
    assert whole.properties["kind"].schema == {"anyOf": [{"type": "string"}, {"const": "cat"}, {"const": "dog"}]}
    assert list(whole.properties_of(Branches.FIRST)) == ["at", "kind", "lives"]
    assert whole.properties_of(Branches.FIRST)["kind"].schema == {"allOf": [{"type": "string"}, {"const": "cat"}]}
    assert list(whole.properties_of(Branches.ONLY)) == ["at", "kind"]
    assert list(whole.properties_of(Branches.NONE)) == ["at", "kind"]
    assert whole.required_of(Branches.FIRST) == ("kind",)
    assert whole.required_of(Branches.NONE) == ()


def test_the_only_branch_beside_null_is_read_wherever_it_stands() -> None:
    nullable = view({"anyOf": [{"$ref": "#/a~1b%20c"}, {"type": "null"}]})

    assert list(nullable.properties_of(Branches.ONLY)) == ["id"]
    assert nullable.required_of(Branches.ONLY) == ("id",)


@pytest.mark.parametrize("reference", ["#/loop", "#/nowhere", "other.yaml#/x", "#/list/allOf/7"])
def test_a_reference_that_leads_nowhere_or_back_says_nothing(reference: str) -> None:
    assert set(view({"$ref": reference}).properties) <= {"x"}
    assert view({"$ref": reference}).types is None


def test_an_item_and_a_property_are_places_of_their_own() -> None:
    assert view({"$ref": "#/list"}).at(3).at("id").types == frozenset({"string"})
    assert view({"additionalProperties": {"type": "null"}}).at("any").types == frozenset({"null"})
    assert view({"$ref": "#/list"}).at("id") is ANYTHING
    assert ANYTHING.at("id").at(0) is ANYTHING


@pytest.mark.parametrize(
    ("schema", "types"),
    [
        (True, None),
        ({}, None),
        ({"type": ["string", "null"]}, {"string", "null"}),
        ({"type": "number"}, {"number", "integer"}),
        ({"enum": ["a", 1]}, {"string", "integer", "number"}),
        ({"const": None}, {"null"}),
        ({"oneOf": [{"type": "string"}, {}]}, None),
        ({"oneOf": [{"type": "string"}, False]}, {"string"}),
        ({"allOf": [{}, {"type": "object"}]}, {"object"}),
        ({"type": "number", "allOf": [{"type": ["integer", "string"]}]}, {"integer"}),
    ],
)
def test_the_types_are_those_that_every_part_takes(schema: Any, types: set[str] | None) -> None:
    assert view(schema).types == (types if types is None else frozenset(types))


@pytest.mark.parametrize(
    ("value", "kind"),
    [(None, "null"), (True, "boolean"), (1, "number"), (1.0, "integer"), ("", "string"), ({}, "object"), ([], "array")],
)
def test_a_value_is_taken_by_a_schema_of_its_type(value: Any, kind: str) -> None:
    assert kind in json_types(value)
    assert view({"type": kind}).takes(value)
    assert not view({"type": "boolean" if kind == "string" else "string"}).takes(value)


@pytest.mark.parametrize(
    ("schema", "values"),
    [
        ({"enum": ["a", None]}, ("a",)),
        ({"allOf": [{"const": 1}]}, (1,)),
        ({"anyOf": [{"enum": ["a"]}, {"const": "b"}, {"type": "null"}]}, ("a", "b")),
        ({"anyOf": [{"enum": ["a"]}, {"type": "string"}]}, ()),
    ],
)
def test_the_values_are_those_that_are_listed(schema: Any, values: tuple[Any, ...]) -> None:
    assert view(schema).values == values


def test_whether_other_properties_are_taken() -> None:
    assert view({"allOf": [{"additionalProperties": False}]}).is_closed
    assert not view({"anyOf": [{"additionalProperties": False}]}).is_closed
    assert view({"properties": {}, "additionalProperties": {}}).is_free
    assert view({"anyOf": [{"type": "object"}, {"properties": {"a": {}}}]}).is_free
    assert not view({"properties": {"a": {}}}).is_free
    assert view({"properties": {"a": {}}, "patternProperties": {"^x": {}}}).takes_more


VALUES: tuple[Any, ...] = (None, True, 0, 1.5, "", "a", [], {}, [1], {"a": 1})


@given(SCHEMAS)
@examples(100)
def test_a_value_of_a_type_that_is_not_taken_is_never_valid(schema: Any) -> None:
    contract = contract_with(S=schema)
    root = contract.document if not is_self_contained(schema) else schema
    taken = SchemaView(root, schema)

    for value in VALUES if taken.types is not None else ():
        assert taken.takes(value) or not is_valid(contract, schema, value)


def is_valid(contract: Contract, schema: Any, value: Any) -> bool:
    """Return what the validator says; False where a reference leads nowhere or back to itself."""
    with suppress(Unresolvable, RecursionError):
        return bool(part_validator(contract, schema).is_valid(value))
    return False


def test_alternatives_that_lead_back_have_an_end() -> None:
    loop = {"a": {"anyOf": [{"$ref": "#/a"}, {"oneOf": [{"$ref": "#/a"}, {"type": "string"}]}]}}

    assert SchemaView(loop, {"$ref": "#/a"}).types is None
    assert SchemaView(loop, {"$ref": "#/a"}).values == ()
    assert SchemaView(loop, {"$ref": "#/a"}).properties_of(Branches.FIRST) == {}
