"""What commands print: data to stdout, everything else to stderr."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from xpander_emulator.common.terminal_text import columns, printable


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-o text|json`."""
    decorate = click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How the answer is printed.",
    )
    return decorate(command)


def emit(value: Any, output: str, text: Callable[[Any], str]) -> None:
    """Print a value as JSON, or as the text that `text` returns for it."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False) if output == "json" else text(value))


def note(message: str) -> None:
    """Print a message for people on stderr."""
    click.echo(message, err=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> str:
    """Return rows in columns under headings; `empty` when there is no row."""
    cells = [[cell(value) for value in row] for row in rows]
    return "\n".join(columns([[heading.upper() for heading in headings], *cells])) if cells else empty


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """Return `name  value` lines in two columns; pairs without a value are left out."""
    rows = [(name, cell(value)) for name, value in pairs if value not in (None, "", [], ())]
    return "\n".join(columns(rows)) if rows else ""


def cell(value: object) -> str:
    """Return a value as one line of text: `-` for nothing, lists with commas, other nested values as JSON."""
    if value is None or value in ("", [], ()):
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, dict | bool):
        return json.dumps(value, ensure_ascii=False)
    return printable(" ".join(str(value).split()))
