"""Text from a regular expression."""

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
# Where the text that a look-around wants is unlikely to come by itself, more tries are worth their time.
_MORE_TRIES: Final = 240
# Of long texts there are fewer tries: so many characters.
_MOST_CHARACTERS: Final = 5_000
# rstr repeats `*` and `+` up to 100 times, which nobody wants to read.
_REPEATS: Final = 8
_LOOKS: Final = ("(?=", "(?!", "(?<=", "(?<!")
# What stands for "any other character", where none that can be typed is left.
_FAR: Final = "\u00e9\u00fc\u00df\u00f8\u0142\u03a9\u0416\u05d0\u4e2d\u65e5"


class _Short(Xeger):
    def __init__(self, rng: random.Random, repeats: int) -> None:
        super().__init__(rng)
        self._repeats = repeats

    def made_of(self, parsed: Any) -> str:
        text: str = self._build_string(parsed)
        self._cache.clear()
        return text

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        found: str = super()._handle_repeat(start_range, min(end_range, max(start_range, self._repeats)), value)
        return found

    def _handle_in(self, value: Any) -> str:
        # rstr writes every range out, a million characters at worst, and takes what is left of a negated class from
        # a set, whose order is another in each process.
        is_negated = value[0][0].name == "NEGATE"
        runs: Sequence[str | range] = [self._run(*each) for each in value[is_negated:]]
        if is_negated:
            runs = _others(runs)
        index = self._random.randrange(sum(len(run) for run in runs))
        for run in runs:
            if index < len(run):
                break
            index -= len(run)
        found = run[index]
        return found if isinstance(found, str) else chr(found)

    def _run(self, opcode: Any, value: Any) -> "str | range":
        if opcode.name == "RANGE":
            return range(value[0], value[1] + 1)
        return chr(value) if opcode.name == "LITERAL" else str(self._handle_state((opcode, value)))


def _others(runs: "Sequence[str | range]") -> "Sequence[str | range]":
    """Return what is in none of the runs: characters that can be typed, or others where these are all excluded."""
    for characters in (string.printable, _FAR):
        kept = "".join(c for c in characters if not any((c if isinstance(run, str) else ord(c)) in run for run in runs))
        if kept:
            return [kept]
    return []


def text_matching(pattern: str, rng: random.Random, shortest: int, longest: int) -> str | None:
    """Return a text of `shortest` to `longest` characters that matches, or None when none is found.

    Look-arounds are left out of what the text is made from and met by trying; rstr takes a look-ahead for text that is
    there, which is worth a try where nothing else has led to one.
    """
    source, wanted = readable(pattern), pattern
    plain = without_looks(source)
    rounds = [(plain, _TRIES)] if plain == source else [(plain, _TRIES), (source, _TRIES), (plain, _MORE_TRIES)]
    made = (_made_from(each, wanted, rng, (shortest, longest), tries) for each, tries in rounds)
    return next((text for text in made if text is not None), None)


def _made_from(source: str, wanted: str, rng: random.Random, lengths: tuple[int, int], tries: int) -> str | None:
    """Return a text made from `source` that matches `wanted` and has one of the lengths, or None."""
    shortest, longest = lengths
    try:
        parsed = _parsed(source)
    except re.error:
        # A reference to a group within a look-around that was left out.
        return None
    least, most = parsed.getwidth()
    if least > longest or most < shortest:
        return None
    for repeats in (max(_REPEATS, shortest), shortest + 1, longest):
        maker = _Short(rng, min(repeats, 1000))
        characters = 0
        for _ in range(tries // 3):
            try:
                text = maker.made_of(parsed)
            except (KeyError, IndexError, ValueError):
                # What rstr cannot make, such as a conditional group.
                return None
            budget.spend(1 + len(text) // 16)
            if shortest <= len(text) <= longest and matches(wanted, text):
                return text
            characters += len(text)
            if characters > _MOST_CHARACTERS:
                break
    return None


@lru_cache(256)
def _parsed(source: str) -> Any:
    return sre_parse.parse(source)


def without_looks(pattern: str) -> str:
    """Return the pattern without its look-aheads and look-behinds."""
    kept: list[str] = []
    depth = 0
    for piece in _pieces(pattern):
        if depth or piece in _LOOKS:
            depth += piece.startswith("(") - (piece == ")")
        else:
            kept.append(piece)
    return "".join(kept)


def _pieces(pattern: str) -> Iterator[str]:
    """Yield the parts of a pattern as far as brackets go: an escape, a class, an opening, or one character."""
    found = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!])?|.", re.DOTALL)
    return (match[0] for match in found.finditer(pattern))
