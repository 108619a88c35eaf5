"""The conduct runner applies the rules of conduct to a journal, with the histories of its tasks.

The registry imports this module when findings are read for the first time.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace

from xpander_emulator.contract.model import Contract
from xpander_emulator.core.status import Status
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import NotFound
from xpander_emulator.journal.port import Entry
from xpander_emulator.report.conduct import Evidence, Finding, History, apply
from xpander_emulator.report.conduct_rules import RULES
from xpander_emulator.report.unknown_fields import UnknownFields


class ConductRunner:
    """Applies the rules to the clients of one engine, whose requests were validated against one contract.

    waived: rules that find nothing.
    """

    def __init__(self, engine: Engine, contract: Contract, waived: Collection[str]) -> None:
        self._engine = engine
        self._waived = waived
        self._actions = {each.id: str(each.behaviour.get("action", "")) for each in contract.operations}
        self._unknown_fields = UnknownFields(contract)

    async def run(self, namespace: str, entries: Sequence[Entry], *, followed: bool = False) -> list[Finding]:
        """Return the findings in the entries of a namespace, oldest first, as if no further request followed.

        followed: whether a page was opened on which a credential is authorized.
        """
        histories = await self._histories(namespace, entries)
        evidence = Evidence(entries, histories, self._actions, self._unknown_fields.of, followed)
        return [replace(finding, where=namespace) for finding in apply(RULES, evidence, self._waived)]

    async def _histories(self, namespace: str, entries: Sequence[Entry]) -> dict[tuple[str, int], History]:
        """Return the histories of the tasks that were shown paused, by task and turn."""
        paused = {entry.task_id for entry in entries if entry.task_status == Status.PAUSED and entry.task_id}
        histories: dict[tuple[str, int], History] = {}
        for task_id in sorted(paused):
            try:
                turns = await self._engine.task_states.turns(namespace, task_id)
            except NotFound:
                continue
            for turn in turns:
                histories[task_id, turn.number + 1] = History(turn.turn.timeline, turn.snapshot.visits)
        return histories
