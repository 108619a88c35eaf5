"""What lies at the path of an SQLite store, found out without changing anything there.

Opening a database writes: SQLite recovers and deletes journals, makes files beside it, and writes WAL mode into it.
"""

import shutil
import sqlite3
import stat
import tempfile
import time
from contextlib import closing
from pathlib import Path
from struct import Struct
from typing import Final, NamedTuple

from xpander_emulator.store.codec.timelines import check_format
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.sqlite.database import APPLICATION, foreign

_MAGIC: Final = b"SQLite format 3\0"
_HEADER: Final = 100
# `user_version` at byte 60 and `application_id` at byte 68 (source: SQLite's Database File Format, 1.3).
_MARKS: Final = Struct(">60xI4xI")
_BESIDE: Final = ("-wal", "-shm", "-journal")
# A process that makes a new store is done with it in a hundredth of this; the pause is in seconds.
_ATTEMPTS: Final = 200
_PAUSE: Final = 0.01


class _Marks(NamedTuple):
    """By what a database tells whose it is."""

    version: int
    application: int
    has_tables: bool


def inspect(path: Path) -> None:
    """Raise unless `path` is free, empty, or a database of ours in the present format.

    Raises StoreUnavailable, UnknownFormat, and what sqlite3 raises for a database that is damaged.
    """
    real = path.resolve()
    for beside in _beside(real):
        if beside.is_symlink():
            raise StoreUnavailable(
                f"{beside} is a symbolic link, through which SQLite would write into another file."
                " Remove it, or choose another file with --store."
            )
    # Before the header: a process that makes a new store writes the database first.
    has_wal = _size(_beside(real)[0]) > 0
    header = _header(path)
    if not header:
        if has_wal:
            raise _without_database(path, real)
        return
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise StoreUnavailable(f"{path} is no SQLite database, and is left as it is. Choose another file with --store.")
    version, application = _MARKS.unpack_from(header)
    # What was written last may stand in the WAL alone.
    marks = _Marks(version, application, has_tables=True) if application else _marks_with_wal(real)
    if marks.application == APPLICATION:
        check_format(str(path), marks.version)
    elif any(marks):
        raise foreign(path)


def _header(path: Path) -> bytes:
    """Return the first bytes of a file; none where there is no file."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a folder" if stat.S_ISDIR(mode) else "no regular file"
            raise StoreUnavailable(f"{path} is {kind}. Choose a file with --store sqlite:PATH.")
        with path.open("rb") as file:
            return file.read(_HEADER)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be read: {error.strerror}. Choose another file with --store.") from None


def _beside(real: Path) -> list[Path]:
    return [real.with_name(real.name + suffix) for suffix in _BESIDE]


def _without_database(path: Path, real: Path) -> StoreUnavailable:
    """Return the error for a WAL whose database is missing or empty: SQLite would delete it."""
    return StoreUnavailable(
        f"{path} is empty or missing, and {_beside(real)[0]} holds what was written to it last."
        " Put the database back, or choose another file with --store."
    )


def _marks_with_wal(real: Path) -> _Marks:
    """Return the marks of a database and its WAL, read again while another process changes them.

    SQLite's locks would keep both still, and would write beside a database that may be of another program.
    """
    wal = _beside(real)[0]
    damage: Exception | None = None
    for _ in range(_ATTEMPTS):
        before = _state(real)
        try:
            marks = _read_marks(real)
        except (sqlite3.DatabaseError, FileNotFoundError) as error:
            # With a WAL, another process may be halfway in moving it into the database.
            if _state(real) == before and not _size(wal):
                raise
            damage = error
        else:
            if marks.application or _state(real) == before:
                return marks
        time.sleep(_PAUSE)
    raise damage or StoreUnavailable(
        f"{real} is written by another program without a pause. Stop it, or choose another file with --store."
    )


def _state(real: Path) -> tuple[bytes, ...]:
    """Return what changes with each write: the header, and the sizes and times of the database and its WAL."""
    return _header(real), *(_stamp(each) for each in (real, _beside(real)[0]))


def _stamp(path: Path) -> bytes:
    try:
        status = path.stat()
    except OSError:
        return b""
    return f"{status.st_size} {status.st_mtime_ns}".encode()


def _read_marks(real: Path) -> _Marks:
    # `immutable` makes SQLite take no locks, make no files and leave those beside it alone.
    with closing(sqlite3.connect(f"{real.as_uri()}?immutable=1", uri=True)) as db:
        marks = _marks(db)
    wal = _beside(real)[0]
    if any(marks) or not _size(wal):
        return marks
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "copy")
        shutil.copyfile(wal, _beside(copy)[0])
        shutil.copyfile(real, copy)
        with closing(sqlite3.connect(copy)) as db:
            return _marks(db)


def _marks(db: sqlite3.Connection) -> _Marks:
    [(version,)], [(application,)] = db.execute("PRAGMA user_version"), db.execute("PRAGMA application_id")
    # Of a database that says whose it is nothing further is read: another process may be writing it.
    has_tables = not application and bool(db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall())
    return _Marks(version, application, has_tables)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
