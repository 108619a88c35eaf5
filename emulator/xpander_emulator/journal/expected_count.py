"""Verifying: how often something was to be asked, and how it is told that it was not so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from xpander_emulator.errors import BadRequest


@dataclass(frozen=True, slots=True)
class Often:
    """How many requests are wanted: `least` or more, and `most` or fewer; None for any number."""

    least: int
    most: int | None

    @classmethod
    def of(
        cls, times: int | None, at_least: int | None, at_most: int | None, spell: Callable[[str], str] = str
    ) -> Self:
        """Return what three arguments ask for; one or more where none is given.

        spell: how the three are written where they come from. Raises BadRequest where no number is left.
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
        """Return whether so many are wanted."""
        return self.least <= count and (self.most is None or count <= self.most)

    def __str__(self) -> str:
        if self.least == self.most:
            return f"exactly {self.least}"
        told = [f"at least {self.least}"] if self.least else []
        return " and ".join([*told, *([] if self.most is None else [f"at most {self.most}"])]) or "any number"


def outcome(count: int, wanted: str, near_misses: Sequence[Mapping[str, Any]], forgotten: int) -> str:
    """Return how many requests there were, what was nearly one, and how many older ones nobody keeps any more.

    near_misses: as the control API tells them; empty where it was so.
    """
    asked = f"{count} {'request fits' if count == 1 else 'requests fit'}, wanted {wanted}."
    near = [
        f"\n  request {miss['id']}, {miss['method']} {miss['path']}:"
        + "".join(f"\n    {each['told']}" for each in miss["differences"])
        for miss in near_misses
    ]
    return asked + ("\nNearly:" + "".join(near) if near else "") + forgotten_text(forgotten)


def forgotten_text(count: int) -> str:
    """Return a line about requests that are no longer kept, empty where there are none."""
    return f"\n{count:,} older requests are no longer kept and were not looked at." if count else ""
