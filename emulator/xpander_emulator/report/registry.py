"""The reports of one server: the coverage by its clients and their conduct, before and after resets."""

from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xpander_emulator.contract.model import Contract
from xpander_emulator.engine.engine import Engine
from xpander_emulator.report.coverage_recorder import CoverageRecorder

if TYPE_CHECKING:
    from xpander_emulator.report.conduct import Finding
    from xpander_emulator.report.conduct_runner import ConductRunner

# Findings of earlier journals that are stored, over all namespaces; the oldest go first.
MOST_FINDINGS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports of one server."""

    coverage: CoverageRecorder
    conduct: "ConductRegister"


def create_reports(engine: Engine, contract: Contract) -> Reports:
    """Return the reports of an engine; its answers have to be passed to `coverage.record`.

    Rules that the settings waive find nothing. Raises BadRequest for an unknown rule.
    """
    waived = engine.settings.waive
    if waived:
        from xpander_emulator.report.conduct import check_names
        from xpander_emulator.report.conduct_rules import RULES

        check_names(waived, RULES, "waive")
    conduct = ConductRegister(engine, contract, waived)
    engine.before_reset.append(conduct.before_reset)
    coverage = CoverageRecorder(
        lambda: (scenario.timeline for scenario in engine.catalogue.values()), contract.operations
    )
    return Reports(coverage, conduct)


class ConductRegister:
    """Applies the rules of conduct to journals: when the findings are read, and before a reset deletes a journal.

    waived: rules that find nothing.
    """

    def __init__(self, engine: Engine, contract: Contract, waived: Collection[str] = ()) -> None:
        self._engine = engine
        self._contract = contract
        self._waived = waived
        self._runner: ConductRunner | None = None
        self._earlier: OrderedDict[str, list[Finding]] = OrderedDict()
        # By namespace, the last entry of the journal whose findings are stored in `_earlier` or deleted.
        self._done_to: dict[str, int] = {}
        self._followed: set[str] = set()

    def follow(self, namespace: str) -> None:
        """Note that a page was opened on which a credential is authorized."""
        self._followed.add(namespace)

    async def before_reset(self, namespace: str, scopes: Collection[str]) -> None:
        """Store the findings before a reset of journal or tasks: after it, tasks may have the same ids again."""
        if not {"tasks", "journal"} & set(scopes):
            return
        findings = await self._new_findings(namespace)
        await self._close(namespace, journal_stays="journal" not in scopes)
        if not findings:
            return
        self._earlier[namespace] = [*self._earlier.get(namespace, ()), *findings][-MOST_FINDINGS:]
        self._earlier.move_to_end(namespace)
        while len(self._earlier) > 1 and sum(map(len, self._earlier.values())) > MOST_FINDINGS:
            self._earlier.popitem(last=False)

    async def of(self, namespace: str) -> list["Finding"]:
        """Return the findings of a namespace, those of earlier journals first."""
        return [*self._earlier.get(namespace, ()), *await self._new_findings(namespace)]

    async def of_all(self) -> list["Finding"]:
        """Return the findings of all namespaces, by namespace."""
        return [finding for name in sorted(await self._namespaces()) for finding in await self.of(name)]

    async def delete(self, namespace: str) -> None:
        """Delete the findings of a namespace so far."""
        self._earlier.pop(namespace, None)
        await self._close(namespace, journal_stays=True)

    async def delete_all(self) -> None:
        """Delete the findings of all namespaces so far."""
        for name in await self._namespaces():
            await self.delete(name)

    async def _namespaces(self) -> set[str]:
        return {*self._earlier, *await self._engine.journal.namespaces()}

    async def _close(self, namespace: str, *, journal_stays: bool) -> None:
        """Leave the present entries of a journal out of all further findings."""
        newest = await self._engine.journal.newest(namespace) if journal_stays else ()
        self._done_to.pop(namespace, None)
        self._followed.discard(namespace)
        if newest:
            self._done_to[namespace] = newest[0].ordinal

    async def _new_findings(self, namespace: str) -> list["Finding"]:
        done_to = self._done_to.get(namespace, 0)
        newest = await self._engine.journal.newest(namespace)
        entries = tuple(entry for entry in reversed(newest) if entry.ordinal > done_to)
        if not entries:
            return []
        if self._runner is None:
            # A server whose findings nobody reads starts 15 ms sooner.
            from xpander_emulator.report.conduct_runner import ConductRunner

            self._runner = ConductRunner(self._engine, self._contract, self._waived)
        return await self._runner.run(namespace, entries, followed=namespace in self._followed)
