"""Texts that match a regular expression."""

import random
import re
import string
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final

from rstr.xeger import Xeger, sre_parse  # type: ignore[attr-defined]  # Python's own parser, as rstr finds it

from xpander_emulator.common import budget
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.schema.regex_dialect import readable

_TRIES: Final = 60
# For a look-around that few texts satisfy, more tries are worth their time.
_MORE_TRIES: Final = 240
# Characters of all tries together.
_MAX_CHARACTERS: Final = 5_000
# rstr repeats `*` and `+` up to 100 times, which nobody wants to read.
_REPEATS: Final = 8
_LOOKAROUNDS: Final = ("(?=", "(?!", "(?<=", "(?<!")
# For a negated class that excludes every character that can be typed.
_FAR: Final = "\u00e9\u00fc\u00df\u00f8\u0142\u03a9\u0416\u05d0\u4e2d\u65e5"
_PIECES: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!])?|.", re.DOTALL)


class _ShortTexts(Xeger):
    """rstr's maker of texts, with few repeats and small classes."""

    def __init__(self, rng: random.Random, repeats: int) -> None:
        super().__init__(rng)
        self._repeats = repeats

    def text(self, parsed: Any) -> str:
        text: str = self._build_string(parsed)
        self._cache.clear()
        return text

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        text: str = super()._handle_repeat(start_range, min(end_range, max(start_range, self._repeats)), value)
        return text

    def _handle_in(self, value: Any) -> str:
        # rstr writes every range out, a million characters at worst, and draws a character of a negated class from a
        # set, whose order differs between processes.
        is_negated = value[0][0].name == "NEGATE"
        runs: Sequence[str | range] = [self._run(*each) for each in value[is_negated:]]
        if is_negated:
            runs = _others(runs)
        index = self._random.randrange(sum(len(run) for run in runs))
        for run in runs:
            if index < len(run):
                break
            index -= len(run)
        character = run[index]
        return character if isinstance(character, str) else chr(character)

    def _run(self, opcode: Any, value: Any) -> "str | range":
        if opcode.name == "RANGE":
            return range(value[0], value[1] + 1)
        return chr(value) if opcode.name == "LITERAL" else str(self._handle_state((opcode, value)))


def _others(runs: "Sequence[str | range]") -> "Sequence[str | range]":
    """Return characters that are in none of the runs, as one run: those that can be typed, else those of _FAR."""
    for characters in (string.printable, _FAR):
        rest = "".join(c for c in characters if not any((c if isinstance(run, str) else ord(c)) in run for run in runs))
        if rest:
            return [rest]
    return []


def text_matching(pattern: str, rng: random.Random, shortest: int, longest: int) -> str | None:
    """Return a text of `shortest` to `longest` characters that matches, or None when none is found.

    Texts are made from the pattern without its look-arounds, and then matched against the pattern. rstr takes a
    look-ahead for text of its own, which is worth a try when no other text matched.
    """
    source = readable(pattern)
    plain = without_lookarounds(source)
    rounds = [(plain, _TRIES)] if plain == source else [(plain, _TRIES), (source, _TRIES), (plain, _MORE_TRIES)]
    texts = (_made_from(each, pattern, rng, (shortest, longest), tries) for each, tries in rounds)
    return next((text for text in texts if text is not None), None)


def _made_from(source: str, pattern: str, rng: random.Random, lengths: tuple[int, int], tries: int) -> str | None:
    """Return a text made from `source` that matches `pattern` and has one of the lengths, or None."""
    shortest, longest = lengths
    try:
        parsed = _parsed(source)
    except re.error:
        # The pattern refers to a group in a look-around that was left out.
        return None
    least, most = parsed.getwidth()
    if least > longest or most < shortest:
        return None
    for repeats in (max(_REPEATS, shortest), shortest + 1, longest):
        maker = _ShortTexts(rng, min(repeats, 1000))
        characters = 0
        for _ in range(tries // 3):
            try:
                text = maker.text(parsed)
            except (KeyError, IndexError, ValueError):
                # rstr cannot make everything, such as a conditional group.
                return None
            budget.spend(1 + len(text) // 16)
            if shortest <= len(text) <= longest and matches(pattern, text):
                return text
            characters += len(text)
            if characters > _MAX_CHARACTERS:
                break
    return None


@lru_cache(256)
def _parsed(source: str) -> Any:
    return sre_parse.parse(source)


def without_lookarounds(pattern: str) -> str:
    """Return the pattern without its look-aheads and look-behinds."""
    rest: list[str] = []
    depth = 0
    for piece in _pieces(pattern):
        if depth or piece in _LOOKAROUNDS:
            depth += piece.startswith("(") - (piece == ")")
        else:
            rest.append(piece)
    return "".join(rest)


def _pieces(pattern: str) -> Iterator[str]:
    """Yield the parts of a pattern: escapes, classes, openings of groups, and single characters."""
    return (match[0] for match in _PIECES.finditer(pattern))
