"""`clock`: see and move the clock of a namespace."""

import click

from xpander_emulator.cli.client import Client, answer_options
from xpander_emulator.cli.option_types import Number
from xpander_emulator.cli.output import emit
from xpander_emulator.common.types import JsonObject
from xpander_emulator.settings import CLOCK_MODES, MAX_SCALE


@click.group()
def clock() -> None:
    """See and move the clock of a namespace."""


@clock.command("show")
@answer_options
def show_clock(client: Client, output: str) -> None:
    """Show mode and time."""
    client.settle()
    emit(client.get("/clock"), output, clock_text)


@clock.command("set")
@click.argument("mode", type=click.Choice(CLOCK_MODES))
@answer_options
@click.option(
    "--scale", type=Number(0, MAX_SCALE, min_open=True), help="With scaled: seconds on the clock per real second."
)
def set_clock(client: Client, mode: str, output: str, scale: float | None) -> None:
    """Change the mode of the clock."""
    client.settle()
    body = {"mode": mode} if scale is None else {"mode": mode, "scale": scale}
    emit(client.send("PUT", "/clock", body), output, clock_text)


@clock.command("advance")
@click.argument("by", required=False, metavar="[DURATION]")
@answer_options
@click.option("--to", metavar="ISO", help="An instant, in place of a duration.")
def advance_clock(client: Client, by: str | None, output: str, to: str | None) -> None:
    """Move the clock forward, by 30s, 2h, 1d or to an instant."""
    if (by is None) == (to is None):
        raise click.UsageError("Give either a duration, such as 30s, or --to with an instant.")
    client.settle()
    emit(client.post("/clock/advance", {"by": by, "to": to}), output, clock_text)


def clock_text(answer: JsonObject) -> str:
    """Return mode and time, with the scale of a scaled clock."""
    scale = f", {answer['scale']:g} times" if answer["mode"] == "scaled" else ""
    return f"{answer['mode']}{scale}  {answer['now']}"
