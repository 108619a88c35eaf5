import pytest

from tests.contract.samples import contract_of
from tests.engines import contract, make_engine
from tests.web.messages import request_of
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.errors import NotFound
from xpander_emulator.settings import Settings
from xpander_emulator.web.api.gateway import ApiGateway
from xpander_emulator.web.auth import Keys, Unauthorized, derived_namespace
from xpander_emulator.web.context import RequestContext

GATEWAY = ApiGateway(make_engine(), Keys(Settings()), contract())
LIST = contract().operation("listTasks")
OPEN = contract_of("paths: {/ping: {get: {operationId: ping, responses: {'200': {description: Pong}}}}}\n")


def test_a_key_selects_its_namespace() -> None:
    assert GATEWAY.authenticate(request_of(x_api_key="key"), LIST) == derived_namespace("key")


@pytest.mark.parametrize("headers", [{}, {"x_api_key": ""}, {"authorization": "Bearer key"}])
def test_a_request_without_a_key_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Unauthorized, match=r"^Invalid or missing API key$"):
        GATEWAY.authenticate(request_of(**headers), LIST)


def test_an_operation_without_security_is_of_the_default_namespace() -> None:
    assert GATEWAY.authenticate(request_of(x_api_key="key"), OPEN.operation("ping")) == "default"


@pytest.mark.parametrize(("headers", "namespace"), [({"x_api_key": "key"}, derived_namespace("key")), ({}, "default")])
def test_a_request_that_matches_no_operation_is_of_the_namespace_of_its_key(
    headers: dict[str, str], namespace: str
) -> None:
    assert GATEWAY.namespace_of(request_of(**headers)) == namespace


async def test_an_operation_with_a_key_that_declares_it_has_a_rate_limit() -> None:
    context = RequestContext(request_of(), LIST, 0.0)
    context.namespace = "ns"

    assert {name for name, _ in await GATEWAY.extra_headers(context)} == GATEWAY.header_names


async def test_an_operation_of_a_contract_without_a_rate_limit_has_none() -> None:
    gateway = ApiGateway(make_engine(), Keys(Settings()), OPEN)

    assert await gateway.extra_headers(RequestContext(request_of(), OPEN.operation("ping"), 0.0)) == ()


def test_errors_and_violations_are_in_the_shape_of_the_vendor() -> None:
    error = GATEWAY.error(NotFound("No task 't_1'."))
    violations = GATEWAY.violations([Violation(("body", "id"), "Field required", "missing", {}, "a property")])

    assert (error.status, error.body) == (404, b'{"detail":"No task \'t_1\'."}')
    assert violations.status == 422
    assert violations.body == b'{"detail":[{"type":"missing","loc":["body","id"],"msg":"Field required","input":{}}]}'
