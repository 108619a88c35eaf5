import gc
import weakref
from collections.abc import Iterator

import pytest

from xpander_emulator.server.gc_policy import IdleCollector


class Circle:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def uncollected() -> Iterator[None]:
    """Nothing else looks for circles; and what this test sets aside is looked at again after it."""
    gc.disable()
    yield
    gc.unfreeze()
    gc.enable()


def test_a_circle_goes_in_the_first_quiet_second_after_work() -> None:
    moments, circle = IdleCollector(), weakref.ref(Circle())

    moments.tick(1)
    moments.tick(2)
    assert circle() is not None
    moments.tick(2)

    assert circle() is None


def test_where_nothing_was_asked_nothing_is_looked_for() -> None:
    moments = IdleCollector()
    moments.tick(1)
    moments.tick(1)
    circle = weakref.ref(Circle())

    for _ in range(3):
        moments.tick(1)

    assert circle() is not None
