from typing import Any

import pytest

from xpander_emulator.contract.sampling.properties_and_items import (
    further_items,
    property_schema,
    required_names,
    whole_counts,
)


def test_required_properties_come_first_with_those_that_they_need() -> None:
    schema = {"required": ["a"], "dependentRequired": {"a": ["b"], "b": ["c", "a"], "x": ["y"]}}

    assert required_names(schema, ["z", "a"]) == ["a", "z", "b", "c"]


def test_a_circle_of_dependent_properties_ends() -> None:
    assert required_names({"dependentRequired": {"a": ["b"], "b": ["a"]}}, ["a"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("declared", {"type": "string"}),
        ("x-1", {"type": "integer"}),
        ("x-declared", {"allOf": [{"const": 1}, {"type": "integer"}]}),
        ("other", {"type": "null"}),
    ],
)
def test_a_property_is_declared_or_matches_a_pattern_or_is_any_other(name: str, rule: Any) -> None:
    schema = {
        "properties": {"declared": {"type": "string"}, "x-declared": {"const": 1}},
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": {"type": "null"},
    }

    assert property_schema(schema, name) == rule


def test_a_property_that_no_keyword_names_may_be_anything_unless_it_is_unevaluated() -> None:
    assert property_schema({}, "a") is True
    assert property_schema({"unevaluatedProperties": False}, "a") is False


def test_further_items_have_the_schema_of_items() -> None:
    assert further_items({"prefixItems": [True], "items": {"type": "string"}}) == {"type": "string"}
    assert further_items({"unevaluatedItems": False}) is False
    assert further_items({}) is True


def test_a_count_with_a_point_is_a_whole_number() -> None:
    schema = {"minItems": 2.0, "maxLength": 3, "minimum": 1.5}

    counts = whole_counts(schema)

    assert counts == {"minItems": 2, "maxLength": 3, "minimum": 1.5}
    assert isinstance(counts["minItems"], int)
    assert whole_counts({"maxLength": 3}) == {"maxLength": 3}
