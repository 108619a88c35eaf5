import sqlite3
from pathlib import Path

import pytest

from emulator.settings import Settings
from emulator.store import StoreUnavailable
from emulator.store.memory import MemoryStore
from emulator.store.opening import BadStore, check_choice, kind_of, open_store, shown
from emulator.store.sqlite import SqliteStore
from emulator.store.timelines import UnknownFormat


def test_memory_is_the_default() -> None:
    assert isinstance(open_store(Settings().store), MemoryStore)


@pytest.mark.parametrize("choice", ["", "sqlite", "sqlite:", "redis:", "postgres://host", "file.db", "Memory"])
def test_what_is_no_store_is_told_what_would_be_one(choice: str) -> None:
    with pytest.raises(BadStore) as refused:
        check_choice(choice)

    assert refused.value.message == f"'{choice}' is no store; write memory, sqlite:PATH or redis://HOST:PORT."


@pytest.mark.parametrize(
    ("choice", "kind", "told"),
    [
        ("memory", "memory", "memory"),
        ("sqlite:a/b.db", "sqlite", "sqlite:a/b.db"),
        ("redis://me:secret@host:6379/2?x=secret", "redis", "redis://host:6379/2"),
        ("rediss://:secret@host", "redis", "rediss://host"),
        ("unix:///run/redis.sock?password=secret", "redis", "unix:///run/redis.sock"),
    ],
)
def test_a_store_is_told_without_its_secrets(choice: str, kind: str, told: str) -> None:
    assert kind_of(check_choice(choice)) == kind
    assert shown(choice) == told


def test_a_file_that_cannot_be_a_store_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("This is a text, and longer than the head of a database. " * 20)
    with sqlite3.connect(tmp_path / "other.db") as other:
        other.execute("CREATE TABLE mine (a)")
    other.close()
    (tmp_path / "folder").mkdir()

    for name, told in {
        "text.db": "text.db is no SQLite database. Choose another file with --store.",
        "other.db": "other.db is the database of another program. Choose another file with --store.",
        "nowhere/tasks.db": "tasks.db cannot be opened. Choose a file in a folder that exists and is yours.",
        "folder": "folder cannot be opened. Choose a file in a folder that exists and is yours.",
    }.items():
        with pytest.raises(StoreUnavailable, match=told):
            open_store(f"sqlite:{tmp_path / name}")


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    SqliteStore(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 2")
    db.close()

    with pytest.raises(UnknownFormat, match=r"tasks.db is in format 2; this version of the emulator reads format 1"):
        SqliteStore(path)


def test_a_redis_of_another_format_is_refused(redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.set("xpander-emulator:format", 2)
        try:
            with pytest.raises(UnknownFormat, match="is in format 2; this version of the emulator reads format 1"):
                open_store(redis_url)
        finally:
            # Other tests share this server.
            client.flushall()


def test_a_redis_that_does_not_answer_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"The store unix://.*/nobody does not answer: "):
        open_store(f"unix://{tmp_path / 'nobody'}")
