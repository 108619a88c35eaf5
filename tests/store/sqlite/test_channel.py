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


async def test_a_process_polls_only_while_somebody_subscribes(store: SqliteStore) -> None:
    async with store.subscribe("ns", [WHOLE]):
        polling = store._channel._polling
        assert polling is not None
        assert not polling.done()

    await asyncio.wait_for(polling, 5)


async def test_changes_of_before_the_subscription_wake_nobody(store: SqliteStore, other: SqliteStore) -> None:
    await other.add("ns", (task("a"),))

    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        await asyncio.sleep(0)
        await other.add("ns", (task("b", 1),))
        async with store.subscribe("ns", ["b"]) as later:
            await asyncio.wait_for(later.wait(None), 5)

        assert not subscription._notified.is_set()


async def test_a_file_that_cannot_be_read_wakes_whoever_waits_for_it_to_be_read(store: SqliteStore) -> None:
    async with store.subscribe("ns", [WHOLE, "a"]) as subscription:
        store.database.connection.close()

        await asyncio.wait_for(subscription.wait(None), 5)
        await store.close()
