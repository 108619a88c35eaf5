"""What the generated pages of docs/ have in common: tables, and a command that writes a page or checks it."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def write_or_check(page: Path, text: str, sources: str, arguments: Sequence[str]) -> int:
    """Write a page; with `--check`, only compare it with its file. Return the exit code.

    sources: where the text comes from, for the message.
    """
    if "--check" not in arguments:
        page.write_text(text, encoding="utf-8", newline="\n")
        return 0
    if page.is_file() and page.read_text(encoding="utf-8") == text:
        return 0
    sys.stderr.write(f"{page.relative_to(ROOT)} is not made from the present {sources}; run `make docs`.\n")
    return 1
