"""What lies at the path of an SQLite store is looked at before anything is changed."""

import asyncio
import os
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.sqlite.inspection import inspect
from xpander_emulator.store.sqlite.store import SqliteStore

FOREIGN = "is the database of another program, and is left as it is. Choose another file with --store."


def crashed(path: Path, *statements: str) -> None:
    """Run statements on a database in a process that ends without closing it."""
    code = "import os, sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    code += "for statement in sys.argv[2:]: db.execute(statement)\nos._exit(0)"
    subprocess.run([sys.executable, "-c", code, str(path), *statements], check=True)


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Return all files with what is in them and when they were written."""
    return {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in folder.iterdir() if each.is_file()}


def refused(path: Path) -> str:
    """Return why a store cannot be at `path`, once nothing beside it has changed."""
    before = contents(path.parent)
    with pytest.raises(StoreUnavailable) as error:
        SqliteStore(path)
    assert contents(path.parent) == before
    return error.value.message


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE mine (a)",),
        ("PRAGMA journal_mode = WAL", "CREATE TABLE mine (a)"),
        ("PRAGMA user_version = 7",),
        ("PRAGMA application_id = 7",),
        ("CREATE TABLE mine (a)", "PRAGMA user_version = 2"),
    ],
)
def test_a_database_of_another_program_is_left_as_it_is(statements: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "other.database.connection"
    with sqlite3.connect(path, isolation_level=None) as db:
        for statement in statements:
            db.execute(statement)
    db.close()

    assert refused(path) == f"{path} {FOREIGN}"


@pytest.mark.parametrize("has_index", [True, False])
def test_one_whose_program_has_crashed_keeps_its_wal(has_index: bool, tmp_path: Path) -> None:
    path = tmp_path / "other.database.connection"
    crashed(path, "PRAGMA journal_mode = WAL", "CREATE TABLE mine (a)", "INSERT INTO mine VALUES (1)")
    if not has_index:
        (tmp_path / "other.database.connection-shm").unlink()

    assert refused(path) == f"{path} {FOREIGN}"
    assert (tmp_path / "other.database.connection-wal").stat().st_size > 0


def test_one_whose_program_has_crashed_in_a_transaction_keeps_its_journal(tmp_path: Path) -> None:
    path = tmp_path / "other.database.connection"
    crashed(
        path,
        *("CREATE TABLE mine (a)", "PRAGMA cache_size = 1", "BEGIN"),
        *["INSERT INTO mine VALUES (randomblob(90000))"] * 3,
    )
    assert (tmp_path / "other.database.connection-journal").stat().st_size > 0

    assert refused(path) == f"{path} {FOREIGN}"


@pytest.mark.parametrize("content", [b"This is a text.", b"This is a text. " * 20, b"SQLite format 3\0", b"\0"])
def test_a_file_that_is_no_database_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(content)

    assert refused(path) == f"{path} is no SQLite database, and is left as it is. Choose another file with --store."


def test_a_damaged_database_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "other.database.connection"
    path.write_bytes(b"SQLite format 3\0" + b"\0" * 4_080)

    assert refused(path) == f"{path} is no SQLite database. Choose another file with --store."


def test_a_folder_and_a_pipe_are_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    for name, kind in (("folder", "a folder"), ("pipe", "no regular file")):
        assert refused(tmp_path / name) == f"{tmp_path / name} is {kind}. Choose a file with --store sqlite:PATH."


def test_a_file_that_cannot_be_read_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "tasks.db"
    path.write_bytes(b"x")

    def denied(self: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", denied)

    with pytest.raises(StoreUnavailable, match=r"tasks\.db cannot be read: Permission denied\. Choose another file"):
        inspect(path)


@pytest.mark.parametrize("suffix", ["-wal", "-shm", "-journal"])
def test_a_link_through_which_sqlite_would_write_elsewhere_is_refused(suffix: str, tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("important")
    beside = tmp_path / f"tasks.db{suffix}"
    beside.symlink_to(mine)

    assert refused(tmp_path / "tasks.db") == (
        f"{beside} is a symbolic link, through which SQLite would write into another file."
        " Remove it, or choose another file with --store."
    )


@pytest.mark.parametrize("is_there", [True, False])
def test_a_wal_without_its_database_is_kept(is_there: bool, tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    wal = tmp_path / "tasks.db-wal"
    wal.write_bytes(b"the last writes")
    if is_there:
        path.touch()

    assert refused(path).startswith(f"{path} is empty or missing, and {wal} holds what was written to it last.")


async def test_an_empty_file_and_a_database_without_anything_become_a_store(tmp_path: Path) -> None:
    (tmp_path / "empty.db").touch()
    crashed(tmp_path / "begun.db", "PRAGMA journal_mode = WAL")

    for name in ("empty.db", "begun.db", "new.db"):
        store = SqliteStore(tmp_path / name)
        assert await store.count() == 0
        await store.close()


async def test_a_store_whose_server_was_killed_before_anything_left_the_wal_opens(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    code = (
        "import os, sys\nfrom pathlib import Path\nfrom xpander_emulator.store.sqlite import database\n"
        "db = database.connect(Path(sys.argv[1]), 1)\ndatabase.prepare(db, Path(sys.argv[1]))\nos._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=True)
    assert path.read_bytes()[68:72] == b"\0" * 4
    assert (tmp_path / "tasks.db-wal").stat().st_size > 0

    store = SqliteStore(path)

    assert await store.count() == 0
    await store.close()


def salt_of(path: Path) -> bytes:
    store = SqliteStore(path)
    salt = store.salt()
    asyncio.run(store.close())
    return salt


def test_many_who_open_a_new_store_at_once_all_open_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(40):
            path = tmp_path / f"{number}.db"
            assert len(set(pool.map(salt_of, [path] * 8))) == 1


async def test_a_new_store_that_another_process_is_moving_out_of_its_wal_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, wal = tmp_path / "tasks.db", tmp_path / "tasks.db-wal"
    SqliteStore(path)
    whole = path.read_bytes()
    # Half of the database is moved: no mark in its header yet, and fewer pages than it says.
    path.write_bytes(whole[:68] + bytes(4) + whole[72:4096])
    wal.write_bytes(b"what is being moved")

    def other_process(seconds: float) -> None:
        path.write_bytes(whole)
        wal.unlink(missing_ok=True)

    monkeypatch.setattr("xpander_emulator.store.sqlite.inspection.time.sleep", other_process)
    store = SqliteStore(path)

    assert await store.count() == 0
    await store.close()


def test_a_damaged_database_that_nobody_writes_is_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "tasks.db"
    SqliteStore(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:68] + bytes(4) + whole[72:4096])
    monkeypatch.setattr("xpander_emulator.store.sqlite.inspection.time.sleep", lambda seconds: pytest.fail("waited"))

    assert "database disk image is malformed" in refused(path)


async def test_a_path_through_a_link_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    SqliteStore(tmp_path / "tasks.db")
    (tmp_path / "link.db").symlink_to("tasks.db")

    store = SqliteStore(tmp_path / "link.db")

    assert await store.count() == 0
    await store.close()


@pytest.mark.parametrize("name", ["with space?.db", "per%cent#.db", "zürich.db"])
def test_a_name_with_marks_of_a_url_is_a_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (a)")
    db.close()

    assert refused(path) == f"{path} {FOREIGN}"
