import pytest
from xpander_sdk.core.module_base import ModuleBase
from xpander_sdk.core.xpander_api_client import APIClient

from xpander_emulator.testkit import Emulator


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.env.items():
        monkeypatch.setenv(name, value)
    # The SDK caches these variables at its first call, for the life of the process.
    for cached in (APIClient, ModuleBase):
        monkeypatch.setattr(cached, "_shared_instances", {})
