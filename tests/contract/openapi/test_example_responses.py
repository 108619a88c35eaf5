"""Answers from the contract alone, and the Prefer header."""

import json

import pytest

from tests.contract.samples import contract_of, ours
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.openapi.example_responses import Answer, answer
from xpander_emulator.contract.openapi.load import read_contract
from xpander_emulator.contract.request.message_validation import ResponseChecker
from xpander_emulator.contract.request.prefer import parse_prefer
from xpander_emulator.errors import BadRequest

OURS = ours()
PETS = contract_of("""\
paths:
  /pets:
    get:
      operationId: pets
      responses:
        "404": {description: none, content: {application/json: {schema: {type: string, const: nope}}}}
        "200":
          description: ok
          headers:
            X-Total: {required: true, schema: {type: integer, const: 3}}
            X-Rest: {schema: {type: integer}}
            X-Page: {schema: {type: integer}, example: 7}
          content:
            text/html: {schema: {type: string}}
            application/json:
              schema: {type: array, minItems: 1, items: {type: string, format: uuid}}
              examples:
                one: {value: [de4bcafe-b427-44d7-97e4-6c9296c5a93a]}
                two: {value: [de4bcafe-b427-44d7-97e4-6c9296c5a93b]}
        5XX: {description: broken, content: {text/plain: {example: sorry}}}
    delete: {operationId: clear, responses: {"204": {description: gone}}}
    put: {operationId: odd, responses: {default: {description: any, content: {'*/*': {example: x}}}}}
    head: {operationId: redirect, responses: {3XX: {description: away}}}
""")


def ask(operation: str, prefer: str = "", key: int = 1) -> Answer:
    return answer(PETS, PETS.operation(operation), parse_prefer([prefer]), key)


def test_the_first_2xx_is_answered_with_its_first_example_as_json() -> None:
    found = ask("pets")

    assert found == Answer(
        200, "application/json", b'["de4bcafe-b427-44d7-97e4-6c9296c5a93a"]', (("X-Total", "3"), ("X-Page", "7"))
    )


def test_an_example_is_chosen_by_its_name() -> None:
    found = ask("pets", "example=two")

    assert (found.body, found.applied) == (b'["de4bcafe-b427-44d7-97e4-6c9296c5a93b"]', ("example=two",))


def test_a_dynamic_answer_is_generated_from_its_key_or_from_the_preferred_seed() -> None:
    first, again, other = ask("pets", "dynamic"), ask("pets", "dynamic"), ask("pets", "dynamic", key=2)
    seeded = ask("pets", "dynamic, seed=5", key=1)

    assert first == again
    assert len({first.body, other.body, seeded.body}) == 3
    assert seeded == ask("pets", "dynamic, seed=5", key=2)
    assert seeded.applied == ("seed=5", "dynamic=true")
    assert len(json.loads(first.body)[0]) == 36


def test_what_had_no_effect_is_not_said_to_be_applied() -> None:
    assert ask("odd", "seed=5").applied == ()
    assert ask("odd", "dynamic, seed=5, example=default").applied == ("example=default",)
    assert ask("pets", "code=503, dynamic, seed=5").applied == ("code=503",)
    assert ask("clear", "dynamic, seed=5").applied == ()


def test_a_seed_is_applied_where_a_body_or_a_header_is_made_from_it() -> None:
    assert ask("pets", "code=404, seed=5").applied == ("code=404", "seed=5")
    assert ask("pets", "example=two, seed=5").applied == ("example=two", "seed=5")


def test_a_declared_status_may_be_preferred_by_itself_its_class_or_default() -> None:
    assert ask("pets", "code=404") == Answer(404, "application/json", b'"nope"', (), ("code=404",))
    assert ask("pets", "code=503") == Answer(503, "text/plain", b"sorry", (), ("code=503",))
    assert ask("odd", "code=418") == Answer(418, "text/plain", b"x", (), ("code=418",))


def test_without_a_2xx_the_first_status_declared_is_answered() -> None:
    assert ask("odd").status == 200
    assert ask("redirect").status == 300


def test_an_answer_without_content_has_an_empty_body() -> None:
    assert ask("clear") == Answer(204, None, b"")


@pytest.mark.parametrize(
    ("operation", "prefer", "message"),
    [
        ("pets", "code=201", "pets declares no status 201; declared are 404, 200, 5XX"),
        ("pets", "example=tow", "pets 200 has no example 'tow'. Did you mean 'two'?"),
        ("pets", "example=zzz", "pets 200 has no example 'zzz'; there are one, two"),
        ("pets", "code=404, example=a", "pets 404 has no example 'a'; there are none"),
        ("clear", "example=a", "clear 204 has no body, hence no example 'a'"),
    ],
)
def test_what_is_not_declared_cannot_be_preferred(operation: str, prefer: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        ask(operation, prefer)

    assert refused.value.message == message


@pytest.mark.parametrize("operation_id", [operation.id for operation in OURS.operations])
@pytest.mark.parametrize("dynamic", ["", "dynamic"])
def test_every_answer_that_our_contract_declares_keeps_it(operation_id: str, dynamic: str) -> None:
    operation = OURS.operation(operation_id)
    checker = ResponseChecker(OURS, strict=True)

    for status in operation.responses:
        found = answer(OURS, operation, parse_prefer([f"code={status}", dynamic]), 3)

        assert checker.check(operation, found.status, found.media_type, found.body) == ()


def test_every_example_of_our_contract_keeps_its_schema() -> None:
    checker = ResponseChecker(OURS, strict=True)

    for operation in OURS.operations:
        for status, response in operation.responses.items():
            for media_type, media in response.content.items():
                for name, example in media.examples.items():
                    faults = checker.check(operation, int(status), media_type, example)

                    assert faults == (), f"{operation.id} {status} {name}"


def test_an_example_that_breaks_its_own_schema_gives_way_to_one_that_keeps_it_or_to_a_value() -> None:
    text = """
openapi: 3.1.0
info: {title: T, version: '1'}
paths:
  /a:
    get:
      operationId: a
      responses:
        '200':
          description: Two examples, the first of which is wrong.
          content:
            application/json:
              schema: {type: integer}
              examples: {wrong: {value: one}, right: {value: 2}}
  /b:
    get:
      operationId: b
      responses:
        '200':
          description: One that is wrong.
          content: {application/json: {schema: {type: boolean}, example: perhaps}}
"""
    contract = read_contract(parse_document(text, "t.yaml"))

    assert answer(contract, contract.operation("a"), parse_prefer(()), 1).body == b"2"
    assert answer(contract, contract.operation("b"), parse_prefer(()), 1).body in (b"true", b"false")
