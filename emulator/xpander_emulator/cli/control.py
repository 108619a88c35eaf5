"""Commands that speak to a running server as a whole: `clock`, `scenarios next`, `reset`, `wait`, `env`."""

import time

import click

from xpander_emulator.cli.client import Client, client_options
from xpander_emulator.cli.failures import TimedOut, Unreachable
from xpander_emulator.cli.number_type import Number
from xpander_emulator.cli.output import emit, output_option
from xpander_emulator.common.types import JsonObject
from xpander_emulator.settings import CLOCK_MODES, MAX_SCALE, client_environment


@click.group()
def clock() -> None:
    """See and move the clock of a namespace."""


@clock.command("show")
@client_options
@output_option
def show_clock(client: Client, output: str) -> None:
    """Show mode and time."""
    client.settle()
    emit(client.get("/clock"), output, clock_text)


@clock.command("set")
@click.argument("mode", type=click.Choice(CLOCK_MODES))
@client_options
@output_option
@click.option("--scale", type=Number(0, MAX_SCALE, min_open=True), help="With scaled: seconds that it makes of one.")
def set_clock(client: Client, mode: str, output: str, scale: float | None) -> None:
    """Change how the clock runs."""
    client.settle()
    body = {"mode": mode} if scale is None else {"mode": mode, "scale": scale}
    emit(client.send("PUT", "/clock", body), output, clock_text)


@clock.command("advance")
@click.argument("by", required=False, metavar="[DURATION]")
@client_options
@output_option
@click.option("--to", metavar="ISO", help="An instant, in place of a duration.")
def advance_clock(client: Client, by: str | None, output: str, to: str | None) -> None:
    """Move the clock on, by 30s, 2h, 1d or to an instant."""
    if (by is None) == (to is None):
        raise click.UsageError("Give either a duration, such as 30s, or --to with an instant.")
    client.settle()
    emit(client.post("/clock/advance", {"by": by, "to": to}), output, clock_text)


@click.command("next")
@click.argument("name")
@client_options
@output_option
@click.option("--path", metavar="ID", help="A path that the task takes by itself, as `paths NAME` lists them.")
@click.option("--max-turns", type=click.IntRange(1), metavar="N", help="As `paths NAME` was given it.")
@click.option("--times", type=click.IntRange(1), metavar="N", help="For how many starts; default: one.")
def next_scenario(
    client: Client, name: str, output: str, path: str | None, max_turns: int | None, times: int | None
) -> None:
    """Choose the scenario of the next start."""
    body = {"scenario": name, "path": path, "max_turns": max_turns, "times": times}
    emit(client.post("/scenarios/next", body), output, upcoming_text)


@click.command()
@client_options
@output_option
@click.option(
    "--scope", multiple=True, help="Only this: tasks, journal, clock, pins or faults. Repeatable; default: everything."
)
def reset(client: Client, output: str, scope: tuple[str, ...]) -> None:
    """Bring a namespace back to its beginning."""
    client.settle()
    emit(client.post("/reset", {"scope": list(scope) or None}), output, lambda it: f"Reset: {', '.join(it['reset'])}")


@click.command()
@client_options
@click.option("--timeout", type=Number(0), default=30.0, show_default=True, help="Seconds to wait at most.")
def wait(client: Client, timeout: float) -> None:
    """Wait until the server is ready."""
    deadline = time.monotonic() + timeout
    reason = "it is not ready"
    while True:
        client.timeout = max(deadline - time.monotonic(), 0.05)
        try:
            if client.exchange("GET", "/ready")[0] == 200:
                return
        except Unreachable as failure:
            reason = failure.message.split(" Start one")[0].rstrip(".")
        if time.monotonic() >= deadline:
            raise TimedOut(f"Not ready after {timeout:g} s: {reason}.")
        time.sleep(0.05)


@click.command()
@click.option("--key", metavar="KEY", help="The key to print; default: one that the settings welcome.")
@click.option(
    "-u", "--url", envvar="EMULATOR_URL", show_envvar=True, help="Server; default: where `serve` would listen."
)
@click.option("--token", envvar="EMULATOR_TOKEN", show_envvar=True, help="Token of a server off loopback.")
@output_option
def env(key: str | None, url: str | None, token: str | None, output: str) -> None:
    """Print the exports that point the SDK at the server, for eval."""
    from xpander_emulator.cli.client import open_client
    from xpander_emulator.cli.serve import exports, key_of
    from xpander_emulator.cli.settings_options import settings_here

    client = open_client(url, None, None, token)
    values = client_environment(client.url, key or key_of(settings_here()), client.get("/info")["organization_id"])
    emit(values, output, lambda it: "\n".join(exports(*it.values())))


def upcoming_text(answer: JsonObject) -> str:
    """Return the scenarios of the next starts, each with its path where it has one."""
    pairs = zip(answer["upcoming"], answer["upcoming_paths"], strict=True)
    return "Next: " + ", ".join(f"{name} along {path}" if path else name for name, path in pairs)


def clock_text(answer: JsonObject) -> str:
    """Return mode, scale where it means something, and time."""
    scale = f", {answer['scale']:g} times" if answer["mode"] == "scaled" else ""
    return f"{answer['mode']}{scale}  {answer['now']}"
