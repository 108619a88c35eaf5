import json
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx2
import pytest

from tests.report.values import coverage
from xpander_emulator.report.coverage import merge
from xpander_emulator.report.coverage_json import as_text
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import derived_namespace

from .conftest import Run

START = """
import json, os, sys, urllib.request
request = urllib.request.Request(
    os.environ["XPANDER_BASE_URL"] + "/v1/workflows/approval/invoke/async",
    json.dumps({"input": {"text": "Hi"}, "verbose": 1}).encode(),
    {"x-api-key": sys.argv[1], "content-type": "application/json"},
)
urllib.request.urlopen(request, timeout=5).read()
"""


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadedServer(Settings(port=0, clock="manual")) as server:
        monkeypatch.setenv("EMULATOR_URL", server.base_url)
        yield server.base_url


def start(url: str, key: str) -> None:
    body = {"input": {"text": "Hi"}, "verbose": 1}
    answer = httpx2.post(f"{url}/v1/workflows/approval/invoke/async", json=body, headers={"x-api-key": key})
    assert answer.status_code == 200


def written(folder: Path, name: str, *reached: str) -> str:
    reached_steps = coverage("step a", "step b", "step c", reached=reached)
    (folder / name).write_text(as_text(reached_steps), encoding="utf-8")
    return name


def test_the_report_of_a_server_covers_all_namespaces_or_one(run: Run, url: str) -> None:
    start(url, "mine")

    assert run("coverage").stdout.splitlines()[1] == "approval    1/7          0/6      0/4       -       1/6  5.8 %"
    assert run("coverage", "--namespace", "another").stdout.startswith("No scenario was started.")
    assert run("coverage", "--namespace", "another", "--all").stdout.splitlines()[1].startswith("approval")
    assert run("conduct", "--key", "mine").stdout == (
        f"note: sends-fields-the-contract-lacks  {derived_namespace('mine')}\n"
        "  invokeWorkflowAsync does not declare verbose. (request 1)\n"
    )
    assert run("conduct", "--namespace", "another").stdout == "No findings.\n"


def test_files_of_several_runs_are_merged_without_a_server(run: Run, empty_folder: Path) -> None:
    files = [written(empty_folder, "one.json", "step a"), written(empty_folder, "two.json", "step b")]

    assert run("coverage", *files).stdout.splitlines()[1] == (
        "refund      2/3            -        -       -         -  66.6 %"
    )
    merged_again = run("coverage", "-o", "json", *reversed(files)).stdout
    assert merged_again == as_text(merge([coverage("step a", "step b", "step c", reached=("step a", "step b"))]))


@pytest.mark.parametrize(("share", "code"), [("66.6", 0), ("66.7", 1), ("100", 1)])
def test_a_threshold_is_an_exit_code(run: Run, empty_folder: Path, share: str, code: int) -> None:
    result = run("coverage", written(empty_folder, "one.json", "step a", "step b"), "--fail-under", share)

    assert result.exit_code == code
    assert (result.stderr == "") is (code == 0)
    assert code == 0 or result.stderr == f"Error: Coverage is under {share} %: 66.6 % of the scenarios were met.\n"


def test_scenarios_are_counted_by_their_names(run: Run, empty_folder: Path) -> None:
    file = written(empty_folder, "one.json")

    assert run("coverage", file).stdout.startswith("No scenario was started.")
    assert "refund      0/3" in run("coverage", file, "--scenario", "refund").stdout

    result = run("coverage", file, "--scenario", "refnd")
    assert (result.exit_code, result.stderr) == (
        2,
        "Error: No scenario is called 'refnd'. Did you mean 'refund'?\n",
    )


def test_a_file_that_is_no_coverage_is_refused(run: Run, empty_folder: Path) -> None:
    (empty_folder / "one.json").write_text("{}")

    result = run("coverage", "one.json")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: one.json: is no coverage document;")


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        ("junit", '<?xml version="1.0"'),
        ("html", "<!doctype html>"),
        ("markdown", "## Coverage of the scenarios"),
        ("json", '{\n "format"'),
    ],
)
def test_coverage_is_printed_in_every_form(run: Run, empty_folder: Path, output: str, begins: str) -> None:
    printed = run("coverage", "-o", output, written(empty_folder, "one.json", "step a")).stdout

    assert printed.startswith(begins)
    assert printed.endswith("\n")


