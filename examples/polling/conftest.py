from collections.abc import Iterator

import httpx
import pytest
from refunds import Refunds

from xpander_emulator.testkit import Emulator


@pytest.fixture
def refunds(emulator: Emulator) -> Iterator[Refunds]:
    headers = {"x-api-key": emulator.api_key}
    with httpx.Client(base_url=emulator.base_url, headers=headers) as http:
        yield Refunds(http, pause=0)
