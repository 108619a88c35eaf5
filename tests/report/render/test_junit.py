from xml.etree import ElementTree as ET

from tests.report.values import FINDING, REPORT, hostile
from xpander_emulator.report.render import junit
from xpander_emulator.report.report import Report


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


def test_hostile_names_are_well_formed_xml() -> None:
    suites = ET.fromstring(junit.render(hostile()))

    assert any("<script>alert(1)</script>" in str(case.get("name")) for case in suites.iter("testcase"))
