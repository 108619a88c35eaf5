import re
import sqlite3
from pathlib import Path

import pytest

from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis
from xpander_emulator.settings import Settings
from xpander_emulator.store.codec.timelines import UnknownFormat
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.open import BadStore, check_choice, kind_of, open_store, shown
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore


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


def test_a_folder_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"tasks\.db cannot be opened\. Choose a file in a folder that exists"):
        open_store(f"sqlite:{tmp_path / 'nowhere' / 'tasks.db'}")


def test_a_file_of_a_later_format_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    SqliteStore(path)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 3")
    db.close()

    with pytest.raises(UnknownFormat, match=r"tasks.db is in format 3; this version of the emulator reads format 2"):
        SqliteStore(path)


@pytest.mark.parametrize("found", ["1", "3", "of our own", "2.0"])
def test_a_redis_of_another_format_is_refused(found: str, redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.set("xpander-emulator:format", found)

        told = f"is in format {re.escape(found)}; this version of the emulator reads format 2. Use the version"
        with pytest.raises(UnknownFormat, match=told):
            open_store(redis_url)

        assert client.keys() == [b"xpander-emulator:format"]


def test_a_redis_in_which_another_program_has_our_keys_is_refused(redis_url: str) -> None:
    import redis

    with redis.Redis.from_url(redis_url) as client:
        client.hset("xpander-emulator:format", "a", "b")

        with pytest.raises(UnknownFormat, match="is in format hash; this version of the emulator reads format 2"):
            open_store(redis_url)


def test_of_two_versions_that_start_on_an_empty_redis_at_once_the_slower_is_refused(redis_url: str) -> None:
    import redis

    store = RedisStore(redis_url, redis_url)
    with redis.Redis.from_url(redis_url) as client:
        client.set("xpander-emulator:format", 3)

        with pytest.raises(UnknownFormat, match="is in format 3"):
            store.agree_on(Clock("real", Millis(0), Millis(0)))

        assert client.keys() == [b"xpander-emulator:format"]


def test_a_redis_that_does_not_answer_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"The store unix://.*/nobody does not answer: .*connecting to .*nobody"):
        open_store(f"unix://{tmp_path / 'nobody'}")
