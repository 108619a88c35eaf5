"""What the emulated API does: one handler for each action that a contract can name."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from math import ceil
from typing import Any, Final

from emulator.clock import millis
from emulator.contract.spec import Operation
from emulator.contract.validation import Violation
from emulator.engine import Engine, Start, View
from emulator.errors import EmulatorError, NotFound
from emulator.standing import Standing
from emulator.store import Task
from emulator.web.access import Keys
from emulator.web.exchange import RawHeaders, Reply, Request, json_reply
from emulator.web.problems import vendor_error, vendor_violations
from emulator.web.ratelimit import RateLimit
from emulator.web.service import Call, Handler, applied, unless_gone


class NotServedYet(EmulatorError):
    """An operation that the contract has and this release does not play."""

    status = 501


class ApiManner:
    """The emulated API lets in whoever has a welcome key, and speaks of errors as the vendor does."""

    def __init__(self, engine: Engine, keys: Keys) -> None:
        self._keys = keys
        self._rate_limit = RateLimit(engine)

    async def enter(self, request: Request, operation: Operation) -> tuple[str, RawHeaders]:
        """Return the namespace of the request's key, and the rate-limit headers. Raises Unauthorized."""
        if operation.api_key is None:
            return self._keys.default, ()
        namespace = self._keys.namespace(request.header(operation.api_key.encode()))
        return namespace, await self._rate_limit.headers(namespace)

    def error(self, error: EmulatorError) -> Reply:
        """Return `{"detail": …}`."""
        return vendor_error(error)

    def violations(self, violations: Sequence[Violation]) -> Reply:
        """Return an HTTPValidationError."""
        return vendor_violations(violations)


