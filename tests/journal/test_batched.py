"""The journal in a log: one suite over SQLite and Redis."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from tests.journal.entries import entry, redaction
from xpander_emulator.errors import EmulatorError
from xpander_emulator.journal.batched import MOST_HELD, BatchedJournal
from xpander_emulator.journal.codec import to_record
from xpander_emulator.journal.port import Entry, fields_of
from xpander_emulator.store.log import Bounds, Log, Record
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore

pytestmark = pytest.mark.anyio
WIDE = Bounds(1_000, 1_000, 1_000_000)
Opened = Callable[[], Log]


@pytest.fixture(params=["sqlite", "redis"])
async def opened(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opened]:
    """Gives the same log through the eyes of one more process with each call."""
    redis_url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    made: list[SqliteStore | RedisStore] = []

    def open_one() -> Log:
        made.append(
            SqliteStore(tmp_path / "tasks.db") if request.param == "sqlite" else RedisStore(redis_url, redis_url)
        )
        return made[-1].log

    yield open_one
    for store in made:
        await store.close()


@pytest.fixture
def log(opened: Opened) -> Log:
    return opened()


@pytest.fixture
def other(opened: Opened, log: Log) -> Log:
    return opened()


def journal(log: Log, *, is_shared: bool = False, bounds: Bounds = WIDE) -> BatchedJournal:
    return BatchedJournal(log, redaction(), is_shared, bounds)


async def note(journal: BatchedJournal, namespace: str = "ns", body: str = "") -> int:
    ordinal, epoch = await journal.next_number(namespace)
    await journal.append(namespace, entry(ordinal, body, epoch=epoch))
    return ordinal


def ordinals(entries: Sequence[Entry]) -> list[int]:
    return [each.ordinal for each in entries]


async def test_who_asks_right_after_finds_what_was_answered(log: Log) -> None:
    ours = journal(log)

    for count in (1, 2, 3):
        assert await note(ours) == count
    await note(ours, "other")

    assert ordinals(await ours.newest("ns")) == [3, 2, 1]
    assert await ours.get("ns", 2) == entry(2, "", epoch=(await ours.newest("ns"))[0].epoch)
    assert await ours.get("ns", 9) is None
    assert await ours.namespaces() == {"ns": 3, "other": 1}
    await ours.close()


async def test_entries_are_written_by_themselves_soon(log: Log, other: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    written = asyncio.Event()
    append = log.append

    async def appended(records: Sequence[Record], bounds: Bounds) -> None:
        await append(records, bounds)
        written.set()

    monkeypatch.setattr(log, "append", appended)
    ours = journal(log)
    await note(ours)

    await asyncio.wait_for(written.wait(), 20)

    assert await other.counts() == {"ns": 1}
    await ours.close()


async def test_what_is_held_is_written_at_the_end(log: Log, other: Log, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.journal.batched.WRITE_SECONDS", 60)
    ours = journal(log)
    await note(ours)
    assert await other.counts() == {}

    await ours.close()

    assert await other.counts() == {"ns": 1}


async def test_a_reading_waits_for_what_other_workers_have_answered_before(log: Log, other: Log) -> None:
    ours, theirs = journal(log, is_shared=True), journal(other, is_shared=True)
    taken = [await note(each) for each in (ours, theirs, theirs, ours)]

    assert len(set(taken)) == 4
    assert sorted(ordinals(await ours.newest("ns"))) == sorted(taken)
    for each in (ours, theirs):
        await each.close()


async def test_numbers_are_unique_over_processes(log: Log, other: Log) -> None:
    taken = await asyncio.gather(*(each.next_number("ns") for _ in range(100) for each in (log, other)))

    assert len(set(taken)) == 200


async def test_after_a_reset_no_process_keeps_what_was_before_or_loses_what_comes(log: Log, other: Log) -> None:
    ours, theirs = journal(log), journal(other)
    await note(theirs, body="before, written")
    await theirs.newest("ns")
    await note(theirs, body="before, held")
    await note(theirs, "elsewhere")

    await ours.reset("ns")

    await note(theirs, body="after")
    found = await theirs.newest("ns")
    assert [each.request_body for each in found] == [b'"after"']
    assert len(await theirs.newest("elsewhere")) == 1
    for each in (ours, theirs):
        await each.close()


async def test_a_stream_is_amended_before_it_is_written_and_after(log: Log) -> None:
    ours = journal(log)
    for is_written in (False, True):
        ordinal, epoch = await ours.next_number("ns")
        opened = entry(ordinal, events=0, seconds=None, epoch=epoch)
        await ours.append("ns", opened)
        if is_written:
            await ours.newest("ns")

        await ours.replace("ns", opened._replace(seconds=1.0, events=7))

        found = await ours.get("ns", ordinal)
        assert found is not None
        assert (found.seconds, found.events) == (1.0, 7)
    assert len(await ours.newest("ns")) == 2
    await ours.close()


async def test_a_stream_of_before_a_reset_amends_nothing(log: Log) -> None:
    ours = journal(log)
    ordinal, epoch = await ours.next_number("ns")
    opened = entry(ordinal, events=0, seconds=None, epoch=epoch)
    await ours.append("ns", opened)
    await ours.newest("ns")
    await ours.reset("ns")
    again = await note(ours, body="new")

    await ours.replace("ns", opened._replace(seconds=1.0, events=7))

    found = await ours.newest("ns")
    assert [(each.ordinal, each.request_body, each.events) for each in found] == [(again, b'"new"', None)]
    await ours.close()


async def test_the_oldest_of_a_namespace_are_forgotten_and_counted(log: Log) -> None:
    ours = journal(log, bounds=Bounds(5, 100, 1_000_000))
    for _ in range(8):
        await note(ours)

    assert ordinals(await ours.newest("ns")) == [8, 7, 6, 5, 4]
    assert await ours.dropped("ns") == 3
    await ours.reset("ns")
    assert await ours.dropped("ns") == 0
    await ours.close()


async def test_all_namespaces_together_are_bounded_in_number_and_in_bytes(log: Log) -> None:
    ours = journal(log, bounds=Bounds(100, 6, 30_000))
    for namespace in ("a", "b", "c"):
        for _ in range(4):
            await note(ours, namespace)
    assert await ours.namespaces() == {"b": 2, "c": 4}
    assert await ours.dropped("a") == 4

    for _ in range(4):
        await note(ours, "d", "x" * 9_000)

    kept = await ours.namespaces()
    assert sum(kept.values()) <= 4
    assert kept["d"] >= 1
    assert sum(map(len, [record for name in kept for record in await log.records(name)])) <= 30_000
    await ours.close()


async def test_each_namespace_counts_its_own_entries_without_a_gap(log: Log) -> None:
    ours = journal(log)

    numbers = [(await note(ours, "a"), await note(ours, "b")) for _ in range(3)]

    assert numbers == [(1, 1), (2, 2), (3, 3)]
    await ours.close()


async def test_the_newest_entry_stays_however_large_it_is(log: Log) -> None:
    ours = journal(log, bounds=Bounds(100, 100, 1_000))

    for _ in range(2):
        await note(ours, "ns", "x" * 9_000)

    assert ordinals(await ours.newest("ns")) == [2]
    await ours.close()


async def test_nothing_that_opens_doors_is_written(log: Log) -> None:
    ours = journal(log)
    ordinal, epoch = await ours.next_number("ns")
    headers = [(b"x-api-key", b"the-mark")]
    await ours.append("ns", entry(ordinal, {"user_tokens": "the-mark"}, epoch=epoch, request_fields=fields_of(headers)))

    await ours.newest("ns")

    assert b"the-mark" not in b"".join(await log.records("ns"))
    await ours.close()


class Broken:
    """A log that cannot be had until it is mended."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self.is_mended = False
        self.next_number, self.record, self.records = log.next_number, log.record, log.records
        self.dropped, self.counts, self.reset = log.dropped, log.counts, log.reset

    async def append(self, records: Sequence[Record], bounds: Bounds) -> None:
        if not self.is_mended:
            raise StoreUnavailable("The store is away.")
        await self._log.append(records, bounds)


