"""The tables of an SQLite store.

`ring` holds the latest changes, of which other processes read; `hit` counts the requests that match a rule; `log` and
`entry` are those of `SqliteLog`.
"""

from typing import Final

from xpander_emulator.store.codec.timelines import FORMAT

_MOST_CHANGES: Final = 1_024
# "XPEM"; SQLite has this number in a file for the program that owns it.
APPLICATION: Final = 0x5850454D
SCHEMA: Final = f"""
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
    DELETE FROM ring WHERE number <= new.number - {_MOST_CHANGES};
END;
"""
