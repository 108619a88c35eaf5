import re

import pytest

from tests.redis_server import messages
from tests.store.test_every_store import MANUAL, TURN, ids, task
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.store.codec.facts import CLOCK
from xpander_emulator.store.port import StoreUnavailable, Task
from xpander_emulator.store.redis.store import RedisStore


async def test_redis_keeps_nothing_of_a_namespace_that_was_reset(store: RedisStore) -> None:
    await store.next_ordinal("ns")
    await store.add("ns", (task("a"), Task("b/ %c", 1, (TURN,), "a"), task("c", 2, "b/ %c")))
    await store.set_fact("ns", CLOCK, MANUAL, None)
    assert [each.id for each in await store.children("ns", "b/ %c")] == ["c"]

    await store.reset("ns", frozenset({"tasks", "clock", "pins"}))

    left = sorted(key.decode() for key in await store.database.client.keys("*"))
    assert left == [f"xpander-emulator:{name}" for name in ("epoch", "epochs", "format", "marks")]


async def test_a_reading_of_cached_tasks_is_one_message(store: RedisStore) -> None:
    await store.add("ns", (task("a"), task("b", 1, "a"), task("c", 2, "a")))
    before = await messages(store.database.pipeline)

    reading = await store.read("ns", "a")

    assert (reading.task, ids(reading.children)) == (task("a"), ["b", "c"])
    assert await messages(store.database.pipeline) - before == 1 + 1


async def test_the_timelines_of_any_number_of_tasks_are_read_by_one_further_message(
    store: RedisStore, other: RedisStore
) -> None:
    timelines = [Timeline(f"t{number}", TURN.timeline.steps) for number in range(5)]
    tasks = [Task(each.name, at, (TURN._replace(timeline=each),)) for at, each in enumerate(timelines)]
    await other.add("ns", tasks)
    before = await messages(store.database.pipeline)

    assert await store.all("ns") == tasks

    assert await messages(store.database.pipeline) - before == 2 + 1


async def test_a_task_whose_timeline_went_while_it_was_read_is_to_be_asked_for_again(
    store: RedisStore, other: RedisStore
) -> None:
    await other.add("ns", (task("a"),))
    await other.database.client.delete("xpander-emulator:timelines")

    with pytest.raises(
        StoreUnavailable,
        match=f"^A task was removed from {re.escape(store.database.shown)} while it was read; ask again\\.$",
    ):
        await store.get("ns", "a")


@pytest.mark.parametrize("name", ["a b", "a\nb", "a%20b", "größe", "=", ".", ""])
async def test_any_text_is_an_id_and_a_namespace_of_its_own(store: RedisStore, name: str) -> None:
    await store.add(f"ns{name}", (task(f"id{name}"), task("child", 1, f"id{name}")))
    await store.count_match(f"ns{name}", f"id{name}", "0")

    assert ids(await store.all(f"ns{name}")) == [f"id{name}", "child"]
    assert ids(await store.children(f"ns{name}", f"id{name}")) == ["child"]
    assert await store.matches(f"ns{name}", f"id{name}", "0") == 1
    assert await store.namespaces() == {f"ns{name}": 2}


async def test_tasks_of_one_ordinal_come_in_the_order_in_which_they_were_added(store: RedisStore) -> None:
    for task_id in ("b", "c", "a"):
        await store.add("ns", (task(task_id, 0),))

    assert ids(await store.all("ns")) == ["b", "c", "a"]
