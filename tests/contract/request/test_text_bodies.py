"""Bodies that are text or bytes, and the choice among the media types of one operation."""

from typing import Any

import pytest

from tests.contract.samples import contract_of
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator

CONTRACT = contract_of("""\
    paths:
      /notes:
        post:
          operationId: note
          requestBody:
            content:
              application/json: {schema: {type: integer}}
              application/merge-patch+json: {schema: {type: object}}
              text/plain: {schema: {type: string, maxLength: 5}}
              text/csv: {schema: {type: integer, minimum: 3}}
              application/octet-stream: {schema: {type: string, format: binary, maxLength: 3}}
              application/xml: {schema: {type: object, required: [a]}}
          responses: {'200': {description: ok}}
    """)
VALIDATOR = RequestValidator(CONTRACT, CONTRACT.operation("note"))


def read(content_type: bytes, body: bytes) -> Any:
    return VALIDATOR.check({}, b"", [(b"content-type", content_type)], body)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (b"text/plain", "café".encode()),
        (b"text/plain; charset=latin-1", b"caf\xe9!"),
        (b"text/csv", b"3"),
        (b"application/octet-stream", b"\x00\xff\xfe"),
        (b"application/xml", b"<a/>"),
    ],
)
def test_text_and_bytes_that_keep_their_schema_are_taken(content_type: bytes, body: bytes) -> None:
    assert read(content_type, body) == Accepted({}, None)


@pytest.mark.parametrize(
    ("content_type", "body", "kind"),
    [
        (b"text/plain", b"too long", "string_too_long"),
        (b"text/plain", b"\xff", "text_invalid"),
        (b"text/plain; charset=martian", b"a", "text_invalid"),
        (b"text/csv", b"2", "greater_than_equal"),
        (b"text/csv", b"two", "int_parsing"),
        (b"application/octet-stream", b"\x00\xff\xfe\xfd", "string_too_long"),
    ],
)
def test_text_and_bytes_that_break_their_schema_are_told(content_type: bytes, body: bytes, kind: str) -> None:
    assert [each.type for each in read(content_type, body)] == [kind]


def test_each_kind_of_json_is_held_against_its_own_schema() -> None:
    assert read(b"application/json", b"3") == Accepted({}, 3)
    assert read(b"application/merge-patch+json", b'{"a": 1}') == Accepted({}, {"a": 1})
    assert [each.type for each in read(b"application/merge-patch+json", b"3")] == ["dict_type"]


def test_without_a_content_type_a_body_is_json() -> None:
    assert VALIDATOR.check({}, b"", [], b"3") == Accepted({}, 3)
