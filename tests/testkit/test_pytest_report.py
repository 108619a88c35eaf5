"""The report at the end of a pytest run."""

import json
from dataclasses import fields
from xml.etree import ElementTree as ET

import httpx2
import pytest

from tests.testkit.suites import Suite
from xpander_emulator import pytest_plugin
from xpander_emulator.report.options import ReportOptions
from xpander_emulator.testkit import EmulatorServer

TITLE = "*emulator: what was met, and how*"
CAREFUL = """
def test_approved(emulator, client, start):
    task_id = start()
    while client.get(f"/v1/tasks/{task_id}").json()["status"] != "paused":
        pass
    emulator.task(task_id).approve(by="manager")
    while client.get(f"/v1/tasks/{task_id}").json()["status"] != "completed":
        pass
"""
NAIVE = """
def test_naive(emulator, client, start):
    task_id = start("two_approvals")
    while client.get(f"/v1/tasks/{task_id}").json()["status"] not in ("paused", "completed"):
        pass
    emulator.task(task_id).approve(by="manager")
"""


def test_a_run_ends_with_a_table_and_the_findings_each_with_its_test(suite: Suite) -> None:
    suite.write("test_it.py", CAREFUL + NAIVE)

    result = suite.run()

    result.assert_outcomes(passed=2)
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            TITLE,
            "scenario *steps  transitions  signals  faults  statuses *all",
            "approval * 5/7 * 4/6 * 1/4 * - * 4/6 *58.8 %",
            "two_approvals *",
            "all *",
            "error: takes-paused-for-the-end  test_it.py::test_naive",
            "  No read after the first paused answer; the task is executing by now. (request *; task *)",
        ]
    )
    result.stdout.no_fnmatch_line("Never met:")


def test_unreached_items_are_listed_with_v_or_a_threshold(suite: Suite) -> None:
    suite.write("test_it.py", CAREFUL)

    for flags in (("-v",), ("--emulator-fail-under=10",)):
        suite.run(*flags).stdout.fnmatch_lines(
            ["Never met:", "  approval  scenarios/approval.yaml", "    steps: rejected, expired"]
        )


def test_a_run_without_the_emulator_says_nothing(suite: Suite) -> None:
    suite.write("test_it.py", "def test_it():\n    assert True\n")

    suite.run().stdout.no_fnmatch_line(TITLE)


@pytest.mark.parametrize(
    ("ini", "failures"),
    [
        ("emulator_fail_under = 58.8", []),
        ("emulator_fail_under = 59", ["Coverage is under 59 %: 58.8 % of the scenarios were met."]),
        ("emulator_fail_under = 10\nemulator_coverage_scenarios = approval failed", []),
        ("emulator_fail_under = 58\nemulator_coverage_scenarios = approval failed", ["Coverage is under 58 %: *"]),
        ("emulator_coverage_scenarios = aproval", ["No scenario is called 'aproval'. Did you mean 'approval'?"]),
        ("emulator_fail_on = any", []),
    ],
)  # fmt: skip
def test_a_run_fails_by_its_coverage(ini: str, failures: list[str], suite: Suite) -> None:
    suite.write("pytest.ini", f"[pytest]\n{ini}\n")
    suite.write("test_it.py", CAREFUL)

    result = suite.run()

    result.assert_outcomes(passed=1)
    assert result.ret == (1 if failures else 0)
    result.stdout.fnmatch_lines(failures)


def test_a_run_fails_by_its_conduct_unless_that_is_waived(suite: Suite) -> None:
    suite.write("test_it.py", NAIVE)
    rule = "takes-paused-for-the-end"

    failed = suite.run(f"--emulator-fail-on={rule}")
    waived = suite.run(f"--emulator-fail-on={rule}", f"--emulator-waive={rule}")

    assert (failed.ret, waived.ret) == (1, 0)
    failed.stdout.fnmatch_lines([f"Conduct that fails the build: {rule}."])
    waived.stdout.fnmatch_lines(["No findings."])


def test_a_threshold_fails_a_run_that_started_nothing(suite: Suite) -> None:
    suite.write("test_it.py", "def test_it():\n    assert True\n")

    result = suite.run("--emulator-fail-under=1", "--emulator-coverage-scenarios=approval")

    assert result.ret == 1
    result.stdout.fnmatch_lines(["Coverage is under 1 %: no scenario was started."])
    assert suite.run("--emulator-fail-under=1", "--collect-only").ret == 0


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("--emulator-fail-under=much", "emulator_fail_under: 'much' is no number."),
        ("--emulator-fail-under=nan", "fail-under: nan is no percentage; write a number from 0 to 100."),
        ("--emulator-fail-under=101", "fail-under: 101 is no percentage; write a number from 0 to 100."),
        ("--emulator-fail-on=polls", "fail-on: no rule is called 'polls'*"),
        ("--emulator-waive=polls-to-fast", "waive: no rule is called 'polls-to-fast'. Did you mean 'polls-too-fast'?"),
    ],
)
def test_a_wrong_option_is_refused_at_once(flag: str, message: str, suite: Suite) -> None:
    suite.write("test_it.py", CAREFUL)

    result = suite.run(flag)

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {message}"])


