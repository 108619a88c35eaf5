"""The report as JUnit XML: an item that was never met is a skipped test, a finding that fails a build a failure."""

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.render.text import requests_text
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Row

# XML 1.0, 2.2: the characters that no document may contain, escaped or not.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render(report: Report) -> str:
    """Return a document with a suite for each scenario and one for conduct."""
    suites = []
    if report.coverage is not None:
        suites += [_scenario(row) for row in report.coverage.rows]
        if report.fail_under is not None:
            inside = _failure(report.failures[0]) if report.is_under else None
            case = _case("coverage", f"at least {report.fail_under:g} %", inside)
            suites.append(_suite("coverage", [case]))
    if report.findings is not None:
        suites.append(_suite("conduct", [_finding(each, report) for each in report.findings]))
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="xpander-emulator">', *suites, "</testsuites>", ""]
    )


def _scenario(row: Row) -> str:
    cases = [
        _case(
            f"coverage.{row.scenario}",
            f"{item.kind} {item.name}",
            None if is_reached else '<skipped message="never met"/>',
        )
        for item, is_reached in row.items
    ]
    return _suite(f"coverage {row.scenario}", cases)


def _finding(finding: Finding, report: Report) -> str:
    task = f" Task {finding.task_id}." if finding.task_id else ""
    message = f"{finding.message} Shown by {requests_text(finding.requests)}.{task}"
    inside = _failure(message) if finding in report.failing else f"<skipped message={_attribute(message)}/>"
    return _case("conduct", f"{finding.rule} {finding.where}".rstrip(), inside)


def _suite(name: str, cases: list[str]) -> str:
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    numbers = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'
    return "\n".join([f"<testsuite name={_attribute(name)} {numbers}>", *cases, "</testsuite>"])


def _case(group: str, name: str, inside: str | None) -> str:
    head = f"<testcase classname={_attribute(group)} name={_attribute(name)}"
    return f"{head}/>" if inside is None else f"{head}>{inside}</testcase>"


def _failure(message: str) -> str:
    return f"<failure message={_attribute(message)}>{escape(_allowed(message))}</failure>"


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
