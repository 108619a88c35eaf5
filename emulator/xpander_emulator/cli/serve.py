"""`serve`: the server in the foreground, with a banner that has lines to paste."""

import gc
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from xpander_emulator import __version__
from xpander_emulator.cli.client import Client
from xpander_emulator.cli.failures import Failure, NotStarted, WrongUsage
from xpander_emulator.cli.output import fields, note
from xpander_emulator.cli.settings_options import settings_from, settings_options
from xpander_emulator.settings import DEFAULT_KEY, Settings, client_environment

if TYPE_CHECKING:
    from xpander_emulator.contract.model import Contract

# The banner shows this in place of a key that a user chose.
OWN_KEY: Final = "YOUR_KEY"
_EXAMPLES = """\b
Examples:
  xpander-emulator serve
  xpander-emulator serve --port 0 --ready-file ready.json
  xpander-emulator serve --clock manual --seed 7 -s ./scenarios
  EMULATOR_PORT=4999 xpander-emulator serve
"""


@click.command(epilog=_EXAMPLES)
@settings_options
def serve(**values: Any) -> None:
    """Serve the API until interrupted."""
    settings = settings_from(values)
    # Almost nothing that is loaded now is ever released: garbage collection took a ninth of the start. The server
    # enables it again once it runs.
    gc.disable()
    try:
        code = _serve(settings)
    finally:
        gc.enable()
    raise SystemExit(code)


def _serve(settings: Settings) -> int:
    from xpander_emulator.cli.logs import configure
    from xpander_emulator.errors import EmulatorError

    configure(settings.log_level, settings.log_format)
    from xpander_emulator.server import listening_socket, server

    try:
        return server.serve(settings, lambda url, contract: announce(url, settings, contract))
    except listening_socket.BadChoice as error:
        raise WrongUsage(error.message) from None
    except EmulatorError as error:
        raise NotStarted(error.message) from None


def announce(url: str, settings: Settings, contract: "Contract") -> None:
    """Print the banner of a server that answers at `url`."""
    try:
        note(banner(url, settings, Client(url, token=settings.token).get("/info"), contract))
    except Failure as failure:
        note(f"xpander-emulator {__version__} serves {url}, but: {failure.message}")


def banner(url: str, settings: Settings, info: dict[str, Any], served: "Contract") -> str:
    """Return the banner: the address, the exports that point a program at it, and a first request."""
    # Logs store the banner, so that it must not show a key that a user chose.
    key = key_of(settings) if key_of(settings) == DEFAULT_KEY else OWN_KEY
    contract = info["contract"]
    scenarios = info["scenarios"]
    facts = fields(
        [
            ("Contract", f"{contract['title']} {contract['version']}, {contract['operations']} operations"),
            ("Scenarios", f"{len(scenarios)}: {', '.join(scenarios)}"),
            ("Clock", f"scaled, {settings.scale:g} times" if settings.clock == "scaled" else settings.clock),
            ("Seed", settings.seed),
            ("Pages", f"{url}/__emulator/"),
            ("Control", f"{url}/__emulator"),
        ]
    )
    scenario = "approval" if "approval" in scenarios else next(iter(scenarios), "any")
    return f"""
xpander-emulator {__version__} serves {url}   (Ctrl+C stops it)

{facts}
{_sdk(served, settings, url, key, info["organization_id"])}{_first(served, settings, url, key, scenario)}"""


def _sdk(served: "Contract", settings: Settings, url: str, key: str, organization_id: str) -> str:
    """Return the exports that point the official SDK at the server; "" for a contract that is not the SDK's."""
    if settings.spec is not None:
        from xpander_emulator.contract.extension.start_operation import is_xpander

        if not is_xpander(served):
            return ""
    return f"\nPoint your program at it:\n{_indent(exports(url, key, organization_id))}\n"


def _first(contract: "Contract", settings: Settings, url: str, key: str, scenario: str) -> str:
    """Return a command for a first request; "" where none can be made for the user's own contract."""
    if settings.spec is None:
        return f"\nStart a workflow:\n  {curl(url, key, scenario)}\n"
    # Imported only for another contract, since it costs milliseconds.
    from xpander_emulator.cli.first_request import first_curl

    first = first_curl(contract, url, key, scenario)
    return "" if first is None else f"\nA first request, {first[0].id}:\n  {first[1]}\n"


def exports(url: str, key: str, organization_id: str) -> list[str]:
    """Return the lines that point the official SDK at the server."""
    variables = client_environment(url, key, organization_id)
    return [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]


def curl(url: str, key: str, scenario: str) -> str:
    """Return a command that starts a task, ready to paste."""
    return (
        f"curl -X POST {url}/v1/workflows/{scenario}/invoke/async -H 'Content-Type: application/json' "
        f"""-H {shlex.quote(f"x-api-key: {key}")} -d '{{"input": {{"text": "Refund order 1042"}}}}'"""
    )


def key_of(settings: Settings) -> str:
    """Return a key that the server accepts."""
    keys = [key for key, _ in settings.api_keys]
    return DEFAULT_KEY if DEFAULT_KEY in keys or not keys else keys[0]


def _indent(lines: Sequence[str]) -> str:
    return "\n".join(f"  {line}" for line in lines)
