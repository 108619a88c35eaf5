"""The tests that the author wrote. They pass."""

import pytest
from refunds import Refunds

from xpander_emulator.testkit import Emulator


@pytest.mark.parametrize("scenario", ["completed", "failed", "error"])
def test_a_refund_returns_its_end(scenario: str, emulator: Emulator, refunds: Refunds) -> None:
    emulator.use(scenario)

    assert refunds.outcome(refunds.start("Order 1042")) == scenario
