"""Which fault strikes a call of the emulated API."""

from typing import Final

from emulator.engine import Engine
from emulator.faulting import Asked, Hit
from emulator.standing import Standing
from emulator.web.service import Call

# The actions whose `subject` is a task; that of any other names what is run.
_ABOUT_A_TASK: Final = frozenset(
    ["read", "events", "stop", "delete", "thread", "thread_full", "update", "signal", "activity", "push"]
)
_START: Final = "start"


class ApiFaults:
    """Puts calls in the terms of the engine's faults."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def strike(self, call: Call) -> Hit | None:
        """Return the fault of a call that is about to be handled, or None. Raises BadRequest.

        What the store keeps of the call's task and namespace is read for it, and then stands in the call.
        """
        asked = _asked(call)
        call.reading = await self._engine.store.read(call.namespace, asked.task_id or "")
        call.clock = self._engine.standings.clock_of(call.reading)
        return await self._engine.faults.strike(asked, call.reading)

    async def strike_started(self, call: Call, standing: Standing) -> Hit | None:
        """Return the fault that the story of a task has for the call that has started it, or None."""
        if call.operation.behaviour.get("action") != _START or not standing.turn.timeline.goes_wrong:
            return None
        return await self._engine.faults.strike_started(_asked(call), standing)


def _asked(call: Call) -> Asked:
    behaviour, preferences = call.operation.behaviour, call.preferences
    action = behaviour.get("action", "")
    if action in _ABOUT_A_TASK:
        task_id = call.parameters.get(behaviour.get("subject", "task_id"))
        return Asked(call.namespace, call.operation, task_id, preferred=preferences.fault)
    runs = call.parameters.get(behaviour.get("subject", ""), call.operation.id) if action == _START else None
    return Asked(call.namespace, call.operation, None, preferences.scenario or runs, preferences.fault)
