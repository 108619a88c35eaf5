"""Text from a regular expression."""

import random
import re
from collections.abc import Iterator
from typing import Any, Final

from rstr.xeger import Xeger

_TRIES: Final = 60
# rstr repeats `*` and `+` up to 100 times, which nobody wants to read.
_REPEATS: Final = 8
_LOOKS: Final = ("(?=", "(?!", "(?<=", "(?<!")
# Where the text that a look-around wants is unlikely to come by itself, more tries are worth their time.
_MORE_TRIES: Final = 600


class _Short(Xeger):
    def __init__(self, rng: random.Random, repeats: int) -> None:
        super().__init__(rng)
        self._repeats = repeats

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        found: str = super()._handle_repeat(start_range, min(end_range, max(start_range, self._repeats)), value)
        return found


def text_matching(pattern: str, rng: random.Random, shortest: int, longest: int) -> str | None:
    """Return a text of `shortest` to `longest` characters that matches, or None when none is found.

    Look-arounds are left out of what the text is made from and met by trying; rstr takes a look-ahead for text that is
    there, which is worth a try where nothing else has led to one.
    """
    plain = without_looks(pattern)
    found = _made_from(plain, pattern, rng, (shortest, longest), _TRIES if plain == pattern else _MORE_TRIES)
    if found is None and plain != pattern:
        return _made_from(pattern, pattern, rng, (shortest, longest), _TRIES)
    return found


def _made_from(source: str, pattern: str, rng: random.Random, lengths: tuple[int, int], tries: int) -> str | None:
    """Return a text made from `source` that matches `pattern` and has one of the lengths, or None."""
    shortest, longest = lengths
    for repeats in (max(_REPEATS, shortest), shortest + 1, longest):
        maker = _Short(rng, min(repeats, 1000))
        for _ in range(tries // 3):
            try:
                text: str = maker.xeger(source)
            except (re.error, KeyError, IndexError, ValueError):
                # What rstr cannot make, such as a conditional group.
                return None
            if shortest <= len(text) <= longest and re.search(pattern, text):
                return text
    return None


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
