"""`faults`: let coming requests of a running server go wrong."""

from typing import Any

import click

from xpander_emulator.cli.client import Client, client_options
from xpander_emulator.cli.output import emit, output_option, table
from xpander_emulator.common.json_syntax import NotJson, read_json
from xpander_emulator.common.types import JsonObject

_EXAMPLES = """\b
Examples:
  xpander-emulator faults set rate-limited --operation getTask --times 2
  xpander-emulator faults set reset --nth 3
  xpander-emulator faults set '{"status": 503, "headers": {"Retry-After": "2"}}' --task-status paused --times always
  xpander-emulator faults clear
"""


@click.group(epilog=_EXAMPLES)
def faults() -> None:
    """Let coming requests go wrong."""


@faults.command("list")
@client_options
@output_option
def list_faults(client: Client, output: str) -> None:
    """List the faults that coming requests meet."""
    emit(client.get("/faults"), output, faults_text)


@faults.command("set")
@click.argument("fault", nargs=-1, required=True)
@client_options
@output_option
@click.option("--operation", metavar="ID", help="Only this operation; `routes` lists their ids.")
@click.option("--nth", type=click.IntRange(1), metavar="N", help="The first request to be struck; default: the next.")
@click.option("--times", metavar="N", help="How many are struck, or always; default: 1.")
@click.option("--task-status", metavar="STATUS", help="Only while the task has this status.")
def set_faults(client: Client, fault: tuple[str, ...], output: str, **when: Any) -> None:
    """Let coming requests meet these faults, in place of those before.

    FAULT is a name, such as unavailable, or JSON as in a scenario.
    """
    given = {name: value for name, value in when.items() if value is not None}
    if str(given.get("times", "")).isdecimal():
        given["times"] = int(given["times"])
    body = {"faults": [{**_written(each), **given} for each in fault]}
    emit(client.send("PUT", "/faults", body), output, faults_text)


@faults.command("clear")
@client_options
@output_option
def clear_faults(client: Client, output: str) -> None:
    """Let coming requests meet no fault any more, but those of their stories."""
    emit(client.send("DELETE", "/faults"), output, faults_text)


def _written(fault: str) -> JsonObject:
    """Return a fault as the control API takes it. Raises click.BadParameter for broken JSON."""
    if not fault.lstrip().startswith("{"):
        return {"use": fault}
    try:
        return dict(read_json(fault))
    except NotJson as error:
        raise click.BadParameter(f"'{fault}' is no JSON: {error}.", param_hint="FAULT") from None


def faults_text(answer: JsonObject) -> str:
    """Return a table of faults."""
    rows = [
        (
            each["name"],
            each["operation"] or "any",
            each["task_status"] or "any",
            each["nth"],
            each["times"],
            each["met"],
        )
        for each in answer["items"]
    ]
    headings = ("fault", "operation", "task status", "nth", "times", "met")
    return table(headings, rows, "Coming requests meet no fault.")
