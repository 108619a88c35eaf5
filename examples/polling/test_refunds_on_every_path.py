"""The test that finds the bug: every path of the approval of a refund."""

import pytest
from refunds import Refunds

from xpander_emulator.testkit import Emulator, ScenarioPath


@pytest.mark.every_path("approval")
def test_a_refund_returns_its_end(path: ScenarioPath, emulator: Emulator, refunds: Refunds) -> None:
    emulator.follow(path)

    assert refunds.outcome(refunds.start("Order 1042")) == path.end
