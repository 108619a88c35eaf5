"""The feed: which events its followers get, how far back it retains them, and changes by other processes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from tests.store.test_every_store import MANUAL
from xpander_emulator.engine.feed import CLOCK, MAX_NAMESPACES, MAX_RETAINED, RESET, STALE, START, Event, Feed
from xpander_emulator.store.codec.facts import CLOCK as CLOCK_FACT
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.sqlite.store import SqliteStore


async def told(events: AsyncIterator[tuple[str, Event]], count: int) -> list[str]:
    return [(await anext(events))[1].type for _ in range(count)]


async def present(feed: Feed, namespace: str) -> str:
    """Return the id of now, as somebody learns it who comes and leaves at once."""
    async with aclosing(feed.follow(namespace)) as events:
        return (await anext(events))[0]


async def test_a_follower_is_told_to_read_all_and_then_what_happens() -> None:
    feed = Feed(MemoryStore())
    events = feed.follow("one")

    first = await told(events, 1)
    feed.publish("one", START)
    feed.publish("one", CLOCK)

    assert (first, await told(events, 2)) == ([STALE], [START, CLOCK])


async def test_a_follower_hears_of_its_own_namespace_alone() -> None:
    feed = Feed(MemoryStore())
    events = feed.follow("one")
    await told(events, 1)

    feed.publish("other", START)
    feed.publish("one", CLOCK)

    assert await told(events, 1) == [CLOCK]


async def test_a_follower_that_comes_again_goes_on_where_it_was() -> None:
    feed = Feed(MemoryStore())
    last = await present(feed, "one")

    feed.publish("one", START)
    feed.publish("other", RESET)
    feed.publish("one", CLOCK)

    assert await told(feed.follow("one", last), 2) == [START, CLOCK]


async def test_a_follower_that_has_missed_nothing_waits_for_what_comes_next() -> None:
    feed = Feed(MemoryStore())
    first = feed.follow("one")
    last, _ = await anext(first)
    waiting = asyncio.ensure_future(told(feed.follow("one", last), 1))
    await asyncio.sleep(0)

    feed.publish("one", CLOCK)

    assert await waiting == [CLOCK]


async def test_a_follower_that_was_away_for_as_long_as_is_kept_misses_nothing() -> None:
    feed = Feed(MemoryStore())
    last = await present(feed, "one")

    for _ in range(MAX_RETAINED):
        feed.publish("one", START)

    assert await told(feed.follow("one", last), MAX_RETAINED) == [START] * MAX_RETAINED


async def test_a_follower_that_was_away_for_too_long_reads_all_again() -> None:
    feed = Feed(MemoryStore())
    feed.publish("one", CLOCK)
    events = feed.follow("one")
    last, _ = await anext(events)

    for _ in range(MAX_RETAINED + 1):
        feed.publish("one", START)
    again = feed.follow("one", last)

    assert await told(again, 1) == [STALE]
    feed.publish("one", CLOCK)
    assert await told(again, 1) == [CLOCK]
    assert await told(events, 1) == [STALE]


@pytest.mark.parametrize("last", ["", "x", "-", "5c1e09ab-7", "1", "-1", "nobody-0"])
async def test_an_id_that_the_feed_has_not_given_means_to_read_all_again(last: str) -> None:
    assert await told(Feed(MemoryStore()).follow("one", last), 1) == [STALE]


async def test_an_id_of_a_number_that_is_yet_to_come_means_to_read_all_again() -> None:
    feed = Feed(MemoryStore())
    last = await present(feed, "one")
    name = last.partition("-")[0]

    for number in ("2", "9" * 30, "²"):
        assert await told(feed.follow("one", f"{name}-{number}"), 1) == [STALE]


async def test_namespaces_followed_long_ago_are_forgotten_but_not_those_that_are_followed() -> None:
    feed = Feed(MemoryStore())
    events = feed.follow("followed")
    await told(events, 1)
    last = await present(feed, "deserted")
    feed.publish("followed", START)
    feed.publish("deserted", START)

    for number in range(MAX_NAMESPACES):
        await present(feed, f"further-{number}")

    assert await told(events, 1) == [START]
    assert await told(feed.follow("deserted", last), 1) == [STALE]


async def test_a_follower_that_comes_again_goes_on_though_others_have_begun_since() -> None:
    feed = Feed(MemoryStore())
    last = await present(feed, "one")
    feed.publish("one", START)

    for number in range(3):
        await present(feed, f"further-{number}")

    assert await told(feed.follow("one", last), 1) == [START]


async def test_ids_grow_so_that_a_follower_can_tell_old_from_new() -> None:
    feed = Feed(MemoryStore())
    events = feed.follow("one")
    for _ in range(3):
        feed.publish("one", START)

    ids = [(await anext(events))[0]]
    for _ in range(3):
        feed.publish("one", START)
    ids += [(await anext(events))[0] for _ in range(3)]

    numbers = [int(each.partition("-")[2]) for each in ids]
    assert numbers == sorted(set(numbers))


async def test_nothing_is_made_for_a_namespace_that_nobody_has_followed() -> None:
    def never() -> dict[str, str]:
        raise AssertionError

    Feed(MemoryStore()).publish("one", START, never)


Followed = AsyncGenerator[tuple[str, Event], None]


@pytest.fixture
async def ours(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "tasks.db")
    yield store
    await store.close()


@pytest.fixture
async def theirs(tmp_path: Path, ours: SqliteStore) -> AsyncIterator[SqliteStore]:
    """The same tasks, through another process's eyes."""
    store = SqliteStore(tmp_path / "tasks.db")
    yield store
    await store.close()


async def kind(followed: Followed) -> str:
    return (await asyncio.wait_for(anext(followed), 5))[1].type


async def begun(feed: Feed) -> Followed:
    """Return a follower that has heard that it has to read all."""
    followed = feed.follow("ns")
    assert await kind(followed) == STALE
    return followed


def listeners() -> list[str]:
    return [each.get_name() for each in asyncio.all_tasks() if each.get_name() == "listen" and not each.cancelling()]


async def test_what_another_process_does_is_heard_each_time(ours: SqliteStore, theirs: SqliteStore) -> None:
    followed = await begun(Feed(ours))

    await theirs.set_fact("ns", CLOCK_FACT, MANUAL, None)
    assert await kind(followed) == STALE
    await theirs.set_fact("ns", CLOCK_FACT, None, MANUAL)
    assert await kind(followed) == STALE

    await followed.aclose()


async def test_what_nobody_else_has_done_is_heard_as_it_was_done(ours: SqliteStore) -> None:
    feed = Feed(ours)
    followed = await begun(feed)

    feed.publish("ns", START)

    assert await kind(followed) == START
    await followed.aclose()


async def test_a_follower_goes_on_hearing_when_another_one_leaves(ours: SqliteStore, theirs: SqliteStore) -> None:
    feed = Feed(ours)
    one, other = await begun(feed), await begun(feed)
    assert listeners() == ["listen"]

    await one.aclose()
    await theirs.set_fact("ns", CLOCK_FACT, MANUAL, None)

    assert await kind(other) == STALE
    await other.aclose()


async def test_nothing_is_listened_for_once_nobody_follows(ours: SqliteStore) -> None:
    feed = Feed(ours)
    followed = await begun(feed)
    assert listeners() == ["listen"]

    await followed.aclose()

    assert listeners() == []
    again = await begun(feed)
    assert listeners() == ["listen"]
    await again.aclose()
