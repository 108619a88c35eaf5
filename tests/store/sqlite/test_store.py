import re

import pytest

from tests.store.test_every_store import MANUAL, TURN, ids, kept, task
from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis, Timeline
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import CLOCK, FACTS
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.sqlite.store import SqliteStore


async def test_a_store_that_was_closed_has_everything_when_it_is_opened_again(store: SqliteStore) -> None:
    await store.add("ns", (task("a"), task("b", 1, "a")))
    await store.set_fact("ns", CLOCK, MANUAL, None)
    before = await store.contents("ns", FACTS)
    await store.close()

    again = SqliteStore(store.database.path)

    assert await again.contents("ns", FACTS) == before
    assert again.salt() == store.salt()
    await again.close()


async def test_a_reading_is_one_statement(store: SqliteStore, other: SqliteStore) -> None:
    await other.add("ns", (task("a"), task("b", 1, "a"), task("c", 2, "a")))
    await other.set_fact("ns", CLOCK, MANUAL, None)
    await store.read("ns", "a")
    statements: list[str] = []
    store.database.connection.set_trace_callback(statements.append)

    reading = await store.read("ns", "a")

    assert (reading.task, ids(reading.children), reading.clock) == (task("a"), ["b", "c"], MANUAL)
    assert len(statements) == 1


async def test_a_task_whose_timeline_went_while_it_was_read_is_to_be_asked_for_again(
    store: SqliteStore, other: SqliteStore
) -> None:
    await other.add("ns", (task("a"),))
    other.database.connection.execute("DELETE FROM timeline")

    with pytest.raises(
        StoreUnavailable,
        match=f"^A task was removed from {re.escape(str(store.database.path))} while it was read; ask again\\.$",
    ):
        await store.get("ns", "a")


async def test_a_refused_write_leaves_no_timeline_and_no_mark_behind(store: SqliteStore) -> None:
    await store.add("ns", (task("a"),))
    other = TURN._replace(timeline=Timeline("other", TURN.timeline.steps))
    before = store.database.rows("SELECT name FROM timeline")

    with pytest.raises(StaleWrite, match=r"^Task id 'a' is taken\.$"):
        await store.add("ns", (task("b", 1).with_turn(other), task("a", 2)))
    with pytest.raises(StaleWrite, match=r"^Task 'a' was changed by somebody else\.$"):
        await store.replace("ns", (await kept(store, "a")).with_turn(other).with_turn(other))

    assert store.database.rows("SELECT name FROM timeline") == before
    await store.add("ns", (task("c", 3),))
    assert (await kept(store, "c")).mark == (await kept(store, "a")).mark + 1


async def test_the_first_server_of_a_file_gives_the_clock_of_all(store: SqliteStore, other: SqliteStore) -> None:
    scaled = Clock("scaled", Millis(10), Millis(10), 60)

    assert store.agree_on(scaled) == scaled
    assert other.agree_on(Clock("scaled", Millis(90), Millis(90), 60)) == scaled
    assert other.agree_on(MANUAL) == MANUAL
    assert store.agree_on(scaled) == scaled
