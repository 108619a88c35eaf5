"""The store in an SQLite file: it outlives the process, and the workers of one machine share it.

Statements run in the event loop itself: each takes microseconds, a thread would take more. In WAL mode with
`synchronous=NORMAL` a commit is in the operating system's hands when a client gets its response. A kill of the process
therefore loses nothing; a loss of power may lose the last commits, never earlier ones.
"""

import sqlite3
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

from xpander_emulator.clock import Clock, agreed_clock, machine_time
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS, task_to_bytes
from xpander_emulator.store.compare_and_set import fact_changed, id_taken, task_changed
from xpander_emulator.store.notifications import Notifications, Subscription
from xpander_emulator.store.port import Contents, Fact, Reading, StoreUnavailable, Task, Value
from xpander_emulator.store.sqlite.channel import Channel
from xpander_emulator.store.sqlite.database import Database, announce, transaction
from xpander_emulator.store.sqlite.log import SqliteLog
from xpander_emulator.store.task_cache import TaskCache

# One statement, because each one takes and releases the locks of the file, which costs more than its reads.
_READ: Final = """
SELECT name, NULL, NULL, value FROM fact WHERE namespace = :namespace AND name IN ('clock', 'faults', 'pins')
UNION ALL SELECT 'task', mark, version, record FROM task WHERE namespace = :namespace AND id = :id
UNION ALL SELECT * FROM (
    SELECT 'child', mark, version, record FROM task WHERE namespace = :namespace AND parent = :id ORDER BY ordinal
)
"""
_COUNT_MATCH: Final = """
INSERT INTO hit SELECT :namespace, :id, :rule, 1
WHERE :id = '' OR EXISTS (SELECT 1 FROM task WHERE namespace = :namespace AND id = :id)
ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count
"""
_TASK: Final = "SELECT mark, version, record FROM task"
Row = tuple[int, int, bytes]


class _Written(NamedTuple):
    """A task that was just written, and its record."""

    task: Task
    record: bytes


