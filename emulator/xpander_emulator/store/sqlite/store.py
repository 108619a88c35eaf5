"""The store in an SQLite file: it outlives the process, and the workers of one machine share it.

Statements run in the event loop itself: each takes microseconds, a thread would take more. In WAL mode with
`synchronous=NORMAL` a commit is in the operating system's hands when a client gets its answer. A kill of the process
therefore loses nothing; a loss of power may lose the last commits, never what was there before.
"""

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.errors import StaleWrite
from xpander_emulator.store.codec.facts import CLOCK, FAULTS, PINS, task_to_bytes
from xpander_emulator.store.initial_clock import agreed
from xpander_emulator.store.notifications import Notifications, Subscription
from xpander_emulator.store.port import Contents, Fact, Reading, StoreUnavailable, Task, Value
from xpander_emulator.store.sqlite.database import PATIENCE_SECONDS, connect, prepare, reason, ring, transaction
from xpander_emulator.store.sqlite.inspection import inspect
from xpander_emulator.store.sqlite.log import SqliteLog
from xpander_emulator.store.task_cache import TaskCache

# Somebody who waits hears of another process's changes within this time; a look costs 2 µs.
LOOK_SECONDS: Final = 0.02
# How long a writer waits for another one within a statement, where the loop stands still.
_STANDSTILL_SECONDS: Final = 0.005
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

# One statement, because each takes and gives back the file's locks, which costs more than what it reads.
_READ: Final = """
SELECT name, NULL, NULL, value FROM fact WHERE namespace = :namespace AND name IN ('clock', 'faults', 'pins')
UNION ALL SELECT 'task', mark, version, record FROM task WHERE namespace = :namespace AND id = :id
UNION ALL SELECT * FROM (
    SELECT 'child', mark, version, record FROM task WHERE namespace = :namespace AND parent = :id ORDER BY ordinal
)
"""
_HIT: Final = """
INSERT INTO hit SELECT :namespace, :id, :rule, 1
WHERE :id = '' OR EXISTS (SELECT 1 FROM task WHERE namespace = :namespace AND id = :id)
ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count
"""
_TASK: Final = "SELECT mark, version, record FROM task"
Done = TypeVar("Done")
Row = tuple[int, int, bytes]


class _Written(NamedTuple):
    """A task that was just written, and its record."""

    task: Task
    record: bytes


