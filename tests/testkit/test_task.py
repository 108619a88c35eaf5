from datetime import UTC, datetime

import httpx2
import pytest

from xpander_emulator.testkit import BadRequest, Change, Conflict, Emulator, NotFound, Task

START = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_task_reads_as_it_is_now(approval: Task) -> None:
    before = approval.status

    approval.advance()

    assert (before, approval.status, approval.step) == ("pending", "executing", "extract")
    assert approval.waits_for == ("stop",)
    assert approval.scenario == "approval"
    assert approval.source == "scenarios/approval.yaml:10"
    assert approval.snapshot["status"] == "executing"
    assert not approval.is_finished
    assert repr(approval) == f"<Task {approval.id}: executing at step 'extract', scenarios/approval.yaml:10>"


def test_reading_a_property_is_no_read_of_a_client(approval: Task) -> None:
    seen = [approval.status for _ in range(3)]

    assert seen == ["pending"] * 3


def test_methods_chain(approval: Task) -> None:
    task = approval.advance(until="paused").reject(by="manager", reason="Over budget")

    assert task.status == "stopped"
    assert task.snapshot["result"].endswith(" was rejected: Over budget.")


def test_the_history_has_each_change_with_its_cause(approval: Task) -> None:
    approval.advance(until="waiting").approve(by="manager", reason="Fine").advance()

    history = approval.history
    assert [(change.status, change.step, change.cause) for change in history] == [
        ("pending", "pending", "start"),
        ("executing", "extract", "after"),
        ("paused", "waiting", "after"),
        ("executing", "pay", "approve"),
        ("completed", "paid", "after"),
    ]
    assert history[0].at == START
    assert history[3] == Change(history[2].at, history[3].status, "pay", "approve", "manager", "Fine")


@pytest.mark.parametrize(
    ("scenario", "act", "ends"),
    [("approval", "stop", "stopped"), ("approval", "expire", "error"), ("connector_authorization", "deny", "failed")],
)
def test_a_pause_is_left_by_each_of_its_decisions(
    scenario: str, act: str, ends: str, kit: Emulator, client: httpx2.Client
) -> None:
    answer = client.post(f"/v1/workflows/{scenario}/invoke/async", json={"input": {"text": "Hi"}})
    task = kit.task(answer.json()["id"]).advance(until="paused")

    getattr(task, act)()

    assert task.status == ends
    assert task.is_finished


def test_a_connector_is_authorized(kit: Emulator, client: httpx2.Client) -> None:
    answer = client.post("/v1/workflows/connector_authorization/invoke/async", json={"input": {"text": "Hi"}})

    task = kit.task(answer.json()["id"]).advance(until="paused").authorize(by="owner").advance(until="completed")

    assert [change.by for change in task.history if change.by] == ["owner"]


def test_an_author_s_own_signal_takes_its_payload_along(kit: Emulator, client: httpx2.Client) -> None:
    answer = client.post("/v1/workflows/paused_by_webhook/invoke/async", json={"input": {"text": "Hi"}})
    task = kit.task(answer.json()["id"]).advance(until="paused")

    task.signal("webhook_received", payload={"amount": 12}).advance(until="completed")

    assert task.history[-2].cause == "webhook_received"


def test_a_signal_too_early_is_refused_with_those_accepted(approval: Task) -> None:
    wanted = (
        f"^Task '{approval.id}' is pending at step 'pending' and does not wait for 'approve'. "
        "Signals that would be taken now: stop.$"
    )
    with pytest.raises(Conflict, match=wanted) as refused:
        approval.approve()

    assert refused.value.allowed == ("stop",)


def test_a_status_that_time_does_not_lead_to_is_refused_and_nothing_changes(approval: Task) -> None:
    with pytest.raises(Conflict, match="cannot get to 'completed' by time alone"):
        approval.advance(until="completed")

    assert approval.status == "pending"


def test_an_unknown_step_is_refused_with_the_nearest(approval: Task) -> None:
    with pytest.raises(BadRequest, match=r"'paied' is neither a status nor a step of scenario 'approval'.* 'paid'\?"):
        approval.advance(until="paied")


def test_a_task_that_was_reset_is_gone(kit: Emulator, approval: Task) -> None:
    kit.reset()

    with pytest.raises(NotFound, match="none has been started with the key"):
        _ = approval.status
    assert repr(approval) == f"<Task {approval.id}, which is gone>"
