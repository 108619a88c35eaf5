r"""Regular expressions as contracts write them, in terms that Python's engine knows.

ECMA-262 with the flag `u`, which JSON Schema recommends, has Unicode properties: `\p{L}`. Those that are general
categories are written out as ranges of characters; of any other, such as a script, the standard library knows nothing,
and a pattern with one in it is not checked.
"""

import re
import sys
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from functools import cache, lru_cache
from typing import Any, Final, TypeAlias

from xpander_emulator.common import json_pointers, safe_regex
from xpander_emulator.contract.document_objects import walk

Ranges: TypeAlias = Sequence[tuple[int, int]]

# Unicode 15, PropertyValueAliases.txt, gc.
_LONG: Final = {
    "Letter": "L", "Cased_Letter": "LC", "Uppercase_Letter": "Lu", "Lowercase_Letter": "Ll", "Titlecase_Letter": "Lt",
    "Modifier_Letter": "Lm", "Other_Letter": "Lo", "Mark": "M", "Combining_Mark": "M", "Nonspacing_Mark": "Mn",
    "Spacing_Mark": "Mc", "Enclosing_Mark": "Me", "Number": "N", "Decimal_Number": "Nd", "digit": "Nd",
    "Letter_Number": "Nl", "Other_Number": "No", "Punctuation": "P", "punct": "P", "Connector_Punctuation": "Pc",
    "Dash_Punctuation": "Pd", "Open_Punctuation": "Ps", "Close_Punctuation": "Pe", "Initial_Punctuation": "Pi",
    "Final_Punctuation": "Pf", "Other_Punctuation": "Po", "Symbol": "S", "Math_Symbol": "Sm", "Currency_Symbol": "Sc",
    "Modifier_Symbol": "Sk", "Other_Symbol": "So", "Separator": "Z", "Space_Separator": "Zs", "Line_Separator": "Zl",
    "Paragraph_Separator": "Zp", "Other": "C", "Control": "Cc", "cntrl": "Cc", "Format": "Cf", "Surrogate": "Cs",
    "Private_Use": "Co", "Unassigned": "Cn",
}  # fmt: skip
_CATEGORIES: Final = frozenset({*_LONG.values()})
_PIECES: Final = re.compile(r"(?P<property>\\[pP]\{(?P<name>[^{}]*)\})|\\.|\[|\]|[^\\\[\]]+|\\", re.DOTALL)
# Where a value is made, its characters are those of a Latin script, if there are such.
_READABLE: Final = ((0x20, 0x7E), (0xA1, 0xAC), (0xAE, 0x17F))


class Rewritten(str):
    """A pattern for Python's engine; `written` is what stands in the contract."""

    written: str

    def __new__(cls, text: str, written: str) -> "Rewritten":
        """Return the text, with the pattern that it stands for."""
        found = super().__new__(cls, text)
        found.written = written
        return found


def as_written(pattern: str) -> str:
    """Return a pattern as it stands in the contract."""
    return pattern.written if isinstance(pattern, Rewritten) else pattern


def unknown_properties(pattern: str) -> tuple[str, ...]:
    r"""Return the properties in a pattern that are not known here, such as `\p{Script=Greek}`."""
    if not _has_properties(pattern):
        return ()
    found = (piece for piece in _PIECES.finditer(pattern) if piece["property"])
    return tuple(piece[0] for piece in found if _category(piece["name"]) is None)


def rewritten(pattern: str) -> str:
    """Return the pattern for Python's engine; one that matches everything where it is not known."""
    return _rewritten(pattern) if _has_properties(pattern) else pattern


@lru_cache(256)
def _rewritten(pattern: str) -> str:
    return Rewritten("^" if unknown_properties(pattern) else _with(pattern, _ranges), pattern)


@lru_cache(256)
def for_making(pattern: str) -> str:
    """Return a pattern that is met by some of what meets this one: texts that people can read."""
    return _with(pattern, lambda name, negated: _readable(_ranges(name, negated))) if "\\" in pattern else pattern


def compiles(pattern: str) -> bool:
    """Tell whether it is a regular expression that Python can compile once its properties are written out."""
    with warnings.catch_warnings():
        # Of a set that a later Python may read otherwise.
        warnings.simplefilter("ignore", FutureWarning)
        try:
            re.compile(outlined(pattern))
        except (re.error, OverflowError, RecursionError):
            return False
    return True


