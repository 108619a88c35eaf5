"""The whole report: coverage and conduct of a run, and what of it fails a build."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from xpander_emulator.report.conduct import Finding, failing
from xpander_emulator.report.summary import Summary


@dataclass(frozen=True, slots=True)
class Report:
    """What is told of a run; None for what nobody asked for.

    fail_under: percent of coverage below which a build fails, or None.
    fail_on:    rules whose findings fail a build, or `any`.
    """

    coverage: Summary | None = None
    findings: Sequence[Finding] | None = None
    fail_under: float | None = None
    fail_on: Collection[str] = ()

    @property
    def is_under(self) -> bool:
        """Whether coverage is below its threshold; with one, nothing at all is below it."""
        if self.coverage is None or self.fail_under is None:
            return False
        return not self.coverage.all.total or not self.coverage.all.is_at_least(self.fail_under)

    @property
    def failing(self) -> Sequence[Finding]:
        """The findings that fail a build."""
        return failing(self.findings or (), self.fail_on)

    @property
    def failures(self) -> tuple[str, ...]:
        """Why a build fails, a sentence each."""
        told = []
        if self.coverage is not None and self.fail_under is not None and self.is_under:
            whole = self.coverage.all
            reached = f"{whole.percent:g} % of the stories were met" if whole.total else "no scenario was started"
            told.append(f"Coverage is under {self.fail_under:g} %: {reached}.")
        if self.failing:
            rules = ", ".join(dict.fromkeys(finding.rule for finding in self.failing))
            told.append(f"Conduct that fails the build: {rules}.")
        return tuple(told)
