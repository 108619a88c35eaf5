"""Streams: the events of one turn of a task, rendered in order as they happen, until the turn ends."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final, NamedTuple

from xpander_emulator.clock import iso
from xpander_emulator.core import events
from xpander_emulator.core.events import Event
from xpander_emulator.core.replay import replay
from xpander_emulator.core.timeline import Millis
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.engine.render.variations import FUTURE_EVENT
from xpander_emulator.engine.task_state import TaskState, TaskStates
from xpander_emulator.errors import NotFound
from xpander_emulator.settings import EventSet

# The types that every release of the SDK reads. Its release of March 2026 ends its loop at any other (source: its enum,
# run against a stub).
STABLE: Final = frozenset(
    {
        "task_created", "task_updated", "task_finished", "chunk", "auth_event", "tool_call_request", "tool_call_result",
        "sub_agent_trigger", "think", "analyze", "plan_updated", "task_compactization",
    }
)  # fmt: skip
CONNECTED: Final = "connected"
MAX_CHUNKS: Final = 1_000

Envelope = dict[str, Any]


async def follow(engine: Engine, task_state: TaskState) -> AsyncIterator[Envelope]:
    """Yield the events of a turn from its beginning on, and end after `task_finished`.

    Sleeps until the next event on the task's clock, or until the task is changed; on an auto clock it skips once all
    due events were sent. Ends without `task_finished` when the task is deleted or reset, also if another one of the
    same id was started since, or when the server stops.
    """
    which: EventSet = engine.settings.events
    script = Script(engine.task_states, engine.renderer)
    if which == "latest":
        yield script.envelope(task_state, task_state.snapshot.created_at, CONNECTED, None)
    sent, mark = 0, None
    while True:
        try:
            task_state = await engine.task_states.turn(task_state.namespace, task_state.task.id, task_state.number)
        except NotFound:
            return
        mark = task_state.task.mark if mark is None else mark
        if task_state.task.mark != mark:
            return
        due, upcoming = script.due(task_state)
        for event in due[sent:]:
            if which == "latest" or event.type in STABLE:
                yield await script.render(task_state, event)
            if event.type == events.CREATED and engine.settings.future:
                yield script.envelope(task_state, event.at, FUTURE_EVENT, {"by": "a later release"})
        sent = len(due)
        if any(event.type == events.FINISHED for event in due) or engine.closing:
            return
        # Only the newest turn moves; a turn with a successor has ended.
        if not await engine.skip_idle(task_state):
            await engine.sleep(task_state, upcoming)


class Script:
    """Computes and renders the events of a turn."""

    def __init__(self, task_states: TaskStates, renderer: TaskRenderer) -> None:
        self._task_states = task_states
        self._renderer = renderer

    def due(self, task_state: TaskState) -> tuple[list[Event], Millis | None]:
        """Return the due events, in order, and the instant of the next one by time alone, or None.

        That instant is on the clock that the turn follows.
        """
        snapshot, turn = task_state.snapshot, task_state.turn
        planned = events.events(turn, task_state.now)
        every = [each for event in planned for each in self._with_chunks(task_state, event)]
        every.sort(key=lambda event: event.at)
        own_time = task_state.now + snapshot.offset
        due = [event for event in every if event.at <= own_time]
        coming = [Millis(event.at - snapshot.offset) for event in every[len(due) :]]
        changes = [] if snapshot.next_change is None else [snapshot.next_change]
        return due, min((*coming, *changes), default=None)

    async def render(self, task_state: TaskState, event: Event) -> Envelope:
        """Return an event as it is sent. Raises BrokenPromise for a template that fails."""
        return self.envelope(task_state, event.at, event.type, await self._data(task_state, event))

    def envelope(self, task_state: TaskState, at: Millis, kind: str, data: Any) -> Envelope:
        """Return an event with its data."""
        organization_id = self._renderer.organization_id
        task_id = task_state.task.id
        return {"type": kind, "task_id": task_id, "organization_id": organization_id, "time": iso(at), "data": data}

    async def _data(self, task_state: TaskState, event: Event) -> Any:
        if event.type in (events.CREATED, events.UPDATED, events.FINISHED):
            then = await self._task_states.at_moment(task_state, event.moment)
            return self._renderer.vary(then, self._renderer.task(then)).body
        if event.type == events.AUTH and event.data in (events.LOGIN_REQUIRED, events.TOKEN_READY):
            return self._renderer.authorization(task_state, event.moment, str(event.data))
        if isinstance(event.data, _Chunk):
            return event.data.text
        return self._renderer.event_data(task_state, event.moment, event.type, event.data)

    def _with_chunks(self, task_state: TaskState, event: Event) -> Iterator[Event]:
        """Yield the event, or for a streamed result each of its chunks, evenly over its span."""
        if event.until is None:
            yield event
            return
        words = cut(self._result(task_state, event))
        for index, word in enumerate(words, start=1):
            at = Millis(event.at + (event.until - event.at) * index // (len(words) + 1))
            if event.left is None or at <= event.left:
                yield event._replace(at=at, data=_Chunk(word), until=None)

    def _result(self, task_state: TaskState, event: Event) -> str:
        turn, then = events.result_turn(task_state.turn, event)
        result = self._renderer.task(task_state.seen_as(turn, then, replay(turn, then)))["result"]
        return result or ""


class _Chunk(NamedTuple):
    """A chunk of a result that is rendered already: templates in it are text."""

    text: str


def cut(text: str) -> list[str]:
    """Return the words of a text, each with the blanks around it; joined they are the text exactly.

    A text of more than 1,000 words has several words in each chunk.
    """
    words = re.findall(r"\s*\S+\s*|\s+", text)
    size = -(-len(words) // MAX_CHUNKS) or 1
    return ["".join(words[first : first + size]) for first in range(0, len(words), size)]
