"""A task that waits for a person or for a credential, as the SDK's models say it."""

from typing import Any

import httpx
import pytest
from conftest import Emulator
from life import Status, settled
from xpander_sdk import Task, Tasks
from xpander_sdk.modules.tasks.models.task import HumanInTheLoopRequest, PendingECARequest


async def paused(story: str) -> Task:
    """Return a new task that has come to its pause."""
    task = await Tasks().acreate(agent_id=story, prompt="Refund order 1042")
    assert (await settled(task))[-1] == Status.Paused
    return task


@pytest.mark.parametrize(
    ("story", "node"),
    [
        ("approval", "manager-approval"),
        ("two_approvals", "manager-approval"),
        ("approval_then_authorization", None),
        ("streamed_approval", "manager-approval"),
        ("stopped", "export-approval"),
    ],
)
async def test_a_task_that_waits_for_a_person_names_the_node(auto: Emulator, story: str, node: str | None) -> None:
    task = await paused(story)

    assert isinstance(task.hitl_request, HumanInTheLoopRequest)
    assert task.hitl_request.wait_node_id == (node or task.last_executed_node_id)
    assert (task.pending_eca_request, task.result, task.finished_at) == (None, None, None)
    assert task.paused_at >= task.started_at


async def test_a_pause_lasts_however_often_it_is_read(auto: Emulator) -> None:
    task = await paused("approval")

    for _ in range(10):
        await task.areload()

    assert task.status == Status.Paused


@pytest.mark.parametrize("story", ["approval", "streamed_approval", "stopped"])
async def test_an_approved_task_goes_on_and_ends(auto: Emulator, story: str) -> None:
    task = await paused(story)

    auto.signal(task.id, "approve", by="manager")
    await task.areload()
    await settled(task)

    assert task.status == Status.Completed
    assert task.hitl_request is None
    assert task.result


async def test_two_people_are_asked_one_after_the_other(auto: Emulator) -> None:
    task = await paused("two_approvals")

    asked = []
    while task.status == Status.Paused:
        asked.append(task.hitl_request.wait_node_id)
        auto.signal(task.id, "approve")
        await task.areload()
        await settled(task)

    assert asked == ["manager-approval", "finance-approval"]
    assert task.status == Status.Completed


async def test_a_rejected_task_is_stopped_for_the_reason_that_was_given(auto: Emulator) -> None:
    task = await paused("approval")

    auto.signal(task.id, "reject", by="manager", reason="Too late")
    await task.areload()

    assert task.status == Status.Stopped
    assert "Too late" in task.result
    assert (task.hitl_request, task.is_manually_stopped) == (None, False)


@pytest.mark.parametrize(("decision", "end"), [("approve", Status.Completed), ("reject", Status.Stopped)])
async def test_the_path_that_the_sdk_names_for_a_decision_decides(auto: Emulator, decision: str, end: Status) -> None:
    task = await paused("approval")

    with auto.api() as api:
        answer = api.post(f"/hitl/{task.id}/{decision}", json={"approved_by": "manager", "reason": "By the path"})
    await settled(task := await Tasks().aget(task.id))

    assert answer.status_code == 200
    assert task.status == end


async def test_nobody_answers_for_a_day_and_the_task_ends_in_an_error(manual: Emulator) -> None:
    task = await Tasks().acreate(agent_id="approval", prompt="Hi")
    manual.advance("5s")
    assert (await task.areload()).status == Status.Paused

    manual.advance("23h")
    assert (await task.areload()).status == Status.Paused
    manual.advance("1h")
    assert (await task.areload()).status == Status.Error


async def test_a_task_that_waits_for_a_credential_names_connector_and_address(auto: Emulator) -> None:
    task = await paused("connector_authorization")

    assert isinstance(task.pending_eca_request, PendingECARequest)
    assert task.pending_eca_request.connector_name == "Google Drive"
    assert httpx.URL(task.pending_eca_request.auth_url).host == httpx.URL(auto.url).host
    assert task.hitl_request is None


@pytest.mark.parametrize(
    ("signal", "end"), [("authorize", Status.Completed), ("deny", Status.Failed), ("expire", Status.Error)]
)
async def test_a_credential_is_given_or_refused_or_never_comes(auto: Emulator, signal: str, end: Status) -> None:
    task = await paused("connector_authorization")

    auto.signal(task.id, signal)
    await task.areload()
    await settled(task)

    assert (task.status, task.pending_eca_request) == (end, None)


async def test_a_person_and_then_a_credential(auto: Emulator) -> None:
    task = await paused("approval_then_authorization")

    auto.signal(task.id, "approve")
    await task.areload()
    await settled(task)
    between: Any = (task.status, task.hitl_request, task.pending_eca_request.connector_name)
    auto.signal(task.id, "authorize")
    await task.areload()
    await settled(task)

    assert between == (Status.Paused, None, "Gmail")
    assert (task.status, task.pending_eca_request) == (Status.Completed, None)


async def test_a_task_that_waits_for_another_system_asks_no_person(auto: Emulator) -> None:
    task = await paused("paused_by_webhook")
    asked = (task.hitl_request, task.pending_eca_request)

    auto.signal(task.id, "webhook_received", payload={"amount": 12})
    await task.areload()
    await settled(task)

    assert asked == (None, None)
    assert task.status == Status.Completed
