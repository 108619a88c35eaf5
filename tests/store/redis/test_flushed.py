"""Two servers over one Redis that loses its data: nobody is answered with what belonged to another key."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.processes import KEY, START, Caller, serving
from tests.redis_server import RedisServer

pytestmark = pytest.mark.long


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def start_and_poll(callers: list[Caller], key: str) -> list[tuple[int, Any]]:
    """Start task `KEY-0` at the first server, and return what each server answers to a poll of it."""
    headers = {**KEY, "x-api-key": key}
    body = {**START, "id": f"{key}-0", "input": {"text": f"a text of {key}"}}
    callers[0].ok("POST", "/v1/workflows/completed/invoke", body, headers)
    return [caller.call("GET", f"/v1/tasks/{key}-0", headers=headers) for caller in callers]


@pytest.mark.parametrize("loss", ["a flush", "a restart without data"])
def test_after_redis_lost_its_data_each_key_gets_its_own_task(
    tmp_path: Path, redis_server: RedisServer, loss: str
) -> None:
    folders = [tmp_path / "one", tmp_path / "two"]
    with ExitStack() as servers:
        callers = []
        for folder in folders:
            folder.mkdir()
            callers.append(Caller(servers.enter_context(serving(folder, "--store", redis_server.url))[1]))
            servers.callback(callers[-1].close)
        for number in range(5):
            answers = start_and_poll(callers, f"key-{number}")

            assert [(status, task["id"], task["input"]["text"]) for status, task in answers] == [
                (200, f"key-{number}-0", f"a text of key-{number}")
            ] * 2
            if loss == "a flush":
                redis_server.flush()
            else:
                redis_server.kill()
                redis_server.start()
