"""`faults`: set the faults of coming requests of a running server."""

from typing import Any

import click

from xpander_emulator.cli.client import Client, answer_options
from xpander_emulator.cli.option_types import JsonText
from xpander_emulator.cli.output import emit, table
from xpander_emulator.common.types import JsonObject

_EXAMPLES = """\b
Examples:
  xpander-emulator faults set rate-limited --operation getTask --times 2
  xpander-emulator faults set reset --nth 3
  xpander-emulator faults set '{"status": 503, "headers": {"Retry-After": "2"}}' --task-status paused --times always
  xpander-emulator faults clear
"""


class _Fault(JsonText):
    """A fault as the control API takes it: by its name, or as a JSON object."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        return super().convert(value, param, ctx) if value.lstrip().startswith("{") else {"use": value}


@click.group(epilog=_EXAMPLES)
def faults() -> None:
    """Set the faults of coming requests."""


@faults.command("list")
@answer_options
def list_faults(client: Client, output: str) -> None:
    """List the faults of coming requests."""
    emit(client.get("/faults"), output, faults_text)


@faults.command("set")
@click.argument("fault", nargs=-1, required=True, type=_Fault())
@answer_options
@click.option("--operation", metavar="ID", help="Only this operation; `routes` lists their ids.")
@click.option("--nth", type=click.IntRange(1), metavar="N", help="First request that is struck; default: the next one.")
@click.option("--times", metavar="N", help="Number of requests that are struck, or always; default: 1.")
@click.option("--task-status", metavar="STATUS", help="Only while the task has this status.")
def set_faults(client: Client, fault: tuple[JsonObject, ...], output: str, **when: Any) -> None:
    """Set the faults of coming requests, in place of those before.

    FAULT is a name, such as unavailable, or JSON as in a scenario.
    """
    options = {name: value for name, value in when.items() if value is not None}
    if str(options.get("times", "")).isdecimal():
        options["times"] = int(options["times"])
    body = {"faults": [{**each, **options} for each in fault]}
    emit(client.send("PUT", "/faults", body), output, faults_text)


@faults.command("clear")
@answer_options
def clear_faults(client: Client, output: str) -> None:
    """Remove the faults of coming requests; those of scenarios stay."""
    emit(client.send("DELETE", "/faults"), output, faults_text)


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
    return table(headings, rows, "No faults for coming requests.")
