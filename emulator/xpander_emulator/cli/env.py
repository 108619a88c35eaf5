"""`env`: the environment variables that point the official SDK at a server."""

import click

from xpander_emulator.cli.client import open_client, token_option, url_option
from xpander_emulator.cli.output import emit, output_option
from xpander_emulator.cli.serve import exports, key_of
from xpander_emulator.cli.settings_options import settings_here
from xpander_emulator.settings import client_environment


@click.command()
@click.option("--key", metavar="KEY", help="The key to print; default: a key that the settings accept.")
@url_option
@token_option
@output_option
def env(key: str | None, url: str | None, token: str | None, output: str) -> None:
    """Print the exports that point the SDK at the server, for eval."""
    client = open_client(url, None, None, token)
    values = client_environment(client.url, key or key_of(settings_here()), client.get("/info")["organization_id"])
    emit(values, output, lambda it: "\n".join(exports(*it.values())))
