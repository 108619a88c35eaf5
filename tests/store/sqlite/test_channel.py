import asyncio

from tests.store.test_every_store import kept, task
from xpander_emulator.store.notifications import WHOLE
from xpander_emulator.store.sqlite.store import SqliteStore


async def test_the_ring_of_changes_is_bounded_and_whoever_slept_too_long_is_woken(
    store: SqliteStore, other: SqliteStore
) -> None:
    await other.add("ns", (task("a"), task("b", 1)))
    seen = await kept(other, "b")

    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        heard = store._channel.last_change()
        # The event loop does not come to look at the ring meanwhile.
        for _ in range(1_200):
            seen = seen.with_signals([])
            await other.replace("ns", seen)
        [(count,)] = other.database.connection.execute("SELECT count(*) FROM ring").fetchall()
        assert store._channel.last_change() - heard == 1_200
        await asyncio.wait_for(subscription.wait(None), 5)

    assert count < 1_100
