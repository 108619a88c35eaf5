"""How a command ends when it fails: one line on stderr and an exit code that a script can tell apart."""

from typing import Final

import click

INTERRUPTED: Final = 130  # 128 + SIGINT, as shells say it


class Failure(click.ClickException):
    """A failure whose message says what would be right; each kind has its exit code."""


class Refused(Failure):
    """A check failed, or the server said no."""

    exit_code = 1


class WrongUsage(Failure):
    """Flags or settings that cannot be, beyond what click sees itself."""

    exit_code = 2


class NotStarted(Failure):
    """The server could not start."""

    exit_code = 3


class Unreachable(Failure):
    """No emulator answers."""

    exit_code = 4


class TimedOut(Failure):
    """What was waited for did not come in time."""

    exit_code = 5
