"""What a request need not send, and what an answer never holds."""

from typing import Any

from tests.contract.samples import contract_of
from xpander_emulator.contract.openapi.example_responses import answer
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator, ResponseChecker
from xpander_emulator.contract.request.prefer import parse_prefer
from xpander_emulator.contract.schema.read_write_only import for_requests, for_responses

USERS = contract_of("""\
    paths:
      /users:
        post:
          operationId: add
          requestBody:
            required: true
            content: {application/json: {schema: {$ref: '#/components/schemas/User'}}}
          responses:
            '200':
              description: ok
              content:
                application/json: {schema: {$ref: '#/components/schemas/User'}}
    components:
      schemas:
        Secret: {type: string, writeOnly: true, minLength: 3}
        User:
          type: object
          additionalProperties: false
          required: [id, name, password]
          properties:
            id: {type: string, readOnly: true}
            name: {type: string}
            password: {$ref: '#/components/schemas/Secret'}
    """)
ADD = USERS.operation("add")


def request(body: bytes) -> Any:
    return RequestValidator(for_requests(USERS), ADD).check({}, b"", [], body)


def test_a_request_need_not_send_what_is_read_only_but_all_else() -> None:
    assert isinstance(request(b'{"name": "a", "password": "abc"}'), Accepted)
    assert isinstance(request(b'{"name": "a", "password": "abc", "id": "1"}'), Accepted)
    assert [each.loc for each in request(b'{"password": "abc"}')] == [("body", "name")]
    assert [each.loc for each in request(b'{"name": "a", "password": "a"}')] == [("body", "password")]


def test_an_answer_never_holds_what_is_write_only() -> None:
    contract = for_responses(USERS)
    checker = ResponseChecker(contract, strict=True)

    made = answer(contract, ADD, parse_prefer(()), 1)

    assert b"password" not in made.body
    assert b'"id"' in made.body
    assert checker.check(ADD, 200, "application/json", {"id": "1", "name": "a"}) == ()
    assert checker.check(ADD, 200, "application/json", {"id": "1", "name": "a", "password": "abc"})


def test_a_contract_without_such_properties_is_left_as_it_is() -> None:
    plain = contract_of("paths: {}")
    assert for_requests(plain) is plain
    assert for_responses(plain) is plain
