"""Fault lookup: which fault strikes a request of the emulated API."""

from typing import Final

from xpander_emulator.contract.extension.vocabulary import START
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.fault_selection import FaultQuery, Hit
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.web.context import RequestContext

# The actions whose `subject` is a task; that of any other is the workflow or agent to run.
_TASK_ACTIONS: Final = frozenset(
    ["read", "events", "stop", "delete", "thread", "thread_full", "update", "signal", "activity", "push"]
)


class FaultLookup:
    """Looks up the faults of requests in the engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def before_handling(self, context: RequestContext) -> Hit | None:
        """Return the fault of a request that is about to be handled, or None. Raises BadRequest.

        Fills `reading` and `clock` of the context: what the store has of the request's task and namespace.
        """
        behaviour, preferred = context.operation.behaviour, context.preferences.fault
        is_about_a_task = behaviour.get("action") in _TASK_ACTIONS
        task_id = context.parameters.get(behaviour.get("subject", "task_id")) if is_about_a_task else None
        reading = context.reading = await self._engine.store.read(context.namespace, task_id or "")
        context.clock = self._engine.task_states.clock_of(reading)
        faults = self._engine.faults
        return await faults.strike(_query(context, task_id), reading) if faults.may_strike(preferred, reading) else None

    async def after_start(self, context: RequestContext, task_state: TaskState) -> Hit | None:
        """Return the fault that the scenario of a task has for the request that has started it, or None."""
        if not task_state.turn.timeline.goes_wrong:
            return None
        return await self._engine.faults.strike_started(_query(context, None), task_state)


def _query(context: RequestContext, task_id: str | None) -> FaultQuery:
    behaviour, preferences = context.operation.behaviour, context.preferences
    scenario = preferences.scenario if task_id is None else None
    if scenario is None and behaviour.get("action") == START:
        scenario = context.parameters.get(behaviour.get("subject", ""), context.operation.id)
    return FaultQuery(context.namespace, context.operation, task_id, scenario, preferences.fault)
