"""The control API, below /__emulator: who may use it, and one handler for each action that its contract names."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from urllib.parse import parse_qs

from xpander_emulator import __version__
from xpander_emulator.clock import Clock, machine_time, millis
from xpander_emulator.common import resources
from xpander_emulator.common.types import Headers
from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.contract.extension.start_operation import is_xpander
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.openapi.load import load_contract, served_document
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.signals import POLL, SKIP
from xpander_emulator.engine import transfer
from xpander_emulator.engine.engine import MAX_SIGNALS, RESET_SCOPES, Engine, View
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BadRequest, BrokenPromise, EmulatorError, NotFound, did_you_mean
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.scenario.durations import NotADuration, parse_duration
from xpander_emulator.scenario.graph import mermaid
from xpander_emulator.scenario.paths import as_json, path_of, paths
from xpander_emulator.settings import Settings
from xpander_emulator.store.open import kind_of
from xpander_emulator.web.auth import ControlGate, Keys, Unauthorized
from xpander_emulator.web.control import views
from xpander_emulator.web.errors import problem, problem_violations, with_headers
from xpander_emulator.web.http import Reply, Request, json_reply
from xpander_emulator.web.pages.decision import Links
from xpander_emulator.web.pipeline import Call, Handler
from xpander_emulator.web.recording import Exchange
from xpander_emulator.web.sse import StreamReply

MERMAID: Final = "text/vnd.mermaid"
# A container's health check may come under any name, and tells nothing that a stranger could use.
_UNDER_ANY_HOST: Final = frozenset({"health", "ready"})
_WITHOUT_TOKEN: Final = _UNDER_ANY_HOST | {"info"}
_NO_STORE: Final = ((b"cache-control", b"no-store"),)
_CHALLENGE: Final = ((b"www-authenticate", b"Bearer"),)
_NO_SIGNALS: Final = {
    POLL: "A poll is a client's GET of the task, not a signal that is sent.",
    SKIP: "A skip is not sent as a signal; use POST /__emulator/tasks/{task_id}/skip.",
}


class ControlManner:
    """The control API lets in by host, origin and token, and speaks of errors as RFC 9457 says."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._gate = ControlGate(settings)
        self._keys = keys
        self._redaction = Redaction(control_contract().operations)
        self.names = frozenset(name for name, _ in _NO_STORE)
        self._challenge = _CHALLENGE if settings.token is not None else ()

    def enter(self, request: Request, operation: Operation) -> str:
        """Return the namespace that a request is about. Raises Forbidden, Unauthorized and BadRequest."""
        action = operation.behaviour["action"]
        if action not in _UNDER_ANY_HOST:
            self._gate.check_origin(request)
        if action not in _WITHOUT_TOKEN:
            self._gate.check_token(request)
            _check_query(request, operation)
        has_namespace = any(parameter.name == "namespace" for parameter in operation.parameters)
        return self._namespace(request) if has_namespace else self._keys.default

    async def added(self, exchange: Exchange, namespace: str) -> Headers:
        """Return that no answer may be kept."""
        return _NO_STORE

    def _namespace(self, request: Request) -> str:
        """Return the namespace of the key or of the query; the contract holds the form of the latter."""
        key = request.header(b"x-api-key")
        named = parse_qs(request.query.decode("latin-1"), keep_blank_values=True).get("namespace", [None])[-1]
        if key is None:
            return self._keys.default if named is None else named
        opened = self._keys.namespace(key)
        if named is not None and named != opened:
            raise BadRequest(
                f"The key in x-api-key opens the namespace '{opened}'; ?namespace= names another one. Send one of them."
            )
        return opened

    def error(self, error: EmulatorError) -> Reply:
        """Return problem details."""
        reply = problem(error)
        return with_headers(reply, self._challenge) if isinstance(error, Unauthorized) else reply

    def violations(self, violations: Sequence[Violation]) -> Reply:
        """Return problem details with every violation."""
        return problem_violations(violations, self._redaction)


