"""How a task looks on the wire: its snapshot, its request and the contract's shape put together.

Pure but for the values that Faker makes, which follow from the turn's key.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from emulator import exact
from emulator.clock import iso
from emulator.contract import pointers, values
from emulator.contract.flattening import laid_out
from emulator.contract.judging import schema_validator, schema_violations, violations
from emulator.contract.spec import Contract, Operation
from emulator.core.events import CHUNK, PLAN_UPDATED, TOKEN_READY
from emulator.core.replay import Snapshot, Visit
from emulator.core.signals import UPDATE, Signal
from emulator.core.task import Status
from emulator.core.timeline import Millis, Value
from emulator.credentials import credentials_in, sentence_without
from emulator.errors import BadRequest, BrokenPromise, EmulatorError, did_you_mean
from emulator.oddities import Odd, Oddities
from emulator.scenario import templates
from emulator.scenario.shapes import ANYTHING, Shape, task_shape
from emulator.settings import Runnable
from emulator.standing import Standing
from emulator.words import reader, words_of

Json = Any
Completion = Callable[[Json], Json]
Schema = Mapping[str, Json]
Fakes = Callable[[str, int, str], Json]

# What the answer calls by another name than the request.
_RENAMED: Final = {"parent_execution_id": "parent_execution"}
# What the API fills in when the request leaves it out (source: examples of the vendor's documentation).
_FILLED: Final = {"source": "api"}
_MAX_DEPTH: Final = 8
# What a step tells of these is shown as the task itself would show it.
_TEXT: Final = Shape({"type": "string"})
_PLAN: Final = "deep_planning"
# What only the emulator itself says of a task.
OWN: Final = frozenset(
    ["id", "agent_id", "organization_id", "input", "status", "created_at", "started_at", "paused_at", "finished_at"]
).union(["sub_executions", "finished_sub_executions", "is_manually_stopped", "hitl_request", "pending_eca_request"])

# What says how the task came about and what came of it: nothing odd is made up for these.
_NOT_MADE_UP: Final = ("result", "tokens", "parent_execution", "triggering_agent_id", "agent_version")


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
        link: Callable[[Standing], str],
        fake: Fakes = values.fake,
        *,
        nasty: bool = False,
        future: bool = False,
    ) -> None:
        self._contract = contract
        self.fake = fake
        self.organization_id = organization_id
        self._founded = founded
        self._link = link
        self.words = words_of(contract)
        self._pointer = _task_pointer(contract)
        takes = task_shape(contract.document)
        self._takes = {} if takes is None else takes.properties
        schema = {} if self._pointer is None else laid_out(contract.document, contract.schema(self._pointer))
        properties: Schema = schema.get("properties", {})
        self._names = tuple(properties)
        self._defaults = {name: _default(contract, part) for name, part in properties.items()}
        # What cannot be null and has no default: left out until somebody sets it, or made where it is required.
        self._lacking = {
            name: part if name in schema.get("required", ()) else None
            for name, part in properties.items()
            if self._defaults[name] is None and not _takes_null(contract, part)
        }
        self._complete = {name: _completion(contract, part) for name, part in properties.items()}
        self._declared = {
            name: frozenset(_resolved(contract, part).get("properties", {})) for name, part in properties.items()
        }
        # What a pause must tell in this contract, by its property; a story may know nothing of it.
        self._required = {name: _required(contract, part) for name, part in properties.items()}
        self._runnables = {
            operation.behaviour["kind"]: _completion(contract, {"$ref": f"#{_answer_pointer(operation)}"})
            for operation in contract.operations
            if operation.behaviour.get("action") == "catalogue_get"
        }

        facts = frozenset(self.words.name(own) for own in (*OWN, *_NOT_MADE_UP))
        status = (self.words.name("status"), self.words.status(Status.EXECUTING))
        is_odd = (nasty or future) and self._pointer is not None
        odd = Oddities(contract, self._pointer or "", self._defaults, facts, status, nasty, future)
        self._odd = odd if is_odd else None

    def sent(self, standing: Standing, body: Mapping[str, Json]) -> Odd:
        """Return a task as a client is told of it, from its whole."""
        return Odd(body) if self._odd is None else self._odd(body, standing.turn.key)

    def task(self, standing: Standing) -> dict[str, Json]:
        """Return the whole task, its properties in the contract's order. Raises BrokenPromise for a text that fails."""
        return self._task(standing, _Texts)

    def task_in_part(self, standing: Standing) -> dict[str, Json]:
        """Return the whole task, with null for every property whose text fails."""
        return self._task(standing, _TextsInPart)

    def _task(self, standing: Standing, kind: type["_Texts"]) -> dict[str, Json]:
        turn, snapshot = standing.turn, standing.snapshot
        request = exact.loads(turn.request)
        body = self._blank(request)
        facts = self.words.say(self._facts(standing, request))
        body.update((name, value) for name, value in facts.items() if name in self._defaults)
        texts = kind(self, standing, body, request)
        for name, assigned in snapshot.properties.items():
            if name in body:
                value = texts.render(assigned.value, snapshot.visits[assigned.visit], f"/{name}", self.takes(name))
                body[name] = self._complete[name](value)
        self._pause(standing, body, texts)
        self._finish(standing, body, request)
        for name, part in self._lacking.items():
            if body[name] is not None:
                continue
            if part is None:
                del body[name]
            else:
                body[name] = values.generate(self._contract, part, turn.key, f"/{name}")
        return body

    def list_item(self, standing: Standing, body: Mapping[str, Json]) -> dict[str, Json]:
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
            "updated_at": iso(standing.snapshot.updated_at),
            "source_node_type": body["source"],
            "result": body["result"],
            "title": body["title"],
        }

    def told(self, standing: Standing, moment: Snapshot, kind: str, data: Value) -> Json:
        """Return what a step tells a stream, its templates rendered as at the moment when the step was entered."""
        takes = _TEXT if kind == CHUNK else ANYTHING
        value = self._texts(standing).render(data, moment.visits[-1], f"/events/{len(moment.visits)}/{kind}", takes)
        return self.completed(_PLAN, value) if kind == PLAN_UPDATED and _PLAN in self._complete else value

    def authorization(self, standing: Standing, moment: Snapshot, what: str) -> Json:
        """Return the data of an `auth_event` that a pause tells by itself."""
        at = replace(standing, snapshot=moment)
        if what == TOKEN_READY:
            return {"type": what, "data": {"access_token": "REDACTED"}}
        asked = self.task(at)[moment.pause.property] if moment.pause else {}
        url = asked.get("auth_url")
        server = {"server_url": url, "server_name": asked.get("connector_name")}
        return {"type": what, "data": {"url": url, **server}}

    def _texts(self, standing: Standing) -> "_Texts":
        request = exact.loads(standing.turn.request)
        return _Texts(self, standing, self._facts(standing, request), request)

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
        whole = violations(self._contract, self._pointer or "", {name: value}, ())
        found = [each for each in whole if each.loc[:1] == (name,)]
        if found:
            raise BadRequest(f"An update cannot set '{name}' to {value!r}: {found[0].msg}.")

    def request_of_sub_task(self, standing: Standing, request: Mapping[str, Json], pointer: str) -> dict[str, Json]:
        """Return the body that starts a sub-task, its templates rendered at the birth of its parent."""
        rendered = self._texts(standing).render(request, standing.snapshot.visits[0], pointer)
        return {**rendered, "parent_execution_id": standing.task.id, "triggering_agent_id": standing.turn.runs}

    def pause_details(self, standing: Standing) -> dict[str, Json]:
        """Return what a person is shown of the present pause: its title, its text, the scopes; {} without one."""
        pause = standing.snapshot.pause
        if pause is None:
            return {}
        shown = {**pause.shown, **pause.details}
        rendered: dict[str, Json] = self._texts(standing).render(
            shown, standing.snapshot.visits[-1], f"/{pause.property}"
        )
        return rendered

    def completed(self, name: str, value: Json) -> Json:
        """Return a value of a property as the task tells it: what the contract declares of it, in its order."""
        return self._complete[name](value)

    def takes(self, name: str) -> Shape:
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

    def _facts(self, standing: Standing, request: Mapping[str, Json]) -> dict[str, Json]:
        """Return the properties that follow from the fold rather than from the request or the scenario."""
        task, turn, snapshot = standing.task, standing.turn, standing.snapshot
        return {
            "id": task.id,
            "agent_id": turn.runs,
            "organization_id": self.organization_id,
            "input": self._input_of(request),
            "status": self.words.status(snapshot.status),
            "created_at": iso(standing.created_at),
            "started_at": _iso_or_none(snapshot.started_at),
            "paused_at": _iso_or_none(snapshot.paused_at),
            "finished_at": _iso_or_none(snapshot.finished_at),
            "sub_executions": [child for child, _ in standing.children],
            "finished_sub_executions": [child for child, finished in standing.children if finished],
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
        if isinstance(user, Mapping):
            sent = {**sent, "user": {**user, "display_name": _display_name(user)}}
        return self._complete["input"](sent)

    def _pause(self, standing: Standing, body: dict[str, Json], texts: "_Texts") -> None:
        pause = standing.snapshot.pause
        if pause is None or pause.property not in body:
            return
        declared = self._declared[pause.property]
        takes = self.takes(pause.property)
        shown = texts.render(pause.shown, standing.snapshot.visits[-1], f"/{pause.property}", takes)
        if shown is None:
            return
        body[pause.property] = {name: value for name, value in shown.items() if name in declared or not declared}
        for name, schema in self._required[pause.property].items():
            if name not in body[pause.property] and name != "auth_url":
                pointer = f"/{pause.property}/{name}"
                body[pause.property][name] = values.generate(self._contract, schema, standing.turn.key, pointer)
        if "auth_url" in declared:
            body[pause.property].setdefault("auth_url", self._link(standing))

    def _finish(self, standing: Standing, body: dict[str, Json], request: Mapping[str, Json]) -> None:
        """Put the result into a string, as the API has it, and let the sum of the tokens be their sum."""
        if "result" not in body:
            return
        result = body["result"]
        is_json = request.get("output_format") == "json" and standing.snapshot.status is Status.COMPLETED
        if is_json and not _was_updated(standing, "result"):
            result = self._json_result(result, request.get("output_schema"), standing.turn.key)
        if not self.takes("result").takes(result):
            result = exact.dumps(result).decode()
        body["result"] = result
        tokens = body.get("tokens")
        if isinstance(tokens, Mapping):
            total = tokens.get("prompt_tokens", 0) + tokens.get("completion_tokens", 0)
            body["tokens"] = {**tokens, "total_tokens": total}

    def _json_result(self, result: Json, schema: Json, key: int) -> Json:
        if isinstance(result, Mapping | list) and _satisfies(self._contract, schema, result):
            return result
        if isinstance(schema, Mapping) and schema:
            try:
                return values.generate(self._contract, schema, key, "/result")
            except EmulatorError:
                pass  # a client's schema that nothing can satisfy: answered as if it had sent none
        return result if isinstance(result, Mapping | list) else {"result": result}


class _Texts:
    """Renders the templates of one task; what they may refer to is gathered when the first one is met."""

    def __init__(self, renderer: TaskRenderer, standing: Standing, body: Mapping[str, Json], request: Json) -> None:
        self._renderer = renderer
        self._standing = standing
        self._body = body
        self._request = request

    def render(self, value: Json, visit: Visit, pointer: str, takes: Shape = ANYTHING) -> Json:
        if not isinstance(value, Mapping | list | tuple) and type(value).__module__ == "builtins":
            return value
        try:
            return templates.render(value, self._context(visit), self._fake, pointer, takes)
        except BrokenPromise as broken:
            timeline = self._standing.turn.timeline
            place = f"{timeline.source}:{timeline.steps[visit.step].line}"
            told = sentence_without(broken.message, credentials_in(self._request))
            raise BrokenPromise(f"{told}. See {place}.") from None

    def _fake(self, provider: str, pointer: str) -> Json:
        return self._renderer.fake(provider, self._standing.turn.key, pointer)

    def _context(self, visit: Visit) -> dict[str, Json]:
        signal = visit.signal
        return {
            "input": self._body.get("input", self._request),
            "request": self._request,
            "task": {"id": self._standing.task.id, "turn": self._standing.number + 1, **self._named()},
            "signal": {} if signal is None else _told(signal),
            "now": iso(visit.at),
        }

    def _named(self) -> dict[str, Json]:
        return {name: self._body.get(name) for name in ("agent_id", "organization_id", "created_at", "title")}


class _TextsInPart(_Texts):
    """Renders the templates of one task; a value in which one fails is null."""

    def render(self, value: Json, visit: Visit, pointer: str, takes: Shape = ANYTHING) -> Json:
        try:
            return super().render(value, visit, pointer, takes)
        except BrokenPromise:
            return None


def _was_updated(standing: Standing, name: str) -> bool:
    """Tell whether a property has the value that an update gave it."""
    assigned = standing.snapshot.properties.get(name)
    updates = (signal.payload for signal in standing.turn.signals if signal.kind == UPDATE)
    return assigned is not None and any(name in update and update[name] is assigned.value for update in updates)


def _told(signal: Signal) -> dict[str, Json]:
    told = {"name": signal.kind, "by": signal.by, "reason": signal.reason, "payload": signal.payload}
    return {**told, "at": iso(signal.at)}


def _iso_or_none(instant: Millis | None) -> str | None:
    return None if instant is None else iso(instant)


def _display_name(user: Mapping[str, Json]) -> str:
    named = " ".join(part for part in (user.get("first_name"), user.get("last_name")) if part)
    return named or str(user.get("email", ""))


def _task_pointer(contract: Contract) -> str | None:
    """Return where the task's schema stands: what the operation that reads one answers with."""
    read = reader(contract)
    return None if read is None else pointers.target(contract.document, _answer_pointer(read))


def _answer_pointer(operation: Operation) -> str:
    return operation.responses["200"].content["application/json"].schema_pointer or ""


def _satisfies(contract: Contract, schema: Json, value: Json) -> bool:
    """Tell whether a value satisfies the schema that a client sent; any value does where it is none."""
    if not isinstance(schema, Mapping) or not schema or schema_violations(schema):
        return True
    # Importing it costs milliseconds, and few requests carry a schema.
    from referencing.exceptions import Unresolvable

    try:
        return bool(schema_validator(contract, schema).is_valid(value))
    except Unresolvable:
        return True


def _resolved(contract: Contract, schema: Json) -> Schema:
    """Return a schema with its reference followed, and of a nullable one the branch that is not null."""
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        return _resolved(contract, contract.schema(schema["$ref"].removeprefix("#")))
    for branch in schema.get("anyOf", ()):
        if branch.get("type") != "null":
            return _resolved(contract, branch)
    return schema


def _required(contract: Contract, schema: Json) -> Mapping[str, Json]:
    """Return the properties that an object must have, each with its schema."""
    resolved = _resolved(contract, schema)
    properties = resolved.get("properties", {})
    return {name: properties[name] for name in resolved.get("required", ()) if name in properties}


def _nullable(schema: Json) -> bool:
    types = schema.get("type", ())
    return "null" in types or any(branch.get("type") == "null" for branch in schema.get("anyOf", ()))


def _takes_null(contract: Contract, schema: Json) -> bool:
    """Tell whether null satisfies a schema, as far as its own words tell."""
    if not isinstance(schema, Mapping):
        return bool(schema)
    if "$ref" in schema:
        return _takes_null(contract, contract.schema(schema["$ref"].removeprefix("#")))
    if "type" in schema and "null" not in schema["type"]:
        return False
    if None not in schema.get("enum", [None]) or schema.get("const") is not None:
        return False
    either = [branches for key in ("anyOf", "oneOf") if (branches := schema.get(key))]
    return all(any(_takes_null(contract, each) for each in branches) for branches in either) and all(
        _takes_null(contract, each) for each in schema.get("allOf", ())
    )


def _default(contract: Contract, schema: Json) -> Json:
    """Return what a property is while nobody has set it: its default, else null, else an object of defaults."""
    if "default" in schema:
        return schema["default"]
    resolved = _resolved(contract, schema)
    if "properties" in resolved and not _nullable(schema):
        return _completion(contract, schema)({})
    return None


def _completion(contract: Contract, schema: Json, depth: int = 0) -> Completion:
    """Return a function that gives a value the declared properties, in their order, each with its default."""
    resolved = _resolved(contract, schema)
    properties = resolved.get("properties")
    if not properties or depth > _MAX_DEPTH:
        return lambda value: value
    required = resolved.get("required", ())
    parts = []
    for name, part in properties.items():
        default = _default(contract, part)
        may_lack = default is None and name not in required and not _takes_null(contract, part)
        parts.append((name, default, may_lack, _completion(contract, part, depth + 1)))

    def complete(value: Json) -> Json:
        if not isinstance(value, Mapping):
            return value
        sent = ((name, value.get(name), default, may_lack, inner) for name, default, may_lack, inner in parts)
        return {
            name: default if found is None else inner(found)
            for name, found, default, may_lack, inner in sent
            if found is not None or not may_lack
        }

    return complete
