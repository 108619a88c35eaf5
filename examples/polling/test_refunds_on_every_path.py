"""What finds the bug: every way in which the approval of a refund can go."""

import pytest
from refunds import Refunds

from xpander_emulator.testkit import Emulator, ScenarioPath


@pytest.mark.every_path("approval")
def test_the_end_of_a_refund_is_told(path: ScenarioPath, emulator: Emulator, refunds: Refunds) -> None:
    emulator.follow(path)

    assert refunds.outcome(refunds.start("Order 1042")) == path.end
