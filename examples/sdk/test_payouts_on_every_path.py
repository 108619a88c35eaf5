"""The test that finds the bug: every path of the scenario includes a rejection, which no other test has."""

import pytest
from payouts import PayoutFailed, pay_out, start

from xpander_emulator.testkit import Emulator, ScenarioPath


@pytest.mark.every_path("approval")
async def test_money_is_promised_only_where_it_was_paid_out(path: ScenarioPath, emulator: Emulator) -> None:
    emulator.follow(path)
    task = await start("Order 1042")

    if path.end == "completed":
        assert "approved and paid out" in await pay_out(task)
    else:
        with pytest.raises(PayoutFailed):
            await pay_out(task)
