"""The namespace of one test, on a server that runs in a thread."""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Concatenate, ParamSpec, TypeVar

from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.server.threaded import ThreadedServer

Arguments = ParamSpec("Arguments")
Returned = TypeVar("Returned")


@dataclass(frozen=True, slots=True)
class Namespace:
    """The namespace of one test. `key` is the API key of its client."""

    server: ThreadedServer
    key: str
    name: str

    @property
    def engine(self) -> Engine:
        """The engine, whose methods are for `call`."""
        return self.server.app.engine

    @property
    def actions(self) -> Mapping[str, str]:
        """The action of each operation of the contract, by its id; "" for one that is answered from the contract."""
        operations = self.server.app.contract.operations
        return {operation.id: str(operation.behaviour.get("action", "")) for operation in operations}

    def check_operation(self, operation_id: str | None) -> None:
        """Raise BadRequest for an operation that the contract does not have."""
        if operation_id is not None and operation_id not in (known := self.actions):
            hint = did_you_mean(operation_id, tuple(known)) or "; `xpander-emulator routes` lists them."
            raise BadRequest(f"The contract has no operation '{operation_id}'{hint}")

    def call(
        self,
        method: Callable[Concatenate[str, Arguments], Coroutine[Any, Any, Returned]],
        *arguments: Arguments.args,
        **keywords: Arguments.kwargs,
    ) -> Returned:
        """Run a method, with this namespace as its first argument, in the server's loop; return or raise its result."""
        return self.server.call(method(self.name, *arguments, **keywords))

    def task_states(self) -> list[TaskState]:
        """Return the states of all tasks, in the order of their start."""
        return self.call(self._task_states)

    async def _task_states(self, namespace: str) -> list[TaskState]:
        task_states = self.engine.task_states
        tasks = await task_states.select(namespace, lambda task: True)
        states = [await task_states.find(namespace, task.id) for task in reversed(tasks)]
        return [state for state in states if state is not None]

    def no_task(self) -> str:
        """Return the message that no task was started here, with the namespaces that have tasks."""
        elsewhere = self._elsewhere("tasks", self.server.call(self.engine.store.namespaces()))
        return f"No task was started with this test's key, {self.key!r}.{elsewhere}"

    def no_request(self) -> str:
        """Return the message that no request came here, with the namespaces that have requests."""
        elsewhere = self._elsewhere("requests", self.server.call(self.engine.journal.namespaces()))
        return f"No request came with this test's key, {self.key!r}.{elsewhere}"

    def unknown_task(self, task_id: str) -> str:
        """Return the message that a task does not exist here, with those that do."""
        tasks = [f"{each.task.id} ({each.turn.runs}, {each.snapshot.status})" for each in self.task_states()]
        if not tasks:
            return f"No task '{task_id}': none has been started with the key '{self.key}'."
        return f"No task '{task_id}' has been started with the key '{self.key}'; there are {', '.join(tasks)}."

    def _elsewhere(self, noun: str, counts: Mapping[str, int]) -> str:
        others = [f"{name} ({count})" for name, count in sorted(counts.items()) if count and name != self.name]
        return f" There are {noun} of other keys, by namespace: {', '.join(others)}." if others else ""
