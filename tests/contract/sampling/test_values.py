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
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.request.client_schemas import ClientSchemas, NoValue
from xpander_emulator.contract.sampling.faker_values import fake, providers
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.errors import EmulatorError

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


@given(st.dictionaries(_NAMES, _SENSIBLE, min_size=1, max_size=4), st.sets(_NAMES), _SENSIBLE, st.integers(0, 1000))
@examples(60)
def test_a_further_optional_property_changes_neither_which_others_are_there_nor_what_they_are(
    rules: dict[str, Any], required: set[str], new: dict[str, Any], key: int
) -> None:
    schema = {"type": "object", "properties": rules, "required": [name for name in rules if name in required]}
    before = generate(EMPTY, schema, key)

    after = generate(EMPTY, {**schema, "properties": {"new": new, **rules}}, key)

    assert {name: value for name, value in after.items() if name != "new"} == before
