"""The tests that the author wrote. They pass."""

import pytest
from payouts import PayoutFailed, pay_out, start

from xpander_emulator.testkit import Emulator

pytestmark = pytest.mark.emulator(scenario="approval")


async def test_an_approved_refund_is_paid_out(emulator: Emulator) -> None:
    task = await start("Order 1042")
    emulator.task(task.id).advance(until="paused").approve(by="manager")

    assert "approved and paid out" in await pay_out(task)


async def test_a_refund_that_nobody_decides_on_is_not(emulator: Emulator) -> None:
    task = await start("Order 1042")
    emulator.task(task.id).advance(until="paused").expire()

    with pytest.raises(PayoutFailed, match="is error"):
        await pay_out(task)
