"""The room of one test: a namespace of a server that runs in a thread."""

from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.server.threaded import ThreadedServer

Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class Room:
    """Where a test's tasks are kept. `key` is the API key that opens it."""

    server: ThreadedServer
    key: str
    namespace: str

    @property
    def engine(self) -> Engine:
        """The engine, whose methods are for `call`."""
        return self.server.app.engine

    @property
    def actions(self) -> Mapping[str, str]:
        """What each operation of the contract does, by its id; empty for one that is answered from the contract."""
        operations = self.server.app.contract.operations
        return {operation.id: str(operation.behaviour.get("action", "")) for operation in operations}

    def check_operation(self, operation_id: str | None) -> None:
        """Raise BadRequest for an operation that the contract does not have."""
        if operation_id is not None and operation_id not in (known := self.actions):
            right = did_you_mean(operation_id, tuple(known)) or "; `xpander-emulator routes` lists them."
            raise BadRequest(f"The contract has no operation '{operation_id}'{right}")

    def call(self, work: Coroutine[Any, Any, Returned]) -> Returned:
        """Run a method of the engine in the server's loop, and return its result or raise what it raises."""
        return self.server.call(work)

    def task_states(self) -> list[TaskState]:
        """Return where the tasks stand that exist by now, in the order of their start."""
        return self.call(self._task_states())

    async def _task_states(self) -> list[TaskState]:
        task_states = self.engine.task_states
        listed = await task_states.select(self.namespace, lambda task: True)
        found = [await task_states.find(self.namespace, task.id) for task in reversed(listed)]
        return [task_state for task_state in found if task_state is not None]

    def nothing_asked(self) -> str:
        """Return that no request came with this key, and in which namespaces there are some."""
        others = sorted(self.call(self.engine.journal.namespaces()).items())
        found = ", ".join(f"{name} ({count})" for name, count in others if name != self.namespace)
        elsewhere = f" There are requests of other keys, by namespace: {found}." if found else ""
        return f"No request came with this test's key, {self.key!r}.{elsewhere}"

    def lacks(self, task_id: str) -> str:
        """Return that there is no such task here, and which there are."""
        known = [f"{each.task.id} ({each.turn.runs}, {each.snapshot.status})" for each in self.task_states()]
        if not known:
            return f"No task '{task_id}': none has been started with the key '{self.key}'."
        return (
            f"No task '{task_id}' has been started with the key '{self.key}'; those that have are {', '.join(known)}."
        )