class ApiHandlers:
    """The handlers of the emulated API, over one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def table(self) -> Mapping[str, Handler]:
        """Return the handlers by the action that an operation names."""
        return {
            "start": self.start,
            "read": self.read,
            "list": self.list_tasks,
            "stop": self.stop,
            "delete": self.delete,
            "thread": self.thread,
            "thread_full": self.thread_full,
            "catalogue_list": self.catalogue_list,
            "catalogue_get": self.catalogue_get,
        }

    async def start(self, call: Call) -> Reply:
        """Start a task; answer at once, or when it rests."""
        behaviour, preferences = call.operation.behaviour, call.preferences
        if behaviour["reply"] == "stream":
            raise NotServedYet("Streams are not played yet. Start with …/invoke/async and poll the task.")
        start = Start(
            runs=call.parameters[behaviour["subject"]],
            kind=behaviour["kind"],
            version=call.parameters.get("version"),
            body=call.body,
            raw=call.raw,
            origin=call.request.origin,
            preferred=preferences.scenario,
        )
        view = await self._engine.start(call.namespace, start)
        honoured = [f"scenario={preferences.scenario}"] if preferences.scenario else []
        if behaviour["reply"] == "wait":
            waiting = self._engine.wait(call.namespace, view.standing.task.id, preferences.wait)
            view = await unless_gone(call.request, waiting)
            honoured += [] if preferences.wait is None else [f"wait={preferences.wait:g}"]
        return applied(_task_reply(view), *honoured)

    async def read(self, call: Call) -> Reply:
        """Return a task to a client that polls it."""
        return _task_reply(await self._engine.read(call.namespace, call.parameters["task_id"]))

    async def list_tasks(self, call: Call) -> Reply:
        """Return one page of tasks, newest first."""
        asked = call.parameters
        agent_id = asked.get(call.operation.behaviour.get("subject", "agent_id"))
        page, per_page = asked["page"], asked["per_page"]
        listed = await self._engine.standings.select(
            call.namespace, _Facts(agent_id, asked), _State(self._engine, asked) if _State.asked(asked) else None
        )
        first = (page - 1) * per_page
        items = [await self._list_item(call.namespace, task) for task in listed[first : first + per_page]]
        return json_reply(_page(items, len(listed), page, per_page))

    async def _list_item(self, namespace: str, task: Task) -> dict[str, Any]:
        view = await self._engine.peek(namespace, task.id)
        return self._engine.renderer.list_item(view.standing, view.body)

    async def stop(self, call: Call) -> Reply:
        """Stop a task; a finished one is returned unchanged."""
        return _task_reply(await self._engine.signal(call.namespace, call.parameters["task_id"], "stop"))

    async def delete(self, call: Call) -> Reply:
        """Delete a task and its sub-tasks."""
        await self._engine.delete(call.namespace, call.parameters["task_id"])
        return Reply(204, media_type=None)

    async def thread(self, call: Call) -> Reply:
        """Return the messages of a task, of all its turns."""
        return json_reply(await self._messages(call.namespace, call.parameters["task_id"]))

    async def thread_full(self, call: Call) -> Reply:
        """Return the messages of a task under `root`, and those of all sub-tasks under their ids."""
        root = call.parameters["task_id"]
        threads = {"root": await self._messages(call.namespace, root)}
        waiting, met = [root], {root}
        while waiting:
            for child in await self._engine.standings.children(call.namespace, waiting.pop()):
                if child.task.id not in met:
                    met.add(child.task.id)
                    waiting.append(child.task.id)
                    threads[child.task.id] = await self._messages(call.namespace, child.task.id)
        return json_reply(threads)

    async def _messages(self, namespace: str, task_id: str) -> list[dict[str, Any]]:
        renderer = self._engine.renderer
        turns = await self._engine.standings.turns(namespace, task_id)
        return [message for turn in turns for message in renderer.messages(turn, renderer.task(turn))]

    async def catalogue_list(self, call: Call) -> Reply:
        """Return one page of what can be run: every scenario is a workflow, and an agent."""
        page, per_page = call.parameters["page"], call.parameters["per_page"]
        scenarios = list(self._engine.catalogue.values())
        shown = scenarios[(page - 1) * per_page : page * per_page]
        kind = call.operation.behaviour["kind"]
        items = [self._engine.renderer.runnable(kind, each, call.request.origin) for each in shown]
        return json_reply(_page(items, len(scenarios), page, per_page))

    async def catalogue_get(self, call: Call) -> Reply:
        """Return one workflow or agent."""
        kind, name = call.operation.behaviour["kind"], call.parameters[call.operation.behaviour["subject"]]
        if name not in self._engine.catalogue:
            raise NotFound(f"{kind.capitalize()} not found")
        return json_reply(self._engine.renderer.runnable(kind, self._engine.catalogue[name], call.request.origin))


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
        self._render = engine.renderer.task
        self._wanted = {
            name: asked[name] for name in ("internal_status", "triggering_agent_id") if asked.get(name) is not None
        }
        self._status, self._user = asked.get("status"), asked.get("user_id")
        self._from, self._to = _instant(asked.get("from_date")), _instant(asked.get("to_date"))

    @classmethod
    def asked(cls, asked: Mapping[str, Any]) -> bool:
        """Tell whether any filter needs to know where a task stands."""
        return any(asked.get(name) is not None for name in cls.NAMES)

    def __call__(self, standing: Standing) -> bool:
        created = standing.snapshot.created_at
        if self._status is not None and standing.snapshot.status != self._status:
            return False
        if (self._from is not None and created < self._from) or (self._to is not None and created > self._to):
            return False
        if not self._wanted and self._user is None:
            return True
        body = self._render(standing)
        user = (body["input"].get("user") or {}).get("id")
        return (self._user is None or user == self._user) and all(
            body[name] == value for name, value in self._wanted.items()
        )


def _instant(text: str | None) -> int | None:
    return None if text is None else millis(datetime.fromisoformat(text))


def _page(items: list[Any], total: int, page: int, per_page: int) -> dict[str, Any]:
    pages = ceil(total / per_page)
    return {"items": items, "total": total, "page": page, "per_page": per_page, "total_pages": pages}


def _task_reply(view: View) -> Reply:
    standing = view.standing
    timeline, step = standing.turn.timeline, standing.snapshot.step
    return Reply(
        200, view.encoded, headers=_explained(timeline.name, step.id, timeline.source, step.line), data=view.body
    )


@lru_cache(maxsize=4096)
def _explained(scenario: str, step: str, source: str, line: int) -> RawHeaders:
    """Return the headers that say where an answer comes from."""
    told = (("x-emulator-scenario", scenario), ("x-emulator-step", step), ("x-emulator-source", f"{source}:{line}"))
    return tuple((name.encode(), value.encode("latin-1", "replace")) for name, value in told)
