"""Wishes: what is to be done with the report of a run, as `exec` and the pytest plugin are told it."""

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
from xpander_emulator.report.summary import summary

# GitHub gives each step a file, to which several commands may add.
_OF_SEVERAL: Final = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wants of a run.

    scenarios:  those to count over; none for those that were started.
    fail_under: percent of coverage that a run has to reach.
    fail_on:    rules whose findings fail it, or `any`.
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


def check(wishes: Wishes) -> None:
    """Raise BadRequest for a rule that there is not, and for a share that nothing can have."""
    check_names(wishes.fail_on, (*RULES, ANY), "fail-on")
    check_names(wishes.waive, RULES, "waive")
    if wishes.fail_under is not None and not 0 <= wishes.fail_under <= 100:
        raise BadRequest(f"fail-under: {wishes.fail_under:g} is no percentage; write a number from 0 to 100.")


def report_of(wishes: Wishes, coverage: Coverage, findings: Sequence[Finding]) -> Report:
    """Return the report of a run. Raises BadRequest for a scenario that there is not."""
    # Where no server has run, nothing is known of any scenario.
    scenarios = wishes.scenarios if coverage.declared else ()
    return Report(summary(coverage, scenarios), findings, wishes.fail_under, wishes.fail_on)


def write(wishes: Wishes, report: Report, coverage: Coverage) -> None:
    """Write the files that are wanted; folders are made. Raises BadRequest for one that cannot be written."""
    if wishes.coverage_json is not None:
        _write(wishes.coverage_json, as_text(coverage))
    for path, whole in (
        (wishes.junit, junit.whole),
        (wishes.html, html.whole),
        (wishes.markdown, markdown.whole),
    ):
        if path is not None:
            _write(path, whole(report))


def _write(path: Path, text: str) -> None:
    mode = "a" if str(path) == os.environ.get(_OF_SEVERAL) else "w"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open(mode, encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise BadRequest(f"{path}: cannot be written: {reason(error)}.") from None
