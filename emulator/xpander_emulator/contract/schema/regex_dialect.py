r"""Regular expressions as contracts write them: Python's, with the Unicode properties of ECMA-262, such as `\p{L}`.

The `regex` library knows the properties and matches texts (common/safe_regex). Python's own parser, which measures
patterns and makes texts, does not know them: here each is replaced by a class of characters.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

_PIECES: Final = re.compile(r"(?P<property>\\[pP]\{[^{}]*\})|\\.|\[|\]|[^\\\[\]]+|\\", re.DOTALL)
# Characters of the Latin script that people can read; a text is made of these where a property has some of them.
_READABLE: Final = "".join(map(chr, (*range(0x20, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x180))))
_BEYOND: Final = range(0x180, 0x20000)
_ENOUGH: Final = 256


def patterns_of(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the patterns of one schema: its `pattern`, and those of `patternProperties`."""
    if isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    if isinstance(schema.get("patternProperties"), Mapping):
        yield from schema["patternProperties"]


def compiles(pattern: str) -> bool:
    """Return whether a pattern can be matched, measured and used to make texts."""
    import regex

    with warnings.catch_warnings():
        # Python warns of a set that a later release may read in another way.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            re.compile(without_properties(pattern))
            if _has_properties(pattern):
                regex.compile(pattern, regex.VERSION0)
        except (re.error, regex.error, OverflowError, RecursionError):
            return False
    return True


def without_properties(pattern: str) -> str:
    """Return a pattern of the same structure in which each property is the class of small letters."""
    return _with_classes(pattern, lambda name: "a-z") if _has_properties(pattern) else pattern


@lru_cache(256)
def readable(pattern: str) -> str:
    """Return a pattern for Python's parser that readable texts match; each text that matches it matches `pattern`."""
    return _with_classes(pattern, _characters) if "\\" in pattern else pattern


def _has_properties(pattern: str) -> bool:
    return "\\p{" in pattern or "\\P{" in pattern


def _with_classes(pattern: str, class_of: Callable[[str], str]) -> str:
    """Return the pattern with each property replaced by the content of a class of characters."""
    pieces: list[str] = []
    is_in_class = False
    for match in _PIECES.finditer(pattern):
        piece = match[0]
        if match["property"]:
            content = class_of(piece)
            piece = content if is_in_class else f"[{content}]"
        elif piece == "[" and is_in_class:
            # Python warns of what may be a class within a class some day.
            piece = r"\["
        elif piece in ("[", "]"):
            is_in_class = piece == "["
        pieces.append(piece)
    return "".join(pieces)


@lru_cache(256)
def _characters(name: str) -> str:
    """Return characters that have a property, escaped for a class."""
    import regex

    characters = regex.findall(name, _READABLE) or regex.findall(name, "".join(map(chr, _BEYOND)))[:_ENOUGH]
    return "".join(f"\\U{ord(character):08x}" for character in characters)
