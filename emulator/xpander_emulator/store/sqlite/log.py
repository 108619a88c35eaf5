"""The log in the SQLite file of a store."""

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.notifications import REQUESTS
from xpander_emulator.store.sqlite.database import Database, announce

# How many ordinals are taken at once: a write costs more than a request should.
BLOCK: Final = 32
_MOST_BLOCKS: Final = 1_024
_DROPPED_AT_ONCE: Final = 256


class _Block(NamedTuple):
    """Ordinals that a connection has taken in advance.

    sender: of that connection; the next one may be to another file.
    """

    sender: str
    epoch: int
    next: int
    end: int


class SqliteLog:
    """Stores records in the tables `log` and `entry`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks: dict[str, _Block] = {}

    async def next_number(self, namespace: str) -> tuple[int, int]:
        block = self._blocks.get(namespace)
        epochs = self._database.rows("SELECT epoch FROM log WHERE namespace = ?", namespace)
        present = (self._database.sender, epochs)
        if block is None or block.next == block.end or (block.sender, [(block.epoch,)]) != present:
            block = await self._database.write(lambda db: _take(db, namespace, self._database.sender))
            if len(self._blocks) >= _MOST_BLOCKS:
                self._blocks.clear()
        self._blocks[namespace] = block._replace(next=block.next + 1)
        return block.epoch, block.next

    async def append(self, records: Sequence[Record], bounds: Bounds) -> None:
        def work(db: sqlite3.Connection) -> None:
            for record in records:
                _store(db, record)
            for namespace in {record.namespace for record in records}:
                _trim(db, namespace, bounds.of_one)
                announce(db, namespace, REQUESTS)
            _trim_all(db, bounds)

        await self._database.write(work)

    async def record(self, namespace: str, ordinal: int) -> bytes | None:
        rows = self._database.rows("SELECT record FROM entry WHERE namespace = ? AND ordinal = ?", namespace, ordinal)
        return rows[0][0] if rows else None

    async def records(self, namespace: str) -> Sequence[bytes]:
        rows = self._database.rows("SELECT record FROM entry WHERE namespace = ?", namespace)
        return [record for (record,) in rows]

    async def dropped(self, namespace: str) -> int:
        rows = self._database.rows("SELECT added - entries FROM log WHERE namespace = ?", namespace)
        return int(rows[0][0]) if rows else 0

    async def counts(self) -> Mapping[str, int]:
        return dict(self._database.rows("SELECT namespace, entries FROM log WHERE entries > 0"))

    async def reset(self, namespace: str) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM entry WHERE namespace = ?", (namespace,))
            db.execute("DELETE FROM log WHERE namespace = ?", (namespace,))
            announce(db, namespace, REQUESTS)

        await self._database.write(work)


def _take(db: sqlite3.Connection, namespace: str, sender: str) -> _Block:
    if not db.execute("SELECT 1 FROM log WHERE namespace = ?", (namespace,)).fetchall():
        db.execute("UPDATE total SET epochs = epochs + 1")
        db.execute("INSERT INTO log (namespace, epoch) SELECT ?, epochs FROM total", (namespace,))
    [(epoch, taken)] = db.execute(
        "UPDATE log SET taken = taken + ? WHERE namespace = ? RETURNING epoch, taken", (BLOCK, namespace)
    ).fetchall()
    return _Block(sender, epoch, taken - BLOCK + 1, taken + 1)


def _store(db: sqlite3.Connection, record: Record) -> None:
    if record.is_new:
        statement = (
            "INSERT OR IGNORE INTO entry (namespace, ordinal, record) SELECT :namespace, :ordinal, :data"
            " WHERE EXISTS (SELECT 1 FROM log WHERE namespace = :namespace AND epoch = :epoch)"
        )
    else:
        statement = (
            "UPDATE entry SET record = :data WHERE namespace = :namespace AND ordinal = :ordinal"
            " AND EXISTS (SELECT 1 FROM log WHERE namespace = :namespace AND epoch = :epoch)"
        )
    db.execute(statement, record._asdict())


def _trim(db: sqlite3.Connection, namespace: str, most: int) -> None:
    for (entries,) in db.execute("SELECT entries FROM log WHERE namespace = ?", (namespace,)).fetchall():
        if entries > most:
            db.execute(
                "DELETE FROM entry WHERE number IN"
                " (SELECT number FROM entry WHERE namespace = ? ORDER BY ordinal LIMIT ?)",
                (namespace, entries - most),
            )


def _trim_all(db: sqlite3.Connection, bounds: Bounds) -> None:
    while True:
        [(entries, size)] = db.execute("SELECT entries, entry_bytes FROM total").fetchall()
        too_many = _DROPPED_AT_ONCE if size > bounds.bytes_of_all else entries - bounds.of_all
        if entries <= 1 or too_many <= 0:
            return
        db.execute(
            "DELETE FROM entry WHERE number IN (SELECT number FROM entry ORDER BY number LIMIT ?)",
            (min(too_many, entries - 1),),
        )
