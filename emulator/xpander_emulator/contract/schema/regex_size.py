"""The size of a regular expression with its counted repeats written out, as an engine compiles it."""

import re
import warnings
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Final

from xpander_emulator.contract.schema.regex_dialect import without_properties

# The parser takes two of the interpreter's 1,000 frames for each.
MAX_PARENTHESES: Final = 50
TOO_LARGE: Final = 10**9
_REPEATS: Final = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})


@lru_cache(256)
def size(pattern: str) -> int:
    r"""Return how many characters, classes and groups a pattern has, each times the counts around it.

    `(ab){3}` has 10; of `{2,}` and `{2,5}` the lower bound counts. A property such as `\p{L}` has hundreds of ranges
    and counts as 100. For a pattern that Python cannot read, its length is returned.
    """
    if pattern.count("(") > MAX_PARENTHESES and _nesting(pattern) > MAX_PARENTHESES:
        return TOO_LARGE
    # Importing it costs 10 ms, and few requests carry a pattern.
    from rstr.xeger import sre_parse  # type: ignore[attr-defined]  # Python's own parser, as rstr finds it

    properties = 100 * (pattern.count("\\p{") + pattern.count("\\P{"))
    with warnings.catch_warnings():
        # Of a set that a later Python may read otherwise.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            parsed = sre_parse.parse(without_properties(pattern))
        except (re.error, OverflowError):
            return len(pattern) + properties
    return min(TOO_LARGE, max(len(pattern), _size(parsed)) + properties)


def _nesting(pattern: str) -> int:
    """Return how deep parentheses are nested at most; parentheses in classes count too."""
    depth = deepest = 0
    for piece in re.finditer(r"\\.|[()]", pattern, re.DOTALL):
        depth += (piece[0] == "(") - (piece[0] == ")")
        deepest = max(deepest, depth)
    return deepest


def _size(parsed: Iterable[Any]) -> int:
    return sum(_size_of(opcode.name, argument) for opcode, argument in parsed)


def _size_of(name: str, argument: Any) -> int:
    if name in _REPEATS:
        least, _, inner = argument
        return 1 + max(1, int(least)) * _size(inner)
    match name:
        case "SUBPATTERN":
            return 1 + _size(argument[-1])
        case "BRANCH":
            return 1 + sum(map(_size, argument[1]))
        case "ASSERT" | "ASSERT_NOT":
            return 1 + _size(argument[1])
        case "ATOMIC_GROUP":
            return 1 + _size(argument)
        case "GROUPREF_EXISTS":
            return 1 + sum(_size(side) for side in argument[1:] if side is not None)
        case _:
            return 1
