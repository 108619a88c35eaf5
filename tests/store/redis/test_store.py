from tests.store.test_every_store import MANUAL, TURN, task
from xpander_emulator.store.codec.facts import CLOCK
from xpander_emulator.store.port import Task
from xpander_emulator.store.redis.store import RedisStore


async def test_redis_keeps_nothing_of_a_namespace_that_was_reset(store: RedisStore) -> None:
    await store.next_ordinal("ns")
    await store.add("ns", (task("a"), Task("b/ %c", 1, (TURN,), "a"), task("c", 2, "b/ %c")))
    await store.set_fact("ns", CLOCK, MANUAL, None)
    assert [each.id for each in await store.children("ns", "b/ %c")] == ["c"]

    await store.reset("ns", frozenset({"tasks", "clock", "pins"}))

    left = sorted(key.decode() for key in await store.database.client.keys("*"))
    assert left == [f"xpander-emulator:{name}" for name in ("epoch", "epochs", "format", "marks")]