def _check_query(request: Request, operation: Operation) -> None:
    """Raise BadRequest for a parameter that the operation does not know: a misspelt filter would not narrow."""
    known = [parameter.name for parameter in operation.parameters if parameter.place == "query"]
    for name in parse_qs(request.query.decode("latin-1"), keep_blank_values=True):
        # Which namespace is meant may be said of all requests alike.
        if name not in (*known, "namespace"):
            has = f"; it takes {', '.join(known)}." if known else "; it takes none."
            raise BadRequest(
                f"{operation.method} {operation.path} has no parameter '{name}'{did_you_mean(name, known) or has}"
            )


class ControlHandlers:
    """The handlers of the control API, over one engine. None of them counts as a poll.

    contract: the one that the engine's tasks are answered by.
    """

    def __init__(
        self,
        engine: Engine,
        contract: Contract,
        settings: Settings,
        organization_id: str,
        links: Links,
    ) -> None:
        self._engine = engine
        self._contract = contract
        self._settings = settings
        self._organization_id = organization_id
        self._links = links
        self._gate = ControlGate(settings)

    def table(self) -> Mapping[str, Handler]:
        """Return the handlers by the action that an operation names."""
        return {
            "health": self.health,
            "ready": self.ready,
            "info": self.info,
            "openapi": self.openapi,
            "contract": self.contract,
            "follow_events": self.follow_events,
            "list_tasks": self.list_tasks,
            "get_task": self.get_task,
            "signal_task": self.signal_task,
            "skip_task": self.skip_task,
            "get_clock": self.get_clock,
            "set_clock": self.set_clock,
            "advance_clock": self.advance_clock,
            "list_scenarios": self.list_scenarios,
            "get_scenario": self.get_scenario,
            "list_paths": self.list_paths,
            "set_default_scenario": self.set_default_scenario,
            "set_next_scenario": self.set_next_scenario,
            "list_faults": self.list_faults,
            "set_faults": self.set_faults,
            "clear_faults": self.clear_faults,
            "reset": self.reset,
            "list_namespaces": self.list_namespaces,
            "export": self.export,
            "import": self.restore,
        }

    # The server

    async def health(self, call: Call) -> Reply:
        """Say that the server is up."""
        return json_reply({"status": "ok"})

    async def ready(self, call: Call) -> Reply:
        """Say that everything is loaded, as in any server that answers, and that the store can be read."""
        await self._engine.store.count()
        return json_reply({"status": "ready"})

    async def info(self, call: Call) -> Reply:
        """Return what this server is and what it serves; the seed only to whoever may use the control API."""
        contract, settings = self._contract, self._settings
        for_insiders = {"seed": settings.seed} if self._gate.lets_in(call.request) else {}
        return json_reply(
            {
                "name": "xpander-emulator",
                "version": __version__,
                "contract": {
                    "title": contract.title,
                    "version": contract.version,
                    "source": contract.source,
                    "operations": len(contract.operations),
                    "is_xpander": is_xpander(contract),
                },
                "scenarios": list(self._engine.catalogue),
                "default_scenario": (await self._choices(call.namespace))["default"],
                **for_insiders,
                "namespace": call.namespace,
                "clock": _shown(await self._engine.task_states.clock(call.namespace)),
                "store": kind_of(settings.store),
                "organization_id": self._organization_id,
                "limits": {
                    "max_tasks": settings.max_tasks,
                    "max_body": settings.max_body,
                    "max_connections": settings.max_connections,
                    "max_signals": MAX_SIGNALS,
                },
            }
        )

    async def openapi(self, call: Call) -> Reply:
        """Return the description of the control API."""
        return json_reply(_control_document())

    async def contract(self, call: Call) -> Reply:
        """Return the contract that is served."""
        return json_reply(served_document(self._contract))

    async def follow_events(self, call: Call) -> StreamReply:
        """Tell what happens in the namespace, as it happens."""
        pointer = f"/components/schemas/{call.operation.behaviour['event']}"
        last = call.request.header(b"last-event-id")
        return StreamReply(self._events(call.namespace, last), control_contract(), pointer)

    async def _events(self, namespace: str, last: str | None) -> AsyncIterator[Mapping[str, Any]]:
        async with aclosing(self._engine.following.follow(namespace, last)) as followed:
            async for event_id, event in followed:
                yield {"id": event_id, "type": event.type, "namespace": namespace, "data": event.data}

    # Tasks

    async def list_tasks(self, call: Call) -> Reply:
        """Return one page of tasks, newest first."""
        page, per_page = call.parameters["page"], call.parameters["per_page"]
        listed = await self._engine.task_states.select(call.namespace, lambda task: True)
        shown = listed[(page - 1) * per_page : page * per_page]
        found = [await self._engine.task_states.find(call.namespace, task.id) for task in shown]
        items = [
            views.task_view(task_state, self._pause_in_part(task_state))
            for task_state in found
            if task_state is not None
        ]
        return json_reply({"items": items, "total": len(listed)})

    async def get_task(self, call: Call) -> Reply:
        """Return one task with its history."""
        return await self._task(call, self._engine.peek(call.namespace, call.parameters["task_id"]))

    async def signal_task(self, call: Call) -> Reply:
        """Give a task a signal."""
        kind = call.body["signal"]
        if kind in _NO_SIGNALS:
            raise BadRequest(_NO_SIGNALS[kind])
        by, reason, payload = (call.body.get(name) for name in ("by", "reason", "payload"))
        task_id = call.parameters["task_id"]
        return await self._task(
            call, self._engine.signal(call.namespace, task_id, kind, by=by, reason=reason, payload=payload)
        )

    async def skip_task(self, call: Call) -> Reply:
        """Move one task to its next change, or until a status or a step."""
        until = (call.body or {}).get("until")
        return await self._task(call, self._engine.skip(call.namespace, call.parameters["task_id"], until))

    async def _task(self, call: Call, work: Awaitable[View]) -> Reply:
        try:
            view = await work
        except NotFound:
            task_id = call.parameters["task_id"]
            raise NotFound(
                f"Namespace '{call.namespace}' has no task '{task_id}'. GET /__emulator/namespaces lists them all."
            ) from None
        return json_reply(views.task_details(view, self._pause(view.task_state)))

    def _pause(self, task_state: TaskState) -> Mapping[str, Any]:
        return {**self._engine.renderer.pause_details(task_state), "link": self._links.pause(task_state)}

    def _pause_in_part(self, task_state: TaskState) -> Mapping[str, Any]:
        """Return what a person is shown; {} where a text of it fails, which the task's own answer tells."""
        try:
            return self._pause(task_state)
        except BrokenPromise:
            return {}

    # The clock

    async def get_clock(self, call: Call) -> Reply:
        """Return the namespace's clock."""
        return json_reply(_shown(await self._engine.task_states.clock(call.namespace)))

    async def set_clock(self, call: Call) -> Reply:
        """Change how the clock goes."""
        return json_reply(
            _shown(await self._engine.set_clock(call.namespace, call.body["mode"], call.body.get("scale")))
        )

    async def advance_clock(self, call: Call) -> Reply:
        """Move the clock on, by a length of time or to an instant."""
        if ("by" in call.body) == ("to" in call.body):
            raise BadRequest("Give either `by`, a length of time such as 30s, or `to`, an instant.")
        by = _length(call.body["by"]) if "by" in call.body else await self._until(call.namespace, call.body["to"])
        return json_reply(_shown(await self._engine.advance(call.namespace, by)))

    async def _until(self, namespace: str, text: str) -> int:
        return _instant(text) - await self._engine.task_states.now(namespace)

    # Scenarios

    async def list_scenarios(self, call: Call) -> Reply:
        """Return every scenario, and which the next tasks take."""
        items = [views.scenario_summary(scenario) for scenario in self._engine.catalogue.values()]
        return json_reply({**await self._choices(call.namespace), "items": items})

    async def get_scenario(self, call: Call) -> Reply:
        """Return one scenario, or its graph as a Mermaid diagram."""
        scenario = self._engine.scenario(call.parameters["name"])
        if call.parameters["format"] == "mermaid":
            return Reply(200, mermaid(scenario.timeline).encode(), f"{MERMAID}; charset=utf-8")
        return json_reply(views.scenario_details(scenario))

    async def list_paths(self, call: Call) -> Reply:
        """Return every way in which a scenario can end."""
        timeline = self._engine.scenario(call.parameters["name"]).timeline
        found = paths(timeline, max_turns=call.parameters["max_turns"])
        return json_reply({"items": [as_json(path) for path in found]})

    async def set_default_scenario(self, call: Call) -> Reply:
        """Choose the scenario of every further start that nothing else decides."""
        await self._engine.pin_default(call.namespace, call.body["scenario"])
        return json_reply(await self._choices(call.namespace))

    async def set_next_scenario(self, call: Call) -> Reply:
        """Choose the scenario of the next start, or of the next few, and the path that they take."""
        name, path_id = call.body["scenario"], call.body.get("path")
        timeline = self._engine.scenario(name).timeline
        path = None if path_id is None else path_of(timeline, path_id, max_turns=int(call.body.get("max_turns", 1)))
        await self._engine.pin_next(call.namespace, name, int(call.body.get("times", 1)), path)
        return json_reply(await self._choices(call.namespace))

    async def _choices(self, namespace: str) -> dict[str, Any]:
        return views.choices(await self._engine.pins(namespace), self._engine.default)

    # Faults

    async def list_faults(self, call: Call) -> Reply:
        """Return the faults that coming requests meet."""
        kept = await self._engine.faults.kept(call.namespace)
        return json_reply({"items": [views.coming_fault(rule, met) for rule, met in kept]})

    async def set_faults(self, call: Call) -> Reply:
        """Let coming requests meet these faults in place of those before."""
        operations = {each.id: str(each.behaviour.get("action", "")) for each in self._contract.operations}
        await self._engine.faults.keep(call.namespace, call.body["faults"], operations)
        return await self.list_faults(call)

    async def clear_faults(self, call: Call) -> Reply:
        """Let coming requests meet no fault but those of their stories."""
        await self._engine.faults.keep(call.namespace, (), {})
        return await self.list_faults(call)

    # Namespaces

    async def reset(self, call: Call) -> Reply:
        """Bring the namespace, or parts of it, back to the beginning."""
        scopes = (call.body or {}).get("scope", RESET_SCOPES)
        return json_reply({"reset": list(await self._engine.reset(call.namespace, scopes))})

    async def list_namespaces(self, call: Call) -> Reply:
        """Return the namespaces that hold anything, by name."""
        tasks = await self._engine.store.namespaces()
        requests = await self._engine.journal.namespaces()
        items = [
            {
                "name": name,
                "tasks": tasks.get(name, 0),
                "requests": requests.get(name, 0),
                "clock": _shown(await self._engine.task_states.clock(name)),
            }
            for name in sorted({*tasks, *requests})
        ]
        return json_reply({"items": items})

    async def export(self, call: Call) -> Reply:
        """Return all that the namespace holds."""
        return json_reply(await transfer.export(self._engine, call.namespace))

    async def restore(self, call: Call) -> Reply:
        """Put an export in the place of what the namespace holds."""
        replacing = call.parameters["replace"]
        tasks = await transfer.restore(self._engine, call.namespace, call.body, replacing=replacing)
        return json_reply({"namespace": call.namespace, "tasks": tasks})


@lru_cache(maxsize=1)
def control_contract() -> Contract:
    """Return the contract of the control API; read once, whatever the number of servers."""
    return load_contract(resources.CONTROL_CONTRACT, check_schemas=False, check_behaviours=False)


@lru_cache(maxsize=1)
def _control_document() -> Mapping[str, Any]:
    document: Mapping[str, Any] = read_document(resources.CONTROL_CONTRACT).value
    return document


def _shown(clock: Clock) -> dict[str, Any]:
    return views.clock_view(clock, machine_time())


def _length(text: str) -> int:
    try:
        return parse_duration(text)
    except NotADuration as error:
        raise BadRequest(f"`by`: {error}.") from None


def _instant(text: str) -> int:
    try:
        return millis(datetime.fromisoformat(text))
    except ValueError:
        # A leap second, for instance: RFC 3339 has it, and Python's calendar has not.
        raise BadRequest(
            f"`to`: '{text}' is no instant that a clock here shows; write it as 2026-01-31T09:30:00Z."
        ) from None
