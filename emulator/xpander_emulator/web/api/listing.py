"""Which tasks a list shows, and how it tells of each."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from xpander_emulator.clock import millis
from xpander_emulator.common import keyed_hash
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.sampling.fitting import Fitting
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.task import BY_SCHEMA
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.store.port import Task
from xpander_emulator.web.http import JSON
from xpander_emulator.web.pipeline import Call

# What a list calls the number of all that it lists.
_TOTALS: Final = ("total", "count", "total_count", "totalCount")


async def selected(engine: Engine, namespace: str, agent_id: str | None, asked: Mapping[str, Any]) -> list[Task]:
    """Return the tasks that a list asks for, newest first.

    agent_id: only those that run it; None for all.
    asked:    the filters by their names in the API; those that are None or absent narrow nothing.
    """
    by_state = _State(engine, asked) if _State.asked(asked) else None
    return await engine.task_states.select(namespace, _Facts(agent_id, asked), by_state)


async def summaries(engine: Engine, namespace: str, tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Return tasks in brief."""
    found = [await _told(engine, namespace, task) for task in tasks]
    return [engine.renderer.list_item(task_state, body) for task_state, body in found]


async def in_own_words(engine: Engine, contract: Contract, call: Call, tasks: Sequence[Task]) -> Any:
    """Return a list in the shape that a contract of its own style declares.

    A bare array of tasks, or an object that holds them under the name in `x-emulator: {items: …}`, with their number
    where it has one of the usual names.
    """
    under = call.operation.behaviour.get("items")
    whole, item = contract.derived(_Fittings).of(call.operation)
    told = [await _told(engine, call.namespace, task) for task in tasks]
    bodies = [item(body, task_state.turn.key) for task_state, body in told]
    if under is None:
        return bodies
    counted = {name: len(bodies) for name in _TOTALS if name in whole.properties}
    return whole({under: bodies, **counted}, keyed_hash.keyed(engine.settings.seed, call.namespace, call.operation.id))


class _Fittings:
    """What makes the lists of one contract fit, and each task in them; made once."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._by_operation: dict[str, tuple[Fitting, Fitting]] = {}

    def of(self, operation: Operation) -> tuple[Fitting, Fitting]:
        if operation.id not in self._by_operation:
            response = operation.response(200)
            media = None if response is None else response.content.get(JSON)
            pointer = None if media is None else media.schema_pointer
            schema = True if pointer is None else self._contract.schema(pointer)
            listed = view = SchemaView(self._contract.document, schema)
            under = operation.behaviour.get("items")
            if under is not None:
                listed = view.at(under)
            self._by_operation[operation.id] = Fitting(self._contract, view), Fitting(self._contract, listed.at(0))
        return self._by_operation[operation.id]


async def _told(engine: Engine, namespace: str, task: Task) -> tuple[TaskState, Mapping[str, Any]]:
    """Return a task for a list; one that cannot be shown in part, since its own answer says what is wrong."""
    if BY_SCHEMA in task.turn.request:
        # To make its result may take long; others are served before that.
        await asyncio.sleep(0)
    task_state = await engine.task_states.get(namespace, task.id)
    return task_state, engine.renderer.task_or_part(task_state)


class _Facts:
    """Tells by its facts alone whether a task is asked for."""

    def __init__(self, agent_id: str | None, asked: Mapping[str, Any]) -> None:
        self._agent_id = agent_id
        self._parent = asked.get("parent_task_id")

    def __call__(self, task: Task) -> bool:
        return (self._agent_id is None or task.turn.runs == self._agent_id) and (
            self._parent is None or task.parent == self._parent
        )


class _State:
    """Tells by where it stands whether a task is asked for."""

    NAMES: Final = ("status", "internal_status", "user_id", "triggering_agent_id", "from_date", "to_date")

    def __init__(self, engine: Engine, asked: Mapping[str, Any]) -> None:
        self._render = engine.renderer.task_in_part
        self._word = engine.renderer.words.status
        self._wanted = {
            name: asked[name] for name in ("internal_status", "triggering_agent_id") if asked.get(name) is not None
        }
        self._status, self._user = asked.get("status"), asked.get("user_id")
        self._from, self._to = _instant(asked.get("from_date")), _instant(asked.get("to_date"))

    @classmethod
    def asked(cls, asked: Mapping[str, Any]) -> bool:
        """Tell whether any filter needs to know where a task stands."""
        return any(asked.get(name) is not None for name in cls.NAMES)

    def __call__(self, task_state: TaskState) -> bool:
        created = task_state.snapshot.created_at
        if self._status is not None and self._word(task_state.snapshot.status) != self._status:
            return False
        if (self._from is not None and created < self._from) or (self._to is not None and created > self._to):
            return False
        if not self._wanted and self._user is None:
            return True
        body = self._render(task_state)
        user = (body.get("input", {}).get("user") or {}).get("id")
        return (self._user is None or user == self._user) and all(
            body[name] == value for name, value in self._wanted.items()
        )


def _instant(text: str | None) -> int | None:
    return None if text is None else millis(datetime.fromisoformat(text))
