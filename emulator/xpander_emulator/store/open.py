"""Opening the store that a user's choice names."""

import importlib.util
from pathlib import Path
from typing import Final

from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import MEMORY, SQLITE
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.port import Store

# `unix://PATH` is a Redis on a socket of this machine.
REDIS: Final = ("redis://", "rediss://", "unix://")


class BadStore(EmulatorError):
    """The choice of store names no store, or one whose library is not installed."""


def check_choice(choice: str) -> str:
    """Return a choice of store if it is one. Raises BadStore."""
    is_file = choice.startswith(SQLITE) and choice != SQLITE
    if choice == MEMORY or is_file or choice.startswith(REDIS):
        return choice
    raise BadStore(f"'{choice}' is no store; write memory, sqlite:PATH or redis://HOST:PORT.")


def kind_of(choice: str) -> str:
    """Return `memory`, `sqlite` or `redis`, which has neither paths nor passwords."""
    return MEMORY if choice == MEMORY else "sqlite" if choice.startswith(SQLITE) else "redis"


def shown(choice: str) -> str:
    """Return a choice of store without user and password."""
    if not choice.startswith(REDIS):
        return choice
    scheme, _, rest = choice.partition("?")[0].partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def open_store(choice: str) -> Store:
    """Return the store that a choice names. Raises BadStore, StoreUnavailable and UnknownFormat."""
    match kind_of(check_choice(choice)):
        case "sqlite":
            from xpander_emulator.store.sqlite.store import SqliteStore

            return SqliteStore(Path(choice.removeprefix(SQLITE)))
        case "redis":
            if importlib.util.find_spec("redis") is None:
                raise BadStore(f"{shown(choice)} needs the client of Redis: pip install 'xpander-emulator[redis]'.")
            from xpander_emulator.store.redis.store import RedisStore

            return RedisStore(choice, shown(choice))
        case _:
            return MemoryStore()
