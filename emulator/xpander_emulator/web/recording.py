"""Recording: every answer of the emulated API gets its number, its place in the journal and its line in the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote

from starlette.types import Send

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.common.types import Header, Headers
from xpander_emulator.contract.model import Operation
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.engine.feed import REQUEST as REQUEST_ANSWERED
from xpander_emulator.engine.feed import Feed
from xpander_emulator.engine.task_state import TaskState, TaskStates
from xpander_emulator.errors import NotFound
from xpander_emulator.journal.port import Entry, Journal, Number, fields_of, kept_of
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.web.http import Reply, Request
from xpander_emulator.web.sse import StreamReply

REQUEST: Final = b"x-emulator-request"
_EVENT_STREAM: Final = (b"content-type", b"text/event-stream; charset=utf-8")
_OK: Final = 200
# What an entry tells of a task where there is none, in the order of its fields.
_NO_TASK: Final = (None, None, None, None, None, "", 0, None, "")
_logger = logging.getLogger("xpander_emulator.requests")

Observer = Callable[[str, Entry, TaskState | None], None]
"""Called once for each answer with its namespace, its entry and where its task stands; for a stream, at its end."""


@dataclass(slots=True)
class Exchange:
    """A request on its way, and what is found out about it.

    began:     by the clock for lengths of time, in seconds.
    namespace: None for whoever needs no key, or has none that is welcome.
    clock:     the namespace's, once it was read.
    entered:   the namespace in which the request was let in, with a key or without; None where it was not.
    number:    of its answer, once one was taken.
    entry:     what the journal has of it, once it has anything.
    """

    request: Request
    operation: Operation | None
    began: float
    namespace: str | None = None
    violations: tuple[Violation, ...] = ()
    clock: Clock | None = None
    entered: str | None = None
    number: Number | None = None
    entry: Entry | None = None


class Recorder:
    """Numbers answers, keeps them in the journal, tells them to whoever observes, and logs them.

    place:     returns the namespace of a request that was let in by no key.
    observers: called before the answer is sent; they must be quick and raise nothing.
    """

    def __init__(self, journal: Journal, feed: Feed, task_states: TaskStates, place: Callable[[Request], str]) -> None:
        self.observers: list[Observer] = []
        self._journal = journal
        self._feed = feed
        self._task_states = task_states
        self._place = place

    async def record(self, exchange: Exchange, reply: Reply, added: Headers) -> list[Header]:
        """Record a whole answer, before it is sent: who has it can ask for it. Return the headers it is sent with.

        Where the store cannot be had, the journal cannot be had either: nothing is recorded. The second answer to a
        request takes the place of the first, which a defect has kept from being sent.
        """
        namespace = exchange.namespace or self._place(exchange.request)
        try:
            number = exchange.number = exchange.number or await self._journal.next_number(namespace)
            clock = exchange.clock or await self._task_states.clock(namespace)
        except StoreUnavailable:
            return reply.whole_headers(added)
        headers = reply.whole_headers((*added, _number(number)))
        entry = _entry(number, clock, exchange, reply, headers)
        await self._keep(namespace, exchange, entry)
        self._tell(namespace, entry, reply.task_state)
        return headers

    async def _keep(self, namespace: str, exchange: Exchange, entry: Entry) -> None:
        if exchange.entry is None:
            await self._journal.keep(namespace, entry)
        else:
            # By these very fields the journal knows a request again.
            entry = entry._replace(request_fields=exchange.entry.request_fields)
            await self._journal.amend(namespace, entry)
        exchange.entry = entry

    async def stream(self, exchange: Exchange, reply: StreamReply, added: Headers, send: Send) -> None:
        """Send a stream, recorded when it begins and again when it ends."""
        namespace, request = exchange.namespace or self._place(exchange.request), exchange.request
        try:
            number = exchange.number = exchange.number or await self._journal.next_number(namespace)
            clock = exchange.clock or await self._task_states.clock(namespace)
        except StoreUnavailable:
            await reply.stream(request.scope, request.receive, send, added)
            return
        more = (*added, _number(number))
        entry = _entry(number, clock, exchange, reply, (_EVENT_STREAM, *reply.headers, *more))
        await self._keep(namespace, exchange, entry)
        try:
            await reply.stream(request.scope, request.receive, send, more)
        finally:
            entry = entry._replace(seconds=perf_counter() - exchange.began, events=reply.sent)
            if reply.is_spared:
                entry = entry._replace(fault=None, fault_kind=None, fault_place=None)
            await self._journal.amend(namespace, entry)
            self._tell(namespace, entry, await self._now(reply.task_state))

    async def _now(self, task_state: TaskState | None) -> TaskState | None:
        """Return where the turn of a stream stands by now; None once it was deleted, or if that cannot be found out."""
        if task_state is None:
            return None
        try:
            return await self._task_states.turn(task_state.namespace, task_state.task.id, task_state.number)
        except (NotFound, StoreUnavailable):
            return None

    def _tell(self, namespace: str, entry: Entry, task_state: TaskState | None) -> None:
        for observe in self.observers:
            observe(namespace, entry, task_state)
        self._feed.tell(namespace, REQUEST_ANSWERED, partial(_in_feed, entry))
        if _logger.isEnabledFor(logging.INFO):
            _log(entry)


def _entry(number: Number, clock: Clock, exchange: Exchange, reply: Reply | StreamReply, headers: Headers) -> Entry:
    request, operation, task_state = exchange.request, exchange.operation, reply.task_state
    scope, raw = request.scope, request.raw
    status, body, events = (reply.status, reply.body, None) if isinstance(reply, Reply) else (_OK, b"", 0)
    # A fault of streams strikes nothing where the stream is refused.
    fault = None if reply.fault is None or (events is None and reply.fault.fault.is_stream_fault) else reply.fault
    return Entry(
        number.ordinal,
        machine_time(),
        clock,
        perf_counter() - exchange.began if events is None else None,
        scope["method"],
        scope["path"],
        scope["query_string"],
        None if operation is None else operation.id,
        fields_of(scope["headers"]),
        kept_of(raw),
        len(raw),
        status,
        headers,
        kept_of(body),
        len(body),
        number.epoch,
        exchange.violations,
        None if fault is None else fault.name,
        events,
        *(_NO_TASK if task_state is None else _told(task_state)),
        *(() if fault is None else (fault.fault.kind, fault.place)),
    )


def _number(taken: Number) -> Header:
    return (REQUEST, b"%d" % taken.ordinal)


def _in_feed(entry: Entry) -> dict[str, Any]:
    """Return what the feed tells of an answer; the journal has the rest."""
    told = {"request": entry.ordinal, "method": entry.method, "path": entry.path, "status_code": entry.status}
    return told | {name: value for name, value in (("operation", entry.operation), ("task_id", entry.task_id)) if value}


def _told(task_state: TaskState) -> tuple[Any, ...]:
    """Return what an entry tells of a task, in the order of its fields."""
    turn, snapshot = task_state.turn, task_state.snapshot
    timeline, step = turn.timeline, snapshot.step
    return (
        task_state.task.id,
        task_state.number + 1,
        turn.runs,
        timeline.name,
        step.id,
        timeline.source,
        step.line,
        snapshot.status,
        turn.chosen,
    )


def _log(entry: Entry) -> None:
    ms = round((entry.seconds or 0.0) * 1000, 1)
    # Percent-encoded again, so that no path can write lines of its own.
    path = quote(entry.path, safe="/:@!$&'()*+,;=~")
    facts = {"method": entry.method, "path": path, "status": entry.status, "ms": ms, "request": entry.ordinal}
    shown = ""
    if entry.task_id is not None:
        facts |= {"task": entry.task_id, "scenario": entry.scenario, "step": entry.step}
        shown = f"  {entry.task_id}  {entry.scenario}/{entry.step}"
    if entry.events is not None:
        facts["events"] = entry.events
        shown += f"  {entry.events} events"
    _logger.info("%s %s %d %.1f ms%s", entry.method, path, entry.status, ms, shown, extra=facts)
