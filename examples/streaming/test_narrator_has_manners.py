"""The test that finds the bug: it compares when the requests came, in real time."""

from itertools import pairwise

import httpx
from narrator import narrate

from xpander_emulator.testkit import Emulator

# The resolution of the journal, in seconds.
MILLISECOND = 0.001


async def test_a_busy_service_is_left_alone_for_as_long_as_it_asks(emulator: Emulator, http: httpx.AsyncClient) -> None:
    emulator.fault("rate-limited", operation="invokeWorkflowStream", times=2)

    await narrate(http, "Where is order 1042?")

    for refused, further in pairwise(emulator.requests):
        wanted = int(refused.answer_headers["retry-after"])
        waited = (further.ended - refused.ended).total_seconds()
        assert waited > wanted - MILLISECOND, f"{further} came too soon after {refused}"
