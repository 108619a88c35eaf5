"""The rendering of a task: its body on the wire, from its snapshot, its request and the contract's schema.

Pure, except for Faker's values, which follow from the turn's key.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final

from xpander_emulator.clock import iso
from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Json
from xpander_emulator.contract.extension.property_names import task_names
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.request.client_schemas import ClientSchemas, NoValue
from xpander_emulator.contract.sampling import faker_values, values
from xpander_emulator.contract.schema.completion import completion
from xpander_emulator.contract.schema.read_write_only import for_responses
from xpander_emulator.contract.schema.reader import ANYTHING, SchemaView, json_types
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.core.events import CHUNK, PLAN_UPDATED, TOKEN_READY
from xpander_emulator.core.replay import Snapshot
from xpander_emulator.core.signals import UPDATE
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis, Value
from xpander_emulator.engine.render.task_schema import TaskSchema
from xpander_emulator.engine.render.templates import Fakes, Texts, TextsInPart
from xpander_emulator.engine.render.variations import Variation, Variations
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BadRequest, EmulatorError, did_you_mean
from xpander_emulator.settings import Runnable

# Properties of the response that have another name in the request.
_RENAMED: Final = {"parent_execution_id": "parent_execution"}
# The value of a property that the request leaves out (source: examples of the vendor's documentation).
_FILLED: Final = {"source": "api"}
_TEXT: Final = SchemaView({}, {"type": "string"})
_PLAN: Final = "deep_planning"
# Properties that only the emulator sets.
OWN: Final = frozenset(
    ["id", "agent_id", "organization_id", "input", "status", "created_at", "started_at", "paused_at", "finished_at"]
).union(["sub_executions", "finished_sub_executions", "is_manually_stopped", "hitl_request", "pending_eca_request"])

# The properties of _facts.
_FACTS: Final = (*OWN, "agent_version", "is_orchestration", "source")
# Properties of the start and of the result, for which no variation is invented.
_NOT_VARIED: Final = ("result", "tokens", "parent_execution", "triggering_agent_id", "agent_version")

# The errors of rendering a task: by a template or a schema that fails, or by a request that no client could have sent,
# such as that of an imported file.
_DEFECTS: Final = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
RENDER_ERRORS: Final = (EmulatorError, *_DEFECTS)
# A request without these bytes has no schema of its own for the result.
BY_SCHEMA: Final = b"output_schema"
_logger: Final = logging.getLogger("xpander_emulator")


class TaskRenderer:
    """Renders tasks by the schema of one contract.

    organization_id: of every task; the organization was founded at `founded`, as was all that can be run.
    link:            gives the address of the page on which a credential is authorized.
    fake:            gives a provider's value for a key and a JSON pointer.
    nasty, future:   which variations of tasks are sent, see Variations.
    """

    def __init__(
        self,
        contract: Contract,
        organization_id: str,
        founded: Millis,
        link: Callable[[TaskState], str],
        fake: Fakes = faker_values.fake,
        *,
        nasty: bool = False,
        future: bool = False,
    ) -> None:
        # OpenAPI 3.1.1, 4.8.24: a response never has a `writeOnly` property.
        self._contract = contract = for_responses(contract)
        self.fake = fake
        self.organization_id = organization_id
        self._founded = founded
        self._link = link
        self._client_schemas = ClientSchemas(contract)
        self.names = task_names(contract)
        self.schema = TaskSchema(contract)
        # The contract's names of the facts that it has.
        names = {own: self.names.property_name(own) for own in _FACTS}
        self._fact_names = {own: name for own, name in names.items() if name in self.schema.properties}
        self._runnables = {
            operation.behaviour["kind"]: _response_completion(contract, operation)
            for operation in contract.operations
            if operation.behaviour.get("action") == "catalogue_get"
        }
        self._variations = self._variations_of(nasty, future) if nasty or future else None

    def _variations_of(self, nasty: bool, future: bool) -> Variations | None:
        if self.schema.pointer is None:
            return None
        facts = frozenset(self.names.property_name(own) for own in (*OWN, *_NOT_VARIED))
        status = (self.names.property_name("status"), self.names.status_name(Status.EXECUTING))
        return Variations(self._contract, self.schema.pointer, self.schema.defaults, facts, status, nasty, future)

    def vary(self, task_state: TaskState, body: Mapping[str, Json]) -> Variation:
        """Return the body that a client gets, from the body of the task."""
        return Variation(body) if self._variations is None else self._variations(body, task_state.turn.key)

    def task(self, task_state: TaskState) -> dict[str, Json]:
        """Return the body of a task, in the contract's order. Raises BrokenPromise for a template that fails."""
        return self._task(task_state, Texts)

    def task_in_part(self, task_state: TaskState) -> dict[str, Json]:
        """Return the body of a task, with null for each property whose template fails; at the least its facts."""
        try:
            return self._task(task_state, TextsInPart)
        except RENDER_ERRORS as error:
            _logger.error(
                "Task '%s' is shown without its request: %s: %s", task_state.task.id, type(error).__name__, error
            )
            return self._with_facts(self._blank({}), task_state, {})

    def task_or_part(self, task_state: TaskState) -> dict[str, Json]:
        """Return the body of a task, or as `task_in_part`: a task that fails must not break a list."""
        try:
            return self.task(task_state)
        except RENDER_ERRORS:
            return self.task_in_part(task_state)

    def _task(self, task_state: TaskState, kind: type[Texts]) -> dict[str, Json]:
        turn, snapshot = task_state.turn, task_state.snapshot
        request = json_codec.loads(turn.request)
        body = self._with_facts(self._blank(request), task_state, request)
        texts = kind(task_state, body, request, self.fake)
        for name, assigned in snapshot.properties.items():
            if name in body:
                visit, schema = snapshot.visits[assigned.visit], self.schema.of(name)
                body[name] = self.schema.complete(name, texts.render(assigned.value, visit, f"/{name}", schema))
        self._pause(task_state, body, texts)
        self._finish(task_state, body, request)
        for name, part in self.schema.unset.items():
            if body[name] is not None:
                continue
            if part is None:
                del body[name]
            else:
                body[name] = values.generate(self._contract, part, turn.key, f"/{name}")
        return body

    def _with_facts(self, body: dict[str, Json], task_state: TaskState, request: Mapping[str, Json]) -> dict[str, Json]:
        for own, value in self._facts(task_state, request).items():
            if own in self._fact_names:
                body[self._fact_names[own]] = value
        return body

    def list_item(self, task_state: TaskState, body: Mapping[str, Json]) -> dict[str, Json]:
        """Return the summary of a task in a list, from its body."""
        user = body["input"].get("user") or {}
        return {
            "id": body["id"],
            "agent_id": body["agent_id"],
            "user_id": user.get("id"),
            "parent_task_id": body["parent_execution"],
            "triggering_agent_id": body["triggering_agent_id"],
            "organization_id": body["organization_id"],
            "status": body["status"],
            "created_at": body["created_at"],
            "updated_at": iso(task_state.snapshot.updated_at),
            "source_node_type": body["source"],
            "result": body["result"],
            "title": body["title"],
        }

    def event_data(self, task_state: TaskState, moment: Snapshot, kind: str, data: Value) -> Json:
        """Return the data of a step's event, its templates rendered as of the entry of the step."""
        schema, pointer = _TEXT if kind == CHUNK else ANYTHING, f"/events/{len(moment.visits)}/{kind}"
        value = self._texts(task_state).render(data, moment.visits[-1], pointer, schema)
        return self.schema.complete(_PLAN, value) if kind == PLAN_UPDATED and _PLAN in self.schema.properties else value

    def authorization(self, task_state: TaskState, moment: Snapshot, what: str) -> Json:
        """Return the data of the `auth_event` of a pause; `what` is LOGIN_REQUIRED or TOKEN_READY."""
        at = task_state._replace(snapshot=moment)
        if what == TOKEN_READY:
            return {"type": what, "data": {"access_token": "REDACTED"}}
        pause = self.task(at)[moment.pause.property] if moment.pause else {}
        url = pause.get("auth_url")
        return {"type": what, "data": {"url": url, "server_url": url, "server_name": pause.get("connector_name")}}

    def _texts(self, task_state: TaskState) -> Texts:
        request = json_codec.loads(task_state.turn.request)
        return Texts(task_state, self._facts(task_state, request), request, self.fake)

    def runnable(self, runnable: Runnable, origin: str, version: str | None = None) -> dict[str, Json]:
        """Return one of the workflows or agents that can be started.

        version: of the request; for a text that is no number, the response has the first one.
        """
        item: dict[str, Json] = self._runnables[runnable.kind](
            {
                "id": runnable.id,
                "unique_name": runnable.id,
                "name": runnable.name,
                "description": runnable.description,
                "organization_id": self.organization_id,
                "created_at": iso(self._founded),
                "type": "orchestration" if runnable.kind == "workflow" else "regular",
                "webhook_url": f"{origin}/?agent_id={runnable.id}",
                "version": int(version) if version and re.fullmatch(r"[0-9]{1,9}", version) else None,
            }
        )
        return item

    def check_update(self, payload: Mapping[str, Json]) -> None:
        """Raise BadRequest for an update with an unknown status or property, or with an invalid value."""
        status = payload.get("status")
        if status is not None and status not in list(Status):
            known = ", ".join(Status)
            raise BadRequest(
                f"'{status}' is not a status; a task is {known}{did_you_mean(str(status), list(Status)) or '.'}"
            )
        for name, value in payload.items():
            if name != "status":
                self._check_property(name, value)

    def _check_property(self, name: str, value: Json) -> None:
        settable = [each for each in self.schema.properties if each not in OWN]
        if name not in settable:
            hint = did_you_mean(name, [*settable, "status"]) or "."
            raise BadRequest(f"An update cannot set '{name}'; it sets properties that a step of a scenario could{hint}")
        for violation in find_violations(self._contract, self.schema.pointer or "", {name: value}, ()):
            if violation.loc[:1] == (name,):
                raise BadRequest(f"An update cannot set '{name}' to {value!r}: {violation.msg}.")

    def request_of_sub_task(self, task_state: TaskState, request: Mapping[str, Json], pointer: str) -> dict[str, Json]:
        """Return the body that starts a sub-task, its templates rendered as of the start of its parent."""
        rendered = self._texts(task_state).render(request, task_state.snapshot.visits[0], pointer)
        return {**rendered, "parent_execution_id": task_state.task.id, "triggering_agent_id": task_state.turn.runs}

    def pause_details(self, task_state: TaskState) -> dict[str, Json]:
        """Return what a person is shown of the present pause: its title, its text, the scopes; {} without a pause."""
        pause = task_state.snapshot.pause
        if pause is None:
            return {}
        shown = {**pause.shown, **pause.details}
        rendered: dict[str, Json] = self._texts(task_state).render(
            shown, task_state.snapshot.visits[-1], f"/{pause.property}"
        )
        return rendered

    def _blank(self, request: Mapping[str, Json]) -> dict[str, Json]:
        """Return a body of nothing but defaults and the properties of the request."""
        body = dict(self.schema.defaults)
        for sent, value in request.items():
            name = _RENAMED.get(sent, sent)
            if name in body and value is not None:
                body[name] = value
        return body

    def _facts(self, task_state: TaskState, request: Mapping[str, Json]) -> dict[str, Json]:
        """Return the properties that follow from the fold rather than from the request or the scenario."""
        task, turn, snapshot = task_state.task, task_state.turn, task_state.snapshot
        return {
            "id": task.id,
            "agent_id": turn.runs,
            "organization_id": self.organization_id,
            "input": self._input_of(request),
            "status": self.names.status_name(snapshot.status),
            "created_at": iso(task_state.created_at),
            "started_at": _iso_or_none(snapshot.started_at),
            "paused_at": _iso_or_none(snapshot.paused_at),
            "finished_at": _iso_or_none(snapshot.finished_at),
            "sub_executions": [child for child, _ in task_state.children],
            "finished_sub_executions": [child for child, finished in task_state.children if finished],
            "is_manually_stopped": snapshot.is_manually_stopped,
            "agent_version": turn.version,
            "is_orchestration": turn.kind == "workflow",
            "source": request.get("source") or _FILLED["source"],
        }

    def _input_of(self, request: Mapping[str, Json]) -> Json:
        if "input" not in self.schema.properties:
            return request
        sent = request.get("input") or {}
        user = sent.get("user")
        if user is not None and isinstance(user, Mapping):
            sent = {**sent, "user": {**user, "display_name": _display_name(user)}}
        return self.schema.complete("input", sent)

    def _pause(self, task_state: TaskState, body: dict[str, Json], texts: Texts) -> None:
        pause = task_state.snapshot.pause
        if pause is None or pause.property not in body:
            return
        schema, pointer = self.schema.of(pause.property), f"/{pause.property}"
        rendered = texts.render(pause.shown, task_state.snapshot.visits[-1], pointer, schema)
        if rendered is None:
            return
        declared = schema.properties
        shown = {name: value for name, value in rendered.items() if name in declared or not declared}
        # The contract may require properties of a pause that the scenario does not have.
        for name, part in self.schema.required[pause.property].items():
            if name not in shown and name != "auth_url":
                shown[name] = values.generate(self._contract, part.schema, task_state.turn.key, f"{pointer}/{name}")
        if "auth_url" in declared:
            shown.setdefault("auth_url", self._link(task_state))
        body[pause.property] = shown

    def _finish(self, task_state: TaskState, body: dict[str, Json], request: Mapping[str, Json]) -> None:
        """Give the result a type that the contract has, and the tokens their sum."""
        if "result" not in body:
            return
        result = body["result"]
        types = json_types(result)
        is_json = request.get("output_format") == "json" and task_state.snapshot.status is Status.COMPLETED
        if is_json and not _was_updated(task_state, "result"):
            result = self._json_result(result, request.get("output_schema"), task_state.turn.key)
            # In a contract where a result is always text, text and null are JSON text as well.
            types = frozenset({"object", "array"})
        allowed = self.schema.of("result").types
        if allowed is not None and allowed.isdisjoint(types):
            result = json_codec.dumps(result).decode()
        body["result"] = result
        tokens = body.get("tokens")
        if isinstance(tokens, Mapping):
            total = tokens.get("prompt_tokens", 0) + tokens.get("completion_tokens", 0)
            body["tokens"] = {**tokens, "total_tokens": total}

    def _json_result(self, result: Json, schema: Json, key: int) -> Json:
        if isinstance(schema, Mapping) and schema:
            try:
                return self._client_schemas.answer(schema, key, "/result", result)
            except NoValue:
                pass  # rendered as if the client had sent no schema; `warning` says why
        return result if isinstance(result, Mapping | list) else {"result": result}

    def warning(self, task_state: TaskState) -> str:
        """Return which part of a request is ignored, and why, as far as that is known by now; "" for none."""
        if BY_SCHEMA not in task_state.turn.request:
            return ""
        request = json_codec.loads(task_state.turn.request)
        schema = request.get("output_schema")
        if request.get("output_format") != "json" or not isinstance(schema, Mapping) or not schema:
            return ""
        reason = self._client_schemas.reason(schema, task_state.turn.key)
        return f"output_schema was left aside: {reason}" if reason else ""


def _was_updated(task_state: TaskState, name: str) -> bool:
    """Return whether a property has the value that an update gave it."""
    assigned = task_state.snapshot.properties.get(name)
    updates = (signal.payload for signal in task_state.turn.signals if signal.kind == UPDATE)
    return assigned is not None and any(name in update and update[name] is assigned.value for update in updates)


def _iso_or_none(instant: Millis | None) -> str | None:
    return None if instant is None else iso(instant)


def _display_name(user: Mapping[str, Json]) -> str:
    name = " ".join(part for part in (user.get("first_name"), user.get("last_name")) if part)
    return name or str(user.get("email", ""))


def _response_completion(contract: Contract, operation: Operation) -> Callable[[Json], Json]:
    pointer = operation.responses["200"].content["application/json"].schema_pointer or ""
    return completion(contract, SchemaView.of_pointer(contract.document, pointer))
