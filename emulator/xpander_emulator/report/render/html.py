"""The report as one HTML page: without scripts and without anything from elsewhere, for light and dark screens."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from html import escape
from types import MappingProxyType
from typing import Final

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

_STYLE: Final = """
:root { color-scheme: light dark; --line: #8886; --link: #0b57a4; --met: #1a7f37; --missing: #b35900; --bad: #b42318 }
@media (prefers-color-scheme: dark) { :root { --link: #8cc2ff; --met: #4ac26b; --missing: #e0883f; --bad: #ff7b72 } }
html { background: Canvas; color: CanvasText }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; display: block; overflow-x: auto; margin: 1rem 0 }
h1, h2, h3, h4, li, p { overflow-wrap: anywhere }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; vertical-align: top }
th:first-child, td:first-child, .findings th, .findings td { text-align: left }
a { color: var(--link) }
code { font: 13px/1.4 ui-monospace, monospace; overflow-wrap: anywhere }
ul { columns: 2 22rem; list-style: none; padding: 0 }
.met::before { content: "✓ "; color: var(--met) }
.missing { color: var(--missing) }
.missing::before { content: "✗ never met: " }
.fails { color: var(--bad); font-weight: 600 }
"""


# The source of the page's only style, as a Content-Security-Policy names it.
STYLE_SOURCE: Final = f"'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"


def render(report: Report, links: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the parts of a report as a page; `links` are the targets of its navigation, by their texts."""
    body = [f'<p class="fails">{_text(failure)}</p>' for failure in report.failures]
    if report.coverage is not None:
        body += ["<h2>Coverage of the scenarios</h2>", *_coverage(report.coverage)]
    if report.findings is not None:
        body += ["<h2>Conduct of the client</h2>", *_conduct(report.findings)]
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            "<title>xpander-emulator: what was met</title>",
            f"<style>{_STYLE}</style>",
            *(
                ['<link rel="icon" href="data:,">', f"<nav>{' · '.join(_link(*each) for each in links.items())}</nav>"]
                if links
                else []
            ),
            "<main>\n<h1>What was met, and how</h1>",
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
    yield f"<h3>Answers of the contract: {answers.reached} of {answers.total}</h3>"
    yield f"<p>They do not count above. {len(summary.rows)} of {summary.known} scenarios do.</p>"
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
        yield f"<p>Beyond the scenario: {_text(', '.join(row.beyond))}</p>"


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
