"""What the log in Redis does in its own way; tests/store/test_log.py holds it to what every log keeps to."""

import asyncio

from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.notifications import ELSEWHERE, REQUESTS
from xpander_emulator.store.redis.database import PREFIX
from xpander_emulator.store.redis.store import RedisStore

WIDE = Bounds(1_000, 10_000, 1_000_000)


async def append(store: RedisStore, namespace: str, data: bytes, bounds: Bounds = WIDE) -> Record:
    record = Record(namespace, *await store.log.next_number(namespace), data)
    await store.log.append([record], bounds)
    return record


async def stored_bytes(store: RedisStore) -> int:
    return int(await store.database.execute("GET", "log-bytes") or 0)


async def test_processes_take_ordinals_in_turn(store: RedisStore, other: RedisStore) -> None:
    numbers = [await each.log.next_number("ns") for each in (store, other, store)]

    assert [ordinal for _, ordinal in numbers] == [1, 2, 3]
    assert len({epoch for epoch, _ in numbers}) == 1


async def test_the_bytes_of_all_records_are_counted_as_they_come_grow_and_go(store: RedisStore) -> None:
    first = await append(store, "ns", b"xx")
    await append(store, "other", b"xxx")
    counted = [await stored_bytes(store)]
    await store.log.append([first._replace(data=b"xxxxx", is_new=False)], WIDE)
    counted.append(await stored_bytes(store))
    await append(store, "ns", b"x", WIDE._replace(of_one=1))
    counted.append(await stored_bytes(store))
    await store.log.reset("other")
    counted.append(await stored_bytes(store))

    assert counted == [5, 8, 4, 1]


async def test_nothing_of_a_namespace_is_left_after_a_reset_but_its_places_in_the_common_order(
    store: RedisStore,
) -> None:
    await append(store, "ns", b"x")

    await store.log.reset("ns")

    left = sorted(key.decode().removeprefix(PREFIX) for key in await store.database.client.keys("*"))
    assert left == ["epoch", "epochs", "format", "log-bytes", "marks", "order"]


async def test_a_place_of_before_a_reset_drops_nothing_of_after_it(store: RedisStore) -> None:
    bounds = WIDE._replace(of_all=2)
    for _ in range(2):
        await append(store, "ns", b"before", bounds)
    await store.log.reset("ns")

    for _ in range(2):
        await append(store, "ns", b"after", bounds)

    assert [*await store.log.records("ns")] == [b"after", b"after"]
    assert await store.log.dropped("ns") == 0


async def test_places_of_dropped_records_are_bounded_and_those_of_stored_ones_stay(store: RedisStore) -> None:
    bounds = WIDE._replace(of_one=2, of_all=5)
    for namespace in ("quiet", *["busy"] * 20):
        await append(store, namespace, b"x", bounds)

    assert int(await store.database.execute("LLEN", "order")) <= 2 * 5
    for namespace in ("a", "b", "c"):
        await append(store, namespace, b"x", bounds)
    assert await store.log.counts() == {"busy": 2, "a": 1, "b": 1, "c": 1}


async def test_an_append_is_heard_by_whoever_follows_requests_in_another_process(
    store: RedisStore, other: RedisStore
) -> None:
    async with store.subscribe("ns", [REQUESTS]) as requests, store.subscribe("ns", [ELSEWHERE]) as changes:
        await append(other, "ns", b"x")

        await asyncio.wait_for(requests.wait(None), 5)
        await asyncio.wait_for(changes.wait(None), 5)
