"""The options of a run's report, as `exec` and the pytest plugin take them, and the files that they name."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xpander_emulator.common.os_errors import reason
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.conduct import ANY, Finding, check_names
from xpander_emulator.report.conduct_rules import RULES
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.report.coverage_json import as_text
from xpander_emulator.report.render import html, junit, markdown
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import summarize

# GitHub gives each step a file, to which several commands may append.
_APPENDED: Final = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """What a user asks of the report of a run.

    scenarios:  those to count over; empty for those that were started.
    fail_under: percent of coverage that a run has to reach.
    fail_on:    rules whose findings fail the run, or `any`.
    waive:      rules that find nothing.
    coverage_json, junit, html, markdown: files to write.
    """

    scenarios: tuple[str, ...] = ()
    fail_under: float | None = None
    fail_on: tuple[str, ...] = ()
    waive: tuple[str, ...] = ()
    coverage_json: Path | None = None
    junit: Path | None = None
    html: Path | None = None
    markdown: Path | None = None

    def check(self) -> None:
        """Raise BadRequest for an unknown rule, and for a percentage that does not exist."""
        check_names(self.fail_on, (*RULES, ANY), "fail-on")
        check_names(self.waive, RULES, "waive")
        if self.fail_under is not None and not 0 <= self.fail_under <= 100:
            raise BadRequest(f"fail-under: {self.fail_under:g} is no percentage; write a number from 0 to 100.")

    def report(self, coverage: Coverage, findings: Sequence[Finding]) -> Report:
        """Return the report of a run. Raises BadRequest for an unknown scenario."""
        # Where no server has run, no scenario is known.
        scenarios = self.scenarios if coverage.declared else ()
        return Report(summarize(coverage, scenarios), findings, self.fail_under, self.fail_on)

    def write(self, report: Report, coverage: Coverage) -> None:
        """Write the files that the options name, with their folders. Raises BadRequest for one that cannot be."""
        if self.coverage_json is not None:
            _write(self.coverage_json, as_text(coverage))
        for path, render in (
            (self.junit, junit.render),
            (self.html, html.render),
            (self.markdown, markdown.render),
        ):
            if path is not None:
                _write(path, render(report))


def _write(path: Path, text: str) -> None:
    mode = "a" if str(path) == os.environ.get(_APPENDED) else "w"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise BadRequest(f"{path}: cannot be written: {reason(error)}.") from None
