from collections.abc import AsyncIterator

import httpx2
import pytest

from tests.web.control.clients import SETTINGS, client_of
from xpander_emulator.common import resources
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application, create_app


@pytest.fixture(scope="session")
def app() -> Application:
    return create_app(SETTINGS)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract(resources.CONTROL_CONTRACT, check_behaviours=False)


@pytest.fixture
def key(request: pytest.FixtureRequest) -> str:
    """Every test has a namespace of its own."""
    return str(request.node.nodeid)


@pytest.fixture
async def client(app: Application, key: str) -> AsyncIterator[httpx2.AsyncClient]:
    async with client_of(app, {"x-api-key": key}) as client:
        yield client


@pytest.fixture(scope="session")
def guarded() -> Application:
    return create_app(Settings(clock="manual", token="secret", max_body=100))
