from pathlib import Path

import httpx2
import pytest

from xpander_emulator.common import suite_files
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.load import built_in_scenarios
from xpander_emulator.testkit import BadRequest, Emulator, NotFound, ScenarioPath, paths
from xpander_emulator.testkit.paths import paths_by_id

SCENARIOS = [scenario.name for scenario in built_in_scenarios()]
WITH_FAULT = [path for name in SCENARIOS for path in paths(name) if path.fault]
ENDS = ("completed", "failed", "error", "stopped")
BODY = {"input": {"text": "Refund order 1042"}}


@pytest.mark.parametrize("path", [path for name in SCENARIOS for path in paths(name)], ids=lambda it: it.id)
def test_a_client_that_polls_follows_every_path_of_every_built_in_scenario(
    path: ScenarioPath, kit: Emulator, client: httpx2.Client
) -> None:
    kit.follow(path)
    task_id = client.post("/v1/workflows/any/invoke/async", json=BODY).json()["id"]

    for _ in range(60):
        answer = client.get(f"/v1/tasks/{task_id}")
        if answer.status_code == 200 and answer.json()["status"] in ENDS:
            break

    assert answer.json()["status"] == path.end
    entered = [change.step for change in kit.task(task_id).history if change.cause != "stop"]
    assert entered == list(path.steps)
    if path.fault and not path.fault.rule.fault.is_stream_fault:
        assert {each.fault for each in kit.requests if each.fault} == {path.fault.rule.fault.name}


@pytest.mark.parametrize(
    "path", [path for path in WITH_FAULT if path.scenario == "broken_stream"], ids=lambda it: it.id
)
def test_a_client_of_the_stream_gets_its_faults_alone(path: ScenarioPath, kit: Emulator, client: httpx2.Client) -> None:
    kit.follow(path)
    task_id = client.post("/v1/workflows/any/invoke/async", json=BODY).json()["id"]

    for _ in range(3):
        with client.stream("GET", f"/org/agent-execution/{task_id}/events") as answer:
            try:
                answer.read()
            except httpx2.RemoteProtocolError:
                continue

    assert path.fault is not None
    assert [each.fault for each in kit.requests if each.events is not None] == [path.fault.rule.fault.name, None, None]


def test_paths_that_are_followed_queue_up(kit: Emulator, client: httpx2.Client) -> None:
    for path in paths("approval")[:2]:
        kit.follow(path)

    ends = []
    for _ in range(2):
        task_id = client.post("/v1/workflows/any/invoke/async", json=BODY).json()["id"]
        for _ in range(6):
            status = client.get(f"/v1/tasks/{task_id}").json()["status"]
        ends.append(status)

    assert ends == ["completed", "stopped"]


def test_a_path_of_a_scenario_that_is_not_served_is_refused(kit: Emulator) -> None:
    path = paths("approval")[0]

    with pytest.raises(NotFound, match=r"^No scenario is called 'aproval'\. Did you mean 'approval'"):
        kit.follow(ScenarioPath("aproval-approve", "aproval", path.steps, path.moves, path.end))


def test_the_name_of_a_path_is_not_the_path(kit: Emulator) -> None:
    with pytest.raises(BadRequest, match=r"^follow takes a path from `paths` or .*, found 'approval-reject'\.$"):
        kit.follow("approval-reject")  # type: ignore[arg-type]  # wrong on purpose


def test_an_unknown_scenario_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"^No scenario is called 'aproval'\. Did you mean 'approval'\?$"):
        paths("aproval")
    with pytest.raises(BadRequest, match="1 or more; found 0"):
        paths("approval", max_turns=0)


def test_paths_of_several_scenarios_have_unique_ids() -> None:
    by_id = paths_by_id("approval", "rate_limited", "approval")

    assert len(by_id) == len(paths("approval")) + len(paths("rate_limited"))
    assert {"approval-reject", "approval:stop-while-pending", "rate_limited", "rate_limited:stop-while-pending"} <= {
        *by_id
    }
    assert "stop-while-pending" in paths_by_id("approval")


def test_the_files_of_a_suite_are_known_within_its_run_alone(tmp_path: Path) -> None:
    mine, broken = tmp_path / "mine.yaml", tmp_path / "broken.yaml"
    mine.write_text("scenario: mine\nsteps: [{status: completed}]\n", encoding="utf-8")
    broken.write_text("scenario: broken\nsteps: []\n", encoding="utf-8")

    suite_files.begin(lambda: suite_files.Files((mine,)))
    suite_files.begin(lambda: suite_files.Files((broken,)))
    try:
        with pytest.raises(InvalidFiles, match=r"broken\.yaml:2:8"):
            paths("broken")
        suite_files.end()
        inside = [path.id for path in paths("mine")]
    finally:
        suite_files.end()

    assert inside == ["mine"]
    with pytest.raises(NotFound, match="No scenario is called 'mine'"):
        paths("mine")
