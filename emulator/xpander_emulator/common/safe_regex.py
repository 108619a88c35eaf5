"""Searches texts that clients send for patterns that users write, with a regular expression engine that has a timeout.

Python's own engine has none: `^(a|aa)+$` takes a minute for forty letters, and no other request is answered meanwhile.
"""

import logging
from functools import lru_cache
from typing import Any, Final

from xpander_emulator.common import budget
from xpander_emulator.errors import EmulatorError

SECONDS: Final = 0.1
# A pattern that takes longer uses up its budget, which counts steps and no seconds.
SECONDS_WITHIN_A_BUDGET: Final = 0.05
_MOST_PATTERNS: Final = 1024
_logger: Final = logging.getLogger("xpander_emulator")
# By pattern, the length of the shortest text that has taken too long. A text of this length is not searched again, so
# that a body of a thousand such texts costs no more than a few of them.
_too_long: Final[dict[str, int]] = {}


class TakesTooLong(EmulatorError):
    """A search has taken longer than its timeout."""

    def __init__(self, pattern: str) -> None:
        super().__init__(
            f"Whether a text matches '{pattern}' cannot be decided within {SECONDS} s;"
            " write one whose parts cannot match the same text."
        )


def search(pattern: str, text: str) -> bool:
    """Return whether a pattern matches anywhere in a text. Raises TakesTooLong."""
    if budget.is_limited():
        return _search_within_budget(pattern, text)
    if len(text) >= _too_long.get(pattern, len(text) + 1):
        raise TakesTooLong(pattern)
    try:
        return _compiled(pattern).search(text, timeout=SECONDS) is not None
    except TimeoutError:
        if len(_too_long) >= _MOST_PATTERNS:
            _too_long.clear()
        _too_long[pattern] = len(text)
        raise TakesTooLong(pattern) from None


def _search_within_budget(pattern: str, text: str) -> bool:
    # A pattern that is compiled already costs the same steps, so that the budget ends at the same place each time.
    budget.spend(1 + (len(pattern) + len(text)) // 64)
    try:
        return _compiled(pattern).search(text, timeout=SECONDS_WITHIN_A_BUDGET) is not None
    except TimeoutError:
        raise budget.TooCostly(
            f"a text is held against '{pattern}' for more than {SECONDS_WITHIN_A_BUDGET} s"
        ) from None


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern matches anywhere in a text; False, with a warning in the log, after the timeout."""
    try:
        return search(pattern, text)
    except TakesTooLong as error:
        _logger.warning("%s", error.message)
        return False


@lru_cache(_MOST_PATTERNS)
def _compiled(pattern: str) -> Any:
    # Importing it costs 15 ms, and few requests meet a pattern.
    import regex

    # Version 0 reads a pattern as Python's own engine does.
    return regex.compile(pattern, regex.VERSION0)