class SqliteStore:
    """Keeps everything in one SQLite file, which is made where there is none.

    Raises StoreUnavailable where it cannot be used at all, UnknownFormat where another version has written it.
    """

    is_near: Final = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connected: sqlite3.Connection | None = None
        self._kept = TaskCache()
        self.notifications = Notifications()
        self.log = SqliteLog(self)
        self._name = ""
        self._listening: asyncio.Task[None] | None = None
        with self._told():
            inspect(path)
            with self._briefly() as db:
                prepare(db, path)

    # The file

    @property
    def db(self) -> sqlite3.Connection:
        """The connection of this process; made at the first use, so that none is carried through a fork."""
        if self._connected is None:
            self._name = secrets.token_hex(4)
            # The file may be another one than that of the last connection.
            self.log.clear()
            self._connected = self._connection()
        return self._connected

    def _connection(self) -> sqlite3.Connection:
        """Return a connection that has read once, so that its later reads need not wait for anybody.

        The last connection of another process holds up whoever opens the database while it closes.
        """
        db = connect(self.path, PATIENCE_SECONDS, self._name)
        try:
            db.execute("SELECT tasks FROM total").fetchall()
            db.execute(f"PRAGMA busy_timeout = {round(_STANDSTILL_SECONDS * 1000)}")
        except sqlite3.Error:
            db.close()
            raise
        return db

    @contextmanager
    def _briefly(self) -> Iterator[sqlite3.Connection]:
        db = connect(self.path, PATIENCE_SECONDS)
        try:
            yield db
        finally:
            db.close()

    async def close(self) -> None:
        if self._listening is not None:
            self._listening.cancel()
            self._listening = None
        if self._connected is not None:
            self._connected.close()
            self._connected = None

    def agree_on(self, first: Clock) -> Clock:
        with self._told(), self._briefly() as db, transaction(db):
            [(kept,)] = db.execute("SELECT first_clock FROM total")
            clock = agreed(first, kept and CLOCK.from_bytes(kept), machine_time())
            db.execute("UPDATE total SET first_clock = ?", (CLOCK.to_bytes(clock),))
        return clock

    def salt(self) -> bytes:
        [(salt,)] = self.rows("SELECT salt FROM total")
        return bytes(salt)

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn what SQLite raises into what a client is told."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreUnavailable(reason(self.path, error)) from error

    def rows(self, statement: str, *values: Any, **named: Any) -> list[Any]:
        """Return the rows of a statement, whose placeholders are either all `?` or all `:name`."""
        with self._told():
            return self.db.execute(statement, named or values).fetchall()

    async def write(self, work: Callable[[sqlite3.Connection], Done]) -> Done:
        """Return what `work` gives, done as one transaction; while another process writes, the loop goes on."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while True:
            try:
                with transaction(self.db):
                    return work(self.db)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BUSY or loop.time() >= deadline:
                    raise StoreUnavailable(reason(self.path, error)) from error
            await asyncio.sleep(_STANDSTILL_SECONDS)

    # Tasks

    async def read(self, namespace: str, task_id: str) -> Reading:
        clock, faults, pins, task, children = CLOCK.initial, FAULTS.initial, PINS.initial, None, []
        for what, *row in self.rows(_READ, namespace=namespace, id=task_id):
            if what == "clock":
                clock = CLOCK.from_bytes(row[2])
            elif what == "faults":
                faults = FAULTS.from_bytes(row[2])
            elif what == "pins":
                pins = PINS.from_bytes(row[2])
            elif what == "task":
                task = self._task(namespace, (row[0], row[1], row[2]))
            else:
                children.append(self._task(namespace, (row[0], row[1], row[2])))
        return Reading(task, children, clock, faults, pins)

    async def get(self, namespace: str, task_id: str) -> Task | None:
        found = self._tasks(namespace, f"{_TASK} WHERE namespace = ? AND id = ?", task_id)
        return found[0] if found else None

    async def all(self, namespace: str) -> Sequence[Task]:
        return self._tasks(namespace, f"{_TASK} WHERE namespace = ? ORDER BY ordinal, mark")

    async def children(self, namespace: str, task_id: str) -> Sequence[Task]:
        return self._tasks(namespace, f"{_TASK} WHERE namespace = ? AND parent = ? ORDER BY ordinal", task_id)

    async def oldest(self, most: int) -> Sequence[tuple[str, Task]]:
        rows = self.rows("SELECT mark, version, record, namespace FROM task ORDER BY mark LIMIT ?", most)
        return [
            (namespace, self._task(namespace, (mark, version, record))) for mark, version, record, namespace in rows
        ]

    async def count(self) -> int:
        [(tasks,)] = self.rows("SELECT tasks FROM total")
        return int(tasks)

    async def namespaces(self) -> Mapping[str, int]:
        return dict(self.rows("SELECT name, tasks FROM namespace"))

    def _tasks(self, namespace: str, statement: str, *values: Any) -> list[Task]:
        """Return the tasks of a namespace that a statement finds, whose first value is the namespace."""
        return [self._task(namespace, row) for row in self.rows(statement, namespace, *values)]

    def _task(self, namespace: str, row: Row) -> Task:
        return self._kept.task(namespace, *row, self._text)

    def _text(self, name: str) -> bytes:
        found = self.rows("SELECT text FROM timeline WHERE name = ?", name)
        if not found:
            # Another process has removed the task, and with it its timeline, between two statements of ours.
            raise StoreUnavailable(f"A task was removed from {self.path} while it was read; ask again.")
        text: bytes = found[0][0]
        return text

    async def add(self, namespace: str, tasks: Sequence[Task]) -> int:
        def work(db: sqlite3.Connection) -> tuple[list[_Written], int]:
            _enter(db, namespace)
            written = [self._insert(db, namespace, task) for task in tasks]
            [(count,)] = db.execute("SELECT tasks FROM total")
            return written, count

        written, count = await self.write(work)
        self._keep(namespace, written)
        return count

    def _keep(self, namespace: str, written: Sequence[_Written]) -> None:
        for task, record in written:
            self._kept.keep(namespace, task, record)
            self.notifications.ring(namespace, task.announced_as)

    def _insert(self, db: sqlite3.Connection, namespace: str, task: Task) -> _Written:
        record = task_to_bytes(task, lambda timeline: self._kept.names.of(timeline)[0])
        added = db.execute(
            "INSERT OR IGNORE INTO task (namespace, id, ordinal, parent, version, record) VALUES (?, ?, ?, ?, ?, ?)",
            (namespace, task.id, task.ordinal, task.parent, task.version, record),
        )
        if not added.rowcount or added.lastrowid is None:
            raise StaleWrite(f"Task id '{task.id}' is taken.")
        self._follow(db, task, added.lastrowid)
        ring(db, namespace, task.announced_as)
        return _Written(task.marked(added.lastrowid), record)

    def _follow(self, db: sqlite3.Connection, task: Task, mark: int) -> None:
        """Keep the timelines that a task follows, each once."""
        for name, text in {self._kept.names.of(turn.timeline) for turn in task.turns}:
            db.execute("INSERT OR IGNORE INTO timeline VALUES (?, ?)", (name, text))
            db.execute("INSERT OR IGNORE INTO follows VALUES (?, ?)", (name, mark))

    async def replace(self, namespace: str, task: Task, new: Sequence[Task] = ()) -> None:
        record = task_to_bytes(task, lambda timeline: self._kept.names.of(timeline)[0])

        def work(db: sqlite3.Connection) -> list[_Written]:
            changed = db.execute(
                "UPDATE task SET version = ?, record = ? WHERE namespace = ? AND id = ? AND version = ? AND mark = ?",
                (task.version, record, namespace, task.id, task.version - 1, task.mark),
            )
            if not changed.rowcount:
                raise StaleWrite(f"Task '{task.id}' was changed by somebody else.")
            self._follow(db, task, task.mark)
            ring(db, namespace, task.id)
            return [self._insert(db, namespace, each) for each in new]

        written = await self.write(work)
        self._kept.keep(namespace, task, record)
        self.notifications.ring(namespace, task.id)
        self._keep(namespace, written)

    async def remove(self, namespace: str, task_ids: Sequence[str]) -> None:
        def work(db: sqlite3.Connection) -> list[str]:
            gone = [
                task_id
                for task_id in task_ids
                if db.execute("DELETE FROM task WHERE namespace = ? AND id = ?", (namespace, task_id)).rowcount
            ]
            for task_id in gone:
                ring(db, namespace, task_id)
            return gone

        for task_id in await self.write(work):
            self.notifications.ring(namespace, task_id)

    # Namespaces

    async def next_ordinal(self, namespace: str, how_many: int = 1) -> int:
        def work(db: sqlite3.Connection) -> int:
            _enter(db, namespace)
            [(after,)] = db.execute(
                "UPDATE namespace SET ordinals = ordinals + ? WHERE name = ? RETURNING ordinals", (how_many, namespace)
            ).fetchall()
            return int(after) - how_many

        return await self.write(work)

    async def fact(self, namespace: str, fact: Fact[Value]) -> Value:
        with self._told():
            return _fact(self.db, namespace, fact)

    async def set_fact(self, namespace: str, fact: Fact[Value], value: Value, seen: Value) -> None:
        def work(db: sqlite3.Connection) -> None:
            if _fact(db, namespace, fact) != seen:
                raise StaleWrite(f"The {fact.name} of '{namespace}' was changed by somebody else.")
            _enter(db, namespace)
            _set_fact(db, namespace, fact, value)
            if fact.counted:
                db.execute("DELETE FROM hit WHERE namespace = ? AND id = ''", (namespace,))
            ring(db, namespace)

        await self.write(work)
        self.notifications.ring(namespace)

    async def hit(self, namespace: str, task_id: str, rule: str) -> int:
        values = {"namespace": namespace, "id": task_id, "rule": rule}
        found = await self.write(lambda db: db.execute(_HIT, values).fetchall())
        return int(found[0][0]) if found else 1

    async def hits(self, namespace: str, task_id: str, rule: str) -> int:
        found = self.rows("SELECT count FROM hit WHERE namespace = ? AND id = ? AND rule = ?", namespace, task_id, rule)
        return int(found[0][0]) if found else 0

    async def reset(self, namespace: str, scopes: frozenset[str]) -> None:
        await self.write(lambda db: _reset(db, namespace, scopes))
        self.notifications.ring(namespace)

    async def contents(self, namespace: str, facts: Sequence[Fact[Any]]) -> Contents:
        with self._told(), transaction(self.db, "DEFERRED"):
            found = self.db.execute("SELECT ordinals FROM namespace WHERE name = ?", (namespace,)).fetchall()
            tasks = self._tasks(namespace, f"{_TASK} WHERE namespace = ? ORDER BY ordinal, mark")
            told = {fact: _fact(self.db, namespace, fact) for fact in facts}
            return Contents(tasks, found[0][0] if found else 0, told)

    async def replace_all(self, namespace: str, contents: Contents) -> None:
        def work(db: sqlite3.Connection) -> list[_Written]:
            db.execute("DELETE FROM task WHERE namespace = ?", (namespace,))
            db.execute("DELETE FROM fact WHERE namespace = ?", (namespace,))
            db.execute("DELETE FROM hit WHERE namespace = ?", (namespace,))
            _enter(db, namespace)
            db.execute("UPDATE namespace SET ordinals = ? WHERE name = ?", (contents.ordinals, namespace))
            for fact, value in contents.facts.items():
                _set_fact(db, namespace, fact, value)
            ring(db, namespace)
            return [self._insert(db, namespace, task) for task in contents.tasks]

        self._keep(namespace, await self.write(work))
        self.notifications.ring(namespace)

    # Bells

    @asynccontextmanager
    async def listen(self, namespace: str, task_ids: Sequence[str]) -> AsyncIterator[Subscription]:
        with self.notifications.listen(namespace, task_ids) as subscription:
            self._look()
            yield subscription

    @asynccontextmanager
    async def listen_elsewhere(self, namespace: str) -> AsyncIterator[Subscription]:
        with self.notifications.listen_elsewhere(namespace) as subscription:
            self._look()
            yield subscription

    async def wake(self) -> None:
        self.notifications.ring_all()

    def _look(self) -> None:
        if self._listening is None or self._listening.done():
            self._listening = asyncio.ensure_future(self._look_for_rings(self._last_ring()))

    def _last_ring(self) -> int:
        [(last,)] = self.rows("SELECT coalesce(max(number), 0) FROM ring")
        return int(last)

    async def _look_for_rings(self, heard: int) -> None:
        """Ring for what other processes change, for as long as somebody listens."""
        version = None
        while self.notifications.listeners:
            try:
                [(seen,)] = self.rows("PRAGMA data_version")
                if seen != version:
                    version, heard = seen, self._pass_on(heard)
            except StoreUnavailable:
                self.notifications.ring_all()
                version = None
            await asyncio.sleep(LOOK_SECONDS)

    def _pass_on(self, heard: int) -> int:
        rings = self.rows("SELECT number, namespace, id, sender FROM ring WHERE number > ? ORDER BY number", heard)
        if rings and rings[0][0] > heard + 1:
            self.notifications.ring_all()
        for _, namespace, task_id, sender in rings:
            if sender != self._name:
                self.notifications.pass_on(namespace, task_id)
        return rings[-1][0] if rings else heard


def _enter(db: sqlite3.Connection, namespace: str) -> None:
    db.execute("INSERT OR IGNORE INTO namespace (name) VALUES (?)", (namespace,))


def _fact(db: sqlite3.Connection, namespace: str, fact: Fact[Value]) -> Value:
    found = db.execute("SELECT value FROM fact WHERE namespace = ? AND name = ?", (namespace, fact.name)).fetchall()
    return fact.from_bytes(found[0][0]) if found else fact.initial


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
    ring(db, namespace)
