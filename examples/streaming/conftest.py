from collections.abc import AsyncIterator

import httpx
import pytest

from xpander_emulator.testkit import Emulator


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def http(emulator: Emulator) -> AsyncIterator[httpx.AsyncClient]:
    headers = {"x-api-key": emulator.api_key}
    async with httpx.AsyncClient(base_url=emulator.base_url, headers=headers) as client:
        yield client
