"""Numbers: within their bounds, and multiples in floating point too."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.profiles import examples
from xpander_emulator.contract.sampling.numbers import number

BOUNDS = ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum")
finite = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 3)) | st.integers(-1000, 1000)
schemas = st.fixed_dictionaries(
    {}, optional={**dict.fromkeys(BOUNDS, finite), "multipleOf": st.sampled_from([1, 3, 0.01, 2.5])}
)


@examples(200)
@given(schemas, st.integers(0, 1000), st.booleans())
def test_a_number_satisfies_its_schema_or_there_is_none(schema: dict[str, Any], seed: int, whole: bool) -> None:
    made = number(schema, Random(seed), whole=whole)

    if made is not None:
        assert Draft202012Validator({**schema, "type": "integer" if whole else "number"}).is_valid(made)
        assert number(schema, Random(seed), whole=whole) == made


@pytest.mark.parametrize(
    ("schema", "whole"),
    [
        ({"minimum": 2, "maximum": 1}, False),
        ({"exclusiveMinimum": 1, "exclusiveMaximum": 1}, False),
        ({"minimum": 1, "maximum": 2, "multipleOf": 3}, False),
        ({"minimum": 1.2, "maximum": 1.8}, True),
        ({"minimum": 10**400}, False),
    ],
)
def test_bounds_that_leave_no_number_give_none(schema: dict[str, Any], whole: bool) -> None:
    assert number(schema, Random(1), whole=whole) is None


@pytest.mark.parametrize("whole", [True, False])
def test_without_bounds_a_number_is_from_0_to_1000(whole: bool) -> None:
    made = [number({}, Random(seed), whole=whole) for seed in range(50)]

    assert all(each is not None and 0 <= each <= 1000 for each in made)
    assert all(isinstance(each, int if whole else float) for each in made)


def test_a_narrow_range_has_the_number_in_its_middle() -> None:
    assert number({"exclusiveMinimum": 0, "exclusiveMaximum": 0.001}, Random(1), whole=False) == 0.0005


def test_an_integer_beyond_a_double_is_exact() -> None:
    made = number({"minimum": 10**18 + 1, "maximum": 10**18 + 1}, Random(1), whole=True)

    assert made == 10**18 + 1
