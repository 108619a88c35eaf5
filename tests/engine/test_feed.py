"""What a feed tells, to whom, and how far back it remembers."""

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from xpander_emulator.engine.feed import BIRTH, CLOCK, MAX_KEPT, MAX_NAMESPACES, RESET, STALE, Event, Feed


async def told(events: AsyncIterator[tuple[str, Event]], count: int) -> list[str]:
    return [(await anext(events))[1].type for _ in range(count)]


async def present(feed: Feed, namespace: str) -> str:
    """Return the id of now, as somebody learns it who comes and leaves at once."""
    async with aclosing(feed.follow(namespace)) as events:
        return (await anext(events))[0]


async def test_a_follower_is_told_to_read_all_and_then_what_happens() -> None:
    feed = Feed()
    events = feed.follow("one")

    first = await told(events, 1)
    feed.tell("one", BIRTH)
    feed.tell("one", CLOCK)

    assert (first, await told(events, 2)) == ([STALE], [BIRTH, CLOCK])


async def test_a_follower_hears_of_its_own_namespace_alone() -> None:
    feed = Feed()
    events = feed.follow("one")
    await told(events, 1)

    feed.tell("other", BIRTH)
    feed.tell("one", CLOCK)

    assert await told(events, 1) == [CLOCK]


async def test_a_follower_that_comes_again_goes_on_where_it_was() -> None:
    feed = Feed()
    last = await present(feed, "one")

    feed.tell("one", BIRTH)
    feed.tell("other", RESET)
    feed.tell("one", CLOCK)

    assert await told(feed.follow("one", last), 2) == [BIRTH, CLOCK]


async def test_a_follower_that_was_away_for_as_long_as_is_kept_misses_nothing() -> None:
    feed = Feed()
    last = await present(feed, "one")

    for _ in range(MAX_KEPT):
        feed.tell("one", BIRTH)

    assert await told(feed.follow("one", last), MAX_KEPT) == [BIRTH] * MAX_KEPT


async def test_a_follower_that_was_away_for_too_long_reads_all_again() -> None:
    feed = Feed()
    feed.tell("one", CLOCK)
    events = feed.follow("one")
    last, _ = await anext(events)

    for _ in range(MAX_KEPT + 1):
        feed.tell("one", BIRTH)
    again = feed.follow("one", last)

    assert await told(again, 1) == [STALE]
    feed.tell("one", CLOCK)
    assert await told(again, 1) == [CLOCK]
    assert await told(events, 1) == [STALE]


@pytest.mark.parametrize("last", ["", "x", "-", "5c1e09ab-7", "1", "-1", "nobody-0"])
async def test_an_id_that_the_feed_has_not_given_means_to_read_all_again(last: str) -> None:
    assert await told(Feed().follow("one", last), 1) == [STALE]


async def test_an_id_of_a_number_that_is_yet_to_come_means_to_read_all_again() -> None:
    feed = Feed()
    last = await present(feed, "one")
    name = last.partition("-")[0]

    for number in ("2", "9" * 30, "²"):
        assert await told(feed.follow("one", f"{name}-{number}"), 1) == [STALE]


async def test_namespaces_followed_long_ago_are_forgotten_but_not_those_that_are_followed() -> None:
    feed = Feed()
    events = feed.follow("followed")
    await told(events, 1)
    last = await present(feed, "deserted")
    feed.tell("followed", BIRTH)
    feed.tell("deserted", BIRTH)

    for number in range(MAX_NAMESPACES):
        await present(feed, f"further-{number}")

    assert await told(events, 1) == [BIRTH]
    assert await told(feed.follow("deserted", last), 1) == [STALE]


async def test_a_follower_that_comes_again_goes_on_though_others_have_begun_since() -> None:
    feed = Feed()
    last = await present(feed, "one")
    feed.tell("one", BIRTH)

    for number in range(3):
        await present(feed, f"further-{number}")

    assert await told(feed.follow("one", last), 1) == [BIRTH]


async def test_ids_grow_so_that_a_follower_can_tell_old_from_new() -> None:
    feed = Feed()
    events = feed.follow("one")
    for _ in range(3):
        feed.tell("one", BIRTH)

    ids = [(await anext(events))[0]]
    for _ in range(3):
        feed.tell("one", BIRTH)
    ids += [(await anext(events))[0] for _ in range(3)]

    numbers = [int(each.partition("-")[2]) for each in ids]
    assert numbers == sorted(set(numbers))


async def test_nothing_is_made_for_a_namespace_that_nobody_has_followed() -> None:
    def never() -> dict[str, str]:
        raise AssertionError

    Feed().tell("one", BIRTH, never)
