"""What the log in an SQLite file does in its own way; tests/store/test_log.py holds it to what every log keeps to."""

import asyncio

import pytest

from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.notifications import ELSEWHERE, REQUESTS
from xpander_emulator.store.sqlite.log import BLOCK
from xpander_emulator.store.sqlite.store import SqliteStore

WIDE = Bounds(1_000, 10_000, 1_000_000)


async def test_each_process_takes_ordinals_in_blocks_and_writes_once_for_a_block(
    store: SqliteStore, other: SqliteStore
) -> None:
    writes: list[str] = []
    store.database.connection.set_trace_callback(lambda statement: writes.append(statement.split()[0]))

    mine = [(await store.log.next_number("ns"))[1] for _ in range(BLOCK)]
    theirs = (await other.log.next_number("ns"))[1]
    further = (await store.log.next_number("ns"))[1]

    assert mine == [*range(1, BLOCK + 1)]
    assert (theirs, further) == (BLOCK + 1, 2 * BLOCK + 1)
    assert writes.count("COMMIT") == 2


async def test_the_block_of_a_closed_connection_is_not_gone_on_with(store: SqliteStore) -> None:
    await store.log.next_number("ns")

    await store.close()

    assert (await store.log.next_number("ns"))[1] == BLOCK + 1


async def test_a_block_of_before_a_reset_by_another_process_is_not_gone_on_with(
    store: SqliteStore, other: SqliteStore
) -> None:
    before = await store.log.next_number("ns")

    await other.log.reset("ns")

    assert await store.log.next_number("ns") == (before[0] + 1, 1)


async def test_blocks_of_very_many_namespaces_are_not_all_held(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.store.sqlite.log._MOST_BLOCKS", 2)
    for namespace in ("a", "b"):
        await store.log.next_number(namespace)

    await store.log.next_number("c")

    assert (await store.log.next_number("a"))[1] == BLOCK + 1
    assert (await store.log.next_number("c"))[1] == 2


async def test_above_the_bound_of_bytes_many_records_are_dropped_at_once(store: SqliteStore) -> None:
    epoch, _ = await store.log.next_number("ns")
    await store.log.append([Record("ns", epoch, ordinal, b"x" * 10) for ordinal in range(1, 301)], WIDE)

    await store.log.append([Record("ns", epoch, 301, b"x" * 10)], WIDE._replace(bytes_of_all=3_000))

    assert await store.log.counts() == {"ns": 301 - 256}
    assert await store.log.dropped("ns") == 256


async def test_an_append_is_heard_by_whoever_follows_requests_in_another_process(
    store: SqliteStore, other: SqliteStore
) -> None:
    epoch, ordinal = await other.log.next_number("ns")

    async with store.subscribe("ns", [REQUESTS]) as requests, store.subscribe("ns", [ELSEWHERE]) as changes:
        await other.log.append([Record("ns", epoch, ordinal, b"x")], WIDE)

        await asyncio.wait_for(requests.wait(None), 5)
        await asyncio.wait_for(changes.wait(None), 5)
