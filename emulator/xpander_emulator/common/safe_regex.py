"""Whether a pattern that somebody wrote is found in a text that somebody sent, by an engine that gives up in time.

Python's own engine does not: `^(a|aa)+$` takes a minute for forty letters, and nothing else is answered meanwhile.
"""

import logging
from functools import lru_cache
from typing import Any, Final

from xpander_emulator.common import budget
from xpander_emulator.errors import EmulatorError

SECONDS: Final = 0.1
# Within a budget, which counts no seconds, a pattern that takes longer uses it up.
SECONDS_WITHIN_A_BUDGET: Final = 0.05
_MOST_PATTERNS: Final = 1024
_logger: Final = logging.getLogger("xpander_emulator")
# By pattern, the length of the shortest text that has taken too long. One as long is not tried again, so that a body of
# a thousand such texts costs no more than a few of them.
_too_long: Final[dict[str, int]] = {}


class TakesTooLong(EmulatorError):
    """Whether a text matches could not be told in time."""

    def __init__(self, pattern: str) -> None:
        told = f"Whether a text matches '{pattern}' cannot be told within {SECONDS} s"
        super().__init__(f"{told}; write one whose parts cannot match the same text.")


def found(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found anywhere in a text. Raises TakesTooLong."""
    if budget.is_limited():
        return _found_within_budget(pattern, text)
    if len(text) >= _too_long.get(pattern, len(text) + 1):
        raise TakesTooLong(pattern)
    try:
        return _compiled(pattern).search(text, timeout=SECONDS) is not None
    except TimeoutError:
        if len(_too_long) >= _MOST_PATTERNS:
            _too_long.clear()
        _too_long[pattern] = len(text)
        raise TakesTooLong(pattern) from None


def _found_within_budget(pattern: str, text: str) -> bool:
    # What is compiled already is paid for again, so that the budget is used up at the same place each time.
    budget.spend(1 + (len(pattern) + len(text)) // 64)
    try:
        return _compiled(pattern).search(text, timeout=SECONDS_WITHIN_A_BUDGET) is not None
    except TimeoutError:
        raise budget.TooCostly(
            f"a text is held against '{pattern}' for more than {SECONDS_WITHIN_A_BUDGET} s"
        ) from None


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found in a text; where it cannot be told it is not, and the log says so."""
    try:
        return found(pattern, text)
    except TakesTooLong as error:
        _logger.warning("%s", error.message)
        return False


@lru_cache(_MOST_PATTERNS)
def _compiled(pattern: str) -> Any:
    # Importing it costs 15 ms, and few requests meet a pattern.
    import regex

    # Version 0 reads a pattern as Python's own engine does.
    return regex.compile(pattern, regex.VERSION0)
