"""An SQLite file as the store uses it: its tables, how it is opened and written, what is told when it cannot be."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from xpander_emulator.store.codec.timelines import FORMAT, check_format
from xpander_emulator.store.notifications import WHOLE
from xpander_emulator.store.port import StoreUnavailable

# How long a writer waits for another one in all.
PATIENCE_SECONDS: Final = 2.0
_MOST_RINGS: Final = 1_024
# "XPEM", by which SQLite files tell whose they are.
APPLICATION: Final = 0x5850454D
_SCHEMA: Final = f"""
PRAGMA application_id = {APPLICATION};
PRAGMA user_version = {FORMAT};
CREATE TABLE total (
    tasks INTEGER NOT NULL, first_clock BLOB,
    epochs INTEGER NOT NULL, entries INTEGER NOT NULL, entry_bytes INTEGER NOT NULL, salt BLOB NOT NULL
);
INSERT INTO total VALUES (0, NULL, 0, 0, 0, randomblob(16));
CREATE TABLE namespace (
    name TEXT PRIMARY KEY, ordinals INTEGER NOT NULL DEFAULT 0, tasks INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE fact (
    namespace TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, PRIMARY KEY (namespace, name)
) WITHOUT ROWID;
CREATE TABLE task (
    mark INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, id TEXT NOT NULL, ordinal INTEGER NOT NULL,
    parent TEXT, version INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (namespace, id)
);
CREATE INDEX task_ordinal ON task (namespace, ordinal);
CREATE INDEX task_parent ON task (namespace, parent, ordinal) WHERE parent IS NOT NULL;
CREATE TABLE timeline (name TEXT PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE follows (timeline TEXT NOT NULL, mark INTEGER NOT NULL, PRIMARY KEY (timeline, mark)) WITHOUT ROWID;
CREATE INDEX follows_mark ON follows (mark);
CREATE TABLE ring (
    number INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, id TEXT NOT NULL, sender TEXT NOT NULL
);
CREATE TABLE hit (
    namespace TEXT NOT NULL, id TEXT NOT NULL, rule TEXT NOT NULL, count INTEGER NOT NULL,
    PRIMARY KEY (namespace, id, rule)
) WITHOUT ROWID;
CREATE TABLE log (
    namespace TEXT PRIMARY KEY, epoch INTEGER NOT NULL, taken INTEGER NOT NULL DEFAULT 0,
    added INTEGER NOT NULL DEFAULT 0, entries INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT, namespace TEXT NOT NULL, ordinal INTEGER NOT NULL, record BLOB NOT NULL,
    UNIQUE (namespace, ordinal)
);
CREATE TRIGGER added AFTER INSERT ON task BEGIN
    UPDATE total SET tasks = tasks + 1;
    UPDATE namespace SET tasks = tasks + 1 WHERE name = new.namespace;
END;
CREATE TRIGGER removed AFTER DELETE ON task BEGIN
    UPDATE total SET tasks = tasks - 1;
    UPDATE namespace SET tasks = tasks - 1 WHERE name = old.namespace;
    DELETE FROM follows WHERE mark = old.mark;
    DELETE FROM hit WHERE namespace = old.namespace AND id = old.id;
END;
CREATE TRIGGER unfollowed AFTER DELETE ON follows
WHEN NOT EXISTS (SELECT 1 FROM follows WHERE timeline = old.timeline) BEGIN
    DELETE FROM timeline WHERE name = old.timeline;
END;
CREATE TRIGGER entered AFTER INSERT ON entry BEGIN
    UPDATE log SET added = added + 1, entries = entries + 1 WHERE namespace = new.namespace;
    UPDATE total SET entries = entries + 1, entry_bytes = entry_bytes + length(new.record);
END;
CREATE TRIGGER amended AFTER UPDATE ON entry BEGIN
    UPDATE total SET entry_bytes = entry_bytes + length(new.record) - length(old.record);
END;
CREATE TRIGGER dropped AFTER DELETE ON entry BEGIN
    UPDATE log SET entries = entries - 1 WHERE namespace = old.namespace;
    UPDATE total SET entries = entries - 1, entry_bytes = entry_bytes - length(old.record);
END;
CREATE TRIGGER rung AFTER INSERT ON ring WHEN new.number % 64 = 0 BEGIN
    DELETE FROM ring WHERE number <= new.number - {_MOST_RINGS};
END;
"""


def connect(path: Path, timeout: float, sender: str = "") -> sqlite3.Connection:
    """Return a connection whose transactions are told.

    timeout: how many seconds a statement waits for a lock.
    sender:  under which name it rings.
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


def ring(db: sqlite3.Connection, namespace: str, task_id: str = WHOLE) -> None:
    """Tell other processes that something has changed."""
    db.execute("INSERT INTO ring (namespace, id, sender) VALUES (?, ?, sender())", (namespace, task_id))


def prepare(db: sqlite3.Connection, path: Path) -> None:
    """Make the tables where there are none. Raises UnknownFormat, and StoreUnavailable for a file of somebody else."""
    _use_wal(db)
    with transaction(db):
        [(application,)], [(found,)] = db.execute("PRAGMA application_id"), db.execute("PRAGMA user_version")
        if application == APPLICATION:
            check_format(str(path), found)
            return
        if db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall():
            raise foreign(path)
        for statement in _statements(_SCHEMA):
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


def foreign(path: Path) -> StoreUnavailable:
    """Return the error for a file of another program."""
    return StoreUnavailable(
        f"{path} is the database of another program, and is left as it is. Choose another file with --store."
    )


def _statements(script: str) -> list[str]:
    """Return the statements of a script; `executescript` would commit what has begun."""
    found, part = [], ""
    for line in script.splitlines(keepends=True):
        part += line
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found


@contextmanager
def transaction(db: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    """Do what is within as one transaction, or nothing of it."""
    db.execute(f"BEGIN {kind}")
    try:
        yield
        db.execute("COMMIT")
    finally:
        # A full disk ends the transaction by itself; what was not committed is not there.
        if db.in_transaction:
            db.execute("ROLLBACK")


def reason(path: Path, error: sqlite3.Error) -> str:
    """Return what a client is told: what is wrong with the file, and what would help."""
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
