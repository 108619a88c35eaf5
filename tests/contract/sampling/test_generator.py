"""The generator: every keyword of a schema is satisfied, or the refusal names the keyword."""

import json
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.contract.samples import contract_with
from tests.profiles import examples
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.errors import EmulatorError

EMPTY = contract_with()


TREE = {
    "type": "object",
    "required": ["name", "children"],
    "properties": {
        "name": {"type": "string"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
        "parent": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]},
        "other": {"$ref": "#/components/schemas/Tree"},
    },
}


def test_a_recursive_schema_comes_to_an_end() -> None:
    contract = contract_with(Tree=TREE)

    value = generate(contract, {"$ref": "#/components/schemas/Tree"}, 1)

    assert find_violations(contract, "/components/schemas/Tree", value, ()) == ()
    assert len(json.dumps(value)) < 20_000


def test_a_schema_without_end_is_refused_by_name() -> None:
    endless = {"type": "object", "required": ["next"], "properties": {"next": {"$ref": "#/components/schemas/E"}}}

    with pytest.raises(EmulatorError, match=r"^no value could be made for (/next)+: '\$ref' was not met; give the"):
        generate(contract_with(E=endless), {"$ref": "#/components/schemas/E"}, 1)


HARD: list[dict[str, Any]] = [
    {"type": "array", "uniqueItems": True, "minItems": 3, "items": {"enum": [1, 2, 3]}},
    {"type": "array", "items": {"type": "integer"}, "contains": {"const": 7}, "minContains": 2},
    {"type": "array", "prefixItems": [{"type": "string"}], "items": False, "minItems": 1},
    {"type": "object", "propertyNames": {"pattern": "^k_[a-z]+$"}, "minProperties": 2},
    {"type": "object", "patternProperties": {"^x-": {"type": "integer"}}, "minProperties": 1},
    {"type": "object", "properties": {"a": True, "b": True, "c": True}, "maxProperties": 2, "required": ["c"]},
    {"type": "object", "properties": {"a": True, "b": False}, "additionalProperties": False},
    {"required": ["a"], "dependentRequired": {"a": ["b"]}},
    {"type": "number", "multipleOf": 0.01, "minimum": 0.5, "maximum": 0.6},
    {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.001},
    {"type": "integer", "multipleOf": 1.5, "minimum": 1},
    {"type": "integer", "maximum": -5},
    {"type": "integer", "minimum": 10**18},
    {"type": "string", "minLength": 300},
    {"type": "string", "minLength": 12, "maxLength": 12, "pattern": "^[a-z0-9]+$"},
    {"type": "string", "format": "email", "maxLength": 30},
    {"type": ["null", "integer"]},
    {"oneOf": [{"type": "integer", "minimum": 5}, {"type": "integer", "maximum": 4}]},
    {"anyOf": [False, {"type": "string"}]},
    {"allOf": [{"type": ["integer", "string"]}, {"type": "integer", "minimum": 3}, {"maximum": 4}]},
    {"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]},
    {"type": "string", "default": 3},
    {"type": "string", "examples": [1], "minLength": 2},
    {"not": {"type": "object"}, "type": ["object", "string"]},
    {"properties": {"a": {"type": "integer"}, "b": {"$ref": "#/properties/a"}, "c": {"$ref": "#"}}},
    {"$defs": {"A": {"type": "integer"}}, "items": {"$ref": "#/$defs/A"}, "type": "array"},
    {"type": "array", "contains": {"type": "string"}, "items": {"type": ["integer", "string"]}, "maxContains": 1},
    {"type": "array", "allOf": [{"contains": {"const": 1}}, {"contains": {"const": 2}}], "maxItems": 2},
    {"type": "array", "prefixItems": [{}, {}], "contains": {"const": "x"}, "maxItems": 2, "minItems": 2},
    {"type": "array", "prefixItems": [{"type": "string"}], "unevaluatedItems": False, "minItems": 1},
    {"type": "array", "items": {"type": "boolean"}, "uniqueItems": True, "minItems": 2},
    {"allOf": [{"prefixItems": [{"minimum": 3}]}, {"items": {"type": "integer", "maximum": 3}}], "minItems": 1},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}], "properties": {"a": {}, "b": {}}, "type": "object"},
    {"oneOf": [{"type": "number"}, {"type": "integer"}]},
    {"anyOf": [{"type": "integer"}, {"minimum": 2}], "oneOf": [{"type": "string"}, {"maximum": 1}], "type": "integer"},
    {"not": {"type": "string"}},
    {"type": "object", "properties": {"a": {"type": "integer"}}, "not": {"required": ["a"]}},
    {"type": "integer", "minimum": 1, "maximum": 4, "not": {"enum": [1, 2, 3]}},
    {
        "type": "object",
        "properties": {"kind": {"enum": ["card", "bank"]}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "card"}}},
        "then": {"required": ["number"]},
        "else": {"required": ["iban"], "properties": {"iban": {"type": "string"}}},
    },
    {"if": {"type": "integer"}, "then": False},
    {"type": "object", "required": ["a"], "dependentSchemas": {"a": {"required": ["b"], "minProperties": 3}}},
    {"type": "object", "properties": {"a": {}}, "dependentRequired": {"a": ["b", "c"]}, "maxProperties": 2},
    {"type": "object", "properties": {"a": {}, "bb": {}}, "propertyNames": {"maxLength": 1}},
    {"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}, "additionalProperties": False}], "type": "object"},
    {"allOf": [{"properties": {"a": {}}}], "unevaluatedProperties": False, "type": "object"},
    {"type": "object", "unevaluatedProperties": {"type": "integer"}, "minProperties": 2},
    {"type": "object", "patternProperties": {"^a": {}, "^b": {}}, "additionalProperties": False, "minProperties": 4},
    {"allOf": [{"multipleOf": 4}, {"multipleOf": 6}, {"minimum": 1, "maximum": 13}], "type": "integer"},
    {"allOf": [{"pattern": "^[a-c]+$"}, {"pattern": "cc"}], "type": "string"},
    {"type": "string", "format": "date", "pattern": "-0[1-6]-"},
    {"type": "string", "pattern": r"^(?=.*[A-Z])(?=.*\d)[A-Za-z\d]{8,12}$"},
    {"type": "string", "pattern": r"^(?!a)[a-c(]{2}(?<!\(b)[)]?$", "minLength": 2},
    {"type": "string", "pattern": "^(?=abcdefgh).*$"},
    {"type": "string", "pattern": r"^(?!(?:xn|a(b))--)[a-z]{1,5}\(?[)(]$"},
    {"type": ["null", "integer"], "enum": [None, "a", 3]},
    {"enum": ["a", 1, 2], "minimum": 2, "type": "integer"},
]


