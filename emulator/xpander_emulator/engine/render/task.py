"""How a task looks on the wire: its snapshot, its request and the contract's shape put together.

Pure but for the values that Faker makes, which follow from the turn's key.
"""

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final

from xpander_emulator.clock import iso
from xpander_emulator.common import json_codec
from xpander_emulator.common.types import Json
from xpander_emulator.contract.extension.property_names import task_names, task_pointer
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.request.client_schemas import ClientSchemas, NoValue
from xpander_emulator.contract.sampling import faker_values, values
from xpander_emulator.contract.schema.completion import completion, default_of, takes_null
from xpander_emulator.contract.schema.reader import ANYTHING, Branches, SchemaView, json_types
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.core.events import CHUNK, PLAN_UPDATED, TOKEN_READY
from xpander_emulator.core.replay import Snapshot
from xpander_emulator.core.signals import UPDATE
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Millis, Value
from xpander_emulator.engine.render.templates import Fakes, Texts, TextsInPart
from xpander_emulator.engine.render.variations import Variation, Variations
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import BadRequest, EmulatorError, did_you_mean
from xpander_emulator.settings import Runnable

# What the answer calls by another name than the request.
_RENAMED: Final = {"parent_execution_id": "parent_execution"}
# What the API fills in when the request leaves it out (source: examples of the vendor's documentation).
_FILLED: Final = {"source": "api"}
# What a step tells of these is shown as the task itself would show it.
_TEXT: Final = SchemaView({}, {"type": "string"})
_PLAN: Final = "deep_planning"
# What only the emulator itself says of a task.
OWN: Final = frozenset(
    ["id", "agent_id", "organization_id", "input", "status", "created_at", "started_at", "paused_at", "finished_at"]
).union(["sub_executions", "finished_sub_executions", "is_manually_stopped", "hitl_request", "pending_eca_request"])

# What _facts tells.
_FACTS: Final = (*OWN, "agent_version", "is_orchestration", "source")
# What says how the task came about and what came of it: nothing odd is made up for these.
_NOT_MADE_UP: Final = ("result", "tokens", "parent_execution", "triggering_agent_id", "agent_version")

