"""The report as text, for a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import COUNTED, KINDS, STATUS
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Row, Summary, Tally

HEADINGS = ("scenario", "steps", "transitions", "signals", "faults", "statuses", "all")
NOTHING_STARTED = "No scenario was started."
NO_FINDINGS = "Nothing to find fault with."


def whole(report: Report, *, in_full: bool = True) -> str:
    """Return everything that a report has; without `in_full` the list of what was never met is left out."""
    parts = []
    if report.coverage is not None:
        parts.append(coverage(report.coverage, in_full=in_full))
    if report.findings is not None:
        parts.append(conduct(report.findings))
    return "\n\n".join(parts)


def coverage(found: Summary, *, in_full: bool = True) -> str:
    """Return a table of scenarios, what was never met of them, and how much of the contract was."""
    if not found.rows:
        return NOTHING_STARTED
    missing = [line for row in found.rows if in_full and row.missing for line in _missing(row)]
    met = found.answers_met
    return "\n".join(
        [
            *aligned([HEADINGS, *table(found)]),
            *(["", "Never met:", *missing] if missing else []),
            "",
            f"{len(found.rows)} of {found.known} scenarios count."
            f" Of the answers that the contract declares, {met.reached} of {met.total} were met.",
        ]
    )


def conduct(findings: Sequence[Finding]) -> str:
    """Return findings, each with its place and the requests that show it."""
    if not findings:
        return NO_FINDINGS
    return "\n".join(line for finding in findings for line in _told(finding))


def table(found: Summary) -> Iterator[tuple[str, ...]]:
    """Yield a row of texts for each scenario, and one for all where there are several."""
    for row in found.rows:
        yield (row.scenario, *(fraction(row.tallies[kind]) for kind in KINDS), percent(row.all))
    if len(found.rows) > 1:
        yield ("all", *(fraction(found.of_kind(kind)) for kind in (*COUNTED, STATUS)), percent(found.all))


def fraction(tally: Tally) -> str:
    """Return `3/7`; `-` of nothing."""
    return f"{tally.reached}/{tally.total}" if tally.total else "-"


def percent(tally: Tally) -> str:
    """Return `42.8 %`."""
    return f"{tally.percent:.1f} %"


def one_line(text: str) -> str:
    """Return a text in which nothing moves a terminal's cursor."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Yield rows in columns, the first to the left and the others to the right."""
    cells = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for first, *others in cells:
        right = (cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True))
        yield "  ".join((first.ljust(widths[0]), *right))


def names(row: Row, kind: str) -> list[str]:
    """Return what of one kind a scenario was never met in."""
    return [item.name for item in row.missing if item.kind == kind]


def requests_text(requests: Iterable[int]) -> str:
    """Return `request 3` or `requests 3, 4`."""
    told = [str(each) for each in requests]
    return f"request{'s' if len(told) > 1 else ''} {', '.join(told)}"


def _missing(row: Row) -> Iterator[str]:
    yield one_line(f"  {row.scenario}  {row.file}".rstrip())
    for kind in COUNTED:
        if found := names(row, kind):
            yield one_line(f"    {kind}{'s' if len(found) > 1 else ''}: {', '.join(found)}")


def _told(finding: Finding) -> Iterator[str]:
    yield one_line(f"{finding.severity}: {finding.rule}  {finding.where}".rstrip())
    about = f"; task {finding.task_id}" if finding.task_id else ""
    yield one_line(f"  {finding.message} ({requests_text(finding.requests)}{about})")
