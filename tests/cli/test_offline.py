import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from xpander_emulator.common import resources

STORY = """\
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


def test_the_embedded_files_are_there() -> None:
    assert resources.CONTRACT.is_file()
    assert resources.SCENARIOS.is_dir()
    assert resources.EDITOR_SCHEMA.is_file()
    assert resources.PLAYLIST.is_file()


def test_routes_tell_what_each_operation_does_and_where_it_is_known_from(run: Run) -> None:
    lines = run("routes").stdout.splitlines()

    assert lines[0].split() == ["METHOD", "PATH", "OPERATION", "ACTION", "SOURCE"]
    assert ["GET", "/v1/tasks/{task_id}", "getTask", "read", "documented"] in [line.split() for line in lines]


def test_routes_of_another_contract(run: Run) -> None:
    Path("mine.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Mine, version: '1'}\npaths:\n"
        "  /pets: {get: {operationId: listPets, responses: {'200': {description: Pets}}}}\n"
    )

    answer = json.loads(run("routes", "--spec", "mine.yaml", "-o", "json").stdout)

    assert answer["items"] == [{"method": "GET", "path": "/pets", "id": "listPets", "action": None, "source": None}]


def test_the_schema_is_json(run: Run) -> None:
    assert json.loads(run("schema").stdout)["$schema"].startswith("https://json-schema.org/")


def test_scenarios_of_a_folder_are_added_to_the_built_in_ones(run: Run) -> None:
    Path("mine").mkdir()
    Path("mine/refund.yaml").write_text(STORY)

    names = [line.split()[0] for line in run("scenarios", "list", "-s", "mine").stdout.splitlines()]

    assert "refund" in names
    assert "approval" in names


def test_a_scenario_is_shown_with_its_steps_and_how_they_are_left(run: Run) -> None:
    Path("refund.yaml").write_text(STORY)

    shown = run("scenarios", "show", "refund", "-s", "refund.yaml").stdout

    assert "Taken for     workflow_id refund, workflow_id glob refund-*\n" in shown
    assert "approve → paid; expire after 1d → late" in shown
    assert "after 300ms → ask" in shown


def test_a_scenario_is_drawn(run: Run) -> None:
    assert run("scenarios", "graph", "approval").stdout.startswith("stateDiagram-v2\n")
    assert json.loads(run("scenarios", "graph", "approval", "--format", "json").stdout)["nodes"]


def test_the_paths_of_a_scenario_are_listed_with_their_decisions(run: Run) -> None:
    Path("refund.yaml").write_text(STORY)

    shown = run("paths", "refund", "-s", "refund.yaml").stdout.splitlines()
    told = json.loads(run("paths", "refund", "-s", "refund.yaml", "-o", "json").stdout)["items"]

    assert [line.split() for line in shown[:3]] == [
        ["PATH", "STEPS", "END"],
        ["refund-approve", "executing", "→", "ask", "(approve)", "→", "paid", "completed"],
        ["refund-expire", "executing", "→", "ask", "(expire)", "→", "late", "error"],
    ]
    assert [path["id"] for path in told] == [
        *("refund-approve", "refund-expire", "stop-while-executing", "stop-while-paused"),
    ]
    assert told[3]["moves"] == [{"step": "ask", "signal": "stop"}]


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


def test_lint_finds_nothing_wrong_in_what_comes_with_the_emulator(run: Run) -> None:
    result = run("lint")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("No mistakes in ")


def test_lint_tells_everything_wrong_in_scenarios_and_contracts(run: Run) -> None:
    Path("scenarios").mkdir()
    Path("scenarios/refund.yaml").write_text(STORY.replace("approve: paid", "approve: payed"))
    Path("api.yaml").write_text("openapi: 3.1.0\ninfo: {title: Mine}\npaths: {}\n")

    result = run("lint", "scenarios", "api.yaml")

    assert result.exit_code == 1
    assert [line.split(":")[:2] for line in result.stdout.splitlines()] == [
        ["api.yaml", "2"],
        ["scenarios/refund.yaml", "9"],
    ]
    assert "Did you mean 'paid'?" in result.stdout
    assert result.stderr == "2 mistakes in scenarios, api.yaml\n"


def test_lint_tells_the_kinds_of_files_in_one_folder_apart(run: Run) -> None:
    Path("refund.yaml").write_text(STORY)
    Path("api.yaml").write_text("openapi: 3.1.0\ninfo: {title: Mine}\npaths: {}\n")

    assert [line.split(":")[0] for line in run("lint", ".").stdout.splitlines()] == ["api.yaml"]


def test_lint_tells_what_is_wrong_in_a_playlist_among_the_stories(run: Run) -> None:
    Path("refund.yaml").write_text(STORY)
    Path("shows.yaml").write_text("stories:\n  - scenario: refund\n  - scenario: approval\n  - scenario: refnd\n")

    result = run("lint", ".")

    assert result.stdout == "shows.yaml:4:15: no scenario is called 'refnd'. Did you mean 'refund'?\n"
    assert result.exit_code == 1


def test_lint_warns_of_what_is_doubtful_and_finds_no_mistake_in_it(run: Run) -> None:
    schemas = "components: {schemas: {A: {format: uuidd}}}"
    Path("api.yaml").write_text(f"openapi: 3.1.0\ninfo: {{title: Mine, version: '1'}}\npaths: {{}}\n{schemas}\n")

    result = run("lint", "api.yaml")

    assert (result.exit_code, result.stderr) == (0, "No mistakes, 1 warning in api.yaml\n")
    assert result.stdout == "api.yaml:4:36: warning: the format 'uuidd' is not checked. Did you mean 'uuid'?\n"


def test_lint_as_json(run: Run) -> None:
    Path("refund.yaml").write_text(STORY.replace("steps:", "stpes:"))

    result = run("lint", "refund.yaml", "-o", "json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["file"] == "refund.yaml"


@pytest.mark.parametrize("command", [("lint", "nowhere"), ("routes", "--spec", "nowhere")])
def test_a_path_that_is_not_there_is_wrong_usage(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command)

    assert result.exit_code == 2
    assert "'nowhere' does not exist" in result.stderr
