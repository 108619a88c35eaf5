"""Judging: the conduct in one journal, with what became of its tasks. Loaded with the first journal that is judged."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from xpander_emulator.contract.model import Contract
from xpander_emulator.core.task import Status
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import NotFound
from xpander_emulator.journal.port import Entry
from xpander_emulator.report.conduct import Evidence, Finding, History, conduct
from xpander_emulator.report.conduct_rules import RULES
from xpander_emulator.report.unknown_fields import Fields


class Judge:
    """Judges the clients of one engine, whose requests were held against one contract.

    waived: rules that find nothing.
    """

    def __init__(self, engine: Engine, contract: Contract, waived: Collection[str]) -> None:
        self._engine = engine
        self._waived = waived
        self._actions = {each.id: str(each.behaviour.get("action", "")) for each in contract.operations}
        self._fields = Fields(contract)

    async def judge(self, namespace: str, entries: Sequence[Entry], *, followed: bool = False) -> list[Finding]:
        """Return what the entries of a namespace show, oldest first, as if no request were to follow.

        followed: whether anybody has opened a page on which a credential is authorized.
        """
        histories = await self._histories(namespace, entries)
        evidence = Evidence(entries, histories, self._actions, self._fields.lacking, followed)
        return [replace(finding, where=namespace) for finding in conduct(RULES, evidence, self._waived)]

    async def _histories(self, namespace: str, entries: Sequence[Entry]) -> dict[tuple[str, int], History]:
        """Return how the turns went of the tasks that were shown paused."""
        paused = {
            entry.task_id for entry in entries if entry.task_status == Status.PAUSED and entry.task_id is not None
        }
        found: dict[tuple[str, int], History] = {}
        for task_id in sorted(paused):
            try:
                turns = await self._engine.task_states.turns(namespace, task_id)
            except NotFound:
                continue
            for turn in turns:
                found[task_id, turn.number + 1] = History(turn.turn.timeline, turn.snapshot.visits)
        return found
