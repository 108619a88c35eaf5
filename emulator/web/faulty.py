"""Which fault strikes a call of the emulated API."""

from typing import Final

from emulator.engine import Engine
from emulator.faulting import Asked, Hit
from emulator.web.service import Call

# The actions whose `subject` is a task; that of any other names what is run.
_ABOUT_A_TASK: Final = frozenset(
    ["read", "events", "stop", "delete", "thread", "thread_full", "update", "signal", "activity", "push"]
)


class ApiFaults:
    """Puts calls in the terms of the engine's faults."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def strike(self, call: Call) -> Hit | None:
        """Return the fault of a call that is about to be handled, or None. Raises BadRequest."""
        return await self._engine.faults.strike(_asked(call))

    async def strike_started(self, call: Call, task_id: str) -> Hit | None:
        """Return the fault that the story of a task has for the call that has started it, or None."""
        return await self._engine.faults.strike_started(_asked(call), task_id)


def _asked(call: Call) -> Asked:
    behaviour, preferences = call.operation.behaviour, call.preferences
    action = behaviour.get("action", "")
    if action in _ABOUT_A_TASK:
        task_id = call.parameters.get(behaviour.get("subject", "task_id"))
        return Asked(call.namespace, call.operation, task_id, preferred=preferences.fault)
    runs = call.parameters.get(behaviour.get("subject", ""), call.operation.id) if action == "start" else None
    return Asked(call.namespace, call.operation, None, preferences.scenario or runs, preferences.fault)
