"""The report as JUnit's XML: what was never met is skipped, and what fails a build is a failure."""

import re
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.render.text import requests_text
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Row

# XML 1.0, 2.2: what no document may contain, whether escaped or not.
_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def whole(report: Report) -> str:
    """Return a document with a suite for each scenario and one for conduct."""
    suites = []
    if report.coverage is not None:
        suites += [_scenario(row) for row in report.coverage.rows]
        if report.fail_under is not None:
            under = next((told for told in report.failures if report.is_under), None)
            case = _case("coverage", f"at least {report.fail_under:g} %", None if under is None else _failure(under))
            suites.append(_suite("coverage", [case]))
    if report.findings is not None:
        suites.append(_suite("conduct", [_finding(each, report) for each in report.findings]))
    return "\n".join(
        ['<?xml version="1.0" encoding="UTF-8"?>', '<testsuites name="xpander-emulator">', *suites, "</testsuites>", ""]
    )


def _scenario(row: Row) -> str:
    cases = [
        _case(f"coverage.{row.scenario}", f"{item.kind} {item.name}", None if met else '<skipped message="never met"/>')
        for item, met in row.items
    ]
    return _suite(f"coverage {row.scenario}", cases)


def _finding(finding: Finding, report: Report) -> str:
    about = f" Task {finding.task_id}." if finding.task_id else ""
    told = f"{finding.message} Shown by {requests_text(finding.requests)}.{about}"
    name = f"{finding.rule} {finding.where}".rstrip()
    skipped = f"<skipped message={_attribute(told)}/>"
    return _case("conduct", name, _failure(told) if finding in report.failing else skipped)


def _suite(name: str, cases: list[str]) -> str:
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    numbers = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'
    return "\n".join([f"<testsuite name={_attribute(name)} {numbers}>", *cases, "</testsuite>"])


def _case(group: str, name: str, inside: str | None) -> str:
    head = f"<testcase classname={_attribute(group)} name={_attribute(name)}"
    return f"{head}/>" if inside is None else f"{head}>{inside}</testcase>"


def _failure(told: str) -> str:
    return f"<failure message={_attribute(told)}>{escape(_allowed(told))}</failure>"


def _attribute(text: str) -> str:
    return quoteattr(_allowed(text), {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"})


def _allowed(text: str) -> str:
    return _FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)
