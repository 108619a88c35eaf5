from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.profiles import QUICK
from tests.redis_server import NOT_INSTALLED, RedisServer

# `--hypothesis-profile=ci` takes its place.
settings.load_profile(QUICK)
pytest_plugins = ["pytester", "tests.stalls"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def running_redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def redis_url(running_redis: RedisServer) -> str:
    """The address of an empty Redis."""
    running_redis.flush()
    return running_redis.url


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [each for each in terminalreporter.stats.get("skipped", ()) if NOT_INSTALLED in str(each.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} TESTS OF THE REDIS STORE DID NOT RUN: {NOT_INSTALLED}", red=True)
