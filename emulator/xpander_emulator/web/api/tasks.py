"""The emulated API: one handler for each action on tasks, workflows and agents that a contract can name."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Headers, JsonObject
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.request.forms import is_form
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.variations import FUTURE_EVENT
from xpander_emulator.engine.start_task import Start
from xpander_emulator.engine.stream import follow
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.engine.thread import messages
from xpander_emulator.errors import NotFound
from xpander_emulator.web.api.listing import Listing
from xpander_emulator.web.api.task_response import TaskResponses, task_id_of
from xpander_emulator.web.context import RequestContext, page_of
from xpander_emulator.web.emulator_headers import preference_applied, source_headers, warning_header
from xpander_emulator.web.http import Response, json_response, unless_gone
from xpander_emulator.web.sse import StreamResponse


class ApiHandlers:
    """The handlers of the emulated API, over one engine."""

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._contract = contract
        self._listing = Listing(engine, contract)
        self._responses = TaskResponses(contract)

    async def start(self, context: RequestContext) -> Response | StreamResponse:
        """Start a task; respond at once, when the task rests, or with its events as they come."""
        behaviour, preferences = context.operation.behaviour, context.preferences
        subject = behaviour.get("subject")
        runs = context.operation.id if subject is None else context.parameters[subject]
        start = Start(
            runs=runs,
            kind=self._engine.directory.kind(runs, behaviour.get("kind", "workflow")),
            version=_version(context),
            body=context.body if isinstance(context.body, Mapping) else {},
            raw=_raw_json(context),
            origin=context.request.origin,
            preferred=preferences.scenario,
        )
        view = await self._engine.start(context.namespace, start, reading=context.reading)
        applied = [f"scenario={preferences.scenario}"] if preferences.scenario else []
        reply = behaviour.get("reply", "accepted")
        if reply == "stream":
            return self._stream(context, view.task_state, preference_applied(*applied))
        if reply == "wait":
            waiting = self._engine.wait(context.namespace, view.task_state.task.id, preferences.wait)
            view = await unless_gone(context.request, waiting)
            applied += [] if preferences.wait is None else [f"wait={preferences.wait:g}"]
        response = self._responses.of(context, view)
        return response.with_headers(preference_applied(*applied)) if applied else response

    async def events(self, context: RequestContext) -> StreamResponse:
        """Return the events of a task's newest turn, from its beginning."""
        return self._stream(context, await self._engine.task_states.get(context.namespace, task_id_of(context)))

    def _stream(self, context: RequestContext, task_state: TaskState, headers: Headers = ()) -> StreamResponse:
        return StreamResponse(
            follow(self._engine, task_state),
            self._contract,
            f"/components/schemas/{context.operation.behaviour['event']}",
            (*source_headers(task_state), *warning_header(self._engine.renderer.warning(task_state)), *headers),
            task_state,
            beyond=f"event {FUTURE_EVENT}" if self._engine.settings.future else "",
        )

    async def read(self, context: RequestContext) -> Response:
        """Return a task to a client that polls it."""
        view = await self._engine.read(context.namespace, task_id_of(context), context.reading)
        return self._responses.cached(context, view)

    async def list_(self, context: RequestContext) -> Response:
        """Return one page of tasks, newest first."""
        parameters, behaviour = context.parameters, context.operation.behaviour
        agent_id = parameters.get(behaviour.get("subject", "agent_id"))
        tasks = await self._listing.select(context.namespace, agent_id, parameters)
        if "items" in behaviour or "page" not in parameters:
            return json_response(await self._listing.as_declared(context, tasks))
        items = await self._listing.summaries(context.namespace, page_of(context, tasks))
        return _page(context, items, len(tasks))

    async def stop(self, context: RequestContext) -> Response:
        """Stop a task; a finished one is returned unchanged."""
        return self._responses.of(context, await self._engine.signal(context.namespace, task_id_of(context), "stop"))

    async def delete(self, context: RequestContext) -> Response:
        """Delete a task and its sub-tasks."""
        await self._engine.delete(context.namespace, task_id_of(context))
        return Response(204, media_type=None)

    async def thread(self, context: RequestContext) -> Response:
        """Return the messages of a task, of all its turns."""
        return json_response(await self._messages(context.namespace, task_id_of(context)))

    async def thread_full(self, context: RequestContext) -> Response:
        """Return the messages of a task under `root`, and those of all its sub-tasks under their ids."""
        root = task_id_of(context)
        threads = {"root": await self._messages(context.namespace, root)}
        queue, seen = [root], {root}
        while queue:
            for child in await self._engine.task_states.children(context.namespace, queue.pop()):
                if child.task.id not in seen:
                    seen.add(child.task.id)
                    queue.append(child.task.id)
                    threads[child.task.id] = await self._messages(context.namespace, child.task.id)
        return json_response(threads)

    async def _messages(self, namespace: str, task_id: str) -> list[JsonObject]:
        renderer = self._engine.renderer
        turns = await self._engine.task_states.turns(namespace, task_id)
        return [message for turn in turns for message in messages(turn, renderer.task_or_part(turn))]

    async def catalogue_list(self, context: RequestContext) -> Response:
        """Return one page of the workflows or agents that can be run."""
        runnables = self._engine.directory.all(context.operation.behaviour["kind"])
        items = [self._engine.renderer.runnable(each, context.request.origin) for each in page_of(context, runnables)]
        return _page(context, items, len(runnables))

    async def catalogue_all(self, context: RequestContext) -> Response:
        """Return all workflows or agents that can be run."""
        runnables = self._engine.directory.all(context.operation.behaviour["kind"])
        return json_response([self._engine.renderer.runnable(each, context.request.origin) for each in runnables])

    async def catalogue_get(self, context: RequestContext) -> Response:
        """Return one workflow or agent."""
        kind = context.operation.behaviour["kind"]
        runnable = self._engine.directory.find(kind, context.parameters[context.operation.behaviour["subject"]])
        if runnable is None:
            raise NotFound(f"{kind.capitalize()} not found")
        return json_response(self._engine.renderer.runnable(runnable, context.request.origin, _version(context)))


def _raw_json(context: RequestContext) -> bytes:
    """Return the body of a request as a JSON object: as it was sent if it is one, `{}` if there is none."""
    if not isinstance(context.body, Mapping):
        return b"{}"
    form = is_form(context.request.header(b"content-type") or "")
    return json_codec.dumps(context.body) if form else context.request.raw


def _version(context: RequestContext) -> str | None:
    """Return the version that is requested: by the query in `/v1`, by a header on the SDK's paths."""
    version: str | None = context.parameters.get("version") or context.parameters.get("x-agent-version")
    return version


def _page(context: RequestContext, items: Sequence[Any], total: int) -> Response:
    page, per_page = context.parameters["page"], context.parameters["per_page"]
    return json_response(
        {"items": items, "total": total, "page": page, "per_page": per_page, "total_pages": ceil(total / per_page)}
    )
