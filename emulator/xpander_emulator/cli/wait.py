"""`wait`: wait until a server is ready."""

import time

import click

from xpander_emulator.cli.client import Client, client_options
from xpander_emulator.cli.failures import TimedOut, Unreachable
from xpander_emulator.cli.option_types import Number


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
