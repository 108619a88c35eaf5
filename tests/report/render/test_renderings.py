import re
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from tests.report.render.tags import Tags
from tests.report.values import coverages
from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.report.render import html, junit, markdown, text
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import summarize


def test_an_empty_report_says_so() -> None:
    nothing = Report(summarize(Coverage()), [])

    assert text.render(nothing) == "No scenario was started.\n\nNo findings."
    assert "No scenario was started." in markdown.render(nothing)
    assert "No findings." in html.render(nothing)
    assert ET.fromstring(junit.render(nothing)).findall(".//testcase") == []


@given(coverages, st.text(max_size=20))
def test_any_coverage_and_finding_can_be_rendered(one: Coverage, message: str) -> None:
    report = Report(
        summarize(one), [Finding("polls-too-fast", "warning", message, (1, 2), message, message)], 50, ["any"]
    )

    ET.fromstring(junit.render(report))
    tags = Tags()
    tags.feed(html.render(report))
    assert tags.open == []
    assert all(char.isprintable() or char == "\n" for char in text.render(report))
    assert not re.search(r"(?<!\\)<", markdown.render(report))
