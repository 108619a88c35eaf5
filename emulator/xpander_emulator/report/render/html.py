"""The report as one HTML page: without scripts and without anything from elsewhere, for light and dark screens."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Final

from xpander_emulator.common import resources
from xpander_emulator.common.terminal_text import printable
from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import COUNTED, Item
from xpander_emulator.report.render.text import (
    COVERAGE_HEADINGS,
    FINDING_HEADINGS,
    NO_FINDINGS,
    NOTHING_STARTED,
    coverage_rows,
    finding_cells,
)
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Row, Summary

# The palette of the pages, then the sheet of the report: one file shows everything.
_STYLE: Final = "\n".join(
    path.read_text(encoding="utf-8") for path in (resources.TOKENS, Path(__file__).with_name("report.css"))
)
# The source of the page's only style, as a Content-Security-Policy names it.
STYLE_SOURCE: Final = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"


def render(report: Report, links: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the parts of a report as a page; `links` are the targets of its navigation, by their texts."""
    body = [f'<p class="fails">{_text(failure)}</p>' for failure in report.failures]
    if report.coverage is not None:
        body += ["<h2>Coverage of the scenarios</h2>", *_coverage(report.coverage)]
    if report.findings is not None:
        body += ["<h2>Conduct of the client</h2>", *_conduct(report.findings)]
    navigation = "".join(_link(text, target) for text, target in links.items())
    head = ['<link rel="icon" href="data:,">', f'<nav class="bar">{navigation}</nav>'] if links else []
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<title>xpander-emulator: report</title>",
            f"<style>{_STYLE}</style>",
            *head,
            "<main>\n<h1>Coverage and conduct</h1>",
            *body,
            "</main>\n</html>",
            "",
        ]
    )


def _link(name: str, target: str) -> str:
    return f'<a href="{escape(target)}">{_text(name)}</a>'


def _coverage(summary: Summary) -> Iterator[str]:
    if not summary.rows:
        yield f"<p>{NOTHING_STARTED}</p>"
        return
    yield f'<table tabindex="0">{_row([heading.capitalize() for heading in COVERAGE_HEADINGS], "th")}'
    yield from map(_row, coverage_rows(summary))
    yield "</table>"
    for row in summary.rows:
        yield from _scenario(row)
    answers = summary.answer_tally
    yield f"<h3>Responses of the contract: {answers.reached} of {answers.total} met</h3>"
    yield f"<p>The table above does not count them. It counts {len(summary.rows)} of {summary.known} scenarios.</p>"
    yield from _items(summary.answers)


def _scenario(row: Row) -> Iterator[str]:
    yield f"<h3>{_text(row.scenario)}</h3>"
    yield f"<p><code>{_text(row.file)}</code></p>"
    for kind in COUNTED:
        items = [pair for pair in row.items if pair[0].kind == kind]
        if items:
            yield f"<h4>{kind.capitalize()}s</h4>"
            yield from _items(items)
    if row.beyond:
        yield f"<p>Not in the scenario: {_text(', '.join(row.beyond))}</p>"


def _items(items: Sequence[tuple[Item, bool]]) -> Iterator[str]:
    yield "<ul>"
    for item, is_reached in items:
        yield f'<li class="{"met" if is_reached else "missing"}"><code>{_text(item.name)}</code></li>'
    yield "</ul>"


def _conduct(findings: Sequence[Finding]) -> Iterator[str]:
    if not findings:
        yield f"<p>{NO_FINDINGS}</p>"
        return
    yield f'<table class="findings" tabindex="0">{_row(FINDING_HEADINGS, "th")}'
    yield from (_row(finding_cells(finding)) for finding in findings)
    yield "</table>"


def _row(cells: Sequence[str], tag: str = "td") -> str:
    return f"<tr>{''.join(f'<{tag}>{_text(cell)}</{tag}>' for cell in cells)}</tr>"


def _text(text: str) -> str:
    return escape(printable(text))
