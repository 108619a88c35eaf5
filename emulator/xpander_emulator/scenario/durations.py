"""Lengths of time as people write them: `300ms`, `2s`, `1h30m`, and ranges such as `1s..3s`."""

import re
from collections.abc import Mapping
from typing import Final

from xpander_emulator.core.timeline import Millis

UNITS: Final[Mapping[str, int]] = {"d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
LONGEST: Final = Millis(3650 * UNITS["d"])

_DURATION: Final = re.compile(
    r"(?:(?P<d>\d{1,9})d)?(?:(?P<h>\d{1,9})h)?(?:(?P<m>\d{1,9})m)?(?:(?P<s>\d{1,9}(?:\.\d{1,3})?)s)?(?:(?P<ms>\d{1,12})ms)?"
)
_EXAMPLES: Final = "write for instance 300ms, 2s, 1h30m or 1s..3s"
_LONG_UNITS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("sec", "secs", "second", "seconds"), "s"),
    **dict.fromkeys(("min", "mins", "minute", "minutes"), "m"),
    **dict.fromkeys(("hr", "hrs", "hour", "hours"), "h"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("msec", "msecs", "millis", "millisecond", "milliseconds"), "ms"),
}


class NotADuration(ValueError):
    """A value that is not a length of time; the message says what to write instead."""


def parse_range(value: object) -> tuple[Millis, Millis]:
    """Return the shortest and the longest of a range, in ms; both are the same for a single length.

    Raises NotADuration.
    """
    if not isinstance(value, str) or ".." not in value:
        single = parse_duration(value)
        return single, single
    first, _, second = value.partition("..")
    low, high = parse_duration(first.strip()), parse_duration(second.strip())
    if low > high:
        raise NotADuration(f"the range '{value}' goes from long to short; write {as_text(high)}..{as_text(low)}")
    return low, high


def parse_duration(value: object) -> Millis:
    """Return a length of time in milliseconds. Raises NotADuration."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise NotADuration(f"{_shown(value)} is not a length of time; {_EXAMPLES}")
    if not isinstance(value, str):
        raise NotADuration(f"{value} has no unit; write '{value}s' or '{value}ms'")
    text = value.strip()
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise NotADuration(_mistake(text))
    millis = round(sum(float(match[unit]) * size for unit, size in UNITS.items() if match[unit]))
    if millis > LONGEST:
        raise NotADuration(f"'{text}' is longer than {as_text(LONGEST)}, the longest that is allowed")
    return Millis(millis)


def as_text(length: Millis) -> str:
    """Return a length as it is written in a scenario, in the fewest units: `90000` is `1m30s`."""
    parts: list[str] = []
    rest = int(length)
    for unit, size in UNITS.items():
        count, rest = divmod(rest, size)
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts) or "0s"


def range_as_text(low: Millis, high: Millis) -> str:
    """Return a range as it is written in a scenario; one length alone where both ends are the same."""
    return as_text(low) if low == high else f"{as_text(low)}..{as_text(high)}"


def _mistake(text: str) -> str:
    if not text:
        return f"an empty text is not a length of time; {_EXAMPLES}"
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return f"'{text}' has no unit; write '{text}s' or '{text}ms'"
    if text.startswith("-"):
        return f"'{text}' is negative; write a length of time without '-'"
    named = re.fullmatch(r"(\d+)\s*([A-Za-z]+)", text)
    unit = named and (_LONG_UNITS.get(named[2].lower()) or named[2].lower())
    if named and unit in UNITS and f"{named[1]}{unit}" == text:
        return f"'{text}' is longer than {as_text(LONGEST)}, the longest that is allowed"
    if named and unit in UNITS:
        return f"'{text}' is not a length of time; write '{named[1]}{unit}'"
    if (tidy := re.sub(r"[\s,]|and", "", text)) and tidy != text and _DURATION.fullmatch(tidy):
        return f"'{text}' is not a length of time; write '{tidy}'"
    return f"'{text}' is not a length of time; {_EXAMPLES}"


def _shown(value: object) -> str:
    return "nothing" if value is None else str(value).lower() if isinstance(value, bool) else "a list or mapping"
