"""Which fault strikes a call of the emulated API."""

from typing import Final

from xpander_emulator.contract.extension.vocabulary import START
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.fault_selection import Asked, Hit
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.web.pipeline import Call

# The actions whose `subject` is a task; that of any other names what is run.
_ABOUT_A_TASK: Final = frozenset(
    ["read", "events", "stop", "delete", "thread", "thread_full", "update", "signal", "activity", "push"]
)


class ApiFaults:
    """Puts calls in the terms of the engine's faults."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def strike(self, call: Call) -> Hit | None:
        """Return the fault of a call that is about to be handled, or None. Raises BadRequest.

        What the store keeps of the call's task and namespace is read for it, and then stands in the call.
        """
        behaviour, preferred = call.operation.behaviour, call.preferences.fault
        is_about_a_task = behaviour.get("action") in _ABOUT_A_TASK
        task_id = call.parameters.get(behaviour.get("subject", "task_id")) if is_about_a_task else None
        reading = call.reading = await self._engine.store.read(call.namespace, task_id or "")
        call.clock = self._engine.task_states.clock_of(reading)
        faults = self._engine.faults
        return await faults.strike(_asked(call, task_id), reading) if faults.may_strike(preferred, reading) else None

    async def strike_started(self, call: Call, task_state: TaskState) -> Hit | None:
        """Return the fault that the story of a task has for the call that has started it, or None."""
        if not task_state.turn.timeline.goes_wrong:
            return None
        return await self._engine.faults.strike_started(_asked(call, None), task_state)


def _asked(call: Call, task_id: str | None) -> Asked:
    behaviour, preferences = call.operation.behaviour, call.preferences
    story = preferences.scenario if task_id is None else None
    if story is None and behaviour.get("action") == START:
        story = call.parameters.get(behaviour.get("subject", ""), call.operation.id)
    return Asked(call.namespace, call.operation, task_id, story, preferences.fault)
