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
from xpander_emulator.report.summary import summary

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


def test_the_table_tells_what_was_reached_and_what_never() -> None:
    assert text.whole(REPORT).splitlines() == [
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
    assert "Never met" not in text.whole(REPORT, in_full=False)


def test_nothing_is_told_in_words() -> None:
    nothing = Report(summary(Coverage()), [])

    assert text.whole(nothing) == "No scenario was started.\n\nNothing to find fault with."
    assert "No scenario was started." in markdown.whole(nothing)
    assert "Nothing to find fault with." in html.whole(nothing)
    assert ET.fromstring(junit.whole(nothing)).findall(".//testcase") == []


def test_why_a_build_fails_is_a_sentence_each() -> None:
    assert REPORT.failures == (
        "Coverage is under 90 %: 25 % of the stories were met.",
        "Conduct that fails the build: polls-after-end.",
    )
    assert Report(REPORT.coverage, [FINDING], 25, ["ignores-429"]).failures == ()
    assert Report(findings=[FINDING], fail_on=["any"]).failures == ("Conduct that fails the build: polls-after-end.",)


def test_a_threshold_fails_a_run_that_started_nothing() -> None:
    assert Report(summary(Coverage()), [], 0).failures == ("Coverage is under 0 %: no scenario was started.",)


def test_junit_skips_what_was_never_met_and_fails_what_fails_the_build() -> None:
    found = ET.fromstring(junit.whole(REPORT))

    cases = {case.get("name"): [child.tag for child in case] for case in found.iter("testcase")}
    assert cases == {
        "step pending": [],
        "step paid": ["skipped"],
        "transition pending → paid (after)": ["skipped"],
        "signal stop": ["skipped"],
        "at least 90 %": ["failure"],
        "polls-after-end test_it.py::test_a": ["failure"],
    }
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in found] == [
        ("coverage refund", "4", "0"),
        ("coverage", "1", "1"),
        ("conduct", "1", "1"),
    ]


def test_junit_skips_a_finding_that_fails_nothing() -> None:
    [case] = ET.fromstring(junit.whole(Report(findings=[FINDING]))).iter("testcase")

    assert [child.tag for child in case] == ["skipped"]


def test_markdown_has_a_table_for_each_part() -> None:
    lines = markdown.whole(REPORT).splitlines()

    assert "| Scenario | Steps | Transitions | Signals | Faults | Statuses | All |" in lines
    assert "| refund | 1/2 | 0/1 | 0/1 | \\- | 1/1 | 25.0 % |" in lines
    assert "- refund never met steps paid; transitions pending → paid \\(after\\); signals stop" in lines
    assert lines[0] == "**Coverage is under 90 %\\: 25 % of the stories were met.**"


def test_the_page_needs_nothing_but_itself() -> None:
    page = html.whole(REPORT)

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
    found = counted(f"step {HOSTILE}", f"signal {HOSTILE}", reached=(f"step {HOSTILE}",))
    return Report(found, [Finding("polls-too-fast", "warning", HOSTILE, (1,), HOSTILE, HOSTILE)], 99)


def test_hostile_names_are_text_on_the_page() -> None:
    tags = _Tags()
    tags.feed(html.whole(hostile()))

    assert tags.open == []
    assert any("<script>alert(1)</script>" in each for each in tags.texts)


def test_hostile_names_move_no_cursor() -> None:
    assert all(char.isprintable() or char == "\n" for char in text.whole(hostile()))


def test_hostile_names_are_well_formed_xml() -> None:
    found = ET.fromstring(junit.whole(hostile()))

    assert any("<script>alert(1)</script>" in str(case.get("name")) for case in found.iter("testcase"))


def test_hostile_names_are_text_in_markdown() -> None:
    told = markdown.whole(hostile())

    assert not re.search(r"(?<!\\)[<`]", told)
    rows = [line for line in told.splitlines() if line.startswith("| polls")]
    assert [len(re.findall(r"(?<!\\)\|", row)) for row in rows] == [6]


@given(coverages, st.text(max_size=20))
def test_whatever_was_met_can_be_shown(one: Coverage, said: str) -> None:
    report = Report(summary(one), [Finding("polls-too-fast", "warning", said, (1, 2), said, said)], 50, ["any"])

    ET.fromstring(junit.whole(report))
    tags = _Tags()
    tags.feed(html.whole(report))
    assert tags.open == []
    assert all(char.isprintable() or char == "\n" for char in text.whole(report))
    assert not re.search(r"(?<!\\)<", markdown.whole(report))


@pytest.mark.parametrize("finding", [FINDING, Finding("ignores-429", "warning", "", ())])
def test_a_finding_is_the_same_after_its_journey(finding: Finding) -> None:
    assert finding_from(finding_view(finding)) == finding
