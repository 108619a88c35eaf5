"""What every log keeps to, over SQLite and Redis."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.redis_server import RedisServer
from xpander_emulator.store.log import Bounds, Log, Record
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore

WIDE = Bounds(100, 1_000, 1_000_000)


@pytest.fixture(params=["sqlite", "redis"])
async def log(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Log]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    store = RedisStore(url, url) if url else SqliteStore(tmp_path / "tasks.db")
    yield store.log
    await store.close()


async def append(log: Log, namespace: str, data: bytes, bounds: Bounds = WIDE) -> Record:
    epoch, ordinal = await log.next_number(namespace)
    record = Record(namespace, epoch, ordinal, data)
    await log.append([record], bounds)
    return record


async def test_the_ordinals_of_each_namespace_count_from_1(log: Log) -> None:
    numbers = [await log.next_number(namespace) for namespace in ("one", "one", "two", "one")]

    assert [ordinal for _, ordinal in numbers] == [1, 2, 1, 3]
    assert numbers[0][0] == numbers[1][0] == numbers[3][0]


async def test_a_reset_begins_a_new_epoch_with_ordinal_1_and_leaves_other_namespaces(log: Log) -> None:
    before = await append(log, "ns", b"before")
    await append(log, "other", b"other")

    await log.reset("ns")

    epoch, ordinal = await log.next_number("ns")
    assert (epoch != before.epoch, ordinal) == (True, 1)
    assert await log.counts() == {"other": 1}
    assert await log.record("ns", 1) is None
    assert [*await log.records("ns")] == []


async def test_a_record_is_found_by_its_ordinal(log: Log) -> None:
    await append(log, "ns", b"first")
    await append(log, "ns", b"\x00\xff")

    assert [await log.record("ns", ordinal) for ordinal in (1, 2, 3)] == [b"first", b"\x00\xff", None]
    assert await log.record("other", 1) is None
    assert sorted(await log.records("ns")) == [b"\x00\xff", b"first"]


async def test_a_record_that_is_not_new_replaces_the_stored_one_and_adds_none(log: Log) -> None:
    stored = await append(log, "ns", b"begun")

    await log.append([stored._replace(data=b"ended", is_new=False)], WIDE)
    await log.append([stored._replace(ordinal=2, data=b"no such ordinal", is_new=False)], WIDE)

    assert [*await log.records("ns")] == [b"ended"]
    assert await log.dropped("ns") == 0


async def test_a_record_of_another_epoch_is_dropped(log: Log) -> None:
    before = await append(log, "ns", b"before")
    await log.reset("ns")
    await append(log, "ns", b"after")

    await log.append([before._replace(ordinal=7), before._replace(data=b"amended", is_new=False)], WIDE)

    assert [*await log.records("ns")] == [b"after"]


async def test_the_oldest_records_are_dropped_and_counted_until_the_next_reset(log: Log) -> None:
    for number in range(5):
        await append(log, "ns", b"%d" % number, Bounds(3, 1_000, 1_000_000))

    assert sorted(await log.records("ns")) == [b"2", b"3", b"4"]
    assert await log.dropped("ns") == 2
    await log.reset("ns")
    assert await log.dropped("ns") == 0


async def test_the_oldest_record_of_all_namespaces_is_dropped_first(log: Log) -> None:
    bounds = Bounds(100, 3, 1_000_000)
    for namespace in ("quiet", "busy", "busy", "busy"):
        await append(log, namespace, b"x", bounds)

    assert await log.counts() == {"busy": 3}
    assert await log.dropped("quiet") == 1


async def test_records_that_one_namespace_has_dropped_do_not_count_for_all(log: Log) -> None:
    bounds = Bounds(2, 5, 1_000_000)
    for namespace in ("quiet", *["busy"] * 6):
        await append(log, namespace, b"x", bounds)
    await log.reset("busy")
    for _ in range(6):
        await append(log, "busy", b"x", bounds)

    assert await log.counts() == {"quiet": 1, "busy": 2}


async def test_the_newest_record_stays_although_it_alone_is_larger_than_all_may_be(log: Log) -> None:
    for data in (b"small", b"x" * 100):
        await append(log, "ns", data, Bounds(100, 100, 50))

    assert [*await log.records("ns")] == [b"x" * 100]


async def test_several_records_of_several_namespaces_are_stored_together(log: Log) -> None:
    numbers = [(namespace, *await log.next_number(namespace)) for namespace in ("one", "two", "one")]

    await log.append([Record(*number, b"x") for number in numbers], WIDE)

    assert await log.counts() == {"one": 2, "two": 1}


class Act(NamedTuple):
    kind: str
    namespace: str


ACTS = st.lists(
    st.builds(Act, st.sampled_from(["append"] * 6 + ["replace", "late", "reset"]), st.sampled_from("ab")),
    max_size=25,
)


async def check(log: Log, acts: list[Act], names: dict[str, str]) -> None:
    """Hold what the log answers after each act against lists of the newest records."""
    bounds, texts = Bounds(4, 1_000, 1_000_000), map(str, count())
    stored: dict[str, list[tuple[int, bytes]]] = {name: [] for name in names}
    added = dict.fromkeys(names, 0)
    epochs: dict[str, int] = {}
    for act in acts:
        name, namespace, data = act.namespace, names[act.namespace], next(texts).encode()
        match act.kind:
            case "append":
                record = await append(log, namespace, data, bounds)
                added[name] += 1
                assert record.ordinal == added[name]
                epochs[name] = record.epoch
                stored[name] = [*stored[name], (record.ordinal, data)][-bounds.of_one :]
            case "replace" if stored[name]:
                ordinal, _ = stored[name][0]
                await log.append([Record(namespace, epochs[name], ordinal, data, is_new=False)], bounds)
                stored[name][0] = (ordinal, data)
            case "late" if name in epochs:
                await log.append([Record(namespace, epochs[name] - 1, 1, data)], bounds)
            case "reset":
                await log.reset(namespace)
                stored[name], added[name] = [], 0
                epochs.pop(name, None)
        records = [data for _, data in stored[name]]
        assert sorted(await log.records(namespace)) == sorted(records)
        assert await log.dropped(namespace) == added[name] - len(records)
    counts = await log.counts()
    assert {name: counts.get(names[name], 0) for name in names} == {name: len(each) for name, each in stored.items()}


@given(acts=ACTS)
@examples(60)
def test_whatever_is_appended_and_reset_sqlite_has_the_newest_records(acts: list[Act], tmp_path_factory: Any) -> None:
    async def on_file() -> None:
        store = SqliteStore(tmp_path_factory.mktemp("log") / "tasks.db")
        await check(store.log, acts, {"a": "a", "b": "b"})
        await store.close()

    asyncio.run(on_file())


NAMES = count()


@given(acts=ACTS)
@examples(60)
def test_whatever_is_appended_and_reset_redis_has_the_newest_records(
    acts: list[Act], running_redis: RedisServer
) -> None:
    async def on_redis() -> None:
        store = RedisStore(running_redis.url, running_redis.url)
        await check(store.log, acts, {name: f"{name}{next(NAMES)}" for name in "ab"})
        await store.close()

    asyncio.run(on_redis())
