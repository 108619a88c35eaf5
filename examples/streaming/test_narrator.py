"""The tests that the author wrote. They pass."""

import httpx
import pytest
from narrator import narrate

from xpander_emulator.testkit import Emulator


@pytest.mark.emulator(scenario="tool_calls")
async def test_the_events_come_in_their_order(emulator: Emulator, http: httpx.AsyncClient) -> None:
    events = await narrate(http, "Where is order 1042?")

    assert (events[0], events[-1]) == ("task_created", "task_finished")
    assert "tool_call_request" in events


async def test_a_busy_service_gets_further_requests(emulator: Emulator, http: httpx.AsyncClient) -> None:
    emulator.fault("rate-limited", operation="invokeWorkflowStream", times=2)

    assert (await narrate(http, "Where is order 1042?"))[-1] == "task_finished"
    emulator.verify(operation="invokeWorkflowStream", status=429, times=2)