@pytest.mark.parametrize("schema", HARD)
def test_a_hard_schema_is_satisfied(schema: dict[str, Any]) -> None:
    for key in range(5):
        assert Draft202012Validator(schema).is_valid(generate(EMPTY, schema, key))


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        (False, "no value could be made for the whole value: 'false' was not met; give the schema an example"),
        ({"type": "integer", "minimum": 2, "maximum": 1}, "no value could be made for the whole value: 'minimum'"),
        (
            {"type": "object", "properties": {"a": {"type": "string", "pattern": "(?!)"}}, "required": ["a"]},
            "no value could be made for /a: 'pattern'",
        ),
        ({"allOf": [{"type": "string"}, {"type": "integer"}]}, "no value could be made for the whole value: 'type'"),
        ({"type": "string", "minLength": 9, "maxLength": 2}, "no value could be made for the whole value: '"),
        ({"items": {"const": 1}, "type": "array", "minItems": 2, "uniqueItems": True}, "no value could be made for /1"),
        ({"type": "array", "minItems": 10**9}, "no value could be made for the whole value: 'size'"),
        ({"type": "object", "minProperties": 10**9}, "no value could be made for the whole value: 'size'"),
        ({"type": "string", "minLength": 10**9}, "no value could be made for the whole value: '"),
        (
            {"type": "strin"},
            "no JSON Schema: 'array', 'boolean', 'integer', 'null', 'number', 'object' or 'string' was",
        ),
        ({"not": {}}, "no value could be made for the whole value: 'not' was not met; give the schema an example"),
        (
            {"anyOf": [{"type": "object", "required": ["b"], "properties": {"b": {"oneOf": [{}, {}]}}}] * 3},
            "no value could be made for the whole value: 'anyOf' was not met",
        ),
        ({"oneOf": [True, True]}, "no value could be made for the whole value: 'oneOf' was not met"),
        ({"pattern": "("}, "no JSON Schema: a text in the format regex was expected at '/pattern'"),
        ({"$ref": "http://example.com/x"}, "no value could be made for the whole value: '$ref' was not met"),
        ({"$ref": "#/components/schemas/Nope"}, "no value could be made for the whole value: '$ref' was not met"),
    ],
)
def test_a_refusal_names_place_and_keyword(schema: Any, message: str) -> None:
    with pytest.raises(EmulatorError) as refused:
        generate(EMPTY, schema, 1)

    assert refused.value.message.startswith(message)


def test_an_example_comes_before_a_default_and_both_before_invention() -> None:
    schema = {
        "properties": {
            "a": {"type": "string", "examples": ["one"], "default": "two"},
            "b": {"type": "string", "default": "two"},
            "c": {"type": "string", "example": "three"},
            "d": {"type": "integer", "const": 4},
        }
    }

    assert generate(EMPTY, schema, 1) == {"a": "one", "b": "two", "c": "three", "d": 4}


def test_what_stands_beside_a_reference_wins() -> None:
    contract = contract_with(S={"type": "string", "default": "inner"})

    assert generate(contract, {"$ref": "#/components/schemas/S", "default": "outer"}, 1) == "outer"