def outlined(pattern: str) -> str:
    """Return a pattern of the same build in which each property is a class of a few letters."""
    return _with(pattern, lambda name, negated: ((0x61, 0x7A),)) if _has_properties(pattern) else pattern


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text matches a pattern somewhere, as JSON Schema means it."""
    return safe_regex.matches(rewritten(pattern), text)


def with_known_patterns(value: Any, kind: str = "document") -> Any:
    """Return a document or schema with the patterns of its schemas rewritten; itself where there is nothing to do."""
    found = [site.path for site in walk(value, kind) if site.kind == "schema" and _needs_rewriting(site.value)]
    if not found:
        return value
    changed = deepcopy(dict(value))
    # What lies deeper comes later, and must be found by the keys that it has in the file.
    for path in reversed(found):
        _rewrite(json_pointers.look_up(changed, json_pointers.join(*path)))
    return changed


def _needs_rewriting(schema: Any) -> bool:
    return isinstance(schema, Mapping) and any(_has_properties(each) for each in patterns_of(schema))


def patterns_of(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the patterns of one schema: its own, and those for the names of properties."""
    if isinstance(schema.get("pattern"), str):
        yield schema["pattern"]
    if isinstance(schema.get("patternProperties"), Mapping):
        yield from schema["patternProperties"]


def _rewrite(schema: dict[str, Any]) -> None:
    if isinstance(schema.get("pattern"), str):
        schema["pattern"] = rewritten(schema["pattern"])
    if isinstance(schema.get("patternProperties"), Mapping):
        rules = schema["patternProperties"]
        # Which names a pattern that is not known would match nobody can tell: any may, and is held to nothing.
        schema["patternProperties"] = {
            rewritten(name): True if unknown_properties(name) else rule for name, rule in rules.items()
        }


def _has_properties(pattern: str) -> bool:
    return "\\p{" in pattern or "\\P{" in pattern


def _with(pattern: str, ranges: Callable[[str, bool], Ranges]) -> str:
    """Return the pattern with each property as a class of characters."""
    kept: list[str] = []
    inside = False
    for piece in _PIECES.finditer(pattern):
        text = piece[0]
        if piece["property"]:
            characters = "".join(_range(*each) for each in ranges(piece["name"], text[1] == "P"))
            text = characters if inside else f"[{characters}]"
        elif text == "[" and inside:
            # Python warns of what may be a class within a class some day.
            text = r"\["
        elif text in ("[", "]"):
            inside = text == "["
        kept.append(text)
    return "".join(kept)


def _range(first: int, last: int) -> str:
    return f"\\U{first:08x}-\\U{last:08x}"


def _category(name: str) -> str | None:
    """Return the short name of a general category, or None where it is none."""
    prefix, _, value = name.rpartition("=")
    if prefix not in ("", "gc", "General_Category"):
        return None
    short = _LONG.get(value, value)
    return short if short in _CATEGORIES else None


@cache
def _ranges(name: str, negated: bool) -> Ranges:
    category = _category(name) or ""
    kinds = ("Lu", "Ll", "Lt") if category == "LC" else tuple(each for each in _runs() if each.startswith(category))
    found: list[tuple[int, int]] = []
    for first, last in sorted(run for kind in kinds for run in _runs()[kind]):
        if found and found[-1][1] == first - 1:
            found[-1] = found[-1][0], last
        else:
            found.append((first, last))
    return _others(found) if negated else found


def _others(ranges: Ranges) -> Ranges:
    starts = [0, *(last + 1 for _, last in ranges)]
    ends = [*(first - 1 for first, _ in ranges), sys.maxunicode]
    return [(start, end) for start, end in zip(starts, ends, strict=True) if start <= end]


def _readable(ranges: Ranges) -> Ranges:
    common = [(max(a, c), min(b, d)) for a, b in ranges for c, d in _READABLE if max(a, c) <= min(b, d)]
    return common or [(first, min(last, first + 63)) for first, last in ranges[:4]]


@cache
def _runs() -> Mapping[str, Ranges]:
    """Return where each general category has its characters. A quarter of a second, once, if a contract needs it."""
    found: dict[str, list[tuple[int, int]]] = {}
    first, before = 0, unicodedata.category("\0")
    for code in range(1, sys.maxunicode + 2):
        kind = unicodedata.category(chr(code)) if code <= sys.maxunicode else ""
        if kind != before:
            found.setdefault(before, []).append((first, code - 1))
            first, before = code, kind
    return found
