"""OpenAPI 3.0 read as 3.1."""

from typing import Any

import pytest

from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import read_contract
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator

FILE = """
openapi: 3.0.3
info: {title: Old, version: '1'}
paths:
  /things:
    post:
      operationId: make
      requestBody:
        required: true
        content:
          application/json:
            schema: {$ref: '#/components/schemas/Thing'}
      responses: {'200': {description: Made.}}
components:
  schemas:
    Name: {type: string, nullable: true, enum: [a, b]}
    Thing:
      type: object
      properties:
        name: {$ref: '#/components/schemas/Name', description: Ignored beside a reference.}
        size: {type: integer, minimum: 0, exclusiveMinimum: true, maximum: 9, exclusiveMaximum: false}
        owner:
          nullable: true
          description: Kept outside.
          allOf: [{type: object, required: [id]}]
"""


def contract() -> Contract:
    return read_contract(parse_document(FILE, "old.yaml"))


def test_the_schemas_say_in_3_1_what_they_said_in_3_0() -> None:
    schemas = contract().document["components"]["schemas"]

    assert schemas["Name"] == {"type": ["string", "null"], "enum": ["a", "b", None]}
    assert schemas["Thing"]["properties"] == {
        "name": {"$ref": "#/components/schemas/Name"},
        "size": {"type": "integer", "exclusiveMinimum": 0, "maximum": 9},
        "owner": {
            "description": "Kept outside.",
            "anyOf": [{"allOf": [{"type": "object", "required": ["id"]}]}, {"type": "null"}],
        },
    }


@pytest.mark.parametrize(
    ("body", "right"),
    [
        (b'{"name": null, "size": 1, "owner": null}', True),
        (b'{"name": "a", "size": 9, "owner": {"id": 1}}', True),
        (b'{"name": "c"}', False),
        (b'{"size": 0}', False),
        (b'{"owner": {}}', False),
    ],
)
def test_requests_are_validated_by_it(body: bytes, right: bool) -> None:
    served = contract()

    found: Any = RequestValidator(served, served.operation("make")).check({}, b"", [], body)

    assert isinstance(found, Accepted) is right


def test_a_file_of_3_1_is_left_as_it_is() -> None:
    text = FILE.replace("3.0.3", "3.1.0").replace("exclusiveMinimum: true, ", "").replace("exclusiveMaximum: false", "")
    document = parse_document(text, "new.yaml")

    assert read_contract(document).document is document.value
