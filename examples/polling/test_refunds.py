"""What its author has thought of. It passes."""

import pytest
from refunds import Refunds

from xpander_emulator.testkit import Emulator


@pytest.mark.parametrize("scenario", ["completed", "failed", "error"])
def test_the_end_of_a_refund_is_told(scenario: str, emulator: Emulator, refunds: Refunds) -> None:
    emulator.use(scenario)

    assert refunds.outcome(refunds.start("Order 1042")) == scenario