# What rendering raises for a task that cannot be shown: by a text or a schema that fails, or by a request that no
# client could have sent, such as that of an imported file.
NOT_SHOWN: Final = (EmulatorError, ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
# Without these bytes a request asks for no result by a schema of its own.
BY_SCHEMA: Final = b"output_schema"
_logger: Final = logging.getLogger("xpander_emulator")


class TaskRenderer:
    """Renders tasks in the shape of one contract.

    organization_id: what every task says it belongs to; it was made at `founded`, as was all that can be run.
    link:            makes the address of the page on which a credential is authorized.
    fake:            gives a provider's value for a key and a JSON pointer.
    nasty, future:   whether a task is told oddly, see Oddities.
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
        self._contract = contract
        self.fake = fake
        self.organization_id = organization_id
        self._founded = founded
        self._link = link
        self._client_schemas = ClientSchemas(contract)
        self.names = task_names(contract)
        self._pointer = task_pointer(contract)
        task = ANYTHING if self._pointer is None else SchemaView.of_pointer(contract.document, self._pointer)
        self._takes = properties = task.properties_of(Branches.FIRST)
        self._names = tuple(properties)
        self._defaults = {name: default_of(contract, part) for name, part in properties.items()}
        # What cannot be null and has no default: left out until somebody sets it, or made where it is required.
        self._lacking = {
            name: part.schema if name in task.required_of(Branches.FIRST) else None
            for name, part in properties.items()
            if self._defaults[name] is None and not takes_null(contract, part)
        }
        self._complete = {name: completion(contract, part) for name, part in properties.items()}
        # The JSON types that a result may have; None for all.
        self._results = self.takes("result").types
        self._declared = {name: frozenset(part.properties) for name, part in properties.items()}
        # What a pause must tell in this contract, by its property; a story may know nothing of it.
        self._required = {name: _required(part) for name, part in properties.items()}
        self._runnables = {
            operation.behaviour["kind"]: completion(
                contract, SchemaView.of_pointer(contract.document, _answer_pointer(operation))
            )
            for operation in contract.operations
            if operation.behaviour.get("action") == "catalogue_get"
        }

        # The contract's names of what the emulator itself says, of those that it has.
        self._told = {own: name for own in _FACTS if (name := self.names.property_name(own)) in properties}
        facts = frozenset(self.names.property_name(own) for own in (*OWN, *_NOT_MADE_UP))
        status = (self.names.property_name("status"), self.names.status_name(Status.EXECUTING))
        is_odd = (nasty or future) and self._pointer is not None
        odd = Variations(contract, self._pointer or "", self._defaults, facts, status, nasty, future)
        self._odd = odd if is_odd else None

    def sent(self, task_state: TaskState, body: Mapping[str, Json]) -> Variation:
        """Return a task as a client is told of it, from its whole."""
        return Variation(body) if self._odd is None else self._odd(body, task_state.turn.key)

    def task(self, task_state: TaskState) -> dict[str, Json]:
        """Return the whole task, its properties in the contract's order. Raises BrokenPromise for a text that fails."""
        return self._task(task_state, Texts)

    def task_in_part(self, task_state: TaskState) -> dict[str, Json]:
        """Return the whole task, with null for every property whose text fails; its facts where all else fails."""
        try:
            return self._task(task_state, TextsInPart)
        except NOT_SHOWN as error:
            _logger.error(
                "Task '%s' is shown without its request: %s: %s", task_state.task.id, type(error).__name__, error
            )
            return self._with_facts(self._blank({}), task_state, {})

    def task_or_part(self, task_state: TaskState) -> dict[str, Json]:
        """Return the whole task, or as much of it as can be shown: one must not cost others their place in a list."""
        try:
            return self.task(task_state)
        except NOT_SHOWN:
            return self.task_in_part(task_state)

    def _task(self, task_state: TaskState, kind: type[Texts]) -> dict[str, Json]:
        turn, snapshot = task_state.turn, task_state.snapshot
        request = json_codec.loads(turn.request)
        body = self._with_facts(self._blank(request), task_state, request)
        texts = kind(task_state, body, request, self.fake)
        for name, assigned in snapshot.properties.items():
            if name in body:
                value = texts.render(assigned.value, snapshot.visits[assigned.visit], f"/{name}", self.takes(name))
                body[name] = self._complete[name](value)
        self._pause(task_state, body, texts)
        self._finish(task_state, body, request)
        for name, part in self._lacking.items():
            if body[name] is not None:
                continue
            if part is None:
                del body[name]
            else:
                body[name] = values.generate(self._contract, part, turn.key, f"/{name}")
        return body

    def _with_facts(self, body: dict[str, Json], task_state: TaskState, request: Mapping[str, Json]) -> dict[str, Json]:
        for own, value in self._facts(task_state, request).items():
            if own in self._told:
                body[self._told[own]] = value
        return body

    def list_item(self, task_state: TaskState, body: Mapping[str, Json]) -> dict[str, Json]:
        """Return the summary of a task that lists show, from its whole."""
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

    def told(self, task_state: TaskState, moment: Snapshot, kind: str, data: Value) -> Json:
        """Return what a step tells a stream, its templates rendered as at the moment when the step was entered."""
        takes = _TEXT if kind == CHUNK else ANYTHING
        value = self._texts(task_state).render(data, moment.visits[-1], f"/events/{len(moment.visits)}/{kind}", takes)
        return self.completed(_PLAN, value) if kind == PLAN_UPDATED and _PLAN in self._complete else value

    def authorization(self, task_state: TaskState, moment: Snapshot, what: str) -> Json:
        """Return the data of an `auth_event` that a pause tells by itself."""
        at = task_state._replace(snapshot=moment)
        if what == TOKEN_READY:
            return {"type": what, "data": {"access_token": "REDACTED"}}
        asked = self.task(at)[moment.pause.property] if moment.pause else {}
        url = asked.get("auth_url")
        server = {"server_url": url, "server_name": asked.get("connector_name")}
        return {"type": what, "data": {"url": url, **server}}

    def _texts(self, task_state: TaskState) -> Texts:
        request = json_codec.loads(task_state.turn.request)
        return Texts(task_state, self._facts(task_state, request), request, self.fake)

    def runnable(self, runnable: Runnable, origin: str, version: str | None = None) -> dict[str, Json]:
        """Return one of the workflows or agents that can be started.

        version: the one that is asked for; what is no number is answered as the first.
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
        """Raise BadRequest if an update names a status or a property that no task has, or gives one a wrong value."""
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
        settable = [each for each in self._names if each not in OWN]
        if name not in settable:
            hint = did_you_mean(name, [*settable, "status"]) or "."
            raise BadRequest(f"An update cannot set '{name}'; it sets properties that a step of a story could{hint}")
        whole = find_violations(self._contract, self._pointer or "", {name: value}, ())
        found = [each for each in whole if each.loc[:1] == (name,)]
        if found:
            raise BadRequest(f"An update cannot set '{name}' to {value!r}: {found[0].msg}.")

    def request_of_sub_task(self, task_state: TaskState, request: Mapping[str, Json], pointer: str) -> dict[str, Json]:
        """Return the body that starts a sub-task, its templates rendered at the birth of its parent."""
        rendered = self._texts(task_state).render(request, task_state.snapshot.visits[0], pointer)
        return {**rendered, "parent_execution_id": task_state.task.id, "triggering_agent_id": task_state.turn.runs}

    def pause_details(self, task_state: TaskState) -> dict[str, Json]:
        """Return what a person is shown of the present pause: its title, its text, the scopes; {} without one."""
        pause = task_state.snapshot.pause
        if pause is None:
            return {}
        shown = {**pause.shown, **pause.details}
        rendered: dict[str, Json] = self._texts(task_state).render(
            shown, task_state.snapshot.visits[-1], f"/{pause.property}"
        )
        return rendered

    def completed(self, name: str, value: Json) -> Json:
        """Return a value of a property as the task tells it: what the contract declares of it, in its order."""
        return self._complete[name](value)

    def takes(self, name: str) -> SchemaView:
        """Return what a property of the task takes."""
        return self._takes.get(name, ANYTHING)

    def _blank(self, request: Mapping[str, Json]) -> dict[str, Json]:
        """Return a task of nothing but defaults and what the request says itself."""
        body = dict(self._defaults)
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
        if "input" not in self._complete:
            return request
        sent = request.get("input") or {}
        user = sent.get("user")
        if user is not None and isinstance(user, Mapping):
            sent = {**sent, "user": {**user, "display_name": _display_name(user)}}
        return self._complete["input"](sent)

    def _pause(self, task_state: TaskState, body: dict[str, Json], texts: Texts) -> None:
        pause = task_state.snapshot.pause
        if pause is None or pause.property not in body:
            return
        declared = self._declared[pause.property]
        takes = self.takes(pause.property)
        shown = texts.render(pause.shown, task_state.snapshot.visits[-1], f"/{pause.property}", takes)
        if shown is None:
            return
        body[pause.property] = {name: value for name, value in shown.items() if name in declared or not declared}
        for name, part in self._required[pause.property].items():
            if name not in body[pause.property] and name != "auth_url":
                pointer = f"/{pause.property}/{name}"
                body[pause.property][name] = values.generate(self._contract, part.schema, task_state.turn.key, pointer)
        if "auth_url" in declared:
            body[pause.property].setdefault("auth_url", self._link(task_state))

    def _finish(self, task_state: TaskState, body: dict[str, Json], request: Mapping[str, Json]) -> None:
        """Put the result into a string, as the API has it, and let the sum of the tokens be their sum."""
        if "result" not in body:
            return
        result = body["result"]
        types = json_types(result)
        is_json = request.get("output_format") == "json" and task_state.snapshot.status is Status.COMPLETED
        if is_json and not _was_updated(task_state, "result"):
            result = self._json_result(result, request.get("output_schema"), task_state.turn.key)
            # Text and null are JSON text as well, where the contract has room for nothing but text.
            types = frozenset({"object", "array"})
        if self._results is not None and self._results.isdisjoint(types):
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
                pass  # answered as if the client had sent no schema; `left_aside` says why
        return result if isinstance(result, Mapping | list) else {"result": result}

    def left_aside(self, task_state: TaskState) -> str:
        """Return what of a request is left aside, and why, as far as that is known by now; "" for nothing."""
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
    named = " ".join(part for part in (user.get("first_name"), user.get("last_name")) if part)
    return named or str(user.get("email", ""))


def _required(view: SchemaView) -> Mapping[str, SchemaView]:
    """Return the properties that an object must have, each with its schema."""
    properties = view.properties_of(Branches.FIRST)
    return {name: properties[name] for name in view.required_of(Branches.FIRST) if name in properties}


def _answer_pointer(operation: Operation) -> str:
    return operation.responses["200"].content["application/json"].schema_pointer or ""
