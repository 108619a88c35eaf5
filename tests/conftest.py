import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.profiles import QUICK
from tests.redis_server import NOT_INSTALLED, RedisServer

# A command in the background of a script ignores SIGINT, and so would each process that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)
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
def redis_url(running_redis: RedisServer) -> Iterator[str]:
    """The address of an empty Redis, in which nothing is left to tests that take it as it is."""
    running_redis.flush()
    yield running_redis.url
    running_redis.flush()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [each for each in terminalreporter.stats.get("skipped", ()) if NOT_INSTALLED in str(each.longrepr)]
    if skipped:
        terminalreporter.write_line(f"{len(skipped)} TESTS OF THE REDIS STORE DID NOT RUN: {NOT_INSTALLED}", red=True)
