"""A budget of steps for work whose cost a client decides, such as a value for a schema that a client sent.

Code that may take long calls `spend`, which does nothing where no budget is set. Steps are counted rather than seconds,
so that equal input ends in the same way on every machine.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

from xpander_emulator.errors import EmulatorError

# A level of nesting takes about five of the interpreter's 1,000 frames.
MAX_NESTING: Final = 100


class TooCostly(EmulatorError):
    """The work needs more steps than its budget has."""


class Budget:
    """The steps that are left, and the present depth of nesting."""

    __slots__ = ("depth", "left")

    def __init__(self, steps: int) -> None:
        self.left = steps
        self.depth = 0


_budget: Final[ContextVar[Budget | None]] = ContextVar("budget", default=None)


@contextmanager
def limited(steps: int) -> Iterator[None]:
    """Set a budget of `steps` within the block; work that needs more raises TooCostly."""
    token = _budget.set(Budget(steps))
    try:
        yield
    finally:
        _budget.reset(token)


def left() -> int | None:
    """Return the number of steps that are left; None where no budget is set."""
    budget = _budget.get()
    return None if budget is None else budget.left


def is_limited() -> bool:
    """Return whether a budget is set."""
    return _budget.get() is not None


def spend(steps: int) -> None:
    """Take steps from the budget, if one is set. Raises TooCostly when none are left."""
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
