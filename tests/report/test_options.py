from pathlib import Path

import pytest

from tests.report.values import FINDING, REPORT, coverage
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.report.coverage_json import as_text
from xpander_emulator.report.options import ReportOptions
from xpander_emulator.report.render import html, junit, markdown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ReportOptions(fail_on=("polls-after-ends",)),
            "fail-on: no rule is called 'polls-after-ends'. Did you mean 'polls-after-end'?",
        ),
        (
            ReportOptions(waive=("polls-after-ends",)),
            "waive: no rule is called 'polls-after-ends'. Did you mean 'polls-after-end'?",
        ),
        (ReportOptions(fail_under=101), "fail-under: 101 is no percentage; write a number from 0 to 100."),
        (ReportOptions(fail_under=-0.5), "fail-under: -0.5 is no percentage; write a number from 0 to 100."),
    ],
)
def test_an_option_that_cannot_be_is_refused(options: ReportOptions, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        options.check()

    assert refused.value.message == message


def test_any_rule_may_fail_a_run_but_not_be_waived() -> None:
    ReportOptions(fail_on=("any", "polls-after-end"), waive=("ignores-429",), fail_under=100).check()

    with pytest.raises(BadRequest, match="waive: no rule is called 'any'"):
        ReportOptions(waive=("any",)).check()


def test_a_report_counts_over_the_scenarios_that_are_named() -> None:
    options = ReportOptions(scenarios=("refund",), fail_under=50, fail_on=("any",))

    report = options.report(coverage("step a", "step b", reached=("step a",)), [FINDING])

    assert report.failures == ("Conduct that fails the build: polls-after-end.",)
    with pytest.raises(BadRequest, match="'refun'"):
        ReportOptions(scenarios=("refun",)).report(coverage("step a"), [])


def test_without_a_server_no_named_scenario_is_unknown() -> None:
    report = ReportOptions(scenarios=("refund",)).report(Coverage(), [])

    assert report.coverage is not None
    assert report.coverage.all.total == 0


def test_each_file_that_is_named_is_written_with_its_folder(tmp_path: Path) -> None:
    reached = coverage("step a", reached=("step a",))
    files = [tmp_path / "new" / name for name in ("coverage.json", "report.xml", "report.html", "report.md")]

    ReportOptions((), None, (), (), *files).write(REPORT, reached)

    assert [file.read_text(encoding="utf-8") for file in files] == [
        as_text(reached),
        junit.render(REPORT),
        html.render(REPORT),
        markdown.render(REPORT),
    ]


def test_a_file_is_replaced_but_the_summary_of_a_github_step_is_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    summary, other = tmp_path / "summary.md", tmp_path / "other.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    for file in (summary, other):
        file.write_text("before\n", encoding="utf-8")
        ReportOptions(markdown=file).write(REPORT, Coverage())

    assert summary.read_text(encoding="utf-8") == "before\n" + markdown.render(REPORT)
    assert other.read_text(encoding="utf-8") == markdown.render(REPORT)


def test_a_file_that_cannot_be_written_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(BadRequest, match=r"file/report\.md: cannot be written: "):
        ReportOptions(markdown=tmp_path / "file" / "report.md").write(REPORT, Coverage())
