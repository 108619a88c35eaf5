"""The failures of commands: one line on stderr, and an exit code for each kind."""

from typing import Final

import click

INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it


class Failure(click.ClickException):
    """A command failed. The message says what would be right."""


class Refused(Failure):
    """A check failed, or the server refused."""

    exit_code = 1


class WrongUsage(Failure):
    """Flags or settings are wrong in a way that click does not see itself."""

    exit_code = 2


class NotStarted(Failure):
    """The server could not start."""

    exit_code = 3


class Unreachable(Failure):
    """No emulator answers."""

    exit_code = 4


class TimedOut(Failure):
    """A wait took longer than its timeout."""

    exit_code = 5
