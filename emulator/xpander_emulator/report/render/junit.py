"""The report as JUnit XML: an item that was never met is a skipped test, a finding that fails a build a failure."""

import re
from typing import Final
from xml.etree import ElementTree as ET

from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.render.text import requests_text
from xpander_emulator.report.report import Report

# XML 1.0, 2.2: the characters that no document may contain, escaped or not.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Return a document with a suite for each scenario, one for the threshold, and one for conduct."""
    root = ET.Element("testsuites", name="xpander-emulator")
    for row in report.coverage.rows if report.coverage is not None else ():
        suite = ET.SubElement(root, "testsuite", name=_allowed(f"coverage {row.scenario}"))
        for item, is_reached in row.items:
            case = _case(suite, f"coverage.{row.scenario}", f"{item.kind} {item.name}")
            if not is_reached:
                ET.SubElement(case, "skipped", message="never met")
    if report.coverage is not None and report.fail_under is not None:
        case = _case(ET.SubElement(root, "testsuite", name="coverage"), "coverage", f"at least {report.fail_under:g} %")
        if report.is_under:
            _failure(case, report.failures[0])
    if report.findings is not None:
        suite = ET.SubElement(root, "testsuite", name="conduct")
        for finding in report.findings:
            _add_finding(suite, finding, is_failure=finding in report.failing)
    for suite in root:
        counts = {"tests": "testcase", "failures": "testcase/failure", "errors": "error", "skipped": "testcase/skipped"}
        suite.attrib |= {name: str(len(suite.findall(path))) for name, path in counts.items()}
    ET.indent(root, "")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _add_finding(suite: ET.Element, finding: Finding, *, is_failure: bool) -> None:
    case = _case(suite, "conduct", f"{finding.rule} {finding.where}".rstrip())
    task = f" Task {finding.task_id}." if finding.task_id else ""
    message = f"{finding.message} Shown by {requests_text(finding.requests)}.{task}"
    if is_failure:
        _failure(case, message)
    else:
        ET.SubElement(case, "skipped", message=_allowed(message))


def _case(suite: ET.Element, group: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=_allowed(group), name=_allowed(name))


def _failure(case: ET.Element, message: str) -> None:
    ET.SubElement(case, "failure", message=_allowed(message)).text = _allowed(message)


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
