"""The words that are gone from the project: `python -m tools.words PATH …` lists where they still stand.

words.toml has the words, what to say in their place, the exceptions, and the files that a test holds to it.
"""

import re
import sys
import tokenize
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
LIST: Final = Path(__file__).with_suffix(".toml")

_KINDS: Final = frozenset({".py", ".md", ".yaml", ".json", ".mjs", ".html"})
_TEXTS: Final = frozenset({tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)})
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True)
class Gone:
    """Words that are gone, as one pattern over words that a space separates."""

    pattern: re.Pattern[str]
    say: str
    names_only: bool


@dataclass(frozen=True, slots=True)
class Allowed:
    """A text that stays in the files of one path or folder, and why."""

    path: str
    text: str
    why: str


@dataclass(frozen=True, slots=True)
class Words:
    """The content of words.toml."""

    gone: tuple[Gone, ...]
    allowed: tuple[Allowed, ...]
    clean: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Passage:
    """A line of a page, or a name, a comment or a text of Python."""

    line: int
    text: str
    is_name: bool = False


@cache
def read_words() -> Words:
    """Return the content of words.toml."""
    document = tomllib.loads(LIST.read_text(encoding="utf-8"))
    return Words(
        gone=tuple(
            Gone(
                re.compile(rf"\b(?:{'|'.join(entry['words'])})\b", re.IGNORECASE),
                entry["say"],
                entry.get("names_only", False),
            )
            for entry in document["gone"]
        ),
        allowed=tuple(Allowed(**entry) for entry in document.get("allowed", ())),
        clean=tuple(document["clean"]),
    )


def files(path: str) -> list[Path]:
    """Return the files to look at below a path of the repository, or that file alone."""
    start = ROOT / path
    below = sorted(start.rglob("*")) if start.is_dir() else [start]
    return [file for file in below if file.suffix in _KINDS and "vendor" not in file.parts]


def problems(path: str) -> list[str]:
    """Return a line for each word that is gone and stands below a path of the repository."""
    return [line for file in files(path) for line in _problems(file.relative_to(ROOT).as_posix())]


def _problems(path: str) -> Iterator[str]:
    words = read_words()
    allowed = [each.text for each in words.allowed if path == each.path or path.startswith(f"{each.path}/")]
    for passage in passages(ROOT / path):
        text = _without(passage, allowed)
        for gone in words.gone:
            if passage.is_name or not gone.names_only:
                for match in gone.pattern.finditer(text):
                    line = passage.line + text.count("\n", 0, match.start())
                    yield f"{path}:{line}: {match[0]!r} in {_excerpt(text, match)!r}; say {gone.say}"


def passages(file: Path) -> Iterator[Passage]:
    """Yield what is written in a file: its lines, or the names, comments and texts of Python."""
    if file.suffix != ".py":
        # What a release of the past said stays as it was.
        lines = re.split(r"^## \[\d", file.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[0].splitlines()
        yield from (Passage(number, line) for number, line in enumerate(lines, 1))
        return
    with tokenize.open(file) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.NAME:
                yield Passage(token.start[0], token.string, is_name=True)
            elif token.type == tokenize.COMMENT or (token.type in _TEXTS and " " in token.string):
                yield Passage(token.start[0], token.string)


def name_words(name: str) -> str:
    """Return the words of a name in lower case, a space between two: `NotFound` and `not_found` are `not found`."""
    return " ".join(_WORD.findall(name)).lower()


def _without(passage: Passage, allowed: Sequence[str]) -> str:
    if passage.is_name:
        return "" if passage.text in allowed else name_words(passage.text)
    text = passage.text
    for each in allowed:
        text = text.replace(each, " " * len(each))
    return text


def _excerpt(text: str, match: re.Match[str]) -> str:
    return " ".join(text[max(0, match.start() - 30) : match.end() + 30].split())


if __name__ == "__main__":
    lines = [line for path in sys.argv[1:] or read_words().clean for line in problems(path)]
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.exit(bool(lines))
