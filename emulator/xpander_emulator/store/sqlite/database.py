"""The SQLite file of a store: how it is opened, read and written, and the message for each of its errors."""

import asyncio
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

from xpander_emulator.store.codec.timelines import check_format
from xpander_emulator.store.notifications import WHOLE
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.sqlite.inspection import foreign, inspect
from xpander_emulator.store.sqlite.schema import APPLICATION, SCHEMA

# How long a writer waits for another one in all.
PATIENCE_SECONDS: Final = 2.0
# How long a writer waits for another one within a statement, where the event loop stands still.
_STANDSTILL_SECONDS: Final = 0.005
_BUSY: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

Result = TypeVar("Result")


class Database:
    """The SQLite file of a store, and the connection of this process to it. A new file gets the tables.

    sender: the name of the connection, under which it announces changes to other processes.

    Raises StoreUnavailable where the file cannot be used at all, UnknownFormat where another version has written it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sender = ""
        self._connection: sqlite3.Connection | None = None
        with self.errors():
            inspect(path)
        with self.short_connection() as db:
            prepare(db, path)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection of this process, opened at the first use: a connection must not be carried through a fork."""
        if self._connection is None:
            self.sender = secrets.token_hex(4)
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        """Return a connection that has read once, so that its later reads wait for nothing.

        The last connection of another process blocks whoever opens the database while it closes.
        """
        db = connect(self.path, PATIENCE_SECONDS, self.sender)
        try:
            db.execute("SELECT tasks FROM total").fetchall()
            db.execute(f"PRAGMA busy_timeout = {round(_STANDSTILL_SECONDS * 1000)}")
        except sqlite3.Error:
            db.close()
            raise
        return db

    @contextmanager
    def short_connection(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that is closed at the end."""
        with self.errors(), closing(connect(self.path, PATIENCE_SECONDS)) as db:
            yield db

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Raise StoreUnavailable for an error of SQLite."""
        try:
            yield
        except sqlite3.Error as error:
            raise StoreUnavailable(reason(self.path, error)) from error

    def close(self) -> None:
        """Close the connection; the next use opens another one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def rows(self, statement: str, *values: Any, **named: Any) -> list[Any]:
        """Return the rows of a statement, whose placeholders are either all `?` or all `:name`."""
        with self.errors():
            return self.connection.execute(statement, named or values).fetchall()

    async def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Return the result of `work`, one transaction; the event loop goes on while another process writes."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        while True:
            try:
                with transaction(self.connection):
                    return work(self.connection)
            except sqlite3.Error as error:
                if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _BUSY or loop.time() >= deadline:
                    raise StoreUnavailable(reason(self.path, error)) from error
            await asyncio.sleep(_STANDSTILL_SECONDS)


def connect(path: Path, timeout: float, sender: str = "") -> sqlite3.Connection:
    """Return a connection without implicit transactions.

    timeout: how many seconds a statement waits for a lock.
    sender:  the name under which the connection announces changes.
    """
    # A server in a thread closes in another thread than it opens in, never in two at once.
    db = sqlite3.connect(path, timeout=timeout, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error:
        db.close()
        raise
    db.create_function("sender", 0, lambda: sender)
    return db


def announce(db: sqlite3.Connection, namespace: str, key: str = WHOLE) -> None:
    """Let other processes hear of a change once the transaction is committed."""
    db.execute("INSERT INTO ring (namespace, id, sender) VALUES (?, ?, sender())", (namespace, key))


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Create the tables in a new file. Raises UnknownFormat, and StoreUnavailable for the file of another program."""
    _use_wal(db)
    with transaction(db):
        [(application,)], [(version,)] = db.execute("PRAGMA application_id"), db.execute("PRAGMA user_version")
        if application == APPLICATION:
            check_format(str(path), version)
            return
        if db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
            raise foreign(path)
        for statement in _statements(SCHEMA):
            db.execute(statement)


def _use_wal(db: sqlite3.Connection) -> None:
    """Change the journal mode; SQLite refuses at once, whatever the timeout, while another process changes it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
        time.sleep(0.01)


def _statements(script: str) -> list[str]:
    """Return the statements of a script; `executescript` would commit the open transaction."""
    statements, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            statements.append(part)
            part = ""
    return statements


@contextmanager
def transaction(db: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Commit everything in the block as one transaction, or nothing of it."""
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    finally:
        # A full disk ends the transaction by itself.
        if db.in_transaction:
            db.execute("ROLLBACK")


def reason(path: Path, error: sqlite3.Error) -> str:
    """Return what is wrong with the file, and what would help."""
    match getattr(error, "sqlite_errorcode", 0) & 0xFF:
        case sqlite3.SQLITE_FULL:
            return f"The store {path} is full: no space is left for it. Free some, and send the request again."
        case sqlite3.SQLITE_READONLY:
            return f"The store {path} cannot be written: it is read-only. Make it writable, and send the request again."
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return f"The store {path} is locked by another process for more than {PATIENCE_SECONDS:g} s; try again."
        case sqlite3.SQLITE_CANTOPEN:
            return f"The store {path} cannot be opened. Choose a file in a folder that exists and is yours."
        case sqlite3.SQLITE_NOTADB:
            return f"{path} is no SQLite database. Choose another file with --store."
        case _:
            return f"The store {path} cannot be used: {error}."
