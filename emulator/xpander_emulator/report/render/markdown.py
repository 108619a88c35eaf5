"""The report as Markdown, for the summary page of a CI run."""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from xpander_emulator.common.terminal_text import printable
from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import COUNTED
from xpander_emulator.report.render.text import (
    COVERAGE_HEADINGS,
    FINDING_HEADINGS,
    NO_FINDINGS,
    NOTHING_STARTED,
    coverage_rows,
    finding_cells,
)
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Summary

_SPECIAL: Final = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@:-])")


def render(report: Report) -> str:
    """Return the parts of a report as a document."""
    parts: list[str] = []
    for failure in report.failures:
        parts += [f"**{_escaped(failure)}**", ""]
    if report.coverage is not None:
        parts += ["## Coverage of the scenarios", "", *_coverage(report.coverage), ""]
    if report.findings is not None:
        parts += ["## Conduct of the client", "", *_conduct(report.findings), ""]
    return "\n".join(parts)


def _coverage(summary: Summary) -> Iterator[str]:
    if not summary.rows:
        yield NOTHING_STARTED
        return
    yield _row([heading.capitalize() for heading in COVERAGE_HEADINGS])
    yield f"| :-- |{' --: |' * (len(COVERAGE_HEADINGS) - 1)}"
    yield from map(_row, coverage_rows(summary))
    yield ""
    for row in summary.rows:
        missing = [f"{kind}s {', '.join(names)}" for kind in COUNTED if (names := row.missing(kind))]
        if missing:
            yield f"- {_escaped(row.scenario)} never met {_escaped('; '.join(missing))}"
    answers = summary.answer_tally
    yield ""
    yield (
        f"{len(summary.rows)} of {summary.known} scenarios count."
        f" Answers of the contract: {answers.reached} of {answers.total}."
    )


def _conduct(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        yield NO_FINDINGS
        return
    yield _row(FINDING_HEADINGS)
    yield f"|{' :-- |' * len(FINDING_HEADINGS)}"
    yield from (_row(finding_cells(finding)) for finding in findings)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_escaped, cells))} |"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", printable(text))
