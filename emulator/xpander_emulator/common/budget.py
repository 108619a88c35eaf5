"""A budget of steps for work whose cost a client decides, such as a value of a schema that it sent.

Code that may take long calls `spend`; it costs nothing where no budget is set. Steps are counted rather than seconds,
so that the same input ends in the same way on every machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from xpander_emulator.errors import EmulatorError

# A level of nesting takes about five of the interpreter's 1,000 frames.
MAX_NESTING: Final = 100


class TooCostly(EmulatorError):
    """The budget does not suffice."""


class Budget:
    """What is left of a number of steps, and how deep the work is nested at present."""

    __slots__ = ("depth", "left")

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.depth = 0


_budget: Final[ContextVar[Budget | None]] = ContextVar("budget", default=None)


@contextmanager
def limited(steps: int) -> Iterator[None]:
    """Allow so many steps within the block; whatever needs more raises TooCostly."""
    token = _budget.set(Budget(steps))
    try:
        yield
    finally:
        _budget.reset(token)


def left() -> int | None:
    """Return how many steps are left; None where no budget is set."""
    budget = _budget.get()
    return None if budget is None else budget.left


def is_limited() -> bool:
    """Tell whether a budget is set."""
    return _budget.get() is not None


def spend(steps: int) -> None:
    """Take steps from the budget, where there is one. Raises TooCostly when it is used up."""
    budget = _budget.get()
    if budget is not None:
        budget.left -= steps
        if budget.left < 0:
            raise TooCostly("more steps are needed than one value may take")


@contextmanager
def nested() -> Iterator[None]:
    """Count one level of nesting within the block, and one step. Raises TooCostly beyond MAX_NESTING levels."""
    budget = _budget.get()
    if budget is None:
        yield
        return
    spend(1)
    if budget.depth >= MAX_NESTING:
        raise TooCostly(f"it is nested more than {MAX_NESTING} schemas deep")
    budget.depth += 1
    try:
        yield
    finally:
        budget.depth -= 1
