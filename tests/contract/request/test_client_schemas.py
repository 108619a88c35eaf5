"""A schema that a client sends: refused beyond the bounds, else answered with a value of it or with a reason."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.contract.samples import contract_with
from tests.profiles import examples
from xpander_emulator.common import budget
from xpander_emulator.contract.request.client_schemas import (
    MAX_BYTES,
    MAX_CHARACTERS,
    MAX_ITEMS,
    MAX_REPEATS,
    MAX_VALUES,
    ClientSchemas,
    NoValue,
    limit_violations,
)

EMPTY = contract_with()
CATASTROPHIC = "^(a|aa)+$"
Schema = dict[str, Any]


def answer(schema: Any, result: Any = None) -> Any:
    """Return the value that answers, or the reason why there is none."""
    try:
        return ClientSchemas(EMPTY).answer(schema, 1, "/result", result)
    except NoValue as error:
        return error.message


def levels(count: int) -> Schema:
    schema: Schema = {}
    for _ in range(count):
        schema = {"items": schema}
    return schema


# --- bounds ---


@pytest.mark.parametrize(
    ("schema", "loc", "message"),
    [
        (
            {"title": "x" * MAX_BYTES},
            (),
            f"Value error, it has {MAX_BYTES + 12:,} bytes; at most 65,536 bytes are taken",
        ),
        (
            {"enum": [0] * MAX_VALUES},
            (),
            "Value error, it has more than 5,000 values of JSON; at most 5,000 values of JSON are taken",
        ),
        (levels(65), (), "Value error, it is nested deeper than 64 levels; at most 64 levels are taken"),
        (
            {"properties": {"a": {"minItems": MAX_ITEMS + 1}}},
            ("properties", "a", "minItems"),
            "Input should be less than or equal to 1000",
        ),
        ({"$defs": {"a": {"minProperties": 1e300}}}, ("$defs", "a", "minProperties"), "Input should be less than or"),
        ({"contains": {}, "minContains": 1001}, ("minContains",), "Input should be less than or equal to 1000"),
        ({"minLength": MAX_CHARACTERS + 1}, ("minLength",), "Input should be less than or equal to 10000"),
        (
            {"pattern": "^(((a{1000}){1000}){1000})$"},
            ("pattern",),
            "Value error, its patterns have more characters than can be counted; at most 10,000, counted repeats",
        ),
        (
            {"pattern": "(a{1000,}){10,}"},
            ("pattern",),
            "Value error, its patterns have 10,021 characters; at most 10,000",
        ),
        (
            {"patternProperties": {"((){1000}){1000}": {}}},
            ("patternProperties", "((){1000}){1000}"),
            "Value error, its",
        ),
        ({"pattern": "(" * 51 + ")" * 51}, ("pattern",), "Value error, its patterns have more characters than can be"),
        ({"pattern": "\\p{L}" * 100}, ("pattern",), "Value error, its patterns have 10,500 characters; at most"),
        ({"$ref": "#/x/a", "x": {"a": {"minItems": 1001}}}, ("x", "a", "minItems"), "Input should be less than or"),
    ],
)
def test_what_is_beyond_a_bound_is_a_violation_at_its_place(schema: Schema, loc: tuple[str, ...], message: str) -> None:
    found = limit_violations(schema, ("body", "output_schema"))

    assert [each.loc for each in found] == [("body", "output_schema", *loc)]
    assert found[0].msg.startswith(message)
    assert len(str(found[0].as_detail())) < 1_000


@pytest.mark.parametrize(
    "schema",
    [
        {"title": "x" * (MAX_BYTES - 12)},
        {"enum": [0] * (MAX_VALUES - 2)},
        levels(63),
        {"minItems": MAX_ITEMS, "minProperties": MAX_ITEMS, "minContains": MAX_ITEMS, "minLength": MAX_CHARACTERS},
        {"maxItems": 10**9, "maxLength": 10**9, "minimum": 10**300},
        {"pattern": "a" * MAX_REPEATS},
        {"pattern": "^[a-z]{0,100000}@(?:[a-z]{1,63}[.]){1,8}[a-z]{2,24}$"},
        {"pattern": "^[\\p{L}\\p{N}]{1,200}$"},
        {"properties": {"minItems": {}, "pattern": {}}},
        {"const": {"minItems": 10**9, "pattern": "(a{1000}){1000}"}},
    ],
)
def test_what_is_within_the_bounds_is_no_violation(schema: Schema) -> None:
    assert limit_violations(schema, ()) == ()


def test_the_patterns_of_a_schema_count_together() -> None:
    parts = {name: {"pattern": f"{name}{{4000}}"} for name in "abc"}

    found = limit_violations({"properties": parts}, ())

    assert [each.loc for each in found] == [("properties", "c", "pattern")]


# --- schemas that lead to themselves ---

CIRCLES: list[Schema] = [
    {"$ref": "#"},
    {"allOf": [{"$ref": "#"}]},
    {"anyOf": [{"type": "string"}, {"$ref": "#"}]},
    {"oneOf": [{"$ref": "#"}]},
    {"not": {"$ref": "#"}},
    {"if": {"$ref": "#"}, "then": {}},
    {"if": {}, "then": {"$ref": "#"}},
    {"if": {}, "else": {"$ref": "#"}},
    {"dependentSchemas": {"a": {"$ref": "#"}}},
    {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}}},
    {"properties": {"a": {"allOf": [{"$ref": "#/properties/a"}]}}},
    {"$ref": "#/x", "x": {"not": {"$ref": "#/x"}}},
]


@pytest.mark.parametrize("schema", CIRCLES)
def test_a_schema_that_applies_itself_to_the_same_value_is_left_aside(schema: Schema) -> None:
    assert str(answer(schema)).startswith("a schema applies itself to the same value without end: '#")


def test_the_circle_is_told_place_by_place() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"anyOf": [{"$ref": "#/$defs/b"}]}},
        "$defs": {"b": {"allOf": [{}]}},
    }
    schema["$defs"]["b"]["allOf"].append({"$ref": "#/properties/a"})  # type: ignore[index]

    circle = "'#/properties/a' -> '#/properties/a/anyOf/0' -> '#/$defs/b' -> '#/$defs/b/allOf/1' -> '#/properties/a'"
    assert answer(schema) == f"a schema applies itself to the same value without end: {circle}"


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"next": {"$ref": "#"}}},
        {"type": "object", "additionalProperties": {"$ref": "#"}},
        {"type": "object", "unevaluatedProperties": {"$ref": "#"}},
        {"type": "array", "unevaluatedItems": {"$ref": "#"}},
        {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#"}]}},
        {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"type": "object", "properties": {"b": {"$ref": "#"}}}]}}},
        {"allOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}], "$defs": {"a": {"type": "string"}}},
    ],
)
def test_a_schema_that_leads_to_itself_one_level_deeper_is_answered(schema: Schema) -> None:
    value = answer(schema)

    assert Draft202012Validator(schema).is_valid(value), value


def test_73_bytes_that_had_no_end_have_a_reason() -> None:
    schema = {"type": "object", "minProperties": 1, "unevaluatedProperties": {"$ref": "#"}}

    assert answer(schema) == "no value could be made for /result: 'unevaluatedProperties' was not met"


# --- what costs too much ---


def doubling(depth: int) -> Schema:
    parts = {f"a{n}": {"anyOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(depth)}
    return {"$ref": "#/$defs/a0", "$defs": {**parts, f"a{depth}": {"type": "string"}}}


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        (doubling(20), "4,194,302 schemas would be applied to one value; 2,000 are"),
        (
            {
                "$ref": "#/$defs/a0",
                "$defs": {f"a{n}": {"$ref": f"#/$defs/a{n + 1}"} for n in range(150)} | {"a150": {}},
            },
            "more than 100 schemas are applied in a row from '#' on",
        ),
        (
            {"type": "array", "minItems": 1000, "items": {"type": "string", "minLength": 10_000}},
            "it costs too much: more steps are needed than one value may take",
        ),
        (
            {"type": "array", "minItems": 1000, "items": {"const": "x" * 60_000}},
            "it costs too much: more steps are needed than one value may take",
        ),
        (
            {"type": "array", "minItems": 1000, "items": {"minItems": 1000, "items": {"minItems": 1000}}},
            "it costs too much: more steps are needed than one value may take",
        ),
        (
            {"allOf": [{"enum": list(range(2400))}, {"enum": list(range(2300, 4600))}]},
            "it costs too much: more steps are needed than one value may take",
        ),
        (
            {"type": "array", "minItems": 1000, "uniqueItems": True, "items": {"required": ["a"]}},
            "it costs too much: more steps are needed than one value may take",
        ),
        (
            {"const": "a" * 40 + "!", "pattern": CATASTROPHIC},
            "it costs too much: a text is held against '^(a|aa)+$' for more than 0.05 s",
        ),
        # By `$schema`, jsonschema takes another validator, which lets Python's engine search.
        (
            {"items": {"$schema": "http://json-schema.org/draft-07/schema#", "pattern": CATASTROPHIC}}
            | {"const": ["a" * 40 + "!"]},
            "it costs too much: a text is held against '^(a|aa)+$' for more than 0.05 s",
        ),
        (
            {"const": {"a" * 40 + "!": 1}, "patternProperties": {CATASTROPHIC: {}}, "unevaluatedProperties": {}},
            "it costs too much: a text is held against '^(a|aa)+$' for more than 0.05 s",
        ),
    ],
)
def test_a_schema_that_costs_too_much_is_left_aside(schema: Schema, reason: str) -> None:
    assert limit_violations(schema, ()) == ()
    assert answer(schema) == reason


def test_holding_the_story_s_result_against_the_schema_costs_steps_too() -> None:
    part = {"unevaluatedProperties": {"$ref": "#"}}
    schema = {"allOf": [part], **part}
    result: Any = {}
    for _ in range(20):
        result = {"a": result}

    assert answer(schema, result) == "it costs too much: more steps are needed than one value may take"


def test_a_result_that_cannot_be_held_against_the_schema_is_answered_with_the_reason() -> None:
    reason = "the reference 'http://127.0.0.1:9/schema.json' leads nowhere; nothing is fetched"

    assert answer({"$ref": "http://127.0.0.1:9/schema.json"}, {"a": 1}) == reason


def test_a_large_schema_of_the_usual_kind_is_answered() -> None:
    kinds = ["string", "integer", "number", "boolean"]
    rows = {f"field_{n}": {"type": kinds[n % 4], "description": f"The field {n}"} for n in range(300)}
    schema = {"type": "object", "required": [*rows], "properties": rows, "additionalProperties": False}

    value = answer(schema)

    assert Draft202012Validator(schema).is_valid(value), value


def test_a_budget_ends_at_the_same_step_whatever_was_compiled_before() -> None:
    parts = {f"p{n}": {"type": "string", "pattern": f"^[a-z]{{{n + 1}}}$"} for n in range(20)}
    schema = {"type": "object", "required": [*parts], "properties": parts}

    def used() -> int:
        with budget.limited(10_000):
            ClientSchemas(EMPTY)._value(schema, 1, "")
            return budget.left() or 0

    assert used() == used() < 10_000


# --- schemas that are none, and references elsewhere ---


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({"type": "strin"}, "'#/type' is not what JSON Schema takes there"),
        ({"properties": {"a": 5}}, "'#/properties/a' is not what JSON Schema takes there"),
        ({"items": [{}]}, "'#/items' is not what JSON Schema takes there"),
        ({"required": ["a", "a"]}, "'#/required' is not what JSON Schema takes there"),
        ({"enum": [{"minLength": "a"}], "$ref": "#/enum/0"}, "'#/enum/0/minLength' is not what JSON Schema takes"),
        ({"\0contains": 5}, "'#/\0contains' is not what JSON Schema takes there"),
        ({"discriminator": {"propertyName": []}}, "'#/discriminator' is not what JSON Schema takes there"),
        ({"pattern": "("}, "'#/pattern' is not what JSON Schema takes there"),
        ({"pattern": "a{99999999999999999999}"}, "'#/pattern' is not what JSON Schema takes there"),
        ({"$dynamicRef": "#"}, "'#/$dynamicRef' is not followed here"),
        ({"$dynamicAnchor": "a", "items": {"$dynamicRef": "#a"}}, "'#/items/$dynamicRef' is not followed here"),
        ({"$anchor": "a", "not": {"$ref": "#a"}}, "'#/not/$ref' is not followed here"),
        ({"$id": "http://a/", "$ref": "http://a/"}, "'#/$ref' is not followed here"),
        ({"properties": {"a": {"$id": "x", "$ref": "#"}}}, "'#/properties/a/$id' is not followed here"),
        ({"$ref": "#/nowhere"}, "the reference '#/nowhere' leads nowhere; nothing is fetched"),
        ({"$ref": "#", "$defs": {"a": {"$ref": "#/b"}}}, "the reference '#' leads nowhere; nothing is fetched"),
        ({"$ref": "http://127.0.0.1:9/schema.json"}, "no value could be made for /result: '$ref' was not met"),
        ({"$ref": "file:///etc/passwd"}, "no value could be made for /result: '$ref' was not met"),
    ],
)
def test_what_is_no_schema_or_leads_elsewhere_is_left_aside(schema: Schema, reason: str) -> None:
    assert str(answer(schema)).startswith(reason)


def test_a_reference_into_the_contract_is_followed_and_to_what_is_no_schema_is_not() -> None:
    contract = contract_with(Name={"type": "string", "minLength": 30}, List={"required": ["a", "b"]})
    client = ClientSchemas(contract)

    assert len(client.answer({"items": {"$ref": "#/components/schemas/Name"}, "minItems": 1}, 1, "", None)[0]) >= 30
    with pytest.raises(NoValue, match="'#/components/schemas/List/required' is not what JSON Schema takes there"):
        client.answer({"$ref": "#/components/schemas/List/required"}, 1, "", None)


@pytest.mark.parametrize(
    "draft", ["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]
)
def test_a_schema_of_any_draft_is_read_as_2020_12(draft: str) -> None:
    schema = {"$schema": draft, "$id": "https://example.com/a.json", "type": "array", "prefixItems": [{"const": 1}]}

    assert answer(schema)[:1] == [1]


def test_what_was_made_once_is_made_again_the_same() -> None:
    client = ClientSchemas(EMPTY)
    schema = {"type": "object", "properties": {"email": {"type": "string"}, "n": {"type": "number"}}}

    first = client.answer(schema, 1, "/result", None)

    assert client.answer(schema, 1, "/result", None) == first == answer(schema)
    assert client.answer(schema, 2, "/result", None) != first


# --- whatever comes ---

_NAMES = st.sampled_from(["a", "b", "c"])
_REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/$defs/c", "#/properties/a", "#/allOf/0", "#x", "u:y"])
_LEAVES = st.one_of(
    st.booleans(),
    _REFERENCES.map(lambda reference: {"$ref": reference}),
    st.sampled_from(["string", "integer", "object", "array", "null"]).map(lambda kind: {"type": kind}),
    st.sampled_from([CATASTROPHIC, "(a{50}){50}", "^[a-z]+$", "(?=b)a"]).map(lambda pattern: {"pattern": pattern}),
    st.just({"const": "a" * 40 + "!"}),
    st.just({"const": {"a": {"b": {"c": ["a", {"a": 1}]}}}}),
    st.builds(
        lambda word, count: {word: count},
        st.sampled_from(["minItems", "minProperties", "minLength", "minContains", "multipleOf", "minimum"]),
        st.sampled_from([1, 2, 1000, 10**300, 1e308]),
    ),
)


def _applying(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    many = st.lists(inner, min_size=1, max_size=3)
    one = st.sampled_from(
        [
            *("not", "if", "then", "else", "items", "contains", "propertyNames"),
            *("additionalProperties", "unevaluatedProperties", "unevaluatedItems"),
        ]
    )
    maps = st.sampled_from(["properties", "patternProperties", "dependentSchemas", "$defs"])
    keyword = st.one_of(
        st.builds(lambda word, each: {word: each}, st.sampled_from(["allOf", "anyOf", "oneOf", "prefixItems"]), many),
        st.builds(lambda word, each: {word: each}, one, inner),
        st.builds(lambda word, each: {word: each}, maps, st.dictionaries(_NAMES, inner, min_size=1, max_size=3)),
        st.lists(_NAMES, unique=True).map(lambda names: {"required": names}),
    )
    return st.lists(keyword, min_size=1, max_size=4).map(
        lambda parts: {k: v for part in parts for k, v in part.items()}
    )


SCHEMAS = st.builds(
    lambda schema, parts: {**schema, "$defs": parts} if isinstance(schema, dict) else {"$defs": parts},
    st.recursive(_LEAVES, _applying, max_leaves=12),
    st.dictionaries(_NAMES, st.recursive(_LEAVES, _applying, max_leaves=4), max_size=3),
)
_RESULTS = st.recursive(
    st.just("a"), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3), max_leaves=12
)


@given(SCHEMAS, _RESULTS)
@examples(300)
def test_any_schema_gives_a_valid_value_or_a_reason_within_its_budget(schema: Schema, result: Any) -> None:
    client = ClientSchemas(EMPTY)

    value, reason = None, ""
    try:
        value = client.answer(schema, 1, "/result", result)
    except NoValue as error:
        reason = error.message

    assert client.reason(schema, 1) == reason
    assert bool(reason) or Draft202012Validator(schema).is_valid(value)
