"""One server in a thread, on which each test has an emulator of its own."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from hashlib import blake2b
from string import ascii_letters, digits, punctuation
from typing import Final, Self
from urllib.parse import quote

from xpander_emulator.errors import BadRequest, EmulatorError
from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.server.threaded import NotRunning, ThreadedServer
from xpander_emulator.settings import ClockMode, Settings
from xpander_emulator.testkit.arguments import check
from xpander_emulator.testkit.emulator import Emulator
from xpander_emulator.testkit.namespace import Namespace
from xpander_emulator.web.auth import derived_namespace

# On a manual clock a client that polls or waits would never end, and on a real one it would sleep.
DEFAULTS: Final = Settings(port=0, clock="auto")
LONGEST_NAME: Final = 200
_IN_A_HEADER: Final = (ascii_letters + digits + punctuation).replace("%", "")


class EmulatorServer:
    """A server in a thread, for the emulators of any number of tests. As a context manager it starts and stops itself.

    >>> with EmulatorServer() as server, server.emulator("a refund") as emulator: ...

    Args:
        settings: The settings of the server; by default a free port and the clock mode `auto`.

    Raises:
        BadRequest: A setting has a wrong type, or API keys are set: each test has its own.

    Attributes:
        settings: The settings of the server.
    """

    settings: Settings

    def __init__(self, settings: Settings = DEFAULTS) -> None:
        _check_settings(settings)
        if settings.api_keys:
            raise BadRequest("Every test has an API key of its own; leave `api_keys` empty.")
        self.settings = settings
        self._server = ThreadedServer(settings)
        self._tests: dict[str, str] = {}

    @property
    def base_url(self) -> str:
        """The address of the server: scheme, host and port, without a slash at the end."""
        return self._server.base_url

    def start(self) -> None:
        """Start the server, and return when it answers.

        Raises:
            InvalidFiles: Scenario files or the OpenAPI file have mistakes.
            CannotStart: The server could not start, for example because the port is in use.
        """
        self._server.start()

    def stop(self) -> None:
        """Stop the server, and return when the port is free."""
        self._server.stop()

    def emulator(
        self, name: str, *, scenario: str | None = None, clock: ClockMode | None = None, seed: int | None = None
    ) -> Emulator:
        """Return the emulator of one test. Equal names have equal generated values on each run.

        Args:
            name: The name of the test, which becomes its API key.
            scenario: The scenario of starts whose request chooses none; None leaves that to the server.
            clock: The mode of the test's clock; None for the mode in the settings.
            seed: A number that changes the generated values of this test; it becomes part of the API key.

        Returns:
            The emulator, reset.

        Raises:
            NotFound: No scenario has this name.
            BadRequest: The clock mode is unknown, or an argument has a wrong type.
        """
        check("name", name, str)
        check("scenario", scenario, str | None)
        check("clock", clock, str | None)
        check("seed", seed, int | None)
        key = key_of(name, seed)
        namespace = derived_namespace(key)
        self._tests[namespace] = name
        return Emulator(Namespace(self._server, key, namespace), scenario, clock)

    @property
    def coverage(self) -> Coverage:
        """What the clients of all tests have reached so far, for `xpander_emulator.report.summary.summarize`."""
        return self._server.app.reports.coverage.of_all()

    @property
    def conduct(self) -> tuple[Finding, ...]:
        """The findings of the rules of conduct so far, each with the name of its test in `where`."""
        work = self._server.app.reports.conduct.of_all
        try:
            findings = self._server.call(work())
        except NotRunning:
            findings = asyncio.run(work())
        return tuple(replace(each, where=self._tests.get(each.where, each.where)) for each in findings)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
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
    """Run a server for one emulator within a `with` block. For many tests, share an EmulatorServer.

    Args:
        name: The name of the test, which becomes its API key.
        scenario: The scenario of starts whose request chooses none; None leaves that to the server.
        clock: The mode of the test's clock; None for the mode in the settings.
        seed: A number that changes the generated values of this test.
        settings: The settings of the server; by default a free port and the clock mode `auto`.

    Yields:
        The emulator.

    Raises:
        NotFound: No scenario has this name.
        BadRequest: A setting, the clock mode or the type of an argument is wrong.
        InvalidFiles: Scenario files or the OpenAPI file have mistakes.
        CannotStart: The server could not start, for example because the port is in use.
    """
    with EmulatorServer(settings) as server, server.emulator(name, scenario=scenario, clock=clock, seed=seed) as made:
        yield made


def _check_settings(settings: Settings) -> None:
    """Raise WrongType for a setting of a wrong type, BadRequest for a start without a time zone."""
    check("settings", settings, Settings)
    for each in fields(settings):
        check(f"settings.{each.name}", getattr(settings, each.name), each.type)
    if settings.start.tzinfo is None:
        raise BadRequest(f"settings.start takes a datetime with its time zone, such as UTC, found {settings.start!r}.")


def key_of(name: str, seed: int | None = None) -> str:
    """Return the API key of a test: its name in characters that a header may have, cut to a length that is allowed.

    The key determines the namespace, and the namespace the values that are generated in it.
    """
    if not name:
        raise EmulatorError("A test needs a name.")
    key = quote(name, safe=_IN_A_HEADER)
    if len(key) > LONGEST_NAME:
        key = f"{key[:LONGEST_NAME]}~{blake2b(name.encode(), digest_size=6).hexdigest()}"
    return key if seed is None else f"{key}#seed={seed}"
