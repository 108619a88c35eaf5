"""Lists of tasks: which tasks a list contains, and how it shows each."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from xpander_emulator.clock import millis
from xpander_emulator.common import keyed_hash
from xpander_emulator.common.types import Json, JsonObject
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.sampling.fitting import Fitting
from xpander_emulator.contract.schema.reader import ANYTHING, SchemaView
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.task import BY_SCHEMA, TaskRenderer
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.store.port import Task
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.http import JSON

# The names under which a list gives the number of its items.
_TOTALS: Final = ("total", "count", "total_count", "totalCount")
# The filters that need the state of a task.
_STATE_FILTERS: Final = ("status", "internal_status", "user_id", "triggering_agent_id", "from_date", "to_date")


class Listing:
    """Selects the tasks of lists, and renders them."""

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._contract = contract
        self._fittings: dict[str, tuple[Fitting, Fitting]] = {}

    async def select(self, namespace: str, agent_id: str | None, filters: Mapping[str, Any]) -> list[Task]:
        """Return the tasks of a namespace that pass all filters, newest first.

        agent_id: only tasks that run this agent or workflow; None for all.
        filters:  by their names in the API; one that is None or absent passes every task.
        """
        by_state = _state_filter(self._engine.renderer, filters)
        return await self._engine.task_states.select(namespace, _fact_filter(agent_id, filters), by_state)

    async def summaries(self, namespace: str, tasks: Sequence[Task]) -> list[JsonObject]:
        """Return tasks as the items of a list of the vendor's API."""
        rendered = [await self._rendered(namespace, task) for task in tasks]
        return [self._engine.renderer.list_item(task_state, body) for task_state, body in rendered]

    async def as_declared(self, context: RequestContext, tasks: Sequence[Task]) -> Json:
        """Return a list in the shape that another contract declares.

        That is an array of tasks, or an object that has them under the name in `x-emulator: {items: …}`, with their
        number where the object has a property with one of the usual names.
        """
        name = context.operation.behaviour.get("items")
        whole, item = self._fitting(context.operation)
        rendered = [await self._rendered(context.namespace, task) for task in tasks]
        bodies = [item(body, task_state.turn.key) for task_state, body in rendered]
        if name is None:
            return bodies
        totals = {each: len(bodies) for each in _TOTALS if each in whole.properties}
        key = keyed_hash.keyed(self._engine.settings.seed, context.namespace, context.operation.id)
        return whole({name: bodies, **totals}, key)

    def _fitting(self, operation: Operation) -> tuple[Fitting, Fitting]:
        """Return what makes a list, and each task in it, fit the schema of the operation's 200."""
        if operation.id not in self._fittings:
            response = operation.response(200)
            media = None if response is None else response.content.get(JSON)
            pointer = None if media is None else media.schema_pointer
            view = ANYTHING if pointer is None else SchemaView.of_pointer(self._contract.document, pointer)
            name = operation.behaviour.get("items")
            array = view if name is None else view.at(name)
            self._fittings[operation.id] = Fitting(self._contract, view), Fitting(self._contract, array.at(0))
        return self._fittings[operation.id]

    async def _rendered(self, namespace: str, task: Task) -> tuple[TaskState, Mapping[str, Any]]:
        """Return a task and its body; of a body that fails, the part that does not; its own response says why."""
        if BY_SCHEMA in task.turn.request:
            # A result by schema may take long to generate; other requests are served before that.
            await asyncio.sleep(0)
        task_state = await self._engine.task_states.get(namespace, task.id)
        return task_state, self._engine.renderer.task_or_part(task_state)


def _fact_filter(agent_id: str | None, filters: Mapping[str, Any]) -> Callable[[Task], bool]:
    parent = filters.get("parent_task_id")

    def passes(task: Task) -> bool:
        return (agent_id is None or task.turn.runs == agent_id) and (parent is None or task.parent == parent)

    return passes


def _state_filter(renderer: TaskRenderer, filters: Mapping[str, Any]) -> Callable[[TaskState], bool] | None:
    """Return the filter of those that need the state of a task; None where no such filter is set."""
    if all(filters.get(name) is None for name in _STATE_FILTERS):
        return None
    status, user_id = filters.get("status"), filters.get("user_id")
    first, last = _instant(filters.get("from_date")), _instant(filters.get("to_date"))
    properties = {
        name: filters[name] for name in ("internal_status", "triggering_agent_id") if filters.get(name) is not None
    }

    def passes(task_state: TaskState) -> bool:
        created = task_state.snapshot.created_at
        if status is not None and renderer.names.status_name(task_state.snapshot.status) != status:
            return False
        if (first is not None and created < first) or (last is not None and created > last):
            return False
        if not properties and user_id is None:
            return True
        body = renderer.task_in_part(task_state)
        user = body.get("input", {}).get("user") or {}
        return (user_id is None or user.get("id") == user_id) and all(
            body[name] == value for name, value in properties.items()
        )

    return passes


def _instant(text: str | None) -> int | None:
    return None if text is None else millis(datetime.fromisoformat(text))
