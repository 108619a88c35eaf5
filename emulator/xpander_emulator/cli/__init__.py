"""The command line. Its modules import little; a command imports what else it needs when it runs."""

from typing import Any

import click

from xpander_emulator import __version__
from xpander_emulator.cli.clock import clock
from xpander_emulator.cli.doctor import doctor
from xpander_emulator.cli.env import env
from xpander_emulator.cli.exec import execute
from xpander_emulator.cli.failures import INTERRUPTED, WrongUsage
from xpander_emulator.cli.faults import faults
from xpander_emulator.cli.lint import lint
from xpander_emulator.cli.namespace import export_, import_, reset
from xpander_emulator.cli.reports import conduct, coverage
from xpander_emulator.cli.requests import requests, verify
from xpander_emulator.cli.routes import routes
from xpander_emulator.cli.scenarios import list_paths, scenarios, schema
from xpander_emulator.cli.serve import serve
from xpander_emulator.cli.tasks import tasks
from xpander_emulator.cli.wait import wait
from xpander_emulator.errors import EmulatorError

__all__ = ["main"]

_EXAMPLES = """\b
Start here:
  xpander-emulator serve              in one terminal
  xpander-emulator tasks list         in another
  eval "$(xpander-emulator env)"      to point your program at it
  xpander-emulator exec -- pytest     to run a command with a server around it
\b
Exit codes: 0 fine, 1 a check failed or the server refused, 2 wrong usage or settings,
3 could not start, 4 no server answers, 5 timed out; exec: the command's own.
"""


class Main(click.Group):
    """The group of all commands, which turns their errors into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)  # in the order of use, not in alphabetical order

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EmulatorError as error:
            raise WrongUsage(error.message) from None
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)


@click.group(cls=Main, epilog=_EXAMPLES, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="xpander-emulator")
def main() -> None:
    """Run a local emulator of the xpander.ai workflow API, and work with it."""


_TASKS = (serve, execute, tasks, requests, verify, coverage, conduct, clock, faults, scenarios)
for _command in (*_TASKS, list_paths, routes, lint, schema, env, wait, reset, export_, import_, doctor):
    main.add_command(_command)
