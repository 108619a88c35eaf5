"""The inspection of the file at the path of an SQLite store, without changing anything there.

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
from xpander_emulator.store.sqlite.schema import APPLICATION

_MAGIC: Final = b"SQLite format 3\0"
_HEADER: Final = 100
# `user_version` at byte 60 and `application_id` at byte 68 (source: SQLite's Database File Format, 1.3).
_MARKS: Final = Struct(">60xI4xI")
_BESIDE: Final = ("-wal", "-shm", "-journal")
# A process that creates a new store needs a hundredth of all these attempts.
_ATTEMPTS: Final = 200
_PAUSE_SECONDS: Final = 0.01


class _Marks(NamedTuple):
    """The marks by which a database says which program owns it."""

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
    # Read before the header: a process that creates a new store writes the database first.
    has_wal = _size(_beside(real)[0]) > 0
    header = _header(path)
    if not header:
        if has_wal:
            raise _without_database(path, real)
        return
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise StoreUnavailable(f"{path} is no SQLite database, and is left as it is. Choose another file with --store.")
    version, application = _MARKS.unpack_from(header)
    # The last writes may be in the WAL alone.
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


def foreign(path: Path) -> StoreUnavailable:
    """Return the error for the file of another program."""
    return StoreUnavailable(
        f"{path} is the database of another program, and is left as it is. Choose another file with --store."
    )


def _beside(real: Path) -> list[Path]:
    return [real.with_name(real.name + suffix) for suffix in _BESIDE]


def _without_database(path: Path, real: Path) -> StoreUnavailable:
    """Return the error for a WAL without its database; SQLite would delete the WAL."""
    return StoreUnavailable(
        f"{path} is empty or missing, and {_beside(real)[0]} holds what was written to it last."
        " Put the database back, or choose another file with --store."
    )


def _marks_with_wal(real: Path) -> _Marks:
    """Return the marks of a database and its WAL, read again while another process changes them.

    A lock of SQLite would stop the changes, but writes beside a database that may be of another program.
    """
    wal = _beside(real)[0]
    damage: Exception | None = None
    for _ in range(_ATTEMPTS):
        before = _state(real)
        try:
            marks = _read_marks(real)
        except (sqlite3.DatabaseError, FileNotFoundError) as error:
            # Another process may be halfway in moving the WAL into the database.
            if _state(real) == before and not _size(wal):
                raise
            damage = error
        else:
            if marks.application or _state(real) == before:
                return marks
        time.sleep(_PAUSE_SECONDS)
    raise damage or StoreUnavailable(
        f"{real} is written by another program without a pause. Stop it, or choose another file with --store."
    )


def _state(real: Path) -> tuple[bytes, ...]:
    """Return the header, and the sizes and times of the database and its WAL, which change with each write."""
    return _header(real), *(_stamp(each) for each in (real, _beside(real)[0]))


def _stamp(path: Path) -> bytes:
    try:
        status = path.stat()
    except OSError:
        return b""
    return f"{status.st_size} {status.st_mtime_ns}".encode()


def _read_marks(real: Path) -> _Marks:
    # With `immutable`, SQLite takes no locks, creates no files and leaves those beside the database alone.
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
    # Nothing further is read of a database with our mark: another process may be writing it.
    has_tables = not application and bool(db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall())
    return _Marks(version, application, has_tables)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
