import re
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.values import counted, coverages
from xpander_emulator.report.conduct import Finding, finding_from, finding_view
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.report.render import html, junit, markdown, text
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import summarize

FINDING = Finding("polls-after-end", "warning", "3 polls after an answer.", (4, 5), "t-1", "test_it.py::test_a")
HOSTILE = "<script>alert(1)</script>|`]]>&\"'\x1b[31m\u202e\n\x00"
REPORT = Report(
    counted(
        "step pending", "step paid", "transition pending → paid (after)", "signal stop", "status pending",
        reached=("step pending", "status pending"),
    ),
    [FINDING],
    90,
    ["polls-after-end"],
)  # fmt: skip


def test_the_table_shows_what_was_reached_and_what_never() -> None:
    assert text.render(REPORT).splitlines() == [
        "scenario  steps  transitions  signals  faults  statuses     all",
        "refund      1/2          0/1      0/1       -       1/1  25.0 %",
        "",
        "Never met:",
        "  refund  refund.yaml",
        "    step: paid",
        "    transition: pending → paid (after)",
        "    signal: stop",
        "",
        "1 of 1 scenarios count. Of the answers that the contract declares, 0 of 0 were met.",
        "",
        "warning: polls-after-end  test_it.py::test_a",
        "  3 polls after an answer. (requests 4, 5; task t-1)",
    ]


def test_in_brief_there_is_no_list() -> None:
    assert "Never met" not in text.render(REPORT, in_full=False)


def test_an_empty_report_says_so() -> None:
    nothing = Report(summarize(Coverage()), [])

    assert text.render(nothing) == "No scenario was started.\n\nNo findings."
    assert "No scenario was started." in markdown.render(nothing)
    assert "No findings." in html.render(nothing)
    assert ET.fromstring(junit.render(nothing)).findall(".//testcase") == []


def test_why_a_build_fails_is_a_sentence_each() -> None:
    assert REPORT.failures == (
        "Coverage is under 90 %: 25 % of the scenarios were met.",
        "Conduct that fails the build: polls-after-end.",
    )
    assert Report(REPORT.coverage, [FINDING], 25, ["ignores-429"]).failures == ()
    assert Report(findings=[FINDING], fail_on=["any"]).failures == ("Conduct that fails the build: polls-after-end.",)


def test_a_threshold_fails_a_run_that_started_nothing() -> None:
    assert Report(summarize(Coverage()), [], 0).failures == ("Coverage is under 0 %: no scenario was started.",)


def test_junit_skips_unreached_items_and_fails_what_fails_the_build() -> None:
    suites = ET.fromstring(junit.render(REPORT))

    cases = {case.get("name"): [child.tag for child in case] for case in suites.iter("testcase")}
    assert cases == {
        "step pending": [],
        "step paid": ["skipped"],
        "transition pending → paid (after)": ["skipped"],
        "signal stop": ["skipped"],
        "at least 90 %": ["failure"],
        "polls-after-end test_it.py::test_a": ["failure"],
    }
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in suites] == [
        ("coverage refund", "4", "0"),
        ("coverage", "1", "1"),
        ("conduct", "1", "1"),
    ]


def test_junit_skips_a_finding_that_fails_nothing() -> None:
    [case] = ET.fromstring(junit.render(Report(findings=[FINDING]))).iter("testcase")

    assert [child.tag for child in case] == ["skipped"]


def test_markdown_has_a_table_for_each_part() -> None:
    lines = markdown.render(REPORT).splitlines()

    assert "| Scenario | Steps | Transitions | Signals | Faults | Statuses | All |" in lines
    assert "| refund | 1/2 | 0/1 | 0/1 | \\- | 1/1 | 25.0 % |" in lines
    assert "- refund never met steps paid; transitions pending → paid \\(after\\); signals stop" in lines
    assert lines[0] == "**Coverage is under 90 %\\: 25 % of the scenarios were met.**"


def test_the_page_needs_nothing_but_itself() -> None:
    page = html.render(REPORT)

    assert not re.search(r"<script|<link|<img|src=|href=|url\(|@import", page)
    assert "never met" in page


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in {
            *("html", "meta", "title", "style", "main", "h1", "h2", "h3", "h4"),
            *("p", "table", "tr", "th", "td", "ul", "li", "code"),
        }
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def hostile() -> Report:
    summary = counted(f"step {HOSTILE}", f"signal {HOSTILE}", reached=(f"step {HOSTILE}",))
    return Report(summary, [Finding("polls-too-fast", "warning", HOSTILE, (1,), HOSTILE, HOSTILE)], 99)


def test_hostile_names_are_text_on_the_page() -> None:
    tags = _Tags()
    tags.feed(html.render(hostile()))

    assert tags.open == []
    assert any("<script>alert(1)</script>" in each for each in tags.texts)


def test_hostile_names_control_no_terminal() -> None:
    assert all(char.isprintable() or char == "\n" for char in text.render(hostile()))


def test_hostile_names_are_well_formed_xml() -> None:
    suites = ET.fromstring(junit.render(hostile()))

    assert any("<script>alert(1)</script>" in str(case.get("name")) for case in suites.iter("testcase"))


def test_hostile_names_are_text_in_markdown() -> None:
    document = markdown.render(hostile())

    assert not re.search(r"(?<!\\)[<`]", document)
    rows = [line for line in document.splitlines() if line.startswith("| polls")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [6]


@given(coverages, st.text(max_size=20))
def test_any_coverage_and_finding_can_be_rendered(one: Coverage, message: str) -> None:
    report = Report(
        summarize(one), [Finding("polls-too-fast", "warning", message, (1, 2), message, message)], 50, ["any"]
    )

    ET.fromstring(junit.render(report))
    tags = _Tags()
    tags.feed(html.render(report))
    assert tags.open == []
    assert all(char.isprintable() or char == "\n" for char in text.render(report))
    assert not re.search(r"(?<!\\)<", markdown.render(report))


@pytest.mark.parametrize("finding", [FINDING, Finding("ignores-429", "warning", "", ())])
def test_a_finding_equals_itself_after_json(finding: Finding) -> None:
    assert finding_from(finding_view(finding)) == finding
