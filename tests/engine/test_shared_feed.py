"""Following: a process hears of what another one does, for as long as somebody follows."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest

from tests.store.test_every_store import MANUAL
from xpander_emulator.engine.feed import BIRTH, STALE, Event, Feed
from xpander_emulator.engine.shared_feed import Following
from xpander_emulator.store.codec.facts import CLOCK
from xpander_emulator.store.sqlite.store import SqliteStore

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


async def begun(following: Following) -> Followed:
    """Return a follower that has heard that it has to read all."""
    followed = following.follow("ns")
    assert await kind(followed) == STALE
    return followed


def listeners() -> list[str]:
    return [each.get_name() for each in asyncio.all_tasks() if each.get_name() == "listen" and not each.cancelling()]


async def test_what_another_process_does_is_heard_each_time(ours: SqliteStore, theirs: SqliteStore) -> None:
    followed = await begun(Following(ours, Feed()))

    await theirs.set_fact("ns", CLOCK, MANUAL, None)
    assert await kind(followed) == STALE
    await theirs.set_fact("ns", CLOCK, None, MANUAL)
    assert await kind(followed) == STALE

    await followed.aclose()


async def test_what_nobody_else_has_done_is_heard_as_it_was_done(ours: SqliteStore) -> None:
    feed = Feed()
    followed = await begun(Following(ours, feed))

    feed.tell("ns", BIRTH)

    assert await kind(followed) == BIRTH
    await followed.aclose()


async def test_a_follower_goes_on_hearing_when_another_one_leaves(ours: SqliteStore, theirs: SqliteStore) -> None:
    following = Following(ours, Feed())
    one, other = await begun(following), await begun(following)
    assert listeners() == ["listen"]

    await one.aclose()
    await theirs.set_fact("ns", CLOCK, MANUAL, None)

    assert await kind(other) == STALE
    await other.aclose()


async def test_nothing_is_listened_for_once_nobody_follows(ours: SqliteStore) -> None:
    following = Following(ours, Feed())
    followed = await begun(following)
    assert listeners() == ["listen"]

    await followed.aclose()

    assert listeners() == []
    again = await begun(following)
    assert listeners() == ["listen"]
    await again.aclose()
