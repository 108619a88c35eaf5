"""How the stores outside this process keep what they keep."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.test_every_store import TURN, kept, task
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.store.port import Store
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore

OTHER = TURN._replace(timeline=Timeline("other", TURN.timeline.steps))


@pytest.fixture(params=["sqlite", "redis"])
async def outside(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Store]:
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        store: Store = RedisStore(url, url)
    else:
        store = SqliteStore(tmp_path / "tasks.db")
    yield store
    await store.close()


async def timelines(store: Store) -> int:
    """Return how many timelines are kept."""
    if isinstance(store, SqliteStore):
        return int(store.database.connection.execute("SELECT count(*) FROM timeline").fetchall()[0][0])
    assert isinstance(store, RedisStore)
    return int(await store.database.client.hlen("xpander-emulator:timelines"))


async def test_a_timeline_is_kept_once_and_as_long_as_a_task_follows_it(outside: Store) -> None:
    store = outside
    await store.add("ns", [task(f"t{number}", number) for number in range(5)])
    await store.add("elsewhere", [task("x")])
    assert await timelines(store) == 1

    await store.replace("ns", (await kept(store, "t0")).with_turn(OTHER))
    await store.replace("ns", (await kept(store, "t0")).with_turn(OTHER))
    assert await timelines(store) == 2

    await store.remove("ns", ["t0"])
    assert await timelines(store) == 1
    await store.reset("ns", frozenset({"tasks"}))
    assert await timelines(store) == 1
    await store.remove("elsewhere", ["x"])
    assert await timelines(store) == 0