def test_a_failing_run_stays_one(suite: Suite) -> None:
    suite.write("test_it.py", CAREFUL + "    assert False\n")

    assert suite.run("--emulator-fail-under=10").ret == 1


FILES = (
    *("--emulator-coverage-json=out/c.json", "--emulator-junit=j.xml"),
    *("--emulator-html=p.html", "--emulator-markdown=s.md"),
)


def test_a_run_writes_the_files_of_its_options(suite: Suite) -> None:
    suite.write("test_it.py", CAREFUL + NAIVE)

    suite.run(*FILES, "--emulator-fail-on=any")

    assert json.loads((suite.folder / "out/c.json").read_text())["format"] == "xpander-emulator coverage"
    cases = {case.get("name"): case for case in ET.parse(suite.folder / "j.xml").iter("testcase")}
    assert cases["takes-paused-for-the-end test_it.py::test_naive"].find("failure") is not None
    assert cases["step rejected"].find("skipped") is not None
    assert "test_it.py::test_naive" in (suite.folder / "p.html").read_text()
    assert "two\\_approvals" in (suite.folder / "s.md").read_text()


@pytest.mark.long
def test_workers_are_merged_to_the_bytes_of_one_process(suite: Suite) -> None:
    suite.write("test_careful.py", CAREFUL)
    suite.write("test_naive.py", NAIVE)

    suite.run("--emulator-coverage-json=alone.json")
    result = suite.run_apart(
        "-p", "xdist", "-n", "2", "--emulator-coverage-json=together.json", "--emulator-fail-under=10"
    )

    assert result.ret == 0
    result.stdout.fnmatch_lines([TITLE, "approval *58.8 %", "two_approvals *", "*test_naive.py::test_naive"])
    assert (suite.folder / "together.json").read_bytes() == (suite.folder / "alone.json").read_bytes()


@pytest.mark.long
def test_workers_fail_a_run_together(suite: Suite) -> None:
    suite.write("test_it.py", CAREFUL + NAIVE)

    result = suite.run_apart("-p", "xdist", "-n", "2", "--emulator-fail-on=any")

    assert result.ret == 1
    result.stdout.fnmatch_lines(["Conduct that fails the build: takes-paused-for-the-end."])


def test_a_server_of_a_folder_s_own_counts_too(suite: Suite) -> None:
    suite.write(
        "conftest.py",
        (suite.folder / "conftest.py").read_text()
        + """
from xpander_emulator.testkit import EmulatorServer

@pytest.fixture(scope="session")
def emulator_server(emulator_settings):
    with EmulatorServer(emulator_settings) as server:
        yield server
""",
    )
    suite.write("test_it.py", CAREFUL)

    suite.run().stdout.fnmatch_lines([TITLE, "approval *58.8 %"])


def test_a_reset_within_a_test_loses_nothing(suite: Suite) -> None:
    suite.write("test_it.py", NAIVE + "    emulator.reset()\n    start('failed')\n")

    suite.run().stdout.fnmatch_lines(
        ["failed *", "two_approvals *", "error: takes-paused-for-the-end  test_it.py::test_naive"]
    )


def test_without_pytest_the_server_has_both() -> None:
    with EmulatorServer() as server:
        with server.emulator("a refund", scenario="approval") as emulator:
            body = {"input": {"text": "Hi"}, "verbose": 1}
            path = f"{emulator.base_url}/v1/workflows/refund/invoke/async"
            httpx2.post(path, json=body, headers={"x-api-key": emulator.api_key})
        assert server.coverage.started == {"approval"}
        running = server.conduct

    assert [(finding.rule, finding.where) for finding in running] == [("sends-fields-the-contract-lacks", "a refund")]
    assert server.conduct == running
    assert server.coverage.started == {"approval"}


def test_the_plugin_has_every_option_of_the_report() -> None:
    names = {option.name for option in pytest_plugin.REPORT_OPTIONS}

    assert names - {"coverage_scenarios"} | {"scenarios"} == {each.name for each in fields(ReportOptions)}


@pytest.mark.parametrize("name", ["coverage_json", "junit", "html", "markdown"])
def test_an_ini_file_cannot_have_a_report_written_outside_of_its_folder(suite: Suite, name: str) -> None:
    suite.write("pytest.ini", f"[pytest]\nemulator_{name} = ../mine.txt\n")

    result = suite.run()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: emulator_{name}: {suite.folder.parent / 'mine.txt'} is outside of *"])
    assert not (suite.folder.parent / "mine.txt").exists()


def test_a_report_of_the_ini_file_lies_beside_it_wherever_pytest_is_called_from(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.write("pytest.ini", "[pytest]\nemulator_markdown = report.md\n")
    suite.write("sub/test_it.py", CAREFUL)
    monkeypatch.chdir(suite.folder / "sub")

    suite.run().assert_outcomes(passed=1)

    assert (suite.folder / "report.md").exists()
    assert not (suite.folder / "sub" / "report.md").exists()
