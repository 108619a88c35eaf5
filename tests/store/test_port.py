"""What every store takes and raises."""

from tests.store.test_every_store import TURN, task
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.timeline import Millis
from xpander_emulator.store.port import StoreUnavailable


def test_a_store_that_cannot_be_reached_is_answered_503_and_may_be_asked_again_in_a_second() -> None:
    unavailable = StoreUnavailable("No way there.")

    assert (unavailable.status, unavailable.retry_after) == (503, 1)


def test_each_write_of_a_task_is_a_version_of_its_own() -> None:
    stop = Signal(Millis(2_000), "stop")

    signalled = task("a").with_signals([stop])
    further = signalled.with_turn(TURN)

    assert [each.version for each in (task("a"), signalled, further)] == [0, 1, 2]
    assert (signalled.turn.signals, further.turns) == ((stop,), (*signalled.turns, TURN))
    assert further.turn.signals == ()