ZOO = contract_with(
    Animal={
        "oneOf": [{"$ref": "#/components/schemas/Cat"}, {"$ref": "#/components/schemas/Dog"}],
        "discriminator": {"propertyName": "kind", "mapping": {"meows": "#/components/schemas/Cat", "barks": "Dog"}},
    },
    Pet={
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"type": "string"}},
        "discriminator": {"propertyName": "kind"},
    },
    Cat={"properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}, "required": ["lives"]},
    Dog={"properties": {"kind": {"type": "string"}, "tail": {"type": "boolean"}}, "required": ["tail"]},
    Bird={"allOf": [{"$ref": "#/components/schemas/Pet"}, {"properties": {"wings": {"const": 2}}}]},
)


def test_a_discriminator_names_the_alternative_that_was_taken() -> None:
    def kind(name: str) -> Any:
        return generate(ZOO, {"$ref": f"#/components/schemas/{name}"}, 1)["kind"]

    assert (kind("Animal"), kind("Bird"), kind("Pet")) == ("meows", "Bird", "Pet")


def test_a_wrong_default_gives_way_and_the_values_around_it_stay() -> None:
    def pair(default: Any) -> Any:
        rule = {"type": "integer", "default": default}
        return generate(EMPTY, {"properties": {"a": {"type": "string"}, "b": rule, "c": {"default": 3}}}, 1)

    wrong, right = pair("x"), pair(5)

    assert isinstance(wrong["b"], int)
    assert {**wrong, "b": 5} == right == {"a": right["a"], "b": 5, "c": 3}


def test_a_nullable_value_is_made_rather_than_null() -> None:
    assert generate(EMPTY, {"anyOf": [{"type": "null"}, {"const": 1}]}, 1) == 1


OPTIONAL = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "a": {}, "b": {}, "c": {}}}


def test_a_property_that_is_not_required_is_in_most_values() -> None:
    values = [generate(EMPTY, OPTIONAL, key) for key in range(300)]

    for name in "abc":
        assert 0.7 < sum(name in value for value in values) / len(values) < 0.9
    assert all("id" in value for value in values)
    assert len({tuple(value) for value in values}) == 8


def test_where_nothing_is_required_everything_is_there() -> None:
    schema = {"type": "object", "properties": OPTIONAL["properties"]}

    assert all(list(generate(EMPTY, schema, key)) == ["id", "a", "b", "c"] for key in range(50))


@given(st.integers(1, 4), st.integers(0, 1000))
@examples(40)
def test_a_schema_that_branches_into_itself_stays_small(branches: int, key: int) -> None:
    again = {"$ref": "#/components/schemas/T"}
    tree = {"type": "object", "properties": {f"n{n}": again for n in range(branches)} | {"name": {"type": "string"}}}
    contract = contract_with(T=tree)

    value = generate(contract, {"$ref": "#/components/schemas/T"}, key)

    assert len(json.dumps(value)) < 20_000


IMPOSSIBLE: list[dict[str, Any]] = [
    {"oneOf": [{"type": "object", "required": [*"abcdefgh"]}] * 8},
    {"type": "object", "required": [*"abcdefgh"], "not": {"required": ["a"]}},
    {"type": "object", "propertyNames": {"pattern": "(?!)"}, "minProperties": 3},
    {"type": "array", "minItems": 1000, "items": {"not": {}}},
    {"anyOf": [{"type": "array", "minItems": 3, "items": {"$ref": "#/components/schemas/S"}}] * 3},
    {"type": "string", "pattern": "^(?=z{10})[a-y]{10}$"},
    {"type": "string", "pattern": "^([a-z]{100}){10}$", "maxLength": 10},
]


def steps(contract: Contract, schema: dict[str, Any]) -> int:
    """Count the calls of Python functions that a refusal takes: a measure of cost that no clock disturbs."""
    count = 0

    def tally(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(tally)
    try:
        with pytest.raises(EmulatorError):
            generate(contract, schema, 1)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize("schema", IMPOSSIBLE)
def test_what_cannot_be_made_costs_little_and_is_refused_at_once_the_next_time(schema: dict[str, Any]) -> None:
    contract = contract_with(S=schema)
    reference = {"$ref": "#/components/schemas/S"}

    assert steps(contract, reference) < 250_000
    assert steps(contract, reference) < 50


def test_more_properties_than_there_are_words_can_be_made() -> None:
    assert len(generate(EMPTY, {"type": "object", "minProperties": 2000}, 1)) == 2000


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "integer"}, "minItems": 2.0, "maxItems": 2.0},
        {"type": "object", "minProperties": 1.0, "maxProperties": 2.0, "properties": {"a": {}, "b": {}, "c": {}}},
        {"type": "string", "minLength": 3.0, "maxLength": 3.0},
    ],
)
def test_a_count_may_be_written_with_a_point(schema: dict[str, Any]) -> None:
    value = generate(contract_with(S=schema), {"$ref": "#/components/schemas/S"}, 1)

    assert find_violations(contract_with(S=schema), "/components/schemas/S", value, ()) == ()
