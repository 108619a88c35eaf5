"""`reset`, `export` and `import`: a namespace as a whole."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from xpander_emulator.cli.client import Client, answer_options, client_options
from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.output import emit, note, output_option
from xpander_emulator.common.json_syntax import NotJson, read_json
from xpander_emulator.common.os_errors import reason
from xpander_emulator.common.types import JsonObject


@click.command()
@answer_options
@click.option(
    "--scope", multiple=True, help="Only this: tasks, journal, clock, pins or faults. Repeatable; default: everything."
)
def reset(client: Client, output: str, scope: tuple[str, ...]) -> None:
    """Return a namespace to its start."""
    client.settle()
    emit(client.post("/reset", {"scope": list(scope) or None}), output, lambda it: f"Reset: {', '.join(it['reset'])}")


@click.command(name="export")
@client_options
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path, allow_dash=True))
def export_(client: Client, file: Path) -> None:
    """Write a namespace to FILE. With - it goes to stdout: tasks, clock and choices."""
    client.settle()
    document = client.get("/export")
    text = as_text(document)
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise Refused(f"{file} cannot be written: {reason(error)}.") from None
    note(f"Wrote {_tasks(len(document['tasks']))} to {file}.")


@click.command(name="import")
@client_options
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True))
@click.option("--replace", is_flag=True, help="Replace the tasks that the namespace has.")
@output_option
def import_(client: Client, file: Path, replace: bool, output: str) -> None:
    """Read a namespace from FILE. With - it comes from stdin; the present namespace must have no tasks."""
    try:
        document = read_json(sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(f"{file} cannot be read: {reason(error)}.") from None
    except UnicodeDecodeError as error:
        raise Refused(f"{file} is not UTF-8: byte {error.start} is 0x{error.object[error.start]:02x}.") from None
    except NotJson as error:
        raise Refused(f"{file} is no file that `export` has written: {error}.") from None
    query = {"replace": "true"} if replace else {}
    answer = client.send("POST", "/import", document, query)
    emit(answer, output, lambda it: f"{_tasks(it['tasks'])} in the namespace '{it['namespace']}'.")


def as_text(document: JsonObject) -> str:
    """Return the text of an export: JSON, with each timeline and each task on a line of its own."""
    members = []
    for name, value in document.items():
        match value:
            case dict() if name == "timelines":
                text = _block("{", [f"{json.dumps(key)}: {_line(each)}" for key, each in value.items()], "}")
            case list():
                text = _block("[", [_line(each) for each in value], "]")
            case _:
                text = _line(value)
        members.append(f"{json.dumps(name)}: {text}")
    return "{\n" + ",\n".join(members) + "\n}\n"


def _block(begin: str, lines: list[str], end: str) -> str:
    return begin + "\n" + ",\n".join(lines) + "\n" + end if lines else begin + end


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _tasks(count: int) -> str:
    return "1 task" if count == 1 else f"{count:,} tasks"
