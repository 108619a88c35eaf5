from functools import cache
from typing import Any

import pytest

from tests.contract.samples import contract_of, ours
from tests.journal.entries import entry
from xpander_emulator.report.unknown_fields import UnknownFields

ORDERS = """
paths:
  /orders:
    post:
      operationId: order
      parameters:
        - {name: page, in: query, schema: {type: integer}}
      requestBody:
        content:
          application/json:
            schema:
              allOf:
                - type: object
                  properties:
                    buyer: {$ref: '#/components/schemas/Buyer'}
                    lines: {type: array, items: {type: object, properties: {sku: {type: string}}}}
                    notes: {type: object}
                    tags: {type: object, additionalProperties: {type: string}}
                - properties: {paid: {oneOf: [{type: boolean}, {properties: {by: {type: string}}}]}}
      responses: {'200': {description: Fine}}
  /search:
    get:
      operationId: search
      parameters:
        - {name: filter, in: query, schema: {type: object, properties: {name: {type: string}}}}
      responses: {'200': {description: Fine}}
components:
  schemas:
    Buyer: {type: [object, 'null'], additionalProperties: true, properties: {name: {type: string}}}
"""


@cache
def orders() -> UnknownFields:
    return UnknownFields(contract_of(ORDERS))


@cache
def workflows() -> UnknownFields:
    return UnknownFields(ours())


@pytest.mark.parametrize(
    ("body", "unknown"),
    [
        ({"buyer": {"name": "Ada"}, "paid": True}, []),
        ({"buyer": {"nmae": "Ada"}, "colour": "red"}, ["buyer.nmae", "colour"]),
        ({"lines": [{"sku": "a"}, {"sku": "b", "count": 2}]}, ["lines.count"]),
        ({"notes": {"any": 1}, "tags": {"any": "thing"}, "paid": {"to": "me"}}, ["paid.to"]),
        ([{"no": "object"}], []),
        ("text", []),
    ],
)
def test_names_that_no_schema_has_are_unknown(body: Any, unknown: list[str]) -> None:
    assert orders().of(entry(operation="order", body=body)) == unknown


def test_parameters_of_the_query_are_checked_too() -> None:
    names = orders().of(entry(operation="order", query=b"page=1&verbose=1&verbose=2&empty="))

    assert names == ["?empty", "?verbose"]


def test_the_properties_of_an_object_in_the_query_are_parameters() -> None:
    assert orders().of(entry(operation="search", query=b"name=Ada&colour=red")) == []


def test_names_that_the_vendor_s_contract_tolerates_are_unknown_too() -> None:
    body = {
        "input": {"text": "Hi", "txt": "Hi"},
        "payload_extension": {"free": 1},
        "user_tokens": {"a": "b"},
        "prompt": 1,
    }

    assert workflows().of(entry(body=body)) == ["input.txt", "prompt"]


def test_a_body_that_was_cut_or_is_not_json_has_no_unknown_names() -> None:
    assert workflows().of(entry(body={"prompt": 1}, request_size=100_000)) == []
    assert workflows().of(entry(request_body=b"{", request_size=1)) == []
    assert workflows().of(entry(request_body=b"[" * 200 + b"]" * 200, request_size=400)) == []


def test_a_request_that_matched_no_operation_has_no_unknown_names() -> None:
    assert workflows().of(entry(operation=None, body={"prompt": 1}, query=b"a=1")) == ()


def test_a_long_name_is_cut() -> None:
    [name] = workflows().of(entry(body={"x" * 1_000: 1}))

    assert name == "x" * 59 + "…"
