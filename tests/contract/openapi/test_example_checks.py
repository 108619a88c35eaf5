"""Examples that break their own schema are a fault of the file."""

import pytest

from tests.contract.samples import contract_of
from xpander_emulator.contract.openapi.example_responses import BrokenExample, answer
from xpander_emulator.contract.request.prefer import parse_prefer

PETS = contract_of("""\
paths:
  /pets:
    get:
      operationId: pets
      responses:
        "200":
          description: ok
          content:
            application/json:
              schema: {$ref: '#/components/schemas/Pet'}
              examples:
                nameless: {value: {age: 3}}
                wrong: {$ref: '#/components/examples/Wrong'}
                right: {value: {name: Rex}}
            text/html: {schema: {type: object}, example: <p>}
    post:
      operationId: add
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Pet'}, example: []}}}
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: integer}, example: x}}}
components:
  examples:
    Wrong: {value: {name: 5, age: x}}
  schemas:
    Pet:
      type: object
      required: [name]
      properties: {name: {type: string}, age: {type: integer, default: none, examples: [1, 1.5]}}
""")


def test_each_is_told_at_its_place_with_what_would_be_right() -> None:
    assert [str(doubt) for doubt in PETS.warnings] == [
        "api.yaml:14:35: this example breaks its schema: /name is missing",
        "api.yaml:20:103: this example breaks its schema: a mapping was expected; found a list",
        "api.yaml:22:97: this example breaks its schema: an integer was expected; found 'x'",
        "api.yaml:25:20: this example breaks its schema: at /name a string was expected; found 5 (and 1 more)",
        "api.yaml:30:72: this default breaks its schema: an integer was expected; found 'none'",
        "api.yaml:30:92: this example breaks its schema: a whole number was expected; found 1.5",
    ]


def test_an_answer_takes_the_next_that_is_right_or_a_value() -> None:
    one = answer(PETS, PETS.operation("pets"), parse_prefer([]), 1)
    other = answer(PETS, PETS.operation("add"), parse_prefer([]), 1)

    assert one.body == b'{"name":"Rex"}'
    assert isinstance(int(other.body), int)


def test_one_that_is_asked_for_by_name_is_refused_with_the_file_to_blame() -> None:
    with pytest.raises(BrokenExample) as refused:
        answer(PETS, PETS.operation("pets"), parse_prefer(["example=wrong"]), 1)

    assert refused.value.status == 500
    assert refused.value.message == (
        "The example 'wrong' of pets 200 breaks its own schema: at /name a string was expected; found 5 (and 1 more). "
        "Correct it at api.yaml#/components/examples/Wrong/value"
    )


def test_one_of_a_body_that_is_no_json_is_taken_as_it_is() -> None:
    found = answer(PETS, PETS.operation("pets"), parse_prefer(["example=default"]), 1, "text/html")

    assert found.body == b"<p>"


def test_of_many_the_tenth_tells_how_many_more_there_are() -> None:
    schemas = "".join(f"    S{n}: {{type: integer, default: x}}\n" for n in range(13))

    told = [doubt.message for doubt in contract_of(f"paths: {{}}\ncomponents:\n  schemas:\n{schemas}").warnings]

    assert told[:9] == ["this default breaks its schema: an integer was expected; found 'x'"] * 9
    assert told[9:] == ["this default breaks its schema: an integer was expected; found 'x' (3 more break theirs)"]
