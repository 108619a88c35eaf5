from pathlib import Path

import httpx2
import pytest

from tests.web.api_client import Api, api, shared
from tests.web.small_contracts import PETS, SHOP
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app


@pytest.fixture
def manual(request: pytest.FixtureRequest) -> Api:
    """A client under a key of its own, on a clock that stands."""
    return Api(shared("manual"), request.node.nodeid)


@pytest.fixture
def auto(request: pytest.FixtureRequest) -> Api:
    """A client under a key of its own, on a clock that skips when it is read."""
    return Api(shared("auto"), request.node.nodeid)


@pytest.fixture
def shop(tmp_path: Path) -> httpx2.AsyncClient:
    path = tmp_path / "shop.yaml"
    path.write_text(SHOP, encoding="utf-8")
    transport = httpx2.ASGITransport(app=create_app(Settings(spec=path)))
    return httpx2.AsyncClient(transport=transport, base_url="http://emulator")


@pytest.fixture
def pets(tmp_path: Path) -> Api:
    file = tmp_path / "pets.yaml"
    file.write_text(PETS, encoding="utf-8")
    return api(spec=file)
