"""The report as Markdown, for the summary page of a CI run."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import COUNTED
from xpander_emulator.report.render.text import (
    HEADINGS,
    NO_FINDINGS,
    NOTHING_STARTED,
    names,
    one_line,
    requests_text,
    table,
)
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Summary

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:-])")


def whole(report: Report) -> str:
    """Return everything that a report has, as a document of its own."""
    parts: list[str] = []
    for failure in report.failures:
        parts += [f"**{escaped(failure)}**", ""]
    if report.coverage is not None:
        parts += ["## Coverage of the scenarios", "", *_coverage(report.coverage), ""]
    if report.findings is not None:
        parts += ["## Conduct of the client", "", *_conduct(report.findings), ""]
    return "\n".join(parts)


def escaped(text: str) -> str:
    """Return a text that Markdown shows as it is, in a table as well."""
    return _SPECIAL.sub(r"\\\1", one_line(text))


def _coverage(found: Summary) -> Iterator[str]:
    if not found.rows:
        yield NOTHING_STARTED
        return
    yield _row([heading.capitalize() for heading in HEADINGS])
    yield _row([":--", *("--:" for _ in HEADINGS[1:])], raw=True)
    yield from (_row(cells) for cells in table(found))
    yield ""
    for row in found.rows:
        told = [f"{kind}s {', '.join(names(row, kind))}" for kind in COUNTED if names(row, kind)]
        if told:
            yield f"- {escaped(row.scenario)} never met {escaped('; '.join(told))}"
    met = found.answers_met
    yield ""
    yield f"{len(found.rows)} of {found.known} scenarios count. Answers of the contract: {met.reached} of {met.total}."


def _conduct(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        yield NO_FINDINGS
        return
    yield _row(["Rule", "Severity", "Where", "What", "Shown by"])
    yield _row([":--"] * 5, raw=True)
    for each in findings:
        yield _row([each.rule, each.severity, each.where, each.message, requests_text(each.requests)])


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else escaped(cell) for cell in cells)} |"
