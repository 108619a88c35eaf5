"""Every store that there is, and a way to look at the same facts as another process would."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.port import Store
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore

STORES = ("memory", "sqlite", "redis")
Opened = Callable[[], Store]


@pytest.fixture(params=STORES)
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opened]:
    """Gives one more view of the same facts with each call; in memory there is but one."""
    made: list[Store] = []
    redis_url = request.getfixturevalue("redis_url") if request.param == "redis" else ""

    def open_one() -> Store:
        match request.param:
            case "memory":
                made.append(made[0] if made else MemoryStore())
            case "sqlite":
                made.append(SqliteStore(tmp_path / "tasks.db"))
            case _:
                made.append(RedisStore(redis_url, redis_url))
        return made[-1]

    yield open_one
    for store in made:
        await store.close()


@pytest.fixture
def store(opened: Opened) -> Store:
    return opened()


@pytest.fixture
def other(opened: Opened, store: Store) -> Store:
    """The same facts, through another process's eyes."""
    return opened()
