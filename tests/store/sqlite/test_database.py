import asyncio
import sqlite3
from pathlib import Path

import pytest

from xpander_emulator.store.codec.timelines import UnknownFormat
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.sqlite.database import prepare, reason
from xpander_emulator.store.sqlite.store import SqliteStore


def test_a_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    SqliteStore(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 3")
    db.close()

    with pytest.raises(UnknownFormat, match=r"tasks.db is in format 3; this version of the emulator reads format 2"):
        SqliteStore(path)


def failed(code: int, message: str = "it failed") -> sqlite3.Error:
    error = sqlite3.OperationalError(message)
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            sqlite3.SQLITE_FULL,
            "The store a.db is full: no space is left for it. Free some, and send the request again.",
        ),
        (
            sqlite3.SQLITE_READONLY_DBMOVED,
            "The store a.db cannot be written: it is read-only. Make it writable, and send the request again.",
        ),
        (
            sqlite3.SQLITE_BUSY_SNAPSHOT,
            "The store a.db is locked by another process for more than 2 s; try again.",
        ),
        (sqlite3.SQLITE_LOCKED, "The store a.db is locked by another process for more than 2 s; try again."),
        (
            sqlite3.SQLITE_CANTOPEN,
            "The store a.db cannot be opened. Choose a file in a folder that exists and is yours.",
        ),
        (sqlite3.SQLITE_NOTADB, "a.db is no SQLite database. Choose another file with --store."),
        (sqlite3.SQLITE_CORRUPT, "The store a.db cannot be used: it failed."),
    ],
)
def test_each_error_of_sqlite_is_told_with_what_would_help(code: int, message: str) -> None:
    assert reason(Path("a.db"), failed(code)) == message


def test_an_error_that_is_not_of_sqlite_is_told_too() -> None:
    assert reason(Path("a.db"), sqlite3.ProgrammingError("Cannot operate on a closed database")) == (
        "The store a.db cannot be used: Cannot operate on a closed database."
    )


async def test_a_write_is_committed_whole_or_not_at_all(store: SqliteStore, other: SqliteStore) -> None:
    def work(db: sqlite3.Connection) -> str:
        db.execute("INSERT INTO namespace (name) VALUES ('ns')")
        return "done"

    def break_off(db: sqlite3.Connection) -> None:
        work(db)
        raise LookupError("no such task")

    with pytest.raises(LookupError, match="no such task"):
        await store.database.write(break_off)
    assert other.database.rows("SELECT name FROM namespace") == []

    assert await store.database.write(work) == "done"
    assert other.database.rows("SELECT name FROM namespace") == [("ns",)]


async def test_a_write_waits_for_the_writer_before_it_while_the_event_loop_goes_on(
    store: SqliteStore, other: SqliteStore
) -> None:
    db = other.database.connection
    db.execute("BEGIN IMMEDIATE")

    waiting = asyncio.create_task(store.next_ordinal("ns"))
    await asyncio.sleep(0)
    assert not waiting.done()
    db.execute("COMMIT")

    assert await asyncio.wait_for(waiting, 5) == 0


async def test_a_write_that_waits_for_too_long_is_given_up_with_the_reason(
    store: SqliteStore, other: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.store.sqlite.database.PATIENCE_SECONDS", 0.01)
    other.database.connection.execute("BEGIN IMMEDIATE")

    with pytest.raises(
        StoreUnavailable, match=r"tasks\.db is locked by another process for more than 0\.01 s; try again\.$"
    ):
        await store.next_ordinal("ns")


async def test_rows_of_a_wrong_statement_are_an_error_of_the_store(store: SqliteStore) -> None:
    with pytest.raises(StoreUnavailable, match=r"tasks\.db cannot be used: no such table: nowhere\.$"):
        store.database.rows("SELECT * FROM nowhere")


async def test_placeholders_are_filled_by_place_or_by_name(store: SqliteStore) -> None:
    assert store.database.rows("SELECT ?, ?", 1, "a") == [(1, "a")]
    assert store.database.rows("SELECT :b, :a", a=1, b=2) == [(2, 1)]


async def test_a_closed_database_is_opened_by_the_next_use_under_another_name(store: SqliteStore) -> None:
    database = store.database
    database.rows("SELECT 1")
    before = database.sender

    database.close()

    assert database.rows("SELECT sender()") == [(database.sender,)]
    assert len(before) == 8
    assert database.sender != before


async def test_a_short_connection_is_closed_at_the_end(store: SqliteStore) -> None:
    with store.database.short_connection() as db:
        assert db.execute("SELECT tasks FROM total").fetchall() == [(0,)]

    with pytest.raises(sqlite3.ProgrammingError, match="Cannot operate on a closed database"):
        db.execute("SELECT 1")


async def test_preparing_a_file_again_changes_nothing(store: SqliteStore) -> None:
    with store.database.short_connection() as db:
        before = [*db.iterdump()]

        prepare(db, store.database.path)

        assert [*db.iterdump()] == before
