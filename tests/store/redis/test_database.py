import asyncio
import re

import pytest

from tests.redis_server import RedisServer
from tests.store.test_every_store import kept, task
from xpander_emulator.clock import Clock
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Millis
from xpander_emulator.store.codec.timelines import UnknownFormat
from xpander_emulator.store.open import open_store
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis.database import PREFIX
from xpander_emulator.store.redis.store import RedisStore


async def test_a_write_whose_answer_was_lost_is_not_sent_again(
    store: RedisStore, tmp_path_factory: pytest.TempPathFactory
) -> None:
    await store.add("ns", (task("a"),))
    changed = (await kept(store, "a")).with_signals([Signal(Millis(1_000), "stop")])
    await store.replace("ns", changed)
    await store.close()
    real, between = store.database.url, tmp_path_factory.getbasetemp() / "between"
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
        store.database.url = f"unix://{between}"
        with pytest.raises(StoreUnavailable, match="does not answer"):
            await store.replace("ns", changed.with_signals([]))
        await store.close()
        store.database.url = real

    assert len([each for each in sent if b"EVALSHA" in each]) == 1
    assert (await kept(store, "a")).version == 2


@pytest.mark.parametrize("found", ["1", "3", "of our own", "2.0"])
def test_a_redis_of_another_format_is_refused(found: str, redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.set("xpander-emulator:format", found)

        told = f"is in format {re.escape(found)}; this version of the emulator reads format 2. Use the version"
        with pytest.raises(UnknownFormat, match=told):
            open_store(redis_url)

        assert client.keys() == [b"xpander-emulator:format"]


def test_a_redis_in_which_another_program_has_our_keys_is_refused(redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.hset("xpander-emulator:format", "a", "b")

        with pytest.raises(UnknownFormat, match="is in format hash; this version of the emulator reads format 2"):
            open_store(redis_url)


def test_of_two_versions_that_start_on_an_empty_redis_at_once_the_slower_is_refused(redis_url: str) -> None:
    import redis

    store = RedisStore(redis_url, redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.set("xpander-emulator:format", 3)

        with pytest.raises(UnknownFormat, match="is in format 3"):
            store.agree_on(Clock("real", Millis(0), Millis(0)))

        assert client.keys() == [b"xpander-emulator:format"]


async def test_the_first_write_after_a_flush_states_format_and_first_clock_again(
    store: RedisStore, running_redis: RedisServer
) -> None:
    scaled = Clock("scaled", Millis(10), Millis(10), 60)
    store.agree_on(scaled)
    names = [PREFIX + name for name in ("format", "first_clock")]
    stated = await store.database.client.mget(names)
    running_redis.flush()

    await store.next_ordinal("ns")

    assert await store.database.client.mget(names) == stated
    joining = RedisStore(store.database.shown, store.database.shown)
    assert joining.agree_on(Clock("scaled", Millis(90), Millis(90), 60)) == scaled
