"""One server in a thread, on which every test has an emulator of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from hashlib import blake2b
from string import ascii_letters, digits, punctuation
from types import TracebackType
from typing import Final, Self
from urllib.parse import quote

from xpander_emulator.errors import BadRequest, EmulatorError
from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.server.threaded import NotRunning, ThreadedServer
from xpander_emulator.settings import ClockMode, Settings
from xpander_emulator.testkit.arguments import check
from xpander_emulator.testkit.emulator import Emulator
from xpander_emulator.testkit.namespace import Room
from xpander_emulator.web.auth import derived_namespace

# A consumer that polls or waits would hang on a clock that stands, and sleep on a real one.
DEFAULTS: Final = Settings(port=0, clock="auto")
MOST_OF_A_NAME: Final = 200
_IN_A_HEADER: Final = (ascii_letters + digits + punctuation).replace("%", "")


class EmulatorServer:
    """A server in a thread, on a free port unless its settings name one.

    >>> with EmulatorServer() as server, server.emulator("a refund") as emulator: ...
    """

    def __init__(self, settings: Settings = DEFAULTS) -> None:
        _check_settings(settings)
        if settings.api_keys:
            raise BadRequest("Every test has an API key of its own; leave `api_keys` empty.")
        self.settings = settings
        self._server = ThreadedServer(settings)
        self._tests: dict[str, str] = {}

    @property
    def base_url(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return self._server.base_url

    def start(self) -> None:
        """Start. Raises what `ThreadedServer.start` raises: mistakes in files, a port in use."""
        self._server.start()

    def stop(self) -> None:
        """Stop, and return once the port is free."""
        self._server.stop()

    def emulator(
        self, name: str, *, scenario: str | None = None, clock: ClockMode | None = None, seed: int | None = None
    ) -> Emulator:
        """Return the emulator of the test called `name`: the same name has the same generated values on each run.

        scenario: the one that its tasks take where nothing else decides.
        clock:    how its clock goes, where it is not as the server's.
        seed:     draws other values for this test alone; it becomes part of the key.

        Raises NotFound for an unknown scenario, BadRequest for an unknown clock.
        """
        check("name", name, str)
        check("scenario", scenario, str | None)
        check("clock", clock, str | None)
        check("seed", seed, int | None)
        key = key_of(name, seed)
        namespace = derived_namespace(key)
        self._tests[namespace] = name
        return Emulator(Room(self._server, key, namespace), scenario, clock)

    @property
    def coverage(self) -> Coverage:
        """What the clients of all tests have met so far, of all that there is; after `stop` as well."""
        return self._server.app.reports.coverage.of_all()

    @property
    def conduct(self) -> tuple[Finding, ...]:
        """How the clients of all tests have behaved so far, each finding with its test; after `stop` as well."""
        work = self._server.app.reports.conduct.of_all
        try:
            found = self._server.call(work())
        except NotRunning:
            found = asyncio.run(work())
        return tuple(replace(each, where=self._tests.get(each.where, each.where)) for each in found)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextmanager
def running(
    name: str = "test",
    *,
    scenario: str | None = None,
    clock: ClockMode | None = None,
    seed: int | None = None,
    settings: Settings = DEFAULTS,
) -> Iterator[Emulator]:
    """Give an emulator on a server of its own, for as long as the block runs. For many tests share an EmulatorServer.

    Raises what `EmulatorServer` does.
    """
    with EmulatorServer(settings) as server, server.emulator(name, scenario=scenario, clock=clock, seed=seed) as made:
        yield made


def _check_settings(settings: Settings) -> None:
    """Raise WrongType for a setting of a wrong type, BadRequest for an instant that means another one elsewhere."""
    check("settings", settings, Settings)
    for each in fields(settings):
        check(f"settings.{each.name}", getattr(settings, each.name), each.type)
    if settings.start.tzinfo is None:
        raise BadRequest(f"settings.start takes a datetime with its time zone, such as UTC, found {settings.start!r}.")


def key_of(name: str, seed: int | None = None) -> str:
    """Return the API key of a test: its name in the characters that a header carries, and no longer than needed.

    A key determines its namespace, and a namespace the values that are generated in it.
    """
    if not name:
        raise EmulatorError("A test needs a name.")
    key = quote(name, safe=_IN_A_HEADER)
    if len(key) > MOST_OF_A_NAME:
        key = f"{key[:MOST_OF_A_NAME]}~{blake2b(name.encode(), digest_size=6).hexdigest()}"
    return key if seed is None else f"{key}#seed={seed}"
