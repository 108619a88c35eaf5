"""`exec`: a command with an emulator around it, for tests in any language."""

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
from xpander_emulator.cli.options import settings_from, settings_options
from xpander_emulator.cli.output import note
from xpander_emulator.cli.reports import report_options, wishes_from
from xpander_emulator.cli.serve import key_of
from xpander_emulator.common.os_errors import reason
from xpander_emulator.settings import Settings, client_environment

if TYPE_CHECKING:
    from xpander_emulator.report.options import Wishes
    from xpander_emulator.server.threaded import ThreadedServer

_EXAMPLES = """\b
Examples:
  xpander-emulator exec -- pytest -q
  xpander-emulator exec --clock auto -s ./stories -- npm test
"""
_FORWARDED: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT") if hasattr(signal, name)
)
# What a terminal sends to the command too, since both are in its foreground.
_OF_THE_TERMINAL: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name))


class NotExecutable(Failure):
    """The command is there, and cannot be run. The exit code is the one of shells."""

    exit_code = 126


class NoSuchCommand(Failure):
    """There is no such command. The exit code is the one of shells."""

    exit_code = 127


@click.command("exec", epilog=_EXAMPLES, context_settings={"allow_interspersed_args": False})
@settings_options
@report_options
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, metavar="-- COMMAND…")
@click.pass_context
def execute(ctx: click.Context, /, command: tuple[str, ...], **values: Any) -> None:
    """Run a command with an emulator around it, and return the command's exit code.

    At its end it is told what was never met, and how the client behaved.
    """
    wishes = wishes_from(values)
    settings = settings_from(values)
    if ctx.get_parameter_source("port") is ParameterSource.DEFAULT:
        settings = replace(settings, port=0)
    from xpander_emulator.cli.logs import configure

    configure(settings.log_level, settings.log_format)
    with served(settings) as server:
        code = run(command, os.environ | variables(server))
        is_well = told(server, wishes)
    ctx.exit(code or (0 if is_well else Refused.exit_code))


def told(server: "ThreadedServer", wishes: "Wishes") -> bool:
    """Tell what was never met and how the client behaved, and return whether both are well.

    Where nothing was asked and nothing is wished, nothing is said. Raises BadRequest for an unknown scenario.
    """
    from xpander_emulator.report.options import Wishes, report_of, write
    from xpander_emulator.report.render import text

    coverage = server.app.reports.coverage.of_all()
    if not coverage.reached and wishes == Wishes():
        return True
    report = report_of(wishes, coverage, server.call(server.app.reports.conduct.of_all()))
    note(text.whole(report))
    for failure in report.failures:
        note(f"Error: {failure}")
    write(wishes, report, coverage)
    return not report.failures


@contextmanager
def served(settings: Settings) -> Iterator["ThreadedServer"]:
    """Give a server that answers, for as long as the block runs. Raises WrongUsage and NotStarted."""
    from xpander_emulator.errors import EmulatorError
    from xpander_emulator.server import listening_socket
    from xpander_emulator.server.ready_file import ready_file
    from xpander_emulator.server.threaded import ThreadedServer

    running = ThreadedServer(settings)
    with ExitStack() as stack:
        try:
            write_ready = stack.enter_context(ready_file(settings.ready_file))
            with _for_the_main_thread():
                running.start()
            stack.callback(running.stop)
            write_ready(running.base_url)
        except listening_socket.BadChoice as error:
            raise WrongUsage(error.message) from None
        except EmulatorError as error:
            raise NotStarted(error.message) from None
        yield running


def variables(server: "ThreadedServer") -> dict[str, str]:
    """Return the environment variables by which a client, and our own commands, find the server."""
    settings, organization_id = server.settings, server.app.engine.renderer.organization_id
    found = client_environment(server.base_url, key_of(settings), organization_id) | {"EMULATOR_URL": server.base_url}
    return found if settings.token is None else found | {"EMULATOR_TOKEN": settings.token}


def run(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a command to its end, pass signals on to it, and return its exit code; 128 + n where signal n ended it.

    Raises NoSuchCommand and NotExecutable.
    """
    with _relayed() as relay:
        try:
            child = subprocess.Popen(command, env=environment)  # noqa: S603  it is the user's own
        except FileNotFoundError:
            raise NoSuchCommand(f"No command '{command[0]}': it is not on PATH, and no file of that name.") from None
        except OSError as error:
            raise NotExecutable(f"'{command[0]}' cannot be run: {reason(error)}.") from None
        relay.to(child)
        # Without a timeout a signal that comes just before the wait begins would only be seen at its end.
        code = None
        while code is None:
            with suppress(subprocess.TimeoutExpired):
                code = child.wait(timeout=1)
    return 128 - code if code < 0 else code


class _Relay:
    """A signal handler that passes signals on to a command, once there is one."""

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
def _for_the_main_thread() -> Iterator[None]:
    """Let no thread that is started in the block take the signals that are passed on."""
    # Of two signals at once Linux may give the second to another thread; Python would then run its handler only when
    # the main thread wakes up, which waits for the command.
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
