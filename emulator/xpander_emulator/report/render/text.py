"""The report as text, for a terminal, and the wordings that all formats share."""

from collections.abc import Iterable, Iterator, Sequence

from xpander_emulator.common.terminal_text import columns, printable
from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import COUNTED, KINDS
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Row, Summary, Tally

COVERAGE_HEADINGS = ("scenario", "steps", "transitions", "signals", "faults", "statuses", "all")
FINDING_HEADINGS = ("Rule", "Severity", "Where", "What", "Requests")
NOTHING_STARTED = "No scenario was started."
NO_FINDINGS = "No findings."


def render(report: Report, *, in_full: bool = True) -> str:
    """Return the parts of a report; without `in_full`, what was never met is not listed."""
    parts = []
    if report.coverage is not None:
        parts.append("\n".join(_coverage(report.coverage, in_full=in_full)))
    if report.findings is not None:
        parts.append("\n".join(line for finding in report.findings for line in _finding(finding)) or NO_FINDINGS)
    return "\n\n".join(parts)


def coverage_rows(summary: Summary) -> Iterator[tuple[str, ...]]:
    """Yield the cells of each scenario, and those of all scenarios together where there are several."""
    for row in summary.rows:
        yield (row.scenario, *(_fraction(row.tallies[kind]) for kind in KINDS), f"{row.all.percent:.1f} %")
    if len(summary.rows) > 1:
        yield ("all", *(_fraction(summary.of_kind(kind)) for kind in KINDS), f"{summary.all.percent:.1f} %")


def finding_cells(finding: Finding) -> tuple[str, ...]:
    """Return the cells of a finding, below FINDING_HEADINGS."""
    return finding.rule, finding.severity, finding.where, finding.message, requests_text(finding.requests)


def requests_text(requests: Iterable[int]) -> str:
    """Return `request 3` or `requests 3, 4`."""
    ids = [str(each) for each in requests]
    return f"request{'s' if len(ids) > 1 else ''} {', '.join(ids)}"


def _coverage(summary: Summary, *, in_full: bool) -> Iterator[str]:
    if not summary.rows:
        yield NOTHING_STARTED
        return
    rows: Sequence[Sequence[str]] = [COVERAGE_HEADINGS, *coverage_rows(summary)]
    yield from columns([[printable(cell) for cell in row] for row in rows], str.rjust)
    missing = [line for row in summary.rows if in_full for line in _missing(row)]
    if missing:
        yield from ("", "Never met:", *missing)
    yield ""
    yield (
        f"{len(summary.rows)} of {summary.known} scenarios count. Of the answers that the contract declares,"
        f" {summary.answer_tally.reached} of {summary.answer_tally.total} were met."
    )


def _fraction(tally: Tally) -> str:
    return f"{tally.reached}/{tally.total}" if tally.total else "-"


def _missing(row: Row) -> Iterator[str]:
    lines = [
        f"    {kind}{'s' if len(names) > 1 else ''}: {', '.join(names)}"
        for kind in COUNTED
        if (names := row.missing(kind))
    ]
    if lines:
        yield from map(printable, (f"  {row.scenario}  {row.file}".rstrip(), *lines))


def _finding(finding: Finding) -> Iterator[str]:
    task = f"; task {finding.task_id}" if finding.task_id else ""
    yield printable(f"{finding.severity}: {finding.rule}  {finding.where}".rstrip())
    yield printable(f"  {finding.message} ({requests_text(finding.requests)}{task})")
