from pathlib import Path

import pytest

from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.core.replay import Snapshot, Turn, replay, skip_to_change
from xpander_emulator.core.signals import STOP, Signal
from xpander_emulator.core.status import TERMINAL, Status
from xpander_emulator.core.timeline import Millis, Minted
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.scenario.graph import mermaid
from xpander_emulator.scenario.lint import lint
from xpander_emulator.scenario.selection import Scenario

ROOT = Path(__file__).parents[2]
SCENARIOS = {scenario.name: scenario for scenario in load_scenarios([ROOT / "scenarios"], None, trusted=True)}
START = Millis(1_000_000)


def turn_of(name: str, key: int = 7) -> Turn:
    return Turn(SCENARIOS[name].timeline, name, b"{}", key, START)


def rested(turn: Turn, now: Millis) -> Snapshot:
    """Return the snapshot of a task once nothing more happens by time or reads alone."""
    while True:
        snapshot = replay(turn, now)
        skip = None if snapshot.is_finished or not snapshot.moves_by_itself else skip_to_change(now, snapshot)
        if skip is None:
            return snapshot
        turn = turn.after(skip)


def test_the_built_in_scenarios_are_those_of_the_documentation() -> None:
    documented = (
        *("completed", "approval", "two_approvals", "connector_authorization", "approval_then_authorization"),
        *("failed", "error", "slow", "retried", "json_result", "deep_planning", "sub_agents"),
        *("paused_by_webhook", "polled", "external_worker", "stopped"),
        *("streaming_answer", "tool_calls", "streamed_approval"),
        *("rate_limited", "flaky", "broken_stream"),
    )

    assert sorted(SCENARIOS) == sorted(documented)


def test_the_built_in_scenarios_satisfy_the_contract() -> None:
    assert lint([ROOT / "scenarios"], load_contract(ROOT / "openapi.yaml")) == ()


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_a_scenario_has_the_name_of_its_file_and_a_description(scenario: Scenario) -> None:
    assert scenario.source == scenario.timeline.source == f"scenarios/{scenario.name}.yaml"
    assert scenario.description.endswith(".")
    assert mermaid(scenario.timeline).startswith("stateDiagram-v2\n")


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name not in ("slow", "polled")])
def test_a_scenario_rests_or_ends_within_three_seconds(name: str) -> None:
    snapshot = replay(turn_of(name), Millis(START + 3_000))

    assert snapshot.is_finished or not snapshot.moves_by_itself


@pytest.mark.parametrize("name", [name for name in SCENARIOS if name != "polled"])
def test_a_scenario_is_queued_for_a_moment_and_then_executes(name: str) -> None:
    visits = replay(turn_of(name), Millis(START + 1_000)).visits

    assert [visit.status for visit in visits[:2]] == [Status.PENDING, Status.EXECUTING]
    assert 200 <= visits[1].at - START <= 1_000


@pytest.mark.parametrize("key", range(20))
def test_slow_takes_at_least_thirty_seconds(key: int) -> None:
    assert not replay(turn_of("slow", key), Millis(START + 30_000)).is_finished
    assert replay(turn_of("slow", key), Millis(START + 40_000)).status is Status.COMPLETED


@pytest.mark.parametrize(
    ("name", "signals", "status"),
    [
        ("completed", [], "completed"),
        ("approval", ["approve"], "completed"),
        ("approval", ["reject"], "stopped"),
        ("approval", ["expire"], "error"),
        ("two_approvals", ["approve", "approve"], "completed"),
        ("two_approvals", ["approve", "reject"], "stopped"),
        ("connector_authorization", ["authorize"], "completed"),
        ("connector_authorization", ["deny"], "failed"),
        ("connector_authorization", ["expire"], "error"),
        ("approval_then_authorization", ["approve", "authorize"], "completed"),
        ("approval_then_authorization", ["approve", "deny"], "failed"),
        ("failed", [], "failed"),
        ("error", [], "error"),
        ("slow", [], "completed"),
        ("retried", [], "completed"),
        ("json_result", [], "completed"),
        ("deep_planning", [], "completed"),
        ("sub_agents", [], "completed"),
        ("paused_by_webhook", ["webhook_received"], "completed"),
        ("polled", [], "completed"),
        ("external_worker", ["expire"], "error"),
        ("stopped", ["approve"], "completed"),
        ("stopped", ["reject"], "stopped"),
        ("rate_limited", [], "completed"),
        ("flaky", [], "completed"),
        ("broken_stream", [], "completed"),
        ("streaming_answer", [], "completed"),
        ("tool_calls", [], "completed"),
        ("streamed_approval", ["approve"], "completed"),
        ("streamed_approval", ["reject"], "stopped"),
        ("streamed_approval", ["expire"], "error"),
    ],
)
def test_a_scenario_ends_with_the_documented_status(name: str, signals: list[str], status: str) -> None:
    turn, now = turn_of(name), START
    for kind in signals:
        now = Millis(now + 60_000)
        assert not replay(turn, now).is_finished
        turn = turn.after(Signal(now, kind))

    snapshot = rested(turn, now)

    assert snapshot.status == status
    assert {"result", "tokens", "internal_status"} <= set(snapshot.properties)


@pytest.mark.parametrize(("wait", "status"), [(500, "pending"), (1_500, "executing"), (2_500, "paused")])
def test_the_scenario_stopped_can_be_stopped_in_each_live_status(wait: int, status: str) -> None:
    turn, now = turn_of("stopped"), Millis(START + wait)
    assert replay(turn, now).status == status

    snapshot = replay(turn.after(Signal(now, STOP)), now)

    assert snapshot.is_manually_stopped
    assert snapshot.status is Status.STOPPED


def test_an_approval_expires_after_a_day() -> None:
    turn = turn_of("approval")

    assert replay(turn, Millis(START + 86_400_000)).status is Status.PAUSED
    assert replay(turn, Millis(START + 86_400_000 + 3_000)).status is Status.ERROR


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=lambda scenario: scenario.name)
def test_every_step_has_an_internal_status_and_every_end_its_tokens(scenario: Scenario) -> None:
    for step in scenario.timeline.steps:
        assert "internal_status" in step.sets, step.id
        if step.status in TERMINAL:
            tokens = step.sets["tokens"]
            assert isinstance(tokens, dict)
            assert tokens["total_tokens"] == tokens["prompt_tokens"] + tokens["completion_tokens"]


def test_the_built_in_scenarios_send_every_event_that_the_emulator_does_not_send_by_itself() -> None:
    steps = {name: scenario.timeline.steps for name, scenario in SCENARIOS.items()}
    types = {event.type for name in steps for step in steps[name] for event in step.events}
    streamed = {name for name in steps if any(step.streams_result for step in steps[name])}

    assert types == {
        *("think", "analyze", "tool_call_request", "tool_call_result", "plan_updated", "sub_agent_trigger"),
    }
    assert streamed == {"streaming_answer", "streamed_approval"}


def test_each_call_of_the_scenario_tool_calls_is_answered_under_its_own_ids() -> None:
    events = [event for step in SCENARIOS["tool_calls"].timeline.steps for event in step.events]
    calls = [event.data for event in events if event.type == "tool_call_request" and isinstance(event.data, dict)]
    results = [event.data for event in events if event.type == "tool_call_result" and isinstance(event.data, dict)]

    assert [call["tool_name"] for call in calls] == ["find_order", "track_parcel", "track_parcel"]
    assert [call["request_id"] for call in calls] == [Minted("request", number) for number in (1, 2, 3)]
    assert [{name: result[name] for name in calls[0]} for result in results] == calls
    assert [result["is_error"] for result in results] == [False, True, False]
