"""The log in the SQLite file of a store."""

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.notifications import REQUESTS
from xpander_emulator.store.sqlite.database import ring

Done = TypeVar("Done")


class Database(Protocol):
    """Reads and writes the SQLite file of a store."""

    def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return what a statement finds."""
        ...

    async def write(self, work: Callable[[sqlite3.Connection], Done]) -> Done:
        """Do `work` in one transaction, and return what it returns."""
        ...


# So many ordinals are taken at once, as a write costs more than a request should.
BLOCK: Final = 32
_MOST_BLOCKS: Final = 1_024
_DROPPED_AT_ONCE: Final = 256


class _Block(NamedTuple):
    """Ordinals that this process has taken and not given yet."""

    epoch: int
    next: int
    end: int


class SqliteLog:
    """Keeps records in the tables `log` and `entry`."""

    def __init__(self, store: Database) -> None:
        self._store = store
        self._blocks: dict[str, _Block] = {}

    def clear(self) -> None:
        """Give no more of the ordinals that were taken in advance: they are of another file."""
        self._blocks.clear()

    async def take(self, namespace: str) -> tuple[int, int]:
        block = self._blocks.get(namespace)
        found = self._store.rows("SELECT epoch FROM log WHERE namespace = ?", namespace)
        if block is None or block.next == block.end or not found or found[0][0] != block.epoch:
            block = await self._store.write(lambda db: _taken(db, namespace))
            if len(self._blocks) >= _MOST_BLOCKS:
                self._blocks.clear()
        self._blocks[namespace] = block._replace(next=block.next + 1)
        return block.epoch, block.next

    async def append(self, records: Sequence[Record], bounds: Bounds) -> None:
        def work(db: sqlite3.Connection) -> None:
            for record in records:
                _keep(db, record)
            for namespace in {record.namespace for record in records}:
                _trim(db, namespace, bounds.of_one)
                ring(db, namespace, REQUESTS)
            _trim_all(db, bounds)

        await self._store.write(work)

    async def record(self, namespace: str, ordinal: int) -> bytes | None:
        found = self._store.rows("SELECT record FROM entry WHERE namespace = ? AND ordinal = ?", namespace, ordinal)
        return found[0][0] if found else None

    async def records(self, namespace: str) -> Sequence[bytes]:
        return [record for (record,) in self._store.rows("SELECT record FROM entry WHERE namespace = ?", namespace)]

    async def forgotten(self, namespace: str) -> int:
        found = self._store.rows("SELECT added - entries FROM log WHERE namespace = ?", namespace)
        return int(found[0][0]) if found else 0

    async def kept(self) -> Mapping[str, int]:
        return dict(self._store.rows("SELECT namespace, entries FROM log WHERE entries > 0"))

    async def reset(self, namespace: str) -> None:
        def work(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM entry WHERE namespace = ?", (namespace,))
            db.execute("DELETE FROM log WHERE namespace = ?", (namespace,))
            ring(db, namespace, REQUESTS)

        await self._store.write(work)


def _taken(db: sqlite3.Connection, namespace: str) -> _Block:
    if not db.execute("SELECT 1 FROM log WHERE namespace = ?", (namespace,)).fetchall():
        db.execute("UPDATE total SET epochs = epochs + 1")
        db.execute("INSERT INTO log (namespace, epoch) SELECT ?, epochs FROM total", (namespace,))
    [(epoch, taken)] = db.execute(
        "UPDATE log SET taken = taken + ? WHERE namespace = ? RETURNING epoch, taken", (BLOCK, namespace)
    ).fetchall()
    return _Block(epoch, taken - BLOCK + 1, taken + 1)


def _keep(db: sqlite3.Connection, record: Record) -> None:
    namespace, epoch, ordinal, data, is_new = record
    if is_new:
        statement = (
            "INSERT OR IGNORE INTO entry (namespace, ordinal, record) SELECT :namespace, :ordinal, :record"
            " WHERE EXISTS (SELECT 1 FROM log WHERE namespace = :namespace AND epoch = :epoch)"
        )
    else:
        statement = (
            "UPDATE entry SET record = :record WHERE namespace = :namespace AND ordinal = :ordinal"
            " AND EXISTS (SELECT 1 FROM log WHERE namespace = :namespace AND epoch = :epoch)"
        )
    db.execute(statement, {"namespace": namespace, "ordinal": ordinal, "record": data, "epoch": epoch})


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
