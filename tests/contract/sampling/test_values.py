"""Generated values satisfy their schema, and come from their key alone."""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from tests.contract.samples import contract_with, ours
from tests.profiles import examples
from xpander_emulator.common.json_pointers import look_up
from xpander_emulator.common.keyed_hash import keyed, uuid4
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.request.client_schemas import ClientSchemas, NoValue
from xpander_emulator.contract.sampling.faker_values import fake, providers
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.errors import BadRequest, EmulatorError

OURS = ours()
EMPTY = contract_with()
SCHEMAS = sorted(OURS.document["components"]["schemas"])


def is_valid(contract: Contract, name: str, value: Any) -> bool:
    return find_violations(contract, f"/components/schemas/{name}", value, ()) == ()


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_of_our_contract_gives_valid_values(name: str) -> None:
    for key in range(8):
        value = generate(OURS, {"$ref": f"#/components/schemas/{name}"}, key)

        assert is_valid(OURS, name, value)
        assert generate(OURS, {"$ref": f"#/components/schemas/{name}"}, key) == value
        json.dumps(value, allow_nan=False)


@given(st.sampled_from(SCHEMAS), st.integers(0, 2**64 - 1))
@examples(60)
def test_any_key_gives_a_valid_value(name: str, key: int) -> None:
    assert is_valid(OURS, name, generate(OURS, {"$ref": f"#/components/schemas/{name}"}, key))


def test_every_response_and_request_schema_of_our_contract_can_be_made() -> None:
    for operation in OURS.operations:
        contents = [response.content for response in operation.responses.values()]
        contents += [operation.body.content] if operation.body else []
        pointers = [media.schema_pointer for content in contents for media in content.values()]
        for pointer in filter(None, pointers):
            value = generate(OURS, look_up(OURS.document, pointer), 5)

            assert find_violations(OURS, pointer, value, ()) == ()


# --- random schemas ---


def _bounded(low: str, high: str, limit: int) -> st.SearchStrategy[dict[str, int]]:
    pair = st.tuples(st.integers(0, limit), st.integers(0, limit)).map(sorted)
    both = pair.map(lambda bounds: {low: bounds[0], high: bounds[1]})
    return st.one_of(st.just({}), both, st.integers(0, limit).map(lambda bound: {low: bound}))


_STRINGS = st.one_of(
    _bounded("minLength", "maxLength", 30).map(lambda bounds: {"type": "string", **bounds}),
    st.sampled_from(
        ["date-time", "date", "time", "uuid", "uri", "email", "ipv4", "ipv6", "byte", "duration", "regex"]
    ).map(lambda name: {"type": "string", "format": name}),
    st.sampled_from([r"^[a-z]{3}-\d+$", r"\d", r"^(a|bc)+$", r"^[A-Z][a-z]*$"]).map(
        lambda pattern: {"type": "string", "pattern": pattern}
    ),
)
_NUMBERS = st.builds(
    lambda kind, low, span, step: {
        "type": kind,
        "minimum": low,
        "exclusiveMaximum": low + 2 * step + span,
        "multipleOf": step,
    },
    st.sampled_from(["integer", "number"]),
    st.integers(-100, 100),
    st.integers(1, 50),
    st.sampled_from([1, 2, 3, 7]),
)
_LEAVES = st.one_of(
    _STRINGS,
    _NUMBERS,
    st.sampled_from(["boolean", "null", "number"]).map(lambda kind: {"type": kind}),
    st.just({}),
    st.lists(st.integers() | st.text(max_size=3), min_size=1, max_size=3).map(lambda values: {"enum": values}),
    st.integers().map(lambda value: {"const": value}),
)
_NAMES = st.sampled_from(["id", "email", "first_name", "title", "url", "x", "a/b", "timezone"])


