"""A database that is flushed, replaced or set back under a running process: nothing of before is taken for the new."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.redis_server import RedisServer
from tests.store.test_every_store import TURN, kept, task
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.notifications import ELSEWHERE, WHOLE
from xpander_emulator.store.port import Task
from xpander_emulator.store.redis.database import PREFIX
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.log import BLOCK
from xpander_emulator.store.sqlite.store import SqliteStore

BOUNDS = Bounds(10, 10, 10_000)
STOP = [Signal(Millis(1_000), "stop")]


def another(task_id: str) -> Task:
    """Return a task that differs from `task(task_id)` only in what its client sent."""
    return Task(task_id, 0, (TURN._replace(request=b'{"input": {"text": "another"}}'),))


@pytest.fixture
async def store(redis_url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_url, redis_url)
    yield store
    await store.close()


@pytest.fixture
async def other(redis_url: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(redis_url, redis_url)
    yield store
    await store.close()


@pytest.mark.parametrize("place", [("ns", "a"), ("ns", "b"), ("elsewhere", "a")])
async def test_after_a_flush_a_process_sees_the_new_task_and_not_the_one_it_has_cached(
    store: RedisStore, other: RedisStore, running_redis: RedisServer, place: tuple[str, str]
) -> None:
    namespace, task_id = place
    await other.add("ns", (task("a"),))
    before = await kept(store, "a")
    running_redis.flush()
    await other.add(namespace, (another(task_id),))

    assert (await store.read(namespace, task_id)).task == another(task_id)
    assert [*await store.all(namespace)] == [another(task_id)]
    assert await store.oldest(1) == [(namespace, another(task_id))]
    assert (await kept(store, task_id, namespace)).mark != before.mark


async def test_a_writer_that_read_a_task_before_a_flush_cannot_overwrite_the_next_one_of_its_id(
    store: RedisStore, other: RedisStore, running_redis: RedisServer
) -> None:
    await store.add("ns", (task("a"),))
    before = await kept(store, "a")
    running_redis.flush()
    await other.add("ns", (another("a"),))

    with pytest.raises(StaleWrite, match="'a' was changed by somebody else"):
        await store.replace("ns", before.with_signals(STOP))

    assert await kept(other, "a") == another("a")


async def test_a_journal_entry_from_before_a_flush_takes_no_place_in_the_new_journal(
    store: RedisStore, other: RedisStore, running_redis: RedisServer
) -> None:
    before, ordinal = await store.log.next_number("ns")
    running_redis.flush()
    after, again = await other.log.next_number("ns")
    await other.log.append([Record("ns", after, again, b"new")], BOUNDS)

    await store.log.append([Record("ns", before, ordinal, b"amended", is_new=False)], BOUNDS)
    await store.log.append([Record("ns", before, 2, b"late")], BOUNDS)

    assert (before != after, ordinal, again) == (True, 1, 1)
    assert [*await other.log.records("ns")] == [b"new"]


async def test_a_flush_wakes_whoever_waits_although_redis_tells_nobody(
    store: RedisStore, running_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.store.redis.channel._LINGER_SECONDS", 0.01)
    await store.add("ns", (task("a"),))

    async with (
        store.subscribe("ns", [WHOLE, "a"]) as subscription,
        store.subscribe("elsewhere", [ELSEWHERE]) as follower,
    ):
        running_redis.flush()

        await asyncio.wait_for(subscription.wait(None), 5)
        await asyncio.wait_for(follower.wait(None), 5)


async def test_a_read_that_finds_another_epoch_wakes_whoever_waits(
    store: RedisStore, other: RedisStore, running_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.store.redis.channel._LINGER_SECONDS", 60.0)
    await store.add("ns", (task("a"),))

    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        running_redis.flush()
        await other.next_ordinal("elsewhere")
        await store.read("elsewhere", "")

        await asyncio.wait_for(subscription.wait(None), 5)


async def test_tasks_of_a_redis_that_has_no_epoch_yet_stay_and_later_ones_are_newer(store: RedisStore) -> None:
    await store.add("ns", (task("a"),))
    first = await kept(store, "a")
    # As an earlier version has left it: marks count from 1.
    await store.database.client.delete(PREFIX + "epoch", PREFIX + "marks", PREFIX + "ages", PREFIX + "tasks:ns")
    await store.database.client.set(PREFIX + "marks", 1)

    await store.add("ns", (task("b", 1),))

    assert (await kept(store, "b")).mark > 2**51
    assert (await kept(store, "b")).mark != first.mark


async def test_a_redis_that_went_back_to_a_snapshot_gives_equal_marks_to_other_tasks_and_they_are_told_apart() -> None:
    with RedisServer() as server:
        store, other = (RedisStore(server.url, server.url) for _ in range(2))
        await other.add("ns", (task("first"),))
        server.save()
        await other.add("ns", (task("a"),))
        before = await kept(store, "a")
        server.kill()
        server.start()
        for each in (store, other):
            await each.close()

        await other.add("ns", (another("a"),))

        after = await kept(store, "a")
        assert after.mark == before.mark
        assert after == another("a")
        for each in (store, other):
            await each.close()


async def test_a_file_that_was_replaced_while_it_was_closed_is_read_anew(tmp_path: Path) -> None:
    store, new = SqliteStore(tmp_path / "tasks.db"), SqliteStore(tmp_path / "new.db")
    await store.add("alice", (task("a"),))
    assert await store.log.next_number("alice") == await new.log.next_number("alice") == (1, 1)
    await new.add("bob", (another("b"),))
    for each in (store, new):
        await each.close()
    (tmp_path / "new.db").replace(tmp_path / "tasks.db")

    assert (await store.read("bob", "b")).task == another("b")
    assert (await store.read("alice", "a")).task is None
    assert await store.log.next_number("alice") == (1, 1 + BLOCK)
    await store.close()


@pytest.mark.parametrize("place", [("ns", "a"), ("ns", "b"), ("elsewhere", "a")])
async def test_a_file_that_was_set_back_under_two_processes_gives_nobody_the_task_of_another(
    tmp_path: Path, place: tuple[str, str]
) -> None:
    namespace, task_id = place
    store, other = (SqliteStore(tmp_path / "tasks.db") for _ in range(2))
    with sqlite3.connect(":memory:") as empty:
        store.database.connection.backup(empty)
        await other.add("ns", (task("a"),))
        before = await kept(store, "a")
        empty.backup(other.database.connection)
    empty.close()

    await other.add(namespace, (another(task_id),))

    assert (await store.read(namespace, task_id)).task == another(task_id)
    assert (await kept(store, task_id, namespace)).mark == before.mark
    for each in (store, other):
        await each.close()