@pytest.mark.parametrize(
    ("output", "begins"),
    [
        ("junit", '<?xml version="1.0"'),
        ("html", "<!doctype html>"),
        ("markdown", "## Conduct of the client"),
        ("json", '{\n "items"'),
    ],
)
def test_conduct_is_printed_in_every_form(run: Run, url: str, output: str, begins: str) -> None:
    start(url, "mine")

    printed = run("conduct", "-o", output).stdout

    assert printed.startswith(begins)
    assert "verbose" in printed


def test_a_rule_that_finds_something_may_be_an_exit_code(run: Run, url: str) -> None:
    start(url, "mine")

    assert run("conduct", "--fail-on", "ignores-429").exit_code == 0
    result = run("conduct", "--fail-on", "any")
    assert result.exit_code == 1
    assert result.stderr == "Error: Conduct that fails the build: sends-fields-the-contract-lacks.\n"


def test_an_unknown_rule_is_wrong_usage(run: Run) -> None:
    for command in (("conduct", "--fail-on", "polls"), ("exec", "--fail-on", "polls", "--", "true")):
        result = run(*command)
        assert result.exit_code == 2
        assert result.stderr.startswith("Error: fail-on: no rule is called 'polls'")


# exec


def test_exec_ends_with_what_was_never_reached(run: Run, empty_folder: Path) -> None:
    files = ("--coverage-json", "out/c.json", "--junit", "j.xml", "--html", "p.html", "--markdown", "s.md")

    result = run("exec", *files, "--", sys.executable, "-c", START, "mine")

    assert result.exit_code == 0
    assert "approval    1/7" in result.stderr
    assert "note: sends-fields-the-contract-lacks" in result.stderr
    assert json.loads((empty_folder / "out/c.json").read_text())["version"] == 1
    assert ET.parse(empty_folder / "j.xml").getroot().tag == "testsuites"
    assert "verbose" in (empty_folder / "p.html").read_text()
    assert "verbose" in (empty_folder / "s.md").read_text()
    assert run("coverage", "out/c.json").stdout.splitlines()[1].startswith("approval    1/7")


@pytest.mark.parametrize(
    ("flags", "code"),
    [
        (("--fail-under", "5"), 0),
        (("--fail-under", "50"), 1),
        (("--fail-on", "any"), 1),
        (("--fail-on", "any", "--waive", "sends-fields-the-contract-lacks"), 0),
        (("--coverage-scenario", "failed", "--fail-under", "1"), 1),
    ],
)
def test_exec_fails_where_the_report_does(run: Run, flags: tuple[str, ...], code: int) -> None:
    assert run("exec", *flags, "--", sys.executable, "-c", START, "mine").exit_code == code


def test_exec_ends_with_the_code_of_the_command_first(run: Run) -> None:
    script = f"{START}\nsys.exit(7)"

    assert run("exec", "--fail-under", "50", "--", sys.executable, "-c", script, "mine").exit_code == 7


def test_exec_reports_nothing_without_requests_and_fails_below_a_threshold(run: Run) -> None:
    assert run("exec", "--", sys.executable, "-c", "").stderr == ""

    result = run("exec", "--fail-under", "1", "--", sys.executable, "-c", "")
    assert result.exit_code == 1
    assert result.stderr.endswith("Error: Coverage is under 1 %: no scenario was started.\n")


def test_exec_refuses_an_unknown_scenario(run: Run) -> None:
    result = run("exec", "--coverage-scenario", "aproval", "--", sys.executable, "-c", "")

    assert result.exit_code == 2
    assert "No scenario is called 'aproval'. Did you mean 'approval'?" in result.stderr


def test_a_rule_may_be_waived_in_the_settings_file(run: Run, empty_folder: Path) -> None:
    (empty_folder / "emulator.toml").write_text('waive = ["sends-fields-the-contract-lacks"]\n')

    assert run("exec", "--fail-on", "any", "--", sys.executable, "-c", START, "mine").exit_code == 0


def test_the_summary_of_a_github_step_is_added_to(
    run: Run, empty_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    for file in ("summary.md", "mine.md"):
        (empty_folder / file).write_text("before\n")
        run("exec", "--markdown", file, "--", sys.executable, "-c", START, "mine")

    assert (empty_folder / "summary.md").read_text().startswith("before\n## Coverage")
    assert (empty_folder / "mine.md").read_text().startswith("## Coverage")


def test_a_file_that_cannot_be_written_is_reported(run: Run, empty_folder: Path) -> None:
    (empty_folder / "out").write_text("")

    result = run("exec", "--html", "out/p.html", "--", sys.executable, "-c", START, "mine")

    assert result.exit_code == 2
    assert "Error: out/p.html: cannot be written: " in result.stderr
