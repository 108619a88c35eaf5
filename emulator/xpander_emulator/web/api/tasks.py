"""What the emulated API does: one handler for each action that a contract can name."""

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any

from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.request.forms import is_form
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.variations import FUTURE_EVENT
from xpander_emulator.engine.start_task import Start
from xpander_emulator.engine.stream import follow
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.engine.thread import messages
from xpander_emulator.errors import EmulatorError, NotFound
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.web.api.listing import in_own_words, selected, summaries
from xpander_emulator.web.api.rate_limit_headers import RATE_LIMITS, RateLimit
from xpander_emulator.web.api.task_response import TaskReplies, task_id_of, told_by, warned
from xpander_emulator.web.auth import Keys, Unauthorized, credential_of
from xpander_emulator.web.errors import vendor_error, vendor_violations
from xpander_emulator.web.http import Reply, Request, json_reply, unless_gone
from xpander_emulator.web.pipeline import Call, Handler, applied, preference_applied
from xpander_emulator.web.recording import Exchange
from xpander_emulator.web.sse import StreamReply


class ApiManner:
    """The emulated API lets in whoever has a welcome key, and speaks of errors as the vendor does."""

    def __init__(self, engine: Engine, keys: Keys, contract: Contract) -> None:
        self._keys = keys
        alternatives = (each for operation in contract.operations for each in operation.security)
        self._security = tuple(dict.fromkeys(alternatives))
        self._limited = frozenset(each.id for each in contract.operations if each.security and _tells_limits(each))
        self._task_states = engine.task_states
        self._rate_limit = RateLimit()
        self.names = RATE_LIMITS
        self._redaction = Redaction(contract.operations)

    def enter(self, request: Request, operation: Operation) -> str:
        """Return the namespace of the request's key. Raises Unauthorized."""
        if not operation.security:
            return self._keys.default
        return self._keys.namespace(credential_of(request, operation.security))

    async def added(self, exchange: Exchange, namespace: str) -> Headers:
        """Return the rate-limit headers, where the operation declares them and asks for a key.

        None where the store, and with it the clock, cannot be had.
        """
        operation = exchange.operation
        if operation is None or operation.id not in self._limited:
            return ()
        try:
            exchange.clock = exchange.clock or await self._task_states.clock(namespace)
        except StoreUnavailable:
            return ()
        return self._rate_limit.headers(namespace, exchange.clock)

    def place(self, request: Request) -> str:
        """Return the namespace that any credential of the contract opens; without a welcome one the default."""
        try:
            return self._keys.namespace(credential_of(request, self._security))
        except Unauthorized:
            return self._keys.default

    def error(self, error: EmulatorError) -> Reply:
        """Return `{"detail": …}`."""
        return vendor_error(error)

    def violations(self, violations: Sequence[Violation]) -> Reply:
        """Return an HTTPValidationError."""
        return vendor_violations(violations, self._redaction)


def _tells_limits(operation: Operation) -> bool:
    """Tell whether an operation declares the rate-limit headers."""
    names = (name.lower() for response in operation.responses.values() for name in response.headers)
    return "x-ratelimit-limit" in names


