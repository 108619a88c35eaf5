import sqlite3
from collections.abc import Iterator

import pytest

from xpander_emulator.store.codec.timelines import FORMAT
from xpander_emulator.store.sqlite.schema import APPLICATION, SCHEMA


@pytest.fixture
def db() -> Iterator[sqlite3.Connection]:
    with sqlite3.connect(":memory:", isolation_level=None) as connection:
        connection.executescript(SCHEMA)
        yield connection
    connection.close()


def one(db: sqlite3.Connection, statement: str) -> tuple[object, ...]:
    [row] = db.execute(statement).fetchall()
    return tuple(row)


def add_task(db: sqlite3.Connection, task_id: str, timeline: str = "T", namespace: str = "ns") -> None:
    db.execute("INSERT OR IGNORE INTO namespace (name) VALUES (?)", (namespace,))
    statement = "INSERT INTO task (namespace, id, ordinal, version, record) VALUES (?, ?, 0, 0, '')"
    mark = db.execute(statement, (namespace, task_id)).lastrowid
    db.execute("INSERT OR IGNORE INTO timeline VALUES (?, '')", (timeline,))
    db.execute("INSERT INTO follows VALUES (?, ?)", (timeline, mark))


def test_the_file_is_marked_with_our_letters_and_the_format(db: sqlite3.Connection) -> None:
    assert APPLICATION.to_bytes(4, "big") == b"XPEM"
    assert one(db, "PRAGMA application_id") == (APPLICATION,)
    assert one(db, "PRAGMA user_version") == (FORMAT,)


def test_a_new_file_has_a_random_salt_of_16_bytes(db: sqlite3.Connection) -> None:
    with sqlite3.connect(":memory:", isolation_level=None) as another:
        another.executescript(SCHEMA)
        salts = [one(each, "SELECT salt FROM total")[0] for each in (db, another)]
    another.close()

    assert [len(salt) for salt in salts if isinstance(salt, bytes)] == [16, 16]
    assert salts[0] != salts[1]


def test_tasks_are_counted_in_all_and_for_each_namespace(db: sqlite3.Connection) -> None:
    for task_id, namespace in (("a", "one"), ("b", "one"), ("a", "two")):
        add_task(db, task_id, namespace=namespace)
    db.execute("DELETE FROM task WHERE namespace = 'one' AND id = 'a'")

    assert one(db, "SELECT tasks FROM total") == (2,)
    assert dict(db.execute("SELECT name, tasks FROM namespace").fetchall()) == {"one": 1, "two": 1}


def test_a_timeline_goes_with_the_last_task_that_follows_it(db: sqlite3.Connection) -> None:
    add_task(db, "a")
    add_task(db, "b")

    db.execute("DELETE FROM task WHERE id = 'a'")
    assert one(db, "SELECT count(*) FROM timeline") == (1,)

    db.execute("DELETE FROM task WHERE id = 'b'")
    assert one(db, "SELECT count(*) FROM timeline") == (0,)
    assert one(db, "SELECT count(*) FROM follows") == (0,)


def test_the_match_counts_of_a_task_go_with_it_and_those_of_others_stay(db: sqlite3.Connection) -> None:
    add_task(db, "a")
    places = (("ns", "a"), ("ns", "b"), ("ns", ""), ("other", "a"))
    db.executemany("INSERT INTO hit VALUES (?, ?, '0', 1)", places)

    db.execute("DELETE FROM task WHERE id = 'a'")

    assert set(db.execute("SELECT namespace, id FROM hit")) == set(places[1:])


def test_a_mark_is_never_given_twice(db: sqlite3.Connection) -> None:
    add_task(db, "a")
    before = one(db, "SELECT max(mark) FROM task")
    db.execute("DELETE FROM task")

    add_task(db, "a")

    assert before == (1,)
    assert one(db, "SELECT mark FROM task") == (2,)


def test_records_and_their_bytes_are_counted_as_they_come_grow_and_go(db: sqlite3.Connection) -> None:
    db.execute("INSERT INTO log (namespace, epoch) VALUES ('ns', 1)")
    db.execute("INSERT INTO entry (namespace, ordinal, record) VALUES ('ns', 1, x'0000'), ('ns', 2, x'000000')")
    counted = [one(db, "SELECT entries, entry_bytes FROM total")]
    db.execute("UPDATE entry SET record = x'0000000000' WHERE ordinal = 1")
    counted.append(one(db, "SELECT entries, entry_bytes FROM total"))
    db.execute("DELETE FROM entry WHERE ordinal = 1")
    counted.append(one(db, "SELECT entries, entry_bytes FROM total"))

    assert counted == [(2, 5), (2, 8), (1, 3)]
    assert one(db, "SELECT added, entries FROM log") == (2, 1)


def test_changes_older_than_the_last_thousand_are_deleted(db: sqlite3.Connection) -> None:
    db.executemany("INSERT INTO ring (namespace, id, sender) VALUES ('ns', ?, 's')", [(str(n),) for n in range(3_000)])

    assert one(db, "SELECT max(number), count(*) BETWEEN 1024 AND 1024 + 64 FROM ring") == (3_000, 1)
