"""Whole conversations as text: `UPDATE_GOLDEN=1 pytest tests/golden` writes the answers again."""

import os
from itertools import cycle
from pathlib import Path

import pytest
from starlette.types import Receive, Scope, Send

from tests.golden.runner import Conversation, emulator
from tests.redis_server import RedisServer
from xpander_emulator.settings import DEFAULT_NAMESPACE
from xpander_emulator.web.app import Application

FOLDER = Path(__file__).parent
SCENARIOS = {path.stem for path in (FOLDER.parents[1] / "scenarios").glob("*.yaml")}
CONVERSATIONS = sorted(FOLDER.glob("*.txt"))


@pytest.fixture(scope="module")
def app() -> Application:
    return emulator()


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
async def test_a_conversation_goes_as_it_is_written(app: Application, path: Path) -> None:
    written = path.read_text(encoding="utf-8")

    await app.engine.reset(DEFAULT_NAMESPACE)
    played = await Conversation(app).play(written)

    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(played, encoding="utf-8")
    else:
        assert played == written


class TakingTurns(Application):
    """Two servers over one store, which take turns in answering."""

    def __init__(self, store: str) -> None:
        self.servers = [emulator(store=store) for _ in range(2)]
        self.engine, self.contract = self.servers[0].engine, self.servers[0].contract
        self._turns = cycle(self.servers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await next(self._turns)(scope, receive, send)


@pytest.fixture(scope="module")
def on_file(tmp_path_factory: pytest.TempPathFactory) -> TakingTurns:
    return TakingTurns(f"sqlite:{tmp_path_factory.mktemp('golden') / 'tasks.db'}")


@pytest.fixture(scope="module")
def on_redis(running_redis: RedisServer) -> TakingTurns:
    return TakingTurns(running_redis.url)


@pytest.mark.parametrize("store", ["on_file", "on_redis"])
@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
async def test_a_conversation_is_the_same_with_two_servers_over_one_store(
    path: Path, store: str, request: pytest.FixtureRequest
) -> None:
    servers: TakingTurns = request.getfixturevalue(store)
    written = path.read_text(encoding="utf-8")

    await servers.engine.reset(DEFAULT_NAMESPACE)
    played = await Conversation(servers).play(written)
    for server in servers.servers:
        await server.close()

    assert played == written


def test_every_built_in_scenario_has_a_conversation() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in CONVERSATIONS)

    assert {name for name in SCENARIOS if f"> POST /v1/workflows/{name}/invoke" in texts} == SCENARIOS
