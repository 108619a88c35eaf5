"""What our own reading of JSON Schema says is what jsonschema and the metaschema say; circles in a contract."""

from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.contract.samples import contract_of, contract_with
from tests.contract.sampling.test_values import STRANGE
from tests.profiles import examples
from xpander_emulator.contract.schema.keywords import wrong_keyword
from xpander_emulator.contract.schema.schema_graph import reachable_schemas
from xpander_emulator.contract.schema.validation import find_schema_violations, schema_validator
from xpander_emulator.errors import InvalidFiles

EMPTY = contract_with()
Schema = dict[str, Any]


@given(STRANGE)
@examples(400)
def test_what_is_wrong_with_a_schema_is_what_the_metaschema_finds(schema: Schema) -> None:
    def within(node: Any) -> bool:
        # A reference makes a schema of what the metaschema takes for data.
        return "$ref" in node or any(map(within, _nodes(node))) if isinstance(node, dict) else False

    assume(not within(schema))
    ours = any(wrong_keyword(spot.schema) is not None for spot in reachable_schemas(schema, schema))

    assert ours is bool(find_schema_violations(schema))


def _nodes(node: dict[str, Any]) -> list[Any]:
    found = list(node.values())
    return [*found, *(each for part in found if isinstance(part, list) for each in part)]


# --- unevaluated ---

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


# --- contracts ---

CONTRACT = """
    paths:
      /a:
        get:
          operationId: a
          responses: {"200": {description: ok, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}
    components:
      schemas:
        A: {type: object, %s}
        B: {%s}
"""
A, B = "{$ref: '#/components/schemas/A'}", "{$ref: '#/components/schemas/B'}"


@pytest.mark.parametrize(
    ("one", "two", "told"),
    [
        (
            f"allOf: [{B}]",
            f"allOf: [{A}]",
            "'#/components/schemas/A' -> '#/components/schemas/A/allOf/0' -> '#/components/schemas/B'"
            " -> '#/components/schemas/B/allOf/0' -> '#/components/schemas/A'",
        ),
        (
            f"anyOf: [{{type: string}}, {{not: {A}}}]",
            "type: string",
            "'#/components/schemas/A' -> '#/components/schemas/A/anyOf/1' -> '#/components/schemas/A/anyOf/1/not'"
            " -> '#/components/schemas/A'",
        ),
    ],
)
def test_a_contract_with_a_circle_is_refused_by_name(one: str, two: str, told: str) -> None:
    with pytest.raises(InvalidFiles) as error:
        contract_of(CONTRACT % (one, two))

    assert str(error.value) == (
        f"api.yaml:11:5: a schema applies itself to the same value without end: {told};"
        " write one of them under 'properties' or 'items', or leave the reference out"
    )


@pytest.mark.parametrize("word", ["oneOf: [%s]", "if: %s", "dependentSchemas: {a: %s}", "not: %s"])
def test_a_circle_through_any_keyword_is_refused(word: str) -> None:
    with pytest.raises(InvalidFiles, match="without end: '#/components/schemas/A' -> "):
        contract_of(CONTRACT % (word % B, word % A))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (f"properties: {{b: {B}}}", f"properties: {{a: {A}}}"),
        (f"allOf: [{B}]", f"additionalProperties: {A}"),
        (f"allOf: [{B}, {B}]", "type: object"),
        (f"unevaluatedProperties: {A}", f"items: {B}"),
    ],
)
def test_a_contract_whose_schemas_lead_to_themselves_a_level_deeper_is_served(one: str, two: str) -> None:
    assert contract_of(CONTRACT % (one, two)).operations[0].id == "a"


def test_a_row_of_more_than_100_schemas_is_refused() -> None:
    rows = "".join(f"        R{n}: {{allOf: [{{$ref: '#/components/schemas/R{n + 1}'}}]}}\n" for n in range(120))

    with pytest.raises(
        InvalidFiles, match="more than 100 schemas are applied in a row from '#/components/schemas/R0' on"
    ):
        contract_of(CONTRACT % ("title: a", "title: b") + rows + "        R120: {type: string}\n")
