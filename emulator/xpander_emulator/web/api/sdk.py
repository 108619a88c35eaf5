"""What the paths of the official SDK do beyond those of `/v1`, over the same tasks."""

from collections.abc import Mapping
from typing import Any, Final

from xpander_emulator.common import json_codec
from xpander_emulator.contract.model import Contract
from xpander_emulator.core import signals
from xpander_emulator.core.task import Status, may_be_updated
from xpander_emulator.core.timeline import NO_TIME, After, Step, Timeline
from xpander_emulator.engine.engine import Engine, View
from xpander_emulator.engine.render.task import OWN, TaskRenderer
from xpander_emulator.engine.start_task import Start
from xpander_emulator.engine.thread import activity
from xpander_emulator.errors import NotFound
from xpander_emulator.scenario.selection import Choice, Scenario
from xpander_emulator.web.api.listing import selected, summaries
from xpander_emulator.web.api.task_response import TaskReplies, task_id_of
from xpander_emulator.web.http import Reply, json_reply
from xpander_emulator.web.pipeline import Call, Handler

# The SDK reads a whole list at once; beyond this, the older tasks are left out.
MOST_LISTED: Final = 1_000
REPORTED: Final = "reported"
_WHY: Final = "the operation itself tells how the task ran"


class SdkHandlers:
    """The handlers of the SDK's paths, over one engine."""

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._source = contract.source
        self._replies = TaskReplies(contract)

    def table(self) -> Mapping[str, Handler]:
        """Return the handlers by the action that an operation names."""
        return {
            "update": self.update,
            "signal": self.signal,
            "report": self.report,
            "history": self.history,
            "activity": self.activity,
            "push": self.push,
        }

    async def update(self, call: Call) -> Reply:
        """Take over what a worker says of a task; what is not the worker's to say, or no news, changes nothing."""
        task_id = task_id_of(call)
        view = await self._engine.peek(call.namespace, task_id)
        news = _news(self._engine.renderer, view, call.body or {})
        if news:
            view = await self._engine.signal(call.namespace, task_id, signals.UPDATE, payload=news)
        return self._replies.of(call, view)

    async def signal(self, call: Call) -> Reply:
        """Give a task the signal that the operation names."""
        told = call.body or {}
        by = next((told[name] for name in ("by", "approved_by", "rejected_by") if told.get(name) is not None), None)
        kind = call.operation.behaviour["signal"]
        task_id = task_id_of(call)
        return self._replies.of(
            call,
            await self._engine.signal(call.namespace, task_id, kind, by=by, reason=told.get("reason"), payload=told),
        )

    async def report(self, call: Call) -> Reply:
        """Return the task that has run elsewhere: it is born ended, or ends now if it is one of ours that runs."""
        told = call.body
        existing = await self._engine.task_states.find(call.namespace, told["id"]) if told.get("id") else None
        if existing is not None and not existing.snapshot.is_finished:
            payload = {"status": _outcome(told).value, **_outcome_sets(told)}
            return self._replies.of(
                call, await self._engine.signal(call.namespace, existing.task.id, signals.UPDATE, payload=payload)
            )
        runs = call.parameters[call.operation.behaviour["subject"]]
        body = {"id": told.get("id"), "input": {"text": told.get("input")}, "source": "sdk"}
        kind = self._engine.directory.kind(runs, call.operation.behaviour["kind"])
        start = Start(runs, kind, None, body, json_codec.dumps(body), call.request.origin)
        story = _reported(told, self._source, call.operation.line)
        return self._replies.of(call, await self._engine.start(call.namespace, start, Choice(story, _WHY)))

    async def history(self, call: Call) -> Reply:
        """Return the newest tasks of an agent or a user, without paging."""
        asked = {name: value for name, value in call.parameters.items() if value != ""}
        agent_id = asked.get(call.operation.behaviour.get("subject", ""))
        listed = await selected(self._engine, call.namespace, agent_id, asked)
        return json_reply(await summaries(self._engine, call.namespace, listed[:MOST_LISTED]))

    async def activity(self, call: Call) -> Reply:
        """Return what was said in a task that this agent has run."""
        turns = await self._engine.task_states.turns(call.namespace, task_id_of(call))
        if call.parameters["agent_id"] not in {turn.turn.runs for turn in turns}:
            raise NotFound("Task not found")
        return json_reply(activity([(turn, self._engine.renderer.task_or_part(turn)) for turn in turns]))

    async def push(self, call: Call) -> Reply:
        """Take events that a worker tells of a task, and keep nothing of them."""
        await self._engine.task_states.get(call.namespace, task_id_of(call))
        return json_reply({})


def _news(renderer: TaskRenderer, view: View, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an update says that is new and a worker's to say, its status in the emulator's word.

    A client that saves a task sends all of it. Raises BadRequest for a status that the contract has no word for.
    """
    body, words = view.body, renderer.words
    own = OWN.union(words.name(each) for each in OWN)
    # The SDK's name on this path for what the task calls payload_extension.
    extension = sent.get("tool_call_payload_extension")
    said = sent if extension is None else {**sent, "payload_extension": extension}
    settable = {name: value for name, value in said.items() if name in body and name not in own and value is not None}
    if "result" in settable and not renderer.takes("result").takes(settable["result"]):
        settable["result"] = json_codec.dumps(settable["result"]).decode()
    news = {name: value for name, value in settable.items() if renderer.completed(name, value) != body[name]}
    word = sent.get(words.name("status"))
    if word is not None and word != body.get(words.name("status")):
        present = view.task_state.snapshot.status
        possible = [each.value for each in words.meant(word) if may_be_updated(present, each)]
        news |= {"status": possible[0]} if possible else {}
    return news


def _outcome(told: Mapping[str, Any]) -> Status:
    return Status.FAILED if told.get("is_success") is False else Status.COMPLETED


def _outcome_sets(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: told[name] for name in ("result", "tokens") if told.get(name) is not None}


def _reported(told: Mapping[str, Any], source: str, line: int) -> Scenario:
    """Return the story of a task that ran elsewhere; it tells the line of the contract in place of a scenario's."""
    run = Step("running", Status.EXECUTING, After(NO_TIME, NO_TIME, 1), line=line)
    end = Step(REPORTED, _outcome(told), sets=_outcome_sets(told), line=line)
    timeline = Timeline(REPORTED, (run, end), source)
    return Scenario(REPORTED, "A task that ran elsewhere", (), timeline, source)
