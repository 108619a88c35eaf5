"""Text from a regular expression."""

import random
import re
from typing import Any, Final

from rstr.xeger import Xeger

_TRIES: Final = 60
# rstr repeats `*` and `+` up to 100 times, which nobody wants to read.
_REPEATS: Final = 8


class _Short(Xeger):
    def __init__(self, rng: random.Random, repeats: int) -> None:
        super().__init__(rng)
        self._repeats = repeats

    def _handle_repeat(self, start_range: int, end_range: int, value: Any) -> str:
        found: str = super()._handle_repeat(start_range, min(end_range, max(start_range, self._repeats)), value)
        return found


def text_matching(pattern: str, rng: random.Random, shortest: int, longest: int) -> str | None:
    """Return a text of `shortest` to `longest` characters that matches, or None when none is found."""
    for repeats in (max(_REPEATS, shortest), shortest + 1, longest):
        maker = _Short(rng, min(repeats, 1000))
        for _ in range(_TRIES // 3):
            try:
                text: str = maker.xeger(pattern)
            except (re.error, KeyError, IndexError, ValueError):
                # What rstr cannot make, such as a conditional group.
                return None
            if shortest <= len(text) <= longest and re.search(pattern, text):
                return text
    return None
