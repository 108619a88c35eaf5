"""The scripts, as Redis executes them: each changes what it says, or nothing at all."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.store.test_every_store import MANUAL, TURN, kept, task
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import CLOCK, PINS
from xpander_emulator.store.port import NO_PINS, Pins
from xpander_emulator.store.redis import lua_scripts as scripts
from xpander_emulator.store.redis.database import PREFIX
from xpander_emulator.store.redis.store import RedisStore

OTHER = TURN._replace(timeline=Timeline("other", TURN.timeline.steps))


async def everything(store: RedisStore) -> Mapping[bytes, Any]:
    """Return every key of the database with its value as Redis dumps it."""
    client = store.database.client
    return {key: await client.dump(key) for key in await client.keys("*")}


async def test_a_database_begins_once(store: RedisStore) -> None:
    client = store.database.client
    for epoch in (2**51 + 5, 2**51 + 9):
        keys = [PREFIX, "sender", epoch, 2, b"clock", b"salt"]
        await client.eval(scripts.BEGIN, len(keys), *keys)

    names = ("epoch", "marks", "epochs", "format", "first_clock", "salt")
    values = await client.mget([PREFIX + name for name in names])
    assert values == [b"%d" % (2**51 + 5)] * 3 + [b"2", b"clock", b"salt"]


async def test_a_database_that_has_begun_without_a_clock_gets_none(store: RedisStore) -> None:
    keys = [PREFIX, "sender", 2**51, 2, b"", b""]

    await store.database.client.eval(scripts.BEGIN, len(keys), *keys)

    assert await store.database.client.exists(PREFIX + "first_clock", PREFIX + "salt") == 0


async def test_a_mark_is_exact_in_the_last_of_all_epochs(store: RedisStore) -> None:
    last = scripts.EPOCHS[-1]
    keys = [PREFIX, "sender", last, 2, b"", b""]
    await store.database.client.eval(scripts.BEGIN, len(keys), *keys)

    await store.add("ns", (task("a"), task("b", 1)))

    assert [(await kept(store, task_id)).mark for task_id in "ab"] == [last + 1, last + 2]
    assert last + 2**32 < 2**53


@pytest.mark.parametrize("taken", ["a", "b"])
async def test_a_refused_addition_changes_nothing(store: RedisStore, taken: str) -> None:
    await store.add("ns", (task("a"),))
    before = await everything(store)

    with pytest.raises(StaleWrite, match=rf"^Task id '{taken}' is taken\.$"):
        await store.add("ns", (task("b", 1).with_turn(OTHER), task(taken, 2)))

    assert await everything(store) == before


async def test_a_refused_replacement_changes_nothing(store: RedisStore) -> None:
    await store.add("ns", (task("a"),))
    current = await kept(store, "a")
    before = await everything(store)

    with pytest.raises(StaleWrite, match=r"^Task 'a' was changed by somebody else\.$"):
        await store.replace("ns", current.with_turn(OTHER).with_turn(OTHER), (task("b", 1),))
    with pytest.raises(StaleWrite, match=r"^Task 'a' was changed by somebody else\.$"):
        await store.replace("ns", current.marked(current.mark + 1).with_turn(OTHER))
    with pytest.raises(StaleWrite, match=r"^Task id 'a' is taken\.$"):
        await store.replace("ns", current.with_turn(OTHER), (task("b", 1), task("a", 2)))

    assert await everything(store) == before


async def test_a_refused_fact_changes_nothing(store: RedisStore) -> None:
    await store.set_fact("ns", PINS, Pins("approval"), NO_PINS)
    before = await everything(store)

    with pytest.raises(StaleWrite, match=r"^The pins of 'ns' was changed by somebody else\.$"):
        await store.set_fact("ns", PINS, Pins("other"), NO_PINS)

    assert await everything(store) == before


async def test_a_removal_takes_back_all_that_an_addition_has_stored_but_its_mark(store: RedisStore) -> None:
    await store.add("ns", (task("a"),))
    before = await everything(store)

    await store.add("ns", (task("b/ %c", 1, "a").with_turn(OTHER), task("d", 2, "b/ %c")))
    await store.count_match("ns", "b/ %c", "0")
    await store.remove("ns", ["b/ %c", "d"])

    after = await everything(store)
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} == {
        PREFIX.encode() + b"marks"
    }


async def test_a_read_writes_nothing(store: RedisStore) -> None:
    await store.add("ns", (task("a"),))
    await store.set_fact("ns", CLOCK, MANUAL, None)
    before = await everything(store)

    await store.read("ns", "a")
    await store.read("elsewhere", "a")
    await store.oldest(3)
    await store.namespaces()
    await store.contents("elsewhere", (CLOCK,))

    assert await everything(store) == before


@pytest.mark.parametrize(
    ("stored", "expected", "is_set"),
    [(None, b"", 1), (None, b"x", 0), (b"x", b"x", 1), (b"x", b"", 0), (b"x", b"y", 0)],
)
async def test_a_key_is_set_if_it_still_is_what_was_read(
    store: RedisStore, stored: bytes | None, expected: bytes, is_set: int
) -> None:
    client = store.database.client
    if stored is not None:
        await client.set("key", stored)

    assert await client.eval(scripts.SET_IF, 1, "key", b"new", expected) == is_set

    assert await client.get("key") == (b"new" if is_set else stored)
