"""`unevaluatedProperties` and `unevaluatedItems` mean what they mean to jsonschema, in less time."""

from typing import Any

from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.contract.samples import contract_with
from tests.profiles import examples
from xpander_emulator.common import budget
from xpander_emulator.contract.schema.validation import schema_validator

EMPTY = contract_with()
Schema = dict[str, Any]


_NAMES = st.sampled_from(["a", "b", "ab"])


_LEAVES = st.sampled_from([True, False, {}, {"type": "string"}, {"type": "object"}, {"const": 1}, {"minimum": 2}])


def _composed(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    many = st.lists(inner, min_size=1, max_size=2)
    by_name = st.dictionaries(_NAMES, inner, max_size=2)
    part = st.one_of(
        st.builds(lambda word, each: {word: each}, st.sampled_from(["allOf", "anyOf", "oneOf", "prefixItems"]), many),
        st.builds(
            lambda word, each: {word: each},
            st.sampled_from(["if", "then", "else", "items", "contains", "additionalProperties"]),
            inner,
        ),
        st.builds(
            lambda word, each: {word: each},
            st.sampled_from(["properties", "patternProperties", "dependentSchemas"]),
            by_name,
        ),
        st.builds(
            lambda word, each: {word: each}, st.sampled_from(["unevaluatedProperties", "unevaluatedItems"]), inner
        ),
        st.just({"$ref": "#/$defs/a"}),
    )
    return st.lists(part, max_size=3).map(lambda parts: {k: v for each in parts for k, v in each.items()})


_VALUES = st.recursive(
    st.sampled_from([1, 2, "x", None]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)


_SHALLOW = st.recursive(_LEAVES, _composed, max_leaves=6)


@given(_SHALLOW, _LEAVES, _VALUES, st.sampled_from(["unevaluatedProperties", "unevaluatedItems"]))
@examples(400, suppress_health_check=[HealthCheck.too_slow])
def test_unevaluated_means_what_it_means_to_jsonschema(part: Any, leaf: Any, value: Any, word: str) -> None:
    schema = {"allOf": [part], word: leaf, "$defs": {"a": {"properties": {"a": {}}, "prefixItems": [{}]}}}

    assert schema_validator(EMPTY, schema).is_valid(value) is Draft202012Validator(schema).is_valid(value)


def test_what_is_unevaluated_is_named() -> None:
    found = list(schema_validator(EMPTY, {"unevaluatedProperties": False}).iter_errors({"a": 1, "b": 2}))
    items = list(schema_validator(EMPTY, {"prefixItems": [{}], "unevaluatedItems": False}).iter_errors([1, "x"]))

    assert [error.message for error in found] == ["Unevaluated properties are not allowed ('a', 'b' were unexpected)"]
    assert [error.message for error in items] == ["Unevaluated items are not allowed ('x' was unexpected)"]


def test_time_grows_with_the_value_and_does_not_double_with_each_level() -> None:
    node: Schema = {"properties": {"child": {"$ref": "#/components/schemas/S"}}, "unevaluatedProperties": False}
    validator = schema_validator(contract_with(S={"allOf": [node]}), {"$ref": "#/components/schemas/S"})
    value: Any = {}
    for _ in range(20):
        value = {"child": value}

    # A million steps, were each level to double them.
    with budget.limited(20_000):
        assert validator.is_valid(value)
