"""Parameters: text read as what a schema says, beyond the usual."""

from typing import Any

import pytest

from tests.contract.samples import contract_of
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator

CONTRACT = contract_of("""\
paths:
  /a/{kind}:
    get:
      operationId: read
      parameters:
      - {name: kind, in: path, required: true, schema: {type: string, maxLength: 3}}
      - {name: deep, in: query, style: deepObject, explode: true, schema: {$ref: '#/components/schemas/Point'}}
      - {name: any, in: query, schema: true}
      - {name: none, in: query, schema: false}
      - {name: some, in: query, schema: {anyOf: [{type: integer}, {type: string, pattern: ^a}]}}
      - {name: flag, in: query, schema: {type: [boolean, integer]}}
      - {name: least, in: query, schema: {anyOf: [{type: integer}, {type: number}], minimum: 2}}
      - {name: either, in: query, content: {application/json: {schema: {type: [array, string]}}}}
      - {name: X-One, in: header, schema: {type: integer}}
      - {name: X-Pairs, in: header, schema: {$ref: '#/components/schemas/Point'}}
      responses: {"200": {description: ok}}
components:
  schemas: {Point: {type: object, properties: {x: {type: integer}, y: {type: integer}}}}
""")
VALIDATOR = RequestValidator(CONTRACT, CONTRACT.operation("read"))


def read(query: str = "", kind: str = "k", *headers: tuple[bytes, bytes]) -> Any:
    return VALIDATOR.check({"kind": kind}, query.encode(), headers, b"")


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("deep[x]=1&deep[x]=2", {"deep": {"x": 2}}),
        ("deep[x]=1&deep[y", {"deep": {"x": 1}}),
        ("deep[y=1", {}),
        ("deeper[x]=1", {}),
        ("any=1", {"any": "1"}),
        ("some=ab", {"some": "ab"}),
        ("flag=true", {"flag": True}),
        ("flag=1", {"flag": True}),
        ("flag=7", {"flag": 7}),
        ("least=2.5", {"least": 2.5}),
        ("either=%5B1%5D", {"either": [1]}),
        ("either=%22b%22", {"either": "b"}),
    ],
)
def test_a_query_is_read_by_its_schema(query: str, values: dict[str, Any]) -> None:
    assert read(query) == Accepted({"kind": "k", **values}, None)


@pytest.mark.parametrize(
    ("query", "loc", "kind", "sent"),
    [
        ("none=1", ("query", "none"), "value_error", "1"),
        ("least=1", ("query", "least"), "greater_than_equal", "1"),
        ("flag=x", ("query", "flag"), "bool_parsing", "x"),
        ("deep[x]=1&deep[y]=b", ("query", "deep", "y"), "int_parsing", "b"),
        ("either=3", ("query", "either"), "list_type", 3),
    ],
)
def test_what_a_schema_does_not_take_is_told_with_what_was_sent(
    query: str, loc: tuple[str, ...], kind: str, sent: object
) -> None:
    found = read(query)

    assert isinstance(found, tuple)
    assert (found[0].loc, found[0].type, found[0].input) == (loc, kind, sent)


def test_a_path_is_held_against_its_schema() -> None:
    assert read(kind="abc") == Accepted({"kind": "abc"}, None)
    assert [(each.loc, each.type) for each in read(kind="abcd")] == [(("path", "kind"), "string_too_long")]


def test_of_a_repeated_header_with_one_value_the_first_counts() -> None:
    found = read("", "k", (b"x-one", b"1"), (b"x-one", b"2"), (b"x-pairs", b"x,1"), (b"x-pairs", b"y,2"))

    assert found == Accepted({"kind": "k", "X-One": 1, "X-Pairs": {"x": 1, "y": 2}}, None)
