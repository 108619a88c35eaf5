"""What commands print: data to stdout, everything else to stderr."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

type_of_output = click.Choice(["text", "json"])


def output_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-o text|json`."""
    decorate = click.option(
        "-o", "--output", type=type_of_output, default="text", show_default=True, help="How the answer is printed."
    )
    return decorate(command)


def emit(value: Any, output: str, text: Callable[[Any], str]) -> None:
    """Print `value` as JSON, or as `text` words it."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False) if output == "json" else text(value))


def note(message: str) -> None:
    """Tell a person something beside the data."""
    click.echo(message, err=True)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> str:
    """Return rows under headings in columns as wide as their widest cell; `empty` when there is no row."""
    cells = [[cell(value) for value in row] for row in rows]
    if not cells:
        return empty
    widths = [max(map(len, column)) for column in zip(headings, *cells, strict=True)]
    lines = [[heading.upper() for heading in headings], *cells]
    return "\n".join(_line(line, widths) for line in lines)


def fields(pairs: Iterable[tuple[str, object]]) -> str:
    """Return `name  value` lines, values below each other; pairs without a value are left out."""
    present = [(name, cell(value)) for name, value in pairs if value not in (None, "", [], ())]
    width = max((len(name) for name, _ in present), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in present)


def cell(value: object) -> str:
    """Return a value as one line of text: `-` for nothing, lists by commas, anything nested as JSON."""
    if value is None or value in ("", [], ()):
        return "-"
    if isinstance(value, list | tuple):
        return ", ".join(cell(item) for item in value)
    if isinstance(value, dict | bool):
        return json.dumps(value, ensure_ascii=False)
    return printable(" ".join(str(value).split()))


def printable(text: str) -> str:
    """Return a text that others wrote with every character that a terminal would obey told by its escape."""
    return "".join(each if each.isprintable() or each == " " else repr(each)[1:-1] for each in text)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{text:<{width}}" for text, width in zip(cells, widths, strict=True)).rstrip()
