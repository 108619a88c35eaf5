import sqlite3
from pathlib import Path

import pytest

from xpander_emulator.store.codec.timelines import UnknownFormat
from xpander_emulator.store.sqlite.store import SqliteStore


def test_a_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    SqliteStore(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 3")
    db.close()

    with pytest.raises(UnknownFormat, match=r"tasks.db is in format 3; this version of the emulator reads format 2"):
        SqliteStore(path)
