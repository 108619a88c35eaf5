"""Tasks in the control API: listed, started by a scenario's name, shown with their history, signalled and skipped.

No read here counts as a poll.
"""

from collections.abc import Awaitable
from typing import Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.contract.model import Contract
from xpander_emulator.core.replay import moments
from xpander_emulator.core.signals import POLL, SKIP
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.engine.views import View
from xpander_emulator.errors import BadRequest, BrokenPromise, NotFound
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.web.context import RequestContext, page_of
from xpander_emulator.web.control import views
from xpander_emulator.web.control.start import Starter
from xpander_emulator.web.errors import problem_violations
from xpander_emulator.web.http import Response, json_response
from xpander_emulator.web.pages.links import Links

_NO_SIGNALS: Final = {
    POLL: "A poll is a client's GET of the task, not a signal that is sent.",
    SKIP: "A skip is not sent as a signal; use POST /__emulator/tasks/{task_id}/skip.",
}


class TaskHandlers:
    """The handlers of `/tasks`.

    contract: of the emulated API.
    """

    def __init__(self, engine: Engine, contract: Contract, links: Links, starter: Starter) -> None:
        self._engine = engine
        self._links = links
        self._starter = starter
        self._redaction = Redaction(contract.operations)

    async def list_tasks(self, context: RequestContext) -> Response:
        """Return one page of tasks, newest first."""
        tasks = await self._engine.task_states.select(context.namespace, lambda task: True)
        states = [await self._engine.task_states.find(context.namespace, task.id) for task in page_of(context, tasks)]
        items = [views.task_view(state, self._pause_or_part(state)) for state in states if state is not None]
        return json_response({"items": items, "total": len(tasks)})

    async def start_task(self, context: RequestContext) -> Response:
        """Start a task that plays a scenario."""
        request = context.body.get("request")
        violations = () if request is None else self._starter.violations(request)
        if violations:
            return problem_violations(violations, self._redaction)
        origin = context.request.origin
        view = await self._starter.start(context.namespace, context.body["scenario"], request, origin)
        return self._details(view)

    async def get_task(self, context: RequestContext) -> Response:
        """Return one task with its history."""
        return await self._task(context, self._engine.peek(context.namespace, context.parameters["task_id"]))

    async def get_moment(self, context: RequestContext) -> Response:
        """Return one entry of a task's history, and the task as a client saw it then."""
        task_state = await self._engine.task_states.get(context.namespace, context.parameters["task_id"])
        number = int(context.parameters["entry"])
        history = list(views.history(task_state))
        if number > len(history):
            raise NotFound(f"The history of task '{task_state.task.id}' has {len(history)} entries, and no {number}.")
        # The last moment of a visit shows the task as the next visit found it.
        moment = [each for each in moments(task_state.turn, task_state.now) if len(each.visits) == number][-1]
        snapshot = self._engine.renderer.task(task_state._replace(snapshot=moment))
        return json_response({**history[number - 1], "snapshot": snapshot})

    async def signal_task(self, context: RequestContext) -> Response:
        """Send a signal to a task."""
        signal = context.body["signal"]
        if signal in _NO_SIGNALS:
            raise BadRequest(_NO_SIGNALS[signal])
        named = {name: context.body.get(name) for name in ("by", "reason", "payload")}
        task_id = context.parameters["task_id"]
        return await self._task(context, self._engine.signal(context.namespace, task_id, signal, **named))

    async def skip_task(self, context: RequestContext) -> Response:
        """Move one task to its next change, or until a status or a step."""
        until = (context.body or {}).get("until")
        return await self._task(context, self._engine.skip(context.namespace, context.parameters["task_id"], until))

    async def _task(self, context: RequestContext, work: Awaitable[View]) -> Response:
        try:
            return self._details(await work)
        except NotFound:
            task_id = context.parameters["task_id"]
            raise NotFound(
                f"Namespace '{context.namespace}' has no task '{task_id}'. GET /__emulator/namespaces lists them all."
            ) from None

    def _details(self, view: View) -> Response:
        return json_response(views.task_details(view, self._pause(view.task_state)))

    def _pause(self, task_state: TaskState) -> JsonObject:
        return {**self._engine.renderer.pause_details(task_state), "link": self._links.pause(task_state)}

    def _pause_or_part(self, task_state: TaskState) -> JsonObject:
        """Return what a person sees of a pause; {} where a text of it cannot be rendered, as the task itself says."""
        try:
            return self._pause(task_state)
        except BrokenPromise:
            return {}
