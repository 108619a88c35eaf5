"""Verification: how many matching requests are expected, and the message for another number."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from xpander_emulator.errors import BadRequest


@dataclass(frozen=True, slots=True)
class ExpectedCount:
    """How many requests are expected: `least` or more, and `most` or fewer; None for no limit."""

    least: int
    most: int | None

    @classmethod
    def of(
        cls, times: int | None, at_least: int | None, at_most: int | None, spell: Callable[[str], str] = str
    ) -> Self:
        """Return the count of three arguments; one or more requests where all are None.

        spell: how the arguments are written where they come from. Raises BadRequest where they leave no number.
        """
        if times is not None:
            if at_least is not None or at_most is not None:
                names = [spell(name) for name in ("times", "at_least", "at_most")]
                raise BadRequest("{} says exactly how many; leave out {} and {}.".format(*names))
            return cls(times, times)
        least = at_least if at_least is not None else 0 if at_most is not None else 1
        if at_most is not None and at_most < least:
            raise BadRequest(f"{spell('at_least')} {least} and {spell('at_most')} {at_most} leave no number.")
        return cls(least, at_most)

    def holds(self, count: int) -> bool:
        """Return whether so many are expected."""
        return self.least <= count and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.least == self.most:
            return f"exactly {self.least}"
        least = [f"at least {self.least}"] if self.least else []
        most = [] if self.most is None else [f"at most {self.most}"]
        return " and ".join(least + most) or "any number"


def count_text(count: int, wanted: str, near_misses: Sequence[Mapping[str, Any]], dropped: int) -> str:
    """Return how many requests matched, which ones nearly did, and how many older ones were dropped.

    near_misses: as the control API shows them.
    """
    matched = f"{count} {'request fits' if count == 1 else 'requests fit'}, wanted {wanted}."
    lines = [matched, *(["Nearly:"] if near_misses else [])]
    for miss in near_misses:
        lines.append(f"  request {miss['id']}, {miss['method']} {miss['path']}:")
        lines += ["    " + difference["told"] for difference in miss["differences"]]
    return "\n".join(lines) + dropped_text(dropped)


def dropped_text(count: int) -> str:
    """Return a line about requests that were dropped, empty where there are none."""
    return f"\n{count:,} older requests are no longer stored and were not looked at." if count else ""
