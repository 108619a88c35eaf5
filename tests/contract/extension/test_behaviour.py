"""The behaviour of an operation: its `x-emulator`, whatever stands there."""

import pytest

from tests.contract.extension.samples import READ
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.extension.behaviour import Behaviour, nearest_or_all
from xpander_emulator.contract.openapi.load import read_contract
from xpander_emulator.contract.schema.reader import ANYTHING


def behaviour(names: str = "", schema: str = "{}") -> Behaviour:
    head = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
    text = READ.replace("NAMES", names).replace("SCHEMA", schema)
    document = parse_document(head + text, "api.yaml")
    return Behaviour(document, read_contract(document, check_behaviours=False).operations[0])


def test_a_key_of_another_kind_is_as_none() -> None:
    wrong = behaviour("kind: [a], names: [b], statuses: {pending: QUEUED}")

    assert wrong.text("kind") is None
    assert wrong.text("subject") == "jobId"
    assert dict(wrong.mapping("names")) == {}
    assert wrong.mapping("statuses") == {"pending": "QUEUED"}


def test_the_action_is_that_of_the_vocabulary() -> None:
    assert (behaviour().name, behaviour().action is not None) == ("read", True)


def test_the_words_of_the_status_are_those_that_its_schema_lists() -> None:
    schema = "{properties: {state: {$ref: '#/components/schemas/State'}}}"

    assert behaviour("names: {status: state}", schema).status_values() == ("state", ("QUEUED",))
    assert behaviour("names: {status: 3}", schema).status_values() == ("status", ())


def test_the_response_is_the_schema_of_its_json() -> None:
    assert list(behaviour(schema="{properties: {id: {}}}").response.properties) == ["id"]
    assert behaviour().response is not ANYTHING


def test_a_diagnostic_stands_at_the_part_that_is_wrong() -> None:
    at = behaviour("names: {id: jobId}").diagnostic("wrong", "names", "id")

    assert str(at) == "api.yaml:8:62: wrong"
    assert str(behaviour()) == "GET /jobs/{jobId} on line 5"


@pytest.mark.parametrize(
    ("value", "end"),
    [("red", ". Did you mean 'read'?"), ("xyz", "; known are read, list"), (3, "; known are read, list")],
)
def test_a_message_ends_with_the_nearest_word_or_all(value: object, end: str) -> None:
    assert nearest_or_all(value, ["read", "list"]) == end
