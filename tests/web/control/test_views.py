import httpx2
import pytest

from tests.engines import make_engine, start
from tests.web.control.clients import CONTROL, NOW, paused, started
from xpander_emulator.clock import Clock
from xpander_emulator.core.faults import BUILT_IN, Fault, FaultRule
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis
from xpander_emulator.scenario.playlist import Playlist, PlaylistEntry
from xpander_emulator.settings import ClockMode
from xpander_emulator.store.port import Pin, Pins
from xpander_emulator.web.control import views


async def test_a_list_tells_where_each_task_stands(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "approval")

    listed = (await client.get(f"{CONTROL}/tasks")).json()

    assert listed["total"] == 1
    assert listed["items"] == [
        {
            "id": task_id,
            "scenario": "approval",
            "step": "pending",
            "status": "pending",
            "waits_for": ["stop"],
            "next_change": "2026-01-01T00:00:00.300000Z",
            "source": "scenarios/approval.yaml:7",
            "created_at": NOW,
            "runs": "approval",
            "kind": "workflow",
            "turn": 1,
            "pause": None,
        }
    ]


async def test_a_paused_task_tells_what_a_person_is_shown(client: httpx2.AsyncClient) -> None:
    await paused(client)

    [item] = (await client.get(f"{CONTROL}/tasks")).json()["items"]

    assert item["waits_for"] == ["approve", "reject", "expire", "stop"]
    assert item["pause"]["wait_node_id"] == "manager-approval"
    assert item["pause"]["content"] == "A refund"
    assert item["pause"]["title"].startswith("Refund for ")


async def test_history_names_who_decided_at_the_step_that_followed_alone(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)
    decision = {"signal": "approve", "by": "manager", "reason": "Within the budget"}
    await client.post(f"{CONTROL}/tasks/{task_id}/signals", json=decision)

    task = (await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={})).json()

    assert [(each["step"], each["cause"], each["by"], each["reason"]) for each in task["history"]] == [
        ("pending", "start", None, None),
        ("extract", "after", None, None),
        ("waiting", "after", None, None),
        ("pay", "approve", "manager", "Within the budget"),
        ("paid", "after", None, None),
    ]


async def test_history_and_signals_are_told_in_the_tasks_own_time(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)

    answer = await client.post(
        f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "approve", "payload": {"level": 2}}
    )

    task = answer.json()
    assert [(each["at"], each["kind"], each["skipped"]) for each in task["signals"]] == [
        (NOW, "skip", "300ms"),
        ("2026-01-01T00:00:00.300000Z", "skip", "800ms"),
        ("2026-01-01T00:00:01.100000Z", "approve", None),
    ]
    assert task["signals"][-1]["payload"] == {"level": 2}
    assert task["history"][-1]["at"] == "2026-01-01T00:00:01.100000Z"


async def test_next_change_is_told_on_the_clock_of_the_namespace(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)

    task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()

    # The pause began at 1.1 s of the task's own time and lasts 24 h; the clock of the namespace still shows 0.
    assert task["next_change"] == "2026-01-02T00:00:00.000000Z"
    await client.post(f"{CONTROL}/clock/advance", json={"to": task["next_change"]})
    assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["step"] == "expired"


async def test_next_change_of_a_sub_task_is_on_the_clock_of_the_namespace_too(client: httpx2.AsyncClient) -> None:
    parent = await started(client, "sub_agents")
    await client.post(f"{CONTROL}/tasks/{parent}/skip", json={"until": "executing"})

    items = (await client.get(f"{CONTROL}/tasks")).json()["items"]

    changes = [item["next_change"] for item in items if item["id"] != parent]
    assert changes
    await client.post(f"{CONTROL}/clock/advance", json={"to": min(changes)})
    later = (await client.get(f"{CONTROL}/tasks")).json()["items"]
    assert {item["id"]: item["step"] for item in later} != {item["id"]: item["step"] for item in items}


async def test_a_further_turn_keeps_the_birth_and_counts(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "completed")
    await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "completed"})
    await client.post(f"{CONTROL}/clock/advance", json={"by": "1h"})
    await started(client, "approval", id=task_id)

    task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()

    assert (task["turn"], task["scenario"], task["created_at"]) == (2, "approval", NOW)
    assert task["created_at"] == task["snapshot"]["created_at"]
    assert task["signals"] == []


async def test_a_skip_past_the_last_year_still_shows_the_task(client: httpx2.AsyncClient) -> None:
    await client.post(f"{CONTROL}/clock/advance", json={"to": "9999-12-31T23:59:00Z"})
    task_id = await paused(client)

    assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["next_change"] is None
    answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "expired"})

    assert answer.json()["snapshot"]["finished_at"] == "9999-12-31T23:59:59.999000Z"


@pytest.mark.parametrize(("mode", "scale"), [("manual", None), ("scaled", 2.5)])
def test_a_clock_shows_its_scale_only_where_it_has_an_effect(mode: ClockMode, scale: float | None) -> None:
    clock = views.clock_view(Clock(mode, Millis(0), Millis(0), 2.5))

    assert (clock["mode"], clock["scale"]) == (mode, scale)


def test_the_choices_are_those_of_the_namespace_else_of_the_server() -> None:
    pins = Pins("failed", (Pin("slow"), Pin("approval", "approval-reject")))

    assert views.choices(Pins(), "completed") == {"default": "completed", "upcoming": [], "upcoming_paths": []}
    assert views.choices(pins, "completed") == {
        "default": "failed",
        "upcoming": ["slow", "approval"],
        "upcoming_paths": [None, "approval-reject"],
    }


def test_a_fault_is_shown_with_what_applies_to_its_kind_alone() -> None:
    rule = FaultRule(BUILT_IN["cut-stream"], nth=2, times=None, operation="streamTask", task_status=Status.PAUSED)

    assert views.fault_view(rule) == {
        "name": "cut-stream",
        "kind": "cut-stream",
        "status": None,
        "headers": {},
        "body": None,
        "latency": None,
        "over": None,
        "event": 2,
        "operation": "streamTask",
        "task_status": "paused",
        "nth": 2,
        "times": "always",
    }


@pytest.mark.parametrize(
    ("fault", "name", "text"),
    [
        (Fault("slow", "latency", low=5, high=1_500), "latency", "5ms..1s500ms"),
        (Fault("slow-body", "slow-body", over=2_000), "over", "2s"),
        (Fault("busy", "status", 503, (("retry-after", "1"),)), "headers", {"retry-after": "1"}),
    ],
)
def test_durations_of_a_fault_are_written_as_in_a_scenario(fault: Fault, name: str, text: object) -> None:
    assert views.fault_view(FaultRule(fault))[name] == text


def test_a_playlist_leaves_out_a_request_that_breaks_the_contract() -> None:
    entries = (
        PlaylistEntry("approval", "Approve", "", {"input": 1}, 1.0),
        PlaylistEntry("failed", "Fail", "", {"id": "a"}, 1.0),
        PlaylistEntry("slow", "Wait", "", None, 1.0),
    )

    view = views.playlist_view(
        Playlist("Demo", entries, "demo.yaml"), lambda request: ["wrong"] if "input" in request else []
    )

    assert [each["request"] for each in view["stories"]] == [None, {"id": "a"}, None]


async def test_a_credential_in_a_task_is_not_shown() -> None:
    view = await make_engine().start("ns", start("approval", payload_extension={"api_key": "sk-secret-0123456789"}))

    assert "sk-secret-0123456789" not in str(views.task_details(view, {}))
