"""Circles of schemas in a contract."""

import pytest

from tests.contract.samples import contract_of
from xpander_emulator.errors import InvalidFiles

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