def _composed(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    properties = st.dictionaries(_NAMES, inner, max_size=3)
    return st.one_of(
        st.builds(
            lambda rules, required, rest: {
                "type": "object",
                "properties": rules,
                "required": [name for name in rules if name in required],
                "additionalProperties": rest,
            },
            properties,
            st.sets(_NAMES, max_size=3),
            st.booleans(),
        ),
        st.builds(
            lambda item, bounds: {"type": "array", "items": item, **bounds}, inner, _bounded("minItems", "maxItems", 4)
        ),
        st.lists(inner, min_size=1, max_size=3).map(lambda items: {"type": "array", "prefixItems": items}),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": [{"type": "null"}, *branches]}),
        st.builds(
            lambda one, two: {"allOf": [{"properties": {"one": one}}, {"properties": {"two": two}}]}, inner, inner
        ),
        inner.map(lambda each: {"type": "object", "minProperties": 2, "additionalProperties": each}),
    )


def _asking_more(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Schemas with the keywords that a value may break as a whole; each of them can be met."""
    kinds = st.sampled_from(["one", "two", "three"])
    return st.one_of(
        st.builds(
            lambda item, count: {"type": "array", "items": item, "contains": item, "minContains": count},
            inner,
            st.integers(0, 3),
        ),
        inner.map(lambda each: {"type": "array", "prefixItems": [each], "unevaluatedItems": False}),
        st.builds(
            lambda one, two: {
                "oneOf": [
                    {"type": "object", "properties": {"kind": {"const": "one"}, "x": one}, "required": ["kind", "x"]},
                    {"type": "object", "properties": {"kind": {"const": "two"}, "x": two}, "required": ["kind", "x"]},
                ]
            },
            inner,
            inner,
        ),
        st.builds(
            lambda one, two, kind: {
                "type": "object",
                "properties": {"kind": {"enum": ["one", "two", "three"]}},
                "required": ["kind"],
                "if": {"properties": {"kind": {"const": kind}}},
                "then": {"properties": {"x": one}, "required": ["x"]},
                "else": {"properties": {"y": two}, "required": ["y"]},
                "unevaluatedProperties": False,
            },
            inner,
            inner,
            kinds,
        ),
        st.builds(
            lambda rules, one: {
                "type": "object",
                "properties": rules,
                "dependentSchemas": {name: {"properties": {"more": one}, "required": ["more"]} for name in rules},
                "dependentRequired": {"id": ["email"]},
            },
            st.dictionaries(_NAMES, inner, max_size=2),
            inner,
        ),
        st.builds(
            lambda each, least: {
                "type": "object",
                "patternProperties": {"^x-[a-z]+$": each},
                "additionalProperties": False,
                "minProperties": least,
            },
            inner,
            st.integers(0, 3),
        ),
        inner.map(lambda each: {"type": "object", "propertyNames": {"pattern": "^[a-f]{2,5}$"}, "minProperties": 2}),
        inner.map(lambda each: {"allOf": [each], "not": {"const": "never"}}),
        st.builds(
            lambda one, two: {
                "allOf": [{"properties": {"one": one}}, {"properties": {"two": two}, "required": ["two"]}],
                "type": "object",
                "unevaluatedProperties": False,
            },
            inner,
            inner,
        ),
    )


_SENSIBLE = st.recursive(_LEAVES, lambda inner: _composed(inner) | _asking_more(inner), max_leaves=8)


@given(_SENSIBLE, st.integers(0, 1000))
@examples(120)
def test_any_sensible_schema_is_met(schema: dict[str, Any], key: int) -> None:
    value = generate(EMPTY, schema, key)

    assert Draft202012Validator(schema).is_valid(value)
    assert generate(EMPTY, schema, key) == value


@given(st.dictionaries(_NAMES, _SENSIBLE, max_size=3), _SENSIBLE, st.integers(0, 1000))
@examples(60)
def test_a_further_property_of_any_schema_leaves_the_others_as_they_were(
    rules: dict[str, Any], new: dict[str, Any], key: int
) -> None:
    before = generate(EMPTY, {"type": "object", "properties": rules, "required": [*rules]}, key)

    after = generate(EMPTY, {"type": "object", "properties": {"new": new, **rules}, "required": [*rules]}, key)

    assert {name: after[name] for name in rules} == before


_JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 40)
    | st.sampled_from(["string", "integer", "object", "array", "a", "("]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "type", "$ref"]), inner, max_size=2)
    ),
    max_leaves=4,
)
_KEYWORDS = st.sampled_from(
    [
        "type",
        "enum",
        "const",
        "default",
        "example",
        "examples",
        "minLength",
        "maxLength",
        "pattern",
        "format",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
        "items",
        "prefixItems",
        "contains",
        "minContains",
        "maxContains",
        "minItems",
        "maxItems",
        "uniqueItems",
        "properties",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
        "required",
        "minProperties",
        "maxProperties",
        "dependentRequired",
        "dependentSchemas",
        "allOf",
        "anyOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "$ref",
        "$defs",
        "unevaluatedProperties",
        "unevaluatedItems",
    ]
)
STRANGE = st.recursive(
    st.dictionaries(
        _KEYWORDS, _JUNK | st.sampled_from(["#", "#/$defs/a", "#x", "http://x/y", 1e9, 0.1, 10**9]), max_size=3
    ),
    lambda inner: st.one_of(
        st.dictionaries(_KEYWORDS, st.lists(inner, max_size=2), max_size=2),
        st.dictionaries(_KEYWORDS, inner, max_size=3),
        st.dictionaries(_KEYWORDS, st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2), max_size=2),
    ),
    max_leaves=5,
)


@given(STRANGE)
@examples(150)
def test_a_stranger_s_schema_gives_a_valid_value_or_a_plain_refusal(schema: dict[str, Any]) -> None:
    try:
        value = ClientSchemas(EMPTY).answer(schema, 1, "", None)
    except NoValue:
        return
    assert Draft202012Validator(schema).is_valid(value)


@given(STRANGE)
@examples(100)
def test_a_strange_schema_of_a_contract_gives_a_value_or_a_plain_refusal(schema: dict[str, Any]) -> None:
    with suppress(EmulatorError):
        generate(EMPTY, schema, 1)


# --- keywords ---

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

    assert is_valid(contract, "Tree", value)
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
def test_a_hard_schema_is_met(schema: dict[str, Any]) -> None:
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
def test_what_cannot_be_met_is_told_by_place_and_keyword(schema: Any, message: str) -> None:
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


# --- keys ---


def test_a_further_property_leaves_the_others_as_they_were() -> None:
    properties: dict[str, Any] = {"name": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}}
    before = generate(EMPTY, {"properties": properties}, 9)

    after = generate(EMPTY, {"properties": {"new": {"type": "string"}, **properties}}, 9)

    assert {key: after[key] for key in before} == before
    assert list(after) == ["new", "name", "tags"]


def test_other_keys_and_other_places_give_other_values() -> None:
    values = {generate(EMPTY, {"type": "string", "format": "uuid"}, key, place) for key in range(3) for place in "ab"}

    assert len(values) == 6


def test_values_are_the_same_in_another_process() -> None:
    code = "import tests.contract.sampling.test_values as t; print(t.fingerprint())"

    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=Path(__file__).parents[3],
        env={"PYTHONHASHSEED": "77", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.strip() == str(fingerprint())


def fingerprint() -> int:
    made = [generate(OURS, {"$ref": f"#/components/schemas/{name}"}, 3) for name in SCHEMAS]
    made += [generate(EMPTY, {"type": "string", "pattern": pattern}, 3) for pattern in ("^[^a-c]{9}$", r"^\p{L}{9}$")]
    return keyed(json.dumps([made, [fake(name, 3, "/x") for name in sorted(providers())]]))


def test_a_property_s_name_chooses_what_a_text_says() -> None:
    names = ("email", "contact_email", "timezone", "auth_url", "worker_id", "first_name")
    schema = {"properties": {name: {"type": "string"} for name in names}}

    value = generate(EMPTY, schema, 1)

    assert "@" in value["email"]
    assert "@" in value["contact_email"]
    assert "/" in value["timezone"]
    assert value["auth_url"].startswith("http")
    assert value["worker_id"] == uuid4(1, "/worker_id")
    assert value["first_name"].isalpha()


# --- Faker ---


def test_every_provider_gives_json_that_depends_on_key_and_place_alone() -> None:
    for name in providers():
        value = fake(name, 1, "/x")

        json.dumps(value, allow_nan=False)
        assert fake(name, 1, "/x") == value


def test_dates_lie_within_2026() -> None:
    for key in range(20):
        assert fake("date_time", key, "").startswith("2026-")
        assert fake("date_time", key, "").endswith("Z")
        assert fake("date", key, "").startswith("2026-")


def test_an_unknown_provider_is_told_with_the_nearest() -> None:
    with pytest.raises(BadRequest, match=r"^unknown Faker provider 'frist_name'. Did you mean 'first_name'\?$"):
        fake("frist_name", 1, "")


def test_providers_that_read_the_clock_or_have_no_json_are_not_offered() -> None:
    assert {"name", "email", "uuid4", "sentence", "timezone", "user_agent", "date"} <= providers()
    assert not {"binary", "past_date", "profile", "pyset", "seed_instance", "random_element_"} & providers()


def test_keys_are_made_of_all_their_parts_in_order() -> None:
    assert keyed("a", "b") != keyed("b", "a") != keyed("ab") != keyed("a", "b", "")
    assert 0 <= keyed("a") < 2**64
    assert uuid4(1, "/a")[14] == "4"


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


# --- properties that are not required ---

OPTIONAL = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, "a": {}, "b": {}, "c": {}}}


@given(st.dictionaries(_NAMES, _SENSIBLE, min_size=1, max_size=4), st.sets(_NAMES), _SENSIBLE, st.integers(0, 1000))
@examples(60)
def test_a_further_optional_property_changes_neither_which_others_are_there_nor_what_they_are(
    rules: dict[str, Any], required: set[str], new: dict[str, Any], key: int
) -> None:
    schema = {"type": "object", "properties": rules, "required": [name for name in rules if name in required]}
    before = generate(EMPTY, schema, key)

    after = generate(EMPTY, {**schema, "properties": {"new": new, **rules}}, key)

    assert {name: value for name, value in after.items() if name != "new"} == before


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


# --- what a value may cost ---

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


def test_a_pattern_that_cannot_be_met_is_told_with_its_place_in_the_contract() -> None:
    contract = contract_with(
        S={"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "pattern": "^(?!)$"}}}
    )

    with pytest.raises(EmulatorError) as refused:
        generate(contract, {"$ref": "#/components/schemas/S"}, 1)

    assert refused.value.message == (
        "no value could be made for /a: 'pattern' was not met (^(?!)$ in #/components/schemas/S); "
        "give the schema an example"
    )


def test_more_properties_than_there_are_words_can_be_made() -> None:
    assert len(generate(EMPTY, {"type": "object", "minProperties": 2000}, 1)) == 2000


@pytest.mark.parametrize("pattern", ["^[^a-c]{5}$", "^[^ -~]{3}$", r"^[\u0000-\U0010ffff]{5}$", "^[^\\W\\d]{4}$"])
def test_characters_of_large_and_of_negated_classes_are_found(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern}

    assert Draft202012Validator(schema).is_valid(generate(EMPTY, schema, 3))
