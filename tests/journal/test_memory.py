import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.entries import entry
from xpander_emulator.journal.memory import MemoryJournal
from xpander_emulator.store.log import Bounds

pytestmark = pytest.mark.anyio


async def note(journal: MemoryJournal, namespace: str, body: str = "") -> int:
    ordinal, _ = await journal.next_number(namespace)
    await journal.append(namespace, entry(ordinal, body))
    return ordinal


NAMES = st.sampled_from(["a", "b", "c", "d"])


@given(
    acts=st.lists(st.tuples(NAMES, st.sampled_from(["note", "note", "note", "reset"]), st.integers(0, 5_000))),
    most=st.integers(1, 5),
    in_all=st.integers(1, 12),
)
def test_the_ring_is_bounded_and_its_ids_have_no_gaps(acts: list[tuple[str, str, int]], most: int, in_all: int) -> None:
    async def check() -> None:
        journal = MemoryJournal(Bounds(most, in_all, 20_000))
        for name, what, size in acts:
            if what == "reset":
                await journal.reset(name)
                assert await journal.newest(name) == ()
            else:
                ordinal = await note(journal, name, "x" * size)
                assert (await journal.newest(name))[0].ordinal == ordinal
            kept = {each: await journal.newest(each) for each in "abcd"}
            ids = {each: [item.ordinal for item in items] for each, items in kept.items()}
            assert all(each == list(range(each[0], each[0] - len(each), -1)) for each in ids.values() if each)
            assert all(len(each) <= most for each in ids.values())
            assert sum(map(len, ids.values())) <= in_all
            every = [item for items in kept.values() for item in items]
            assert len(every) <= 1 or sum(len(item.request_body) for item in every) <= 20_000
            assert await journal.namespaces() == {each: len(items) for each, items in ids.items() if items}
            for each in "abcd":
                if ids[each]:
                    assert await journal.dropped(each) == ids[each][-1] - 1
                    assert await journal.get(each, ids[each][-1]) == kept[each][-1]
                assert await journal.get(each, 0) is None

    asyncio.run(check())


@given(names=st.lists(NAMES, max_size=30))
def test_the_same_acts_give_the_same_ids(names: list[str]) -> None:
    async def ids() -> list[int]:
        journal = MemoryJournal(Bounds(3, 6, 10**9))
        return [await note(journal, name) for name in names]

    assert asyncio.run(ids()) == asyncio.run(ids())


async def test_a_stream_that_has_ended_stands_in_the_place_of_its_beginning() -> None:
    journal = MemoryJournal()
    open_stream = entry((await journal.next_number("ns")).ordinal, events=0, seconds=None)
    await journal.append("ns", open_stream)
    await note(journal, "ns")

    await journal.replace("ns", open_stream._replace(events=4, seconds=2.5))

    kept = await journal.get("ns", 1)
    assert kept is not None
    assert (kept.events, kept.seconds) == (4, 2.5)
    assert [each.ordinal for each in await journal.newest("ns")] == [2, 1]


async def test_a_stream_that_ends_after_a_reset_leaves_the_request_of_its_number_alone() -> None:
    journal = MemoryJournal()
    open_stream = entry((await journal.next_number("ns")).ordinal, events=0, seconds=None, request_fields=(b"a", b"1"))
    await journal.append("ns", open_stream)
    await journal.reset("ns")
    await note(journal, "ns")

    await journal.replace("ns", open_stream._replace(events=4))
    await journal.replace("elsewhere", open_stream)

    assert [each.events for each in await journal.newest("ns")] == [None]


async def test_the_namespace_that_was_silent_for_longest_loses_its_oldest_entry() -> None:
    journal = MemoryJournal(Bounds(10, 4, 10**9))
    for name in ("quiet", "quiet", "busy", "busy"):
        await note(journal, name)

    await note(journal, "busy")

    assert [each.ordinal for each in await journal.newest("quiet")] == [2]
    assert len(await journal.newest("busy")) == 3
    assert await journal.dropped("quiet") == 1
