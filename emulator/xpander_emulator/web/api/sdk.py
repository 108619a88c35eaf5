"""The actions on the paths of the official SDK that `/v1` does not have, over the same tasks."""

from typing import Final

from xpander_emulator.common import json_codec
from xpander_emulator.common.types import JsonObject
from xpander_emulator.contract.model import Contract
from xpander_emulator.core import signals
from xpander_emulator.core.status import Status, may_be_updated
from xpander_emulator.core.timeline import NO_TIME, After, Step, Timeline
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.task import OWN, TaskRenderer
from xpander_emulator.engine.start_task import Start
from xpander_emulator.engine.thread import activity
from xpander_emulator.engine.views import View
from xpander_emulator.errors import NotFound
from xpander_emulator.scenario.selection import Choice, Scenario
from xpander_emulator.web.api.listing import Listing
from xpander_emulator.web.api.task_response import TaskResponses, task_id_of
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.http import Response, json_response

# The SDK reads a whole list at once; older tasks beyond this number are left out.
MOST_LISTED: Final = 1_000
REPORTED: Final = "reported"
_REASON: Final = "the operation itself says how the task ran"


class SdkHandlers:
    """The handlers of the SDK's paths, over one engine."""

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._source = contract.source
        self._listing = Listing(engine, contract)
        self._responses = TaskResponses(contract)

    async def update(self, context: RequestContext) -> Response:
        """Update a task by a worker's report; what a worker does not own, or has not changed, is ignored."""
        task_id = task_id_of(context)
        view = await self._engine.peek(context.namespace, task_id)
        changes = _changes(self._engine.renderer, view, context.body or {})
        if changes:
            view = await self._engine.signal(context.namespace, task_id, signals.UPDATE, payload=changes)
        return self._responses.of(context, view)

    async def signal(self, context: RequestContext) -> Response:
        """Give a task the signal that the operation names."""
        body = context.body or {}
        by = next((body[name] for name in ("by", "approved_by", "rejected_by") if body.get(name) is not None), None)
        kind, task_id = context.operation.behaviour["signal"], task_id_of(context)
        return self._responses.of(
            context,
            await self._engine.signal(context.namespace, task_id, kind, by=by, reason=body.get("reason"), payload=body),
        )

    async def report(self, context: RequestContext) -> Response:
        """Return a task that ran elsewhere: it is started as a finished one, or a task that runs here ends now."""
        report = context.body
        existing = await self._engine.task_states.find(context.namespace, report["id"]) if report.get("id") else None
        if existing is not None and not existing.snapshot.is_finished:
            payload = {"status": _final_status(report).value, **_result_of(report)}
            return self._responses.of(
                context, await self._engine.signal(context.namespace, existing.task.id, signals.UPDATE, payload=payload)
            )
        runs = context.parameters[context.operation.behaviour["subject"]]
        body = {"id": report.get("id"), "input": {"text": report.get("input")}, "source": "sdk"}
        kind = self._engine.directory.kind(runs, context.operation.behaviour["kind"])
        start = Start(runs, kind, None, body, json_codec.dumps(body), context.request.origin)
        scenario = _reported(report, self._source, context.operation.line)
        return self._responses.of(
            context, await self._engine.start(context.namespace, start, Choice(scenario, _REASON))
        )

    async def history(self, context: RequestContext) -> Response:
        """Return the newest tasks of an agent or a user, without paging."""
        filters = {name: value for name, value in context.parameters.items() if value != ""}
        agent_id = filters.get(context.operation.behaviour.get("subject", ""))
        tasks = await self._listing.select(context.namespace, agent_id, filters)
        return json_response(await self._listing.summaries(context.namespace, tasks[:MOST_LISTED]))

    async def activity(self, context: RequestContext) -> Response:
        """Return the messages and tool calls of a task that this agent has run."""
        turns = await self._engine.task_states.turns(context.namespace, task_id_of(context))
        if context.parameters["agent_id"] not in {turn.turn.runs for turn in turns}:
            raise NotFound("Task not found")
        return json_response(activity([(turn, self._engine.renderer.task_or_part(turn)) for turn in turns]))

    async def push(self, context: RequestContext) -> Response:
        """Accept a worker's events of a task; they are not stored."""
        await self._engine.task_states.get(context.namespace, task_id_of(context))
        return json_response({})


def _changes(renderer: TaskRenderer, view: View, sent: JsonObject) -> JsonObject:
    """Return the properties of an update that differ from the task and that a worker owns, with the emulator's status.

    A client that saves a task sends all of it. Raises BadRequest for a status that the contract has no word for.
    """
    body, names = view.body, renderer.names
    own = OWN.union(names.property_name(each) for each in OWN)
    # The SDK's name on this path for the task's payload_extension.
    extension = sent.get("tool_call_payload_extension")
    update = sent if extension is None else {**sent, "payload_extension": extension}
    settable = {name: value for name, value in update.items() if name in body and name not in own and value is not None}
    if "result" in settable and not renderer.schema.of("result").takes(settable["result"]):
        settable["result"] = json_codec.dumps(settable["result"]).decode()
    changes = {name: value for name, value in settable.items() if renderer.schema.complete(name, value) != body[name]}
    word = sent.get(names.property_name("status"))
    if word is not None and word != body.get(names.property_name("status")):
        present = view.task_state.snapshot.status
        possible = [each.value for each in names.statuses_named(word) if may_be_updated(present, each)]
        changes |= {"status": possible[0]} if possible else {}
    return changes


def _final_status(report: JsonObject) -> Status:
    return Status.FAILED if report.get("is_success") is False else Status.COMPLETED


def _result_of(report: JsonObject) -> JsonObject:
    return {name: report[name] for name in ("result", "tokens") if report.get(name) is not None}


def _reported(report: JsonObject, source: str, line: int) -> Scenario:
    """Return the scenario of a task that ran elsewhere; its source is the line of the contract."""
    run = Step("running", Status.EXECUTING, After(NO_TIME, NO_TIME, 1), line=line)
    end = Step(REPORTED, _final_status(report), sets=_result_of(report), line=line)
    timeline = Timeline(REPORTED, (run, end), source)
    return Scenario(REPORTED, "A task that ran elsewhere", (), timeline, source)
