"""Two processes' views of one SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from xpander_emulator.store.sqlite.store import SqliteStore


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    store = SqliteStore(tmp_path / "tasks.db")
    yield store
    await store.close()


@pytest.fixture
async def other(store: SqliteStore) -> AsyncIterator[SqliteStore]:
    other = SqliteStore(store.database.path)
    yield other
    await other.close()