async def test_what_cannot_be_written_is_written_later_and_told_meanwhile(
    log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    broken = Broken(log)
    ours = journal(broken)
    ordinal, epoch = await ours.next_number("ns")
    opened = entry(ordinal, events=0, seconds=None, epoch=epoch)
    await ours.append("ns", opened)
    with pytest.raises(EmulatorError, match="The store is away"):
        await ours.newest("ns")
    await ours.replace("ns", opened._replace(seconds=1.0, events=7))

    broken.is_mended = True

    assert [each.events for each in await ours.newest("ns")] == [7]
    broken.is_mended = False
    await note(ours)
    await ours.close()
    assert "The last 1 requests are not in the journal: The store is away." in caplog.text


async def test_while_the_store_is_away_only_the_newest_are_held(log: Log) -> None:
    broken = Broken(log)
    ours = journal(broken, bounds=Bounds(10_000, 10_000, 10**9))
    first = [await note(ours) for _ in range(MOST_HELD + 10)]
    with pytest.raises(EmulatorError, match="The store is away"):
        await ours.newest("ns")

    broken.is_mended = True

    assert ordinals(await ours.newest("ns")) == first[:9:-1]
    await ours.close()


async def test_what_another_version_has_written_is_left_out(log: Log) -> None:
    ours = journal(log)
    ordinal, epoch = await ours.next_number("ns")
    await log.append([Record("ns", epoch, ordinal, to_record(entry(ordinal)).replace(b"[1,", b"[2,", 1))], WIDE)

    assert await ours.newest("ns") == []
    assert await ours.get("ns", ordinal) is None
    await ours.close()
