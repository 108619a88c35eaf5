from pathlib import Path

import pytest

from xpander_emulator.settings import Settings
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.open import BadStore, check_choice, kind_of, open_store, shown
from xpander_emulator.store.port import StoreUnavailable


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


def test_a_redis_that_does_not_answer_is_told_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"The store unix://.*/nobody does not answer: .*connecting to .*nobody"):
        open_store(f"unix://{tmp_path / 'nobody'}")
