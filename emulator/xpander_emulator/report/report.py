"""The report of a run: its coverage and the conduct of its clients, and what of them fails a build."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from xpander_emulator.report.conduct import ANY, Finding
from xpander_emulator.report.summary import Summary


@dataclass(frozen=True, slots=True)
class Report:
    """The report of a run; a part that nobody asked for is None.

    fail_under: percent of coverage below which a build fails, or None.
    fail_on:    rules whose findings fail a build, or `any`.
    """

    coverage: Summary | None = None
    findings: Sequence[Finding] | None = None
    fail_under: float | None = None
    fail_on: Collection[str] = ()

    @property
    def is_under(self) -> bool:
        """Whether coverage is below its threshold; a run that started no scenario is below any threshold."""
        if self.coverage is None or self.fail_under is None:
            return False
        return not self.coverage.all.total or not self.coverage.all.is_at_least(self.fail_under)

    @property
    def failing(self) -> Sequence[Finding]:
        """The findings that fail a build."""
        return [each for each in self.findings or () if ANY in self.fail_on or each.rule in self.fail_on]

    @property
    def failures(self) -> tuple[str, ...]:
        """The reasons why a build fails, a sentence each."""
        failures = []
        if self.coverage is not None and self.is_under:
            tally = self.coverage.all
            reached = f"{tally.percent:g} % of the scenarios were met" if tally.total else "no scenario was started"
            failures.append(f"Coverage is under {self.fail_under:g} %: {reached}.")
        if self.failing:
            rules = ", ".join(dict.fromkeys(finding.rule for finding in self.failing))
            failures.append(f"Conduct that fails the build: {rules}.")
        return tuple(failures)
