"""`exec`: run a command with an emulator around it, for tests in any language."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from xpander_emulator.cli.failures import Failure, NotStarted, Refused, WrongUsage
from xpander_emulator.cli.output import note
from xpander_emulator.cli.reports import report_options, report_options_from
from xpander_emulator.cli.serve import key_of
from xpander_emulator.cli.settings_options import settings_from, settings_options
from xpander_emulator.common.os_errors import reason
from xpander_emulator.settings import Settings, client_environment

if TYPE_CHECKING:
    from xpander_emulator.report.options import ReportOptions
    from xpander_emulator.server.threaded import ThreadedServer

_EXAMPLES = """\b
Examples:
  xpander-emulator exec -- pytest -q
  xpander-emulator exec --clock auto -s ./scenarios -- npm test
"""
_FORWARDED: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
# Signals that a terminal sends to the command as well, since both are in its foreground.
_OF_THE_TERMINAL: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name))


class NotExecutable(Failure):
    """The command exists and cannot be run. Shells use the same exit code."""

    exit_code = 126


class NoSuchCommand(Failure):
    """No command has this name. Shells use the same exit code."""

    exit_code = 127


@click.command("exec", epilog=_EXAMPLES, context_settings={"allow_interspersed_args": False})
@settings_options
@report_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@click.pass_context
def execute(ctx: click.Context, /, command: tuple[str, ...], **values: Any) -> None:
    """Run a command with an emulator around it.

    The exit code is that of the command. A report follows on stderr: what was never met of the scenarios, and how the
    client behaved.
    """
    options = report_options_from(values)
    settings = settings_from(values)
    if ctx.get_parameter_source("port") is ParameterSource.DEFAULT:
        settings = replace(settings, port=0)
    from xpander_emulator.cli.logs import configure

    configure(settings.log_level, settings.log_format)
    with served(settings) as server:
        code = run(command, os.environ | environment_of(server))
        is_well = report_on(server, options)
    ctx.exit(code or (0 if is_well else Refused.exit_code))


def report_on(server: "ThreadedServer", options: "ReportOptions") -> bool:
    """Print and write the report of a run; return whether it fails nothing.

    Without a request and without options there is no report. Raises BadRequest for an unknown scenario.
    """
    from xpander_emulator.report.options import ReportOptions
    from xpander_emulator.report.render import text

    coverage = server.app.reports.coverage.of_all()
    if not coverage.reached and options == ReportOptions():
        return True
    report = options.report(coverage, server.call(server.app.reports.conduct.of_all()))
    note(text.render(report))
    for failure in report.failures:
        note(f"Error: {failure}")
    options.write(report, coverage)
    return not report.failures


@contextmanager
def served(settings: Settings) -> Iterator["ThreadedServer"]:
    """Yield a server that answers within the block. Raises WrongUsage and NotStarted."""
    from xpander_emulator.errors import EmulatorError
    from xpander_emulator.server import listening_socket
    from xpander_emulator.server.ready_file import ready_file
    from xpander_emulator.server.threaded import ThreadedServer

    running = ThreadedServer(settings)
    with ExitStack() as stack:
        try:
            write_ready = stack.enter_context(ready_file(settings.ready_file))
            with _signals_for_main_thread():
                running.start()
            stack.callback(running.stop)
            write_ready(running.base_url)
        except listening_socket.BadChoice as error:
            raise WrongUsage(error.message) from None
        except EmulatorError as error:
            raise NotStarted(error.message) from None
        yield running


def environment_of(server: "ThreadedServer") -> dict[str, str]:
    """Return the environment variables by which a client and the emulator's own commands find the server."""
    settings, organization_id = server.settings, server.app.engine.renderer.organization_id
    token = {} if settings.token is None else {"EMULATOR_TOKEN": settings.token}
    return {
        **client_environment(server.base_url, key_of(settings), organization_id),
        "EMULATOR_URL": server.base_url,
        **token,
    }


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end, forward signals to it, and return its exit code; 128 + n where signal n ended it.

    Raises NoSuchCommand and NotExecutable.
    """
    with _relayed() as relay:
        try:
            child = subprocess.Popen(command, env=environment)  # noqa: S603  the user's own command
        except FileNotFoundError:
            raise NoSuchCommand(f"No command '{command[0]}': it is neither on PATH nor a file.") from None
        except OSError as error:
            raise NotExecutable(f"'{command[0]}' cannot be run: {reason(error)}.") from None
        relay.to(child)
        # Without a timeout, a signal just before the wait begins would be handled only when the wait ends.
        code = None
        while code is None:
            with suppress(subprocess.TimeoutExpired):
                code = child.wait(timeout=1)
    return 128 - code if code < 0 else code


class _Relay:
    """A signal handler that forwards signals to a command, those before its start as soon as it has started."""

    def __init__(self) -> None:
        self._child: subprocess.Popen[bytes] | None = None
        self._early: list[int] = []

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if number in _OF_THE_TERMINAL and sys.stdin.isatty():
            return
        if self._child is None:
            self._early.append(number)
        else:
            self._child.send_signal(number)

    def to(self, child: "subprocess.Popen[bytes]") -> None:
        self._child = child
        for number in self._early:
            child.send_signal(number)


@contextmanager
def _signals_for_main_thread() -> Iterator[None]:
    """Block the forwarded signals in all threads that are started within the block."""
    # Of two signals at once Linux may deliver the second to another thread; Python would then run the handler only when
    # the main thread, which waits for the command, wakes up.
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _FORWARDED)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _relayed() -> Iterator[_Relay]:
    relay = _Relay()
    before = {number: signal.signal(number, relay) for number in _FORWARDED}
    try:
        yield relay
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
