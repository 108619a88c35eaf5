import json
from pathlib import Path

from tests.cli.conftest import Run
from xpander_emulator.common import resources

SCENARIO = """\
scenario: refund
description: A refund. It waits for a manager.
match: {workflow_id: ["refund-*"]}
steps:
  - {status: executing, after: 300ms}
  - id: ask
    status: paused
    hitl: {wait_node_id: manager}
    on: {approve: paid, expire: {after: 24h, goto: late}}
  - {id: paid, status: completed}
  - {id: late, status: error}
"""


def test_the_files_of_the_package_exist() -> None:
    assert resources.CONTRACT.is_file()
    assert resources.SCENARIOS.is_dir()
    assert resources.EDITOR_SCHEMA.is_file()
    assert resources.PLAYLIST.is_file()


def test_the_schema_is_json(run: Run) -> None:
    assert json.loads(run("schema").stdout)["$schema"].startswith("https://json-schema.org/")


def test_scenarios_of_a_folder_are_added_to_the_built_in_ones(run: Run) -> None:
    Path("mine").mkdir()
    Path("mine/refund.yaml").write_text(SCENARIO)

    names = [line.split()[0] for line in run("scenarios", "list", "-s", "mine").stdout.splitlines()]

    assert "refund" in names
    assert "approval" in names


def test_a_scenario_is_shown_with_its_steps_and_the_ways_out(run: Run) -> None:
    Path("refund.yaml").write_text(SCENARIO)

    shown = run("scenarios", "show", "refund", "-s", "refund.yaml").stdout

    assert "Taken for     workflow_id refund, workflow_id glob refund-*\n" in shown
    assert "approve → paid; expire after 1d → late" in shown
    assert "after 300ms → ask" in shown


def test_a_scenario_is_drawn(run: Run) -> None:
    assert run("scenarios", "graph", "approval").stdout.startswith("stateDiagram-v2\n")
    assert json.loads(run("scenarios", "graph", "approval", "--format", "json").stdout)["nodes"]


def test_the_next_starts_take_a_scenario_and_a_path(run: Run, url: str) -> None:
    assert run("scenarios", "next", "failed", "--times", "2").stdout == "Next: failed, failed\n"
    assert run("scenarios", "next", "approval", "--path", "approval-reject").stdout == (
        "Next: failed, failed, approval along approval-reject\n"
    )


def test_an_unknown_path_is_refused_with_the_nearest(run: Run, url: str) -> None:
    refused = run("scenarios", "next", "approval", "--path", "approval-rejected")

    assert refused.exit_code == 1
    assert "has no path 'approval-rejected'. Did you mean 'approval-reject'?" in refused.stderr


def test_the_paths_of_a_scenario_are_listed_with_their_decisions(run: Run) -> None:
    Path("refund.yaml").write_text(SCENARIO)

    shown = run("paths", "refund", "-s", "refund.yaml").stdout.splitlines()
    items = json.loads(run("paths", "refund", "-s", "refund.yaml", "-o", "json").stdout)["items"]

    assert [line.split() for line in shown[:3]] == [
        ["PATH", "STEPS", "END"],
        ["refund-approve", "executing", "→", "ask", "(approve)", "→", "paid", "completed"],
        ["refund-expire", "executing", "→", "ask", "(expire)", "→", "late", "error"],
    ]
    assert [path["id"] for path in items] == [
        *("refund-approve", "refund-expire", "stop-while-executing", "stop-while-paused"),
    ]
    assert items[3]["moves"] == [{"step": "ask", "signal": "stop"}]


def test_paths_that_are_too_many_are_refused(run: Run) -> None:
    Path("round.yaml").write_text(
        "scenario: round\nsteps:\n  - {id: ask, status: paused, on: {again: think, other: think, done: end}}\n"
        "  - {id: think, status: executing, after: 1s, goto: ask}\n  - {id: end, status: completed}\n"
    )

    assert run("paths", "round", "-s", "round.yaml", "--max-turns", "2").exit_code == 0
    refused = run("paths", "round", "-s", "round.yaml", "--max-turns", "20")
    assert refused.exit_code == 2
    assert "The scenario 'round' has too many paths to list (1,000 is the most) with max_turns 20" in refused.stderr


def test_an_unknown_scenario_is_refused_with_the_nearest_name(run: Run) -> None:
    result = run("scenarios", "show", "aproval")

    assert (result.exit_code, result.stderr) == (
        1,
        "Error: No scenario is called 'aproval'. Did you mean 'approval'?\n",
    )
