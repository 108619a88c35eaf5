"""How the stores outside this process keep what they keep."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.store.test_every_store import MANUAL, TURN, kept, task
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Millis, Timeline
from xpander_emulator.store.codec.facts import CLOCK
from xpander_emulator.store.notifications import WHOLE
from xpander_emulator.store.port import Store, StoreUnavailable, Task
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore

OTHER = TURN._replace(timeline=Timeline("other", TURN.timeline.steps))


@pytest.fixture
async def on_file(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "tasks.db")
    yield store
    await store.close()


@pytest.fixture
async def on_redis(redis_url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_url, redis_url)
    yield store
    await store.close()


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


async def test_the_ring_of_changes_is_bounded_and_whoever_slept_too_long_is_woken(on_file: SqliteStore) -> None:
    other = SqliteStore(on_file.database.path)
    await other.add("ns", (task("a"), task("b", 1)))
    seen = await kept(other, "b")

    async with on_file.subscribe("ns", [WHOLE, "a"]) as subscription:
        heard = on_file._channel.last_change()
        # The event loop does not come to look at the ring meanwhile.
        for _ in range(1_200):
            seen = seen.with_signals([])
            await other.replace("ns", seen)
        [(count,)] = other.database.connection.execute("SELECT count(*) FROM ring").fetchall()
        assert on_file._channel.last_change() - heard == 1_200
        await asyncio.wait_for(subscription.wait(None), 5)
    await other.close()

    assert count < 1_100


async def test_redis_keeps_nothing_of_a_namespace_that_was_reset(on_redis: RedisStore) -> None:
    await on_redis.next_ordinal("ns")
    await on_redis.add("ns", (task("a"), Task("b/ %c", 1, (TURN,), "a"), task("c", 2, "b/ %c")))
    await on_redis.set_fact("ns", CLOCK, MANUAL, None)
    assert [each.id for each in await on_redis.children("ns", "b/ %c")] == ["c"]

    await on_redis.reset("ns", frozenset({"tasks", "clock", "pins"}))

    left = sorted(key.decode() for key in await on_redis.database.client.keys("*"))
    assert left == [f"xpander-emulator:{name}" for name in ("epoch", "epochs", "format", "marks")]


async def test_a_write_whose_answer_was_lost_is_not_sent_again(
    on_redis: RedisStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await on_redis.add("ns", (task("a"),))
    changed = (await kept(on_redis, "a")).with_signals([Signal(Millis(1_000), "stop")])
    await on_redis.replace("ns", changed)
    await on_redis.close()
    real, between = on_redis.database.url, tmp_path_factory.getbasetemp() / "between"
    sent: list[bytes] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what is sent, and hang up in place of the answer to a script."""
        there, to_there = await asyncio.open_unix_connection(real.removeprefix("unix://"))
        while asked := await reader.read(65_536):
            sent.append(asked)
            to_there.write(asked)
            answer = await there.read(65_536)
            if b"EVALSHA" in asked:
                break
            writer.write(answer)
        to_there.close()
        writer.close()

    async with await asyncio.start_unix_server(relay, between):
        on_redis.database.url = f"unix://{between}"
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await on_redis.replace("ns", changed.with_signals([]))
        await on_redis.close()
        on_redis.database.url = real

    assert len([each for each in sent if b"EVALSHA" in each]) == 1
    assert (await kept(on_redis, "a")).version == 2
