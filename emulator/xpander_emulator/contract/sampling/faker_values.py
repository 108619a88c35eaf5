"""Faker's values as JSON, decided by their key alone: not by the clock, nor by Faker's shared state."""

import inspect
import random
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from xpander_emulator.common.keyed_hash import keyed, uuid4
from xpander_emulator.errors import BadRequest, did_you_mean

if TYPE_CHECKING:
    from faker import Faker

# All threads share one instance; no other thread may seed it between a seed and the call that follows.
_LOCK: Final = Lock()
_NEW_YEAR: Final = datetime(2026, 1, 1, tzinfo=UTC)
_YEAR_IN_SECONDS: Final = 365 * 24 * 3600

# Their values depend on the real clock, need another package, are no JSON, or have thousands of characters.
_UNFIT: Final = frozenset({
    "binary", "csv", "dsv", "fixed_width", "json", "json_bytes", "psv", "tar", "tsv", "xml", "zip", "image", "enum",
    "get_words_list", "pydict", "pyiterable", "pylist", "pyobject", "pyset", "pystruct", "pytimezone", "pytuple",
    "profile", "simple_profile", "passport_dates", "passport_dob", "passport_full", "passport_owner",
    "credit_card_expire", "credit_card_full", "firefox", "user_agent", "seed_instance", "add_provider",
})  # fmt: skip


def instant(key: int, pointer: str) -> datetime:
    """Return an instant in 2026, in UTC and to the microsecond."""
    rng = random.Random(keyed(key, pointer))
    return _NEW_YEAR + timedelta(seconds=rng.randrange(_YEAR_IN_SECONDS), microseconds=rng.randrange(1_000_000))


def date_time(key: int, pointer: str) -> str:
    """Return an instant in 2026 as 2026-04-10T19:01:35.114410Z."""
    return instant(key, pointer).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _birthday(key: int, pointer: str) -> str:
    return (instant(key, pointer) - timedelta(days=365 * (18 + keyed(key, pointer, "age") % 60))).date().isoformat()


# Faker makes these from the real clock.
_OWN: Final[Mapping[str, Callable[[int, str], Any]]] = {
    "uuid4": uuid4,
    "date_time": date_time,
    "iso8601": date_time,
    "date": lambda key, pointer: instant(key, pointer).date().isoformat(),
    "time": lambda key, pointer: instant(key, pointer).strftime("%H:%M:%S"),
    "unix_time": lambda key, pointer: int(instant(key, pointer).timestamp()),
    "date_of_birth": _birthday,
}
_ALIASES: Final[Mapping[str, str]] = {"user_agent": "chrome"}


@cache
def _faker() -> "Faker":
    # Importing Faker costs 70 ms. Weighting makes a name cost 60 µs rather than 7.
    from faker import Faker

    return Faker("en_US", use_weighting=False)


@cache
def providers() -> frozenset[str]:
    """Return the names that `fake` knows."""
    known: set[str] = set()
    for provider in _faker().factories[0].get_providers():
        names = {name for name in dir(provider) if not name.startswith("_") and _needs_no_arguments(provider, name)}
        known |= names & {"timezone"} if type(provider).__module__.startswith("faker.providers.date_time") else names
    return frozenset(known - _UNFIT | _OWN.keys() | _ALIASES.keys())


def _needs_no_arguments(provider: object, name: str) -> bool:
    routine = getattr(provider, name)
    if not inspect.isroutine(routine):
        return False
    parameters = inspect.signature(routine).parameters.values()
    return all(p.default is not p.empty or p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD) for p in parameters)


def fake(provider: str, key: int, pointer: str) -> Any:
    """Return the JSON value of a Faker provider for a key and a pointer. Raises BadRequest for an unknown name."""
    own = _OWN.get(provider)
    if own is not None:
        return own(key, pointer)
    if provider not in providers():
        hint = did_you_mean(provider, sorted(providers())) or "; Faker's names without arguments are known, e.g. name"
        raise BadRequest(f"unknown Faker provider '{provider}'{hint}")
    faker = _faker()
    with _LOCK:
        faker.seed_instance(keyed(key, pointer))
        return _as_json(getattr(faker, _ALIASES.get(provider, provider))())


def _as_json(value: Any) -> Any:
    match value:
        case Decimal():
            return float(value)
        case timedelta():
            return value.total_seconds()
        case list() | tuple():
            return [_as_json(item) for item in value]
        case _:
            return value
