"""Merged schemas: a value that satisfies the merged schema satisfies both."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.profiles import examples
from xpander_emulator.contract.sampling.merging import Schema, both, merge

CASES: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"type": "number"}, {"type": ["integer", "string"]}, {"type": ["integer"]}),
    ({"enum": ["a", "b"]}, {"enum": ["b", "c"]}, {"enum": ["b"]}),
    ({"required": ["a"]}, {"required": ["b", "a"]}, {"required": ["a", "b"]}),
    ({"minimum": 1, "maximum": 9}, {"minimum": 3, "maximum": 5}, {"minimum": 3, "maximum": 5}),
    ({"minLength": 1}, {"maxLength": 2}, {"minLength": 1, "maxLength": 2}),
    ({"multipleOf": 4}, {"multipleOf": 6}, {"multipleOf": 12}),
    ({"multipleOf": 0.2}, {"multipleOf": 0.3}, {"multipleOf": 0.6}),
    ({"not": {"const": 1}}, {"not": {"const": 2}}, {"not": {"anyOf": [{"const": 1}, {"const": 2}]}}),
    ({"allOf": [{"type": "string"}]}, {"allOf": [True]}, {"allOf": [{"type": "string"}, True]}),
    ({"items": {"type": "string"}}, {"items": True}, {"items": {"type": "string"}}),
    ({"title": "One"}, {"title": "Other"}, {"title": "Other"}),
    (
        {"dependentRequired": {"a": ["b"]}},
        {"dependentRequired": {"a": ["c"]}},
        {"dependentRequired": {"a": ["b", "c"]}},
    ),
    (
        {"properties": {"a": {"type": "string"}}},
        {"properties": {"a": {"minLength": 1}, "b": True}},
        {"properties": {"a": {"allOf": [{"type": "string"}, {"minLength": 1}]}, "b": True}},
    ),
    (
        {"properties": {"a": {}}, "additionalProperties": False},
        {"properties": {"b": {}}},
        {"properties": {"a": {}, "b": False}, "additionalProperties": False},
    ),
    (
        {"prefixItems": [{"type": "string"}], "items": False},
        {"prefixItems": [{"minLength": 1}, True]},
        {"prefixItems": [{"allOf": [{"type": "string"}, {"minLength": 1}]}, False], "items": False},
    ),
]


@pytest.mark.parametrize(("one", "other", "merged"), CASES)
def test_two_schemas_are_merged_keyword_by_keyword(
    one: dict[str, Any], other: dict[str, Any], merged: dict[str, Any]
) -> None:
    assert merge(one, other) == merged


values = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 15) | st.sampled_from(["", "a", "b", "ab"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=5,
)


@examples(300)
@given(st.sampled_from(CASES), values)
def test_a_value_satisfies_the_merged_schema_if_it_satisfies_both(
    case: tuple[dict[str, Any], dict[str, Any], dict[str, Any]], value: Any
) -> None:
    one, other, merged = (Draft202012Validator(schema).is_valid(value) for schema in case)

    assert merged is (one and other)


@examples(100)
@given(st.sampled_from(["^[a-c]+$", "^.{3}$", "cc", "a|b$"]), st.text("abcx\n", max_size=6))
def test_a_text_that_matches_a_merged_pattern_matches_both(pattern: str, text: str) -> None:
    merged = merge({"pattern": pattern}, {"pattern": "cc"})["pattern"]

    if re.search(merged, text):
        assert re.search(pattern, text)
        assert re.search("cc", text)


def test_a_merged_pattern_has_a_text() -> None:
    assert re.search(merge({"pattern": "^[a-c]+$"}, {"pattern": "cc"})["pattern"], "cc")


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        (True, {"type": "string"}, {"type": "string"}),
        (False, {"type": "string"}, False),
        ({"type": "string"}, True, {"type": "string"}),
        ({"type": "string"}, False, False),
        ({"type": "string"}, {"type": "string"}, {"type": "string"}),
        ({"a": 1}, {"b": 2}, {"allOf": [{"a": 1}, {"b": 2}]}),
    ],
)
def test_a_boolean_schema_is_neutral_or_final(one: Schema, other: Schema, result: Schema) -> None:
    assert both(one, other) == result
