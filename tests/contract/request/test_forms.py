"""Bodies that are forms."""

from typing import Any

import pytest

from tests.contract.samples import contract_of
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator

CONTRACT = contract_of("""\
    paths:
      /orders:
        post:
          operationId: order
          requestBody:
            required: true
            content:
              application/x-www-form-urlencoded: {schema: {$ref: '#/components/schemas/Order'}}
              multipart/form-data: {schema: {$ref: '#/components/schemas/Order'}}
              application/json: {schema: {type: integer}}
          responses: {'200': {description: ok}}
    components:
      schemas:
        Order:
          type: object
          required: [item]
          properties:
            item: {type: string, minLength: 2}
            count: {type: integer, minimum: 1}
            gift: {type: boolean}
            tags: {type: array, items: {type: integer}}
            photo: {type: string, format: binary}
            label: {type: object, required: [text], properties: {text: {type: string}}}
    """)
VALIDATOR = RequestValidator(CONTRACT, CONTRACT.operation("order"))
MULTIPART = b"multipart/form-data; boundary=xyz"


def read(body: bytes, content_type: bytes = b"application/x-www-form-urlencoded") -> Any:
    return VALIDATOR.check({}, b"", [(b"content-type", content_type)], body)


def part(name: bytes, value: bytes, more: bytes = b"") -> bytes:
    return b'--xyz\r\nContent-Disposition: form-data; name="' + name + b'"' + more + b"\r\n\r\n" + value + b"\r\n"


def test_a_form_is_read_as_the_types_of_its_schema() -> None:
    found = read(b"item=caf%C3%A9&count=2&gift=true&tags=1&tags=2&other=x")

    assert found == Accepted({}, {"item": "café", "count": 2, "gift": True, "tags": [1, 2], "other": "x"})


def test_of_a_repeated_field_with_one_value_the_last_counts() -> None:
    assert read(b"item=ab&tags=1&item=cd&item=ef&tags=2") == Accepted({}, {"item": "ef", "tags": [1, 2]})


def test_a_multipart_form_is_read_likewise_and_a_file_is_its_bytes() -> None:
    photo = part(b"photo", b"\x89PNG\xff", b'; filename="a.png"\r\nContent-Type: image/png')
    body = part(b"item", "Tee ☕".encode()) + part(b"count", b"3") + photo + b"--xyz--\r\n"

    assert read(body, MULTIPART) == Accepted({}, {"item": "Tee ☕", "count": 3, "photo": "\x89PNG\xff"})


def test_an_object_in_a_form_is_json() -> None:
    body = part(b"item", b"Tea") + part(b"label", b'{"text": "Hi"}') + b"--xyz--\r\n"

    assert read(body, MULTIPART) == Accepted({}, {"item": "Tea", "label": {"text": "Hi"}})


@pytest.mark.parametrize(
    ("body", "loc", "kind"),
    [
        (b"item=ab&label={", ("body", "label"), "dict_type"),
        (b"item=ab&label=3", ("body", "label"), "dict_type"),
        (b"item=ab&label=" + b'{"a":' * 200 + b"1" + b"}" * 200, ("body", "label"), "dict_type"),
        (b"item=ab&label={}", ("body", "label", "text"), "missing"),
        (b"count=2", ("body", "item"), "missing"),
        (b"item=a", ("body", "item"), "string_too_short"),
        (b"item=ab&count=many", ("body", "count"), "int_parsing"),
        (b"item=ab&count=0", ("body", "count"), "greater_than_equal"),
        (b"item=ab&tags=1&tags=x", ("body", "tags"), "int_parsing"),
        (b"item=%FF%FE" + b"\xff", ("body",), "form_invalid"),
        (b"&".join([b"a=1"] * 1_001), ("body",), "form_invalid"),
    ],
)
def test_what_is_wrong_with_a_form_is_told_with_its_place(body: bytes, loc: tuple[str, ...], kind: str) -> None:
    found = read(body)

    assert [(each.loc, each.type) for each in found] == [(loc, kind)]


@pytest.mark.parametrize("body", [b"", b"nothing", b"--abc\r\n\r\n"])
def test_a_multipart_body_without_parts_is_refused(body: bytes) -> None:
    found = read(body or b" ", MULTIPART)

    assert [each.type for each in found] == ["form_invalid"]


def test_json_is_still_read_beside_forms() -> None:
    assert read(b"3", b"application/json") == Accepted({}, 3)


def test_a_form_is_read_where_json_is_declared_first() -> None:
    contract = contract_of("""\
        paths:
          /orders:
            post:
              operationId: order
              requestBody:
                content:
                  application/json: {schema: {type: integer}}
                  application/x-www-form-urlencoded: {schema: {properties: {count: {type: integer}}}}
              responses: {'200': {description: ok}}
        """)
    validator = RequestValidator(contract, contract.operation("order"))

    form = validator.check({}, b"", [(b"content-type", b"application/x-www-form-urlencoded")], b"count=2")

    assert form == Accepted({}, {"count": 2})
    assert validator.check({}, b"", [(b"content-type", b"application/json")], b"3") == Accepted({}, 3)
    assert validator.check({}, b"", [], b"4") == Accepted({}, 4)


def test_each_type_of_json_is_held_against_its_own_schema() -> None:
    contract = contract_of("""\
        paths:
          /orders:
            post:
              operationId: order
              requestBody:
                content:
                  application/json: {schema: {type: integer}}
                  application/vnd.text+json: {schema: {type: string}}
              responses: {'200': {description: ok}}
        """)
    validator = RequestValidator(contract, contract.operation("order"))

    def sent(media_type: bytes, body: bytes) -> Any:
        return validator.check({}, b"", [(b"content-type", media_type)], body)

    assert sent(b"application/json", b"3") == Accepted({}, 3)
    assert sent(b"application/vnd.text+json", b'"a"') == Accepted({}, "a")
    assert [each.type for each in sent(b"application/vnd.text+json", b"3")] == ["string_type"]
    assert [each.type for each in sent(b"application/json", b'"a"')] == ["int_type"]
