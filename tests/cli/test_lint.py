import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.cli.test_scenarios import SCENARIO


def test_the_built_in_files_have_no_mistakes(run: Run) -> None:
    result = run("lint")

    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.startswith("No mistakes in ")


def test_lint_reports_every_mistake_in_scenarios_and_contracts(run: Run) -> None:
    Path("scenarios").mkdir()
    Path("scenarios/refund.yaml").write_text(SCENARIO.replace("approve: paid", "approve: payed"))
    Path("api.yaml").write_text("openapi: 3.1.0\ninfo: {title: Mine}\npaths: {}\n")

    result = run("lint", "scenarios", "api.yaml")

    assert result.exit_code == 1
    assert [line.split(":")[:2] for line in result.stdout.splitlines()] == [
        ["api.yaml", "2"],
        ["scenarios/refund.yaml", "9"],
    ]
    assert "Did you mean 'paid'?" in result.stdout
    assert result.stderr == "2 mistakes in scenarios, api.yaml\n"


def test_lint_recognizes_the_kinds_of_files_in_one_folder(run: Run) -> None:
    Path("refund.yaml").write_text(SCENARIO)
    Path("api.yaml").write_text("openapi: 3.1.0\ninfo: {title: Mine}\npaths: {}\n")

    assert [line.split(":")[0] for line in run("lint", ".").stdout.splitlines()] == ["api.yaml"]


def test_lint_reports_mistakes_in_a_playlist_beside_scenarios(run: Run) -> None:
    Path("refund.yaml").write_text(SCENARIO)
    Path("shows.yaml").write_text("stories:\n  - scenario: refund\n  - scenario: approval\n  - scenario: refnd\n")

    result = run("lint", ".")

    assert result.stdout == "shows.yaml:4:15: no scenario is called 'refnd'. Did you mean 'refund'?\n"
    assert result.exit_code == 1


def test_lint_warns_of_doubtful_parts_which_are_no_mistakes(run: Run) -> None:
    schemas = "components: {schemas: {A: {format: uuidd}}}"
    Path("api.yaml").write_text(f"openapi: 3.1.0\ninfo: {{title: Mine, version: '1'}}\npaths: {{}}\n{schemas}\n")

    result = run("lint", "api.yaml")

    assert (result.exit_code, result.stderr) == (0, "No mistakes, 1 warning in api.yaml\n")
    assert result.stdout == "api.yaml:4:36: warning: the format 'uuidd' is not checked. Did you mean 'uuid'?\n"


def test_lint_as_json(run: Run) -> None:
    Path("refund.yaml").write_text(SCENARIO.replace("steps:", "stpes:"))

    result = run("lint", "refund.yaml", "-o", "json")

    assert result.exit_code == 1
    assert json.loads(result.stdout)[0]["file"] == "refund.yaml"


@pytest.mark.parametrize("command", [("lint", "nowhere"), ("routes", "--spec", "nowhere")])
def test_a_file_that_does_not_exist_is_wrong_usage(run: Run, command: tuple[str, ...]) -> None:
    result = run(*command)

    assert result.exit_code == 2
    assert "'nowhere' does not exist" in result.stderr
