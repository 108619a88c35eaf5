from collections.abc import Iterator

import httpx2
import pytest

from tests.contract.samples import schema_at
from tests.web.control.clients import CONTROL, SETTINGS
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.request.message_validation import ResponseChecker, body_is_acceptable
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.status import Status
from xpander_emulator.engine.engine import RESET_SCOPES
from xpander_emulator.settings import CLOCK_MODES
from xpander_emulator.web.app import Application, control_handlers
from xpander_emulator.web.pages.links import Links


def test_every_operation_has_a_handler_and_every_handler_an_operation(app: Application, contract: Contract) -> None:
    handlers = control_handlers(app.engine, app.contract, app.reports, Links(SETTINGS, bytes), None)

    assert sorted(handlers) == sorted(operation.behaviour["action"] for operation in contract.operations)


def test_every_operation_says_that_it_is_our_own(contract: Contract) -> None:
    assert {operation.behaviour["source"] for operation in contract.operations} == {"extension"}


def test_every_answer_has_an_example_that_keeps_the_contract(contract: Contract) -> None:
    checker = ResponseChecker(contract, strict=True)

    assert not list(broken_examples(contract, checker))


def test_every_body_has_an_example(contract: Contract) -> None:
    bodies = [operation.body for operation in contract.operations if operation.body]

    assert bodies
    assert all(media.examples for body in bodies for media in body.content.values())


def test_every_operation_with_a_body_refuses_what_is_no_json(contract: Contract) -> None:
    taking = [operation for operation in contract.operations if operation.body]

    assert not any(body_is_acceptable(operation, "text/plain", b"x") for operation in taking)
    assert all({"413", "415", "422"} <= operation.responses.keys() for operation in taking)


@pytest.mark.parametrize(
    ("name", "known"), [("Status", tuple(Status)), ("ClockMode", CLOCK_MODES), ("ResetScope", RESET_SCOPES)]
)
def test_words_are_those_of_the_engine(contract: Contract, name: str, known: tuple[str, ...]) -> None:
    assert tuple(schema_at(contract, f"/components/schemas/{name}")["enum"]) == known


async def test_the_description_is_served(client: httpx2.AsyncClient, contract: Contract) -> None:
    answer = await client.get(f"{CONTROL}/openapi.json")

    assert answer.json() == contract.document


def broken_examples(contract: Contract, checker: ResponseChecker) -> Iterator[tuple[Operation, str, Violation | str]]:
    for operation in contract.operations:
        for status, response in operation.responses.items():
            for media_type, media in response.content.items():
                if not media.examples:
                    yield operation, status, "no example"
                for example in media.examples.values():
                    for violation in checker.check(operation, int(status), media_type, example):
                        yield operation, status, violation
