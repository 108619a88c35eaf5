"""Text for a terminal: printable, and in columns."""

from collections.abc import Callable, Iterator, Sequence


def printable(text: str) -> str:
    """Return a text with each character that could control a terminal replaced by its escape."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def columns(rows: Sequence[Sequence[str]], justify: Callable[[str, int], str] = str.ljust) -> Iterator[str]:
    """Yield each row as a line, its cells in columns; `justify` is for all columns but the first, which is left."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = (justify(cell, width) for cell, width in zip(others, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *cells)).rstrip()


def _escaped(character: str) -> str:
    return character if character.isprintable() else repr(character)[1:-1]
