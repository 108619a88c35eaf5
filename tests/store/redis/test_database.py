import asyncio
import re

import pytest
from redis import exceptions

from tests.redis_server import RedisServer
from tests.store.test_every_store import kept, task
from xpander_emulator.clock import Clock
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Millis
from xpander_emulator.store.codec.timelines import UnknownFormat
from xpander_emulator.store.open import open_store
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis.database import PREFIX, Database
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


def unavailable(store: RedisStore, error: Exception) -> str:
    """Return the message of the error that an error of redis-py becomes."""
    with pytest.raises(StoreUnavailable) as refused, store.database.errors():
        raise error
    return refused.value.message.replace(store.database.shown, "redis://host")


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            exceptions.ConnectionError("Error 111 connecting to host:6379. Connection refused."),
            "The store redis://host does not answer: Error 111 connecting to host:6379. Connection refused.",
        ),
        (exceptions.TimeoutError(""), "The store redis://host does not answer: TimeoutError."),
        (OSError("broken pipe"), "The store redis://host does not answer: broken pipe."),
        (
            exceptions.OutOfMemoryError("command not allowed when used memory > 'maxmemory'."),
            "The store redis://host refuses: command not allowed when used memory > 'maxmemory'.",
        ),
        (
            exceptions.ReadOnlyError("You can't write against a read only replica."),
            "The store redis://host refuses: You can't write against a read only replica.",
        ),
        (
            exceptions.ResponseError("MISCONF Redis is configured to save RDB snapshots"),
            "The store redis://host refuses: MISCONF Redis is configured to save RDB snapshots.",
        ),
    ],
)
async def test_a_redis_that_cannot_serve_at_present_is_told_with_its_reason(
    store: RedisStore, error: Exception, message: str
) -> None:
    assert unavailable(store, error) == message


async def test_an_error_reply_to_a_wrong_command_is_a_defect_of_the_emulator(store: RedisStore) -> None:
    await store.database.execute("SET", "text", "x")

    with pytest.raises(exceptions.ResponseError, match="WRONGTYPE"):
        await store.database.execute("HGET", "text", "field")


async def test_a_command_is_for_one_of_our_keys(store: RedisStore) -> None:
    await store.database.execute("SET", "mine", "x")

    assert await store.database.client.get("xpander-emulator:mine") == b"x"


async def test_only_another_epoch_than_the_one_before_is_acted_on(redis_url: str) -> None:
    begun: list[str] = []
    database = Database(redis_url, redis_url, lambda: begun.append("anew"))

    for epoch in (None, b"1", b"1"):
        database.note_epoch(epoch)
    assert begun == []

    for epoch in (b"2", None):
        database.note_epoch(epoch)
    assert begun == ["anew", "anew"]


async def test_the_first_server_of_a_database_gives_the_clock_of_all(store: RedisStore, other: RedisStore) -> None:
    scaled = Clock("scaled", Millis(10), Millis(10), 60)

    assert store.agree_on(scaled) == scaled
    assert other.agree_on(Clock("scaled", Millis(90), Millis(90), 60)) == scaled


async def test_a_closed_database_is_used_again_under_another_name(store: RedisStore) -> None:
    await store.count()
    before = store.database.sender

    await store.close()

    assert await store.count() == 0
    assert len(store.database.sender) == len(before) == 8
    assert store.database.sender != before


async def test_opening_a_store_writes_nothing(redis_url: str) -> None:
    store = RedisStore(redis_url, redis_url)

    assert await store.database.client.keys("*") == []
    await store.close()