class SqliteStore:
    """Stores everything in one SQLite file, which is created where there is none.

    Raises StoreUnavailable where it cannot be used at all, UnknownFormat where another version has written it.
    """

    is_near: Final = True

    def __init__(self, path: Path) -> None:
        self.database = Database(path)
        self.log = SqliteLog(self.database)
        self.notifications = Notifications()
        self._channel = Channel(self.database, self.notifications)
        self._cache = TaskCache()

    async def close(self) -> None:
        self._channel.close()
        self.database.close()

    def agree_on(self, clock: Clock) -> Clock:
        with self.database.short_connection() as db, transaction(db):
            [(stored,)] = db.execute("SELECT first_clock FROM total")
            agreed = agreed_clock(clock, stored and CLOCK.from_bytes(stored), machine_time())
            db.execute("UPDATE total SET first_clock = ?", (CLOCK.to_bytes(agreed),))
        return agreed

    def salt(self) -> bytes:
        [(salt,)] = self.database.rows("SELECT salt FROM total")
        return bytes(salt)

    # Tasks

    async def read(self, namespace: str, task_id: str) -> Reading:
        clock, faults, pins, task, children = CLOCK.initial, FAULTS.initial, PINS.initial, None, []
        for kind, mark, version, record in self.database.rows(_READ, namespace=namespace, id=task_id):
            match kind:
                case "clock":
                    clock = CLOCK.from_bytes(record)
                case "faults":
                    faults = FAULTS.from_bytes(record)
                case "pins":
                    pins = PINS.from_bytes(record)
                case "task":
                    task = self._task(namespace, (mark, version, record))
                case _:
                    children.append(self._task(namespace, (mark, version, record)))
        return Reading(task, children, clock, faults, pins)

    async def get(self, namespace: str, task_id: str) -> Task | None:
        tasks = self._tasks(namespace, f"{_TASK} WHERE namespace = ? AND id = ?", task_id)
        return tasks[0] if tasks else None

    async def all(self, namespace: str) -> Sequence[Task]:
        return self._tasks(namespace, f"{_TASK} WHERE namespace = ? ORDER BY ordinal, mark")

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        return self._tasks(namespace, f"{_TASK} WHERE namespace = ? AND parent = ? ORDER BY ordinal", task_id)

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        rows = self.database.rows("SELECT namespace, mark, version, record FROM task ORDER BY mark LIMIT ?", most)
        return [(namespace, self._task(namespace, (*row,))) for namespace, *row in rows]

    async def count(self) -> int:
        [(tasks,)] = self.database.rows("SELECT tasks FROM total")
        return int(tasks)

    async def namespaces(self) -> Mapping[str, int]:
        return dict(self.database.rows("SELECT name, tasks FROM namespace"))

    def _tasks(self, namespace: str, statement: str, *values: Any) -> list[Task]:
        """Return the tasks of a namespace that a statement selects, whose first value is the namespace."""
        return [self._task(namespace, row) for row in self.database.rows(statement, namespace, *values)]

    def _task(self, namespace: str, row: Row) -> Task:
        return self._cache.task(namespace, *row, self._timeline_text)

    def _timeline_text(self, name: str) -> bytes:
        rows = self.database.rows("SELECT text FROM timeline WHERE name = ?", name)
        if not rows:
            # Another process has deleted the task, and with it its timeline, between two statements of ours.
            raise StoreUnavailable(f"A task was removed from {self.database.path} while it was read; ask again.")
        text: bytes = rows[0][0]
        return text

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        def work(db: sqlite3.Connection) -> tuple[list[_Written], int]:
            _enter(db, namespace)
            written = [self._insert(db, namespace, task) for task in tasks]
            [(count,)] = db.execute("SELECT tasks FROM total")
            return written, count

        written, count = await self.database.write(work)
        self._after_insert(namespace, written)
        return count

    def _after_insert(self, namespace: str, written: Sequence[_Written]) -> None:
        for task, record in written:
            self._cache.put(namespace, task, record)
            self.notifications.notify(namespace, task.announced_as)

    def _insert(self, db: sqlite3.Connection, namespace: str, task: Task) -> _Written:
        record = task_to_bytes(task, self._cache.digests)
        added = db.execute(
            "INSERT OR IGNORE INTO task (namespace, id, ordinal, parent, version, record) VALUES (?, ?, ?, ?, ?, ?)",
            (namespace, task.id, task.ordinal, task.parent, task.version, record),
        )
        if not added.rowcount or added.lastrowid is None:
            raise id_taken(task.id)
        self._store_timelines(db, task, added.lastrowid)
        announce(db, namespace, task.announced_as)
        return _Written(task.marked(added.lastrowid), record)

    def _store_timelines(self, db: sqlite3.Connection, task: Task, mark: int) -> None:
        """Store the timelines that a task follows, each once for all tasks."""
        for name, text in {self._cache.digests.with_text(turn.timeline) for turn in task.turns}:
            db.execute("INSERT OR IGNORE INTO timeline VALUES (?, ?)", (name, text))
            db.execute("INSERT OR IGNORE INTO follows VALUES (?, ?)", (name, mark))

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        record = task_to_bytes(task, self._cache.digests)

        def work(db: sqlite3.Connection) -> list[_Written]:
            changed = db.execute(
                "UPDATE task SET version = ?, record = ? WHERE namespace = ? AND id = ? AND version = ? AND mark = ?",
                (task.version, record, namespace, task.id, task.version - 1, task.mark),
            )
            if not changed.rowcount:
                raise task_changed(task.id)
            self._store_timelines(db, task, task.mark)
            announce(db, namespace, task.id)
            return [self._insert(db, namespace, each) for each in new]

        written = await self.database.write(work)
        self._cache.put(namespace, task, record)
        self.notifications.notify(namespace, task.id)
        self._after_insert(namespace, written)

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        def work(db: sqlite3.Connection) -> list[str]:
            statement = "DELETE FROM task WHERE namespace = ? AND id = ?"
            deleted = [task_id for task_id in task_ids if db.execute(statement, (namespace, task_id)).rowcount]
            for task_id in deleted:
                announce(db, namespace, task_id)
            return deleted

        for task_id in await self.database.write(work):
            self.notifications.notify(namespace, task_id)

    # Namespaces

    async def next_ordinal(self, namespace: str, count: int = 1) -> int:
        def work(db: sqlite3.Connection) -> int:
            _enter(db, namespace)
            [(after,)] = db.execute(
                "UPDATE namespace SET ordinals = ordinals + ? WHERE name = ? RETURNING ordinals", (count, namespace)
            ).fetchall()
            return int(after) - count

        return await self.database.write(work)

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        with self.database.errors():
            return _fact(self.database.connection, namespace, fact)

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        def work(db: sqlite3.Connection) -> None:
            if _fact(db, namespace, fact) != seen:
                raise fact_changed(namespace, fact)
            _enter(db, namespace)
            _set_fact(db, namespace, fact, value)
            if fact.counted:
                db.execute("DELETE FROM hit WHERE namespace = ? AND id = ''", (namespace,))
            announce(db, namespace)

        await self.database.write(work)
        self.notifications.notify(namespace)

    async def count_match(self, namespace: str, task_id: str, rule: str) -> int:
        values = {"namespace": namespace, "id": task_id, "rule": rule}
        rows = await self.database.write(lambda db: db.execute(_COUNT_MATCH, values).fetchall())
        return int(rows[0][0]) if rows else 1

    async def matches(self, namespace: str, task_id: str, rule: str) -> int:
        statement = "SELECT count FROM hit WHERE namespace = ? AND id = ? AND rule = ?"
        rows = self.database.rows(statement, namespace, task_id, rule)
        return int(rows[0][0]) if rows else 0

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        await self.database.write(lambda db: _reset(db, namespace, scopes))
        self.notifications.notify(namespace)

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        with self.database.errors(), transaction(self.database.connection, "DEFERRED"):
            db = self.database.connection
            rows = db.execute("SELECT ordinals FROM namespace WHERE name = ?", (namespace,)).fetchall()
            values = {fact: _fact(db, namespace, fact) for fact in facts}
            return Contents(await self.all(namespace), rows[0][0] if rows else 0, values)

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        def work(db: sqlite3.Connection) -> list[_Written]:
            db.execute("DELETE FROM task WHERE namespace = ?", (namespace,))
            db.execute("DELETE FROM fact WHERE namespace = ?", (namespace,))
            db.execute("DELETE FROM hit WHERE namespace = ?", (namespace,))
            _enter(db, namespace)
            db.execute("UPDATE namespace SET ordinals = ? WHERE name = ?", (contents.ordinals, namespace))
            for fact, value in contents.facts.items():
                _set_fact(db, namespace, fact, value)
            announce(db, namespace)
            return [self._insert(db, namespace, task) for task in contents.tasks]

        self._after_insert(namespace, await self.database.write(work))
        self.notifications.notify(namespace)

    @asynccontextmanager
    async def subscribe(self, namespace: str, keys: Sequence[str]) -> AsyncIterator[Subscription]:
        with self.notifications.subscribe(namespace, keys) as subscription:
            self._channel.join()
            yield subscription


