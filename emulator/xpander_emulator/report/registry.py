"""Gathering: what one server knows of its clients, by their journals as they are and as they were before a reset."""

from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xpander_emulator.contract.model import Contract
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.engine.engine import Engine
from xpander_emulator.report.coverage_recorder import CoverageRegister

if TYPE_CHECKING:
    from xpander_emulator.report.conduct import Finding
    from xpander_emulator.report.conduct_runner import Judge

# Findings of earlier journals that are kept, over all namespaces; the oldest go first.
MOST_FINDINGS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Reports:
    """What one server knows of its clients."""

    coverage: CoverageRegister
    conduct: "ConductRegister"


def reports_on(engine: Engine, contract: Contract) -> Reports:
    """Return what will know of an engine's clients, once it observes their answers.

    Rules that the settings waive find nothing. Raises BadRequest for one that there is not.
    """
    waived = engine.settings.waive
    if waived:
        from xpander_emulator.report.conduct import check_names
        from xpander_emulator.report.conduct_rules import RULES

        check_names(waived, RULES, "waive")
    conduct = ConductRegister(engine, contract, waived)
    engine.before_reset.append(conduct.keep)
    return Reports(CoverageRegister(lambda: _stories(engine), contract.operations), conduct)


def _stories(engine: Engine) -> Iterator[Timeline]:
    return (scenario.timeline for scenario in engine.catalogue.values())


class ConductRegister:
    """Judges how clients behave. Nothing is judged before somebody asks, or a journal is about to be forgotten.

    waived: rules that find nothing.
    """

    def __init__(self, engine: Engine, contract: Contract, waived: Collection[str] = ()) -> None:
        self._engine = engine
        self._contract = contract
        self._waived = waived
        self._judge: Judge | None = None
        self._earlier: OrderedDict[str, list[Finding]] = OrderedDict()
        # Up to which entry a journal that is kept has been judged for good.
        self._judged_to: dict[str, int] = {}
        self._followed: set[str] = set()

    def follow(self, namespace: str) -> None:
        """Note that somebody has opened a page on which a credential is authorized."""
        self._followed.add(namespace)

    async def keep(self, namespace: str, scopes: Collection[str]) -> None:
        """Judge a journal that a reset is about to forget, or whose tasks are: the same ids may come again."""
        if not {"tasks", "journal"} & set(scopes):
            return
        found = await self._judged(namespace)
        await self._close(namespace, is_kept="journal" not in scopes)
        if not found:
            return
        self._earlier[namespace] = [*self._earlier.get(namespace, ()), *found][-MOST_FINDINGS:]
        self._earlier.move_to_end(namespace)
        while len(self._earlier) > 1 and sum(map(len, self._earlier.values())) > MOST_FINDINGS:
            self._earlier.popitem(last=False)

    async def of(self, namespace: str) -> list["Finding"]:
        """Return what the clients of a namespace did, earlier journals first."""
        return [*self._earlier.get(namespace, ()), *await self._judged(namespace)]

    async def of_all(self) -> list["Finding"]:
        """Return what all clients did, by namespace."""
        names = sorted({*self._earlier, *await self._engine.journal.namespaces()})
        return [finding for name in names for finding in await self.of(name)]

    async def forget(self, namespace: str) -> None:
        """Forget what the clients of a namespace did so far."""
        self._earlier.pop(namespace, None)
        await self._close(namespace, is_kept=True)

    async def forget_all(self) -> None:
        """Forget what any client did so far."""
        for name in {*self._earlier, *await self._engine.journal.namespaces()}:
            await self.forget(name)

    async def _close(self, namespace: str, *, is_kept: bool) -> None:
        """Let nothing that stands in a journal now be judged again."""
        newest = await self._engine.journal.newest(namespace) if is_kept else ()
        self._judged_to.pop(namespace, None)
        self._followed.discard(namespace)
        if newest:
            self._judged_to[namespace] = newest[0].ordinal

    async def _judged(self, namespace: str) -> list["Finding"]:
        judged = self._judged_to.get(namespace, 0)
        newest = await self._engine.journal.newest(namespace)
        entries = tuple(entry for entry in reversed(newest) if entry.ordinal > judged)
        if not entries:
            return []
        if self._judge is None:
            # A server whose clients nobody judges starts 15 ms sooner.
            from xpander_emulator.report.conduct_runner import Judge

            self._judge = Judge(self._engine, self._contract, self._waived)
        return await self._judge.judge(namespace, entries, followed=namespace in self._followed)