class ApiHandlers:
    """The handlers of the emulated API, over one engine."""

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._contract = contract
        self._replies = TaskReplies(contract)

    def table(self) -> Mapping[str, Handler]:
        """Return the handlers by the action that an operation names."""
        return {
            "start": self.start,
            "events": self.events,
            "read": self.read,
            "list": self.list_tasks,
            "stop": self.stop,
            "delete": self.delete,
            "thread": self.thread,
            "thread_full": self.thread_full,
            "catalogue_list": self.catalogue_list,
            "catalogue_all": self.catalogue_all,
            "catalogue_get": self.catalogue_get,
        }

    async def start(self, call: Call) -> Reply | StreamReply:
        """Start a task; answer at once, when it rests, or with its events as they come."""
        behaviour, preferences = call.operation.behaviour, call.preferences
        subject = behaviour.get("subject")
        runs = call.operation.id if subject is None else call.parameters[subject]
        start = Start(
            runs=runs,
            kind=self._engine.directory.kind(runs, behaviour.get("kind", "workflow")),
            version=_version(call),
            body=call.body if isinstance(call.body, Mapping) else {},
            raw=_as_json(call),
            origin=call.request.origin,
            preferred=preferences.scenario,
        )
        view = await self._engine.start(call.namespace, start, reading=call.reading)
        honoured = [f"scenario={preferences.scenario}"] if preferences.scenario else []
        reply = behaviour.get("reply", "accepted")
        if reply == "stream":
            return self._stream(call, view.task_state, preference_applied(*honoured))
        if reply == "wait":
            waiting = self._engine.wait(call.namespace, view.task_state.task.id, preferences.wait)
            view = await unless_gone(call.request, waiting)
            honoured += [] if preferences.wait is None else [f"wait={preferences.wait:g}"]
        return applied(self._replies.of(call, view), *honoured)

    async def events(self, call: Call) -> StreamReply:
        """Return the events of a task's newest turn, from its beginning."""
        return self._stream(call, await self._engine.task_states.get(call.namespace, task_id_of(call)))

    def _stream(self, call: Call, task_state: TaskState, headers: Headers = ()) -> StreamReply:
        return StreamReply(
            follow(self._engine, task_state),
            self._contract,
            f"/components/schemas/{call.operation.behaviour['event']}",
            (*told_by(task_state), *warned(self._engine.renderer.left_aside(task_state)), *headers),
            task_state,
            beyond=f"event {FUTURE_EVENT}" if self._engine.settings.future else "",
        )

    async def read(self, call: Call) -> Reply:
        """Return a task to a client that polls it."""
        return self._replies.of(call, await self._engine.read(call.namespace, task_id_of(call), call.reading))

    async def list_tasks(self, call: Call) -> Reply:
        """Return one page of tasks, newest first."""
        asked = call.parameters
        agent_id = asked.get(call.operation.behaviour.get("subject", "agent_id"))
        listed = await selected(self._engine, call.namespace, agent_id, asked)
        if "items" in call.operation.behaviour or "page" not in asked:
            return json_reply(await in_own_words(self._engine, self._contract, call, listed))
        page, per_page = asked["page"], asked["per_page"]
        shown = listed[(page - 1) * per_page : page * per_page]
        items = await summaries(self._engine, call.namespace, shown)
        return json_reply(_page(items, len(listed), page, per_page))

    async def stop(self, call: Call) -> Reply:
        """Stop a task; a finished one is returned unchanged."""
        return self._replies.of(call, await self._engine.signal(call.namespace, task_id_of(call), "stop"))

    async def delete(self, call: Call) -> Reply:
        """Delete a task and its sub-tasks."""
        await self._engine.delete(call.namespace, task_id_of(call))
        return Reply(204, media_type=None)

    async def thread(self, call: Call) -> Reply:
        """Return the messages of a task, of all its turns."""
        return json_reply(await self._messages(call.namespace, task_id_of(call)))

    async def thread_full(self, call: Call) -> Reply:
        """Return the messages of a task under `root`, and those of all sub-tasks under their ids."""
        root = task_id_of(call)
        threads = {"root": await self._messages(call.namespace, root)}
        waiting, met = [root], {root}
        while waiting:
            for child in await self._engine.task_states.children(call.namespace, waiting.pop()):
                if child.task.id not in met:
                    met.add(child.task.id)
                    waiting.append(child.task.id)
                    threads[child.task.id] = await self._messages(call.namespace, child.task.id)
        return json_reply(threads)

    async def _messages(self, namespace: str, task_id: str) -> list[dict[str, Any]]:
        renderer = self._engine.renderer
        turns = await self._engine.task_states.turns(namespace, task_id)
        return [message for turn in turns for message in messages(turn, renderer.task_or_part(turn))]

    async def catalogue_list(self, call: Call) -> Reply:
        """Return one page of what can be run."""
        page, per_page = call.parameters["page"], call.parameters["per_page"]
        runnables = self._engine.directory.all(call.operation.behaviour["kind"])
        shown = runnables[(page - 1) * per_page : page * per_page]
        items = [self._engine.renderer.runnable(each, call.request.origin) for each in shown]
        return json_reply(_page(items, len(runnables), page, per_page))

    async def catalogue_all(self, call: Call) -> Reply:
        """Return all that can be run."""
        runnables = self._engine.directory.all(call.operation.behaviour["kind"])
        return json_reply([self._engine.renderer.runnable(each, call.request.origin) for each in runnables])

    async def catalogue_get(self, call: Call) -> Reply:
        """Return one workflow or agent."""
        kind = call.operation.behaviour["kind"]
        runnable = self._engine.directory.find(kind, call.parameters[call.operation.behaviour["subject"]])
        if runnable is None:
            raise NotFound(f"{kind.capitalize()} not found")
        return json_reply(self._engine.renderer.runnable(runnable, call.request.origin, _version(call)))


def _as_json(call: Call) -> bytes:
    """Return the body of a request as the JSON object that a task is started with, as it was sent if it was one."""
    if not isinstance(call.body, Mapping):
        return b"{}"
    return json_codec.dumps(call.body) if is_form(call.request.header(b"content-type") or "") else call.raw


def _version(call: Call) -> str | None:
    """Return the version that is asked for: by the query in `/v1`, by a header on the SDK's paths."""
    version: str | None = call.parameters.get("version") or call.parameters.get("x-agent-version")
    return version


def _page(items: list[Any], total: int, page: int, per_page: int) -> dict[str, Any]:
    pages = ceil(total / per_page)
    return {"items": items, "total": total, "page": page, "per_page": per_page, "total_pages": pages}
