import pytest

from tests.report.values import FINDING, REPORT
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import summarize


def test_why_a_build_fails_is_a_sentence_each() -> None:
    assert REPORT.failures == (
        "Coverage is under 90 %: 25 % of the scenarios were met.",
        "Conduct that fails the build: polls-after-end.",
    )
    assert Report(REPORT.coverage, [FINDING], 25, ["ignores-429"]).failures == ()
    assert Report(findings=[FINDING], fail_on=["any"]).failures == ("Conduct that fails the build: polls-after-end.",)


def test_a_threshold_fails_a_run_that_started_nothing() -> None:
    assert Report(summarize(Coverage()), [], 0).failures == ("Coverage is under 0 %: no scenario was started.",)


@pytest.mark.parametrize(("percent", "is_under"), [(25, False), (25.1, True), (0, False), (100, True)])
def test_a_threshold_is_compared_with_the_exact_share(percent: float, is_under: bool) -> None:
    assert Report(REPORT.coverage, fail_under=percent).is_under is is_under


def test_a_report_without_thresholds_fails_nothing() -> None:
    assert Report().failures == ()
    assert Report(REPORT.coverage, [FINDING]).failures == ()