def _enter(db: sqlite3.Connection, namespace: str) -> None:
    db.execute("INSERT OR IGNORE INTO namespace (name) VALUES (?)", (namespace,))


def _fact(db: sqlite3.Connection, namespace: str, fact: Fact[Value]) -> Value:
    rows = db.execute("SELECT value FROM fact WHERE namespace = ? AND name = ?", (namespace, fact.name)).fetchall()
    return fact.from_bytes(rows[0][0]) if rows else fact.initial


def _set_fact(db: sqlite3.Connection, namespace: str, fact: Fact[Value], value: Value) -> None:
    db.execute("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", (namespace, fact.name, fact.to_bytes(value)))


def _reset(db: sqlite3.Connection, namespace: str, scopes: frozenset[str]) -> None:
    if "tasks" in scopes:
        db.execute("DELETE FROM task WHERE namespace = ?", (namespace,))
        db.execute("UPDATE namespace SET ordinals = 0 WHERE name = ?", (namespace,))
    if FAULTS.name in scopes:
        db.execute("DELETE FROM hit WHERE namespace = ?", (namespace,))
    for scope in scopes:
        db.execute("DELETE FROM fact WHERE namespace = ? AND name = ?", (namespace, scope))
    db.execute(
        "DELETE FROM namespace WHERE name = :name AND tasks = 0 AND ordinals = 0"
        " AND NOT EXISTS (SELECT 1 FROM fact WHERE namespace = :name)",
        {"name": namespace},
    )
    announce(db, namespace)
