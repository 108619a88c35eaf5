"""Recording: every response of the emulated API gets its number, its entry in the journal and its line in the log."""

import logging
from collections.abc import Callable
from functools import partial
from time import perf_counter
from typing import Any, Final
from urllib.parse import quote

from starlette.types import Send

from xpander_emulator.clock import Clock, machine_time
from xpander_emulator.common.types import Header, Headers, JsonObject
from xpander_emulator.engine.feed import REQUEST as REQUEST_ANSWERED
from xpander_emulator.engine.feed import Feed
from xpander_emulator.engine.task_state import TaskState, TaskStates
from xpander_emulator.errors import NotFound
from xpander_emulator.journal.port import Entry, Journal, Number, fields_of, truncated
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.emulator_headers import request_number
from xpander_emulator.web.http import Request, Response
from xpander_emulator.web.sse import CONTENT_TYPE, StreamResponse

# The fields of an entry about a task, in the order of the entry, where there is no task.
_NO_TASK: Final = (None, None, None, None, None, "", 0, None, "")
_logger = logging.getLogger("xpander_emulator.requests")

Observer = Callable[[str, Entry, TaskState | None], None]
"""Called once for each response with its namespace, its entry and the state of its task; for a stream, at its end."""


class Recorder:
    """Numbers responses, stores them in the journal, passes them to observers and the feed, and logs them.

    default_namespace: returns the namespace of a request that was not authenticated by a key.
    observers:         called before the response is sent; they must be quick and raise nothing.
    """

    def __init__(
        self, journal: Journal, feed: Feed, task_states: TaskStates, default_namespace: Callable[[Request], str]
    ) -> None:
        self.observers: list[Observer] = []
        self._journal = journal
        self._feed = feed
        self._task_states = task_states
        self._default_namespace = default_namespace

    async def record(self, context: RequestContext, response: Response, extra: Headers) -> list[Header]:
        """Record a plain response before it is sent, so that its client finds it; return the headers it is sent with.

        While the store is unavailable, so is the journal, and nothing is recorded. The second response to a request
        takes the place of the first, which a defect has prevented from being sent.
        """
        namespace = self._namespace(context)
        stamp = await self._stamp(context, namespace)
        if stamp is None:
            return response.all_headers(extra)
        headers = response.all_headers((*extra, request_number(stamp[0].ordinal)))
        entry = await self._store(namespace, context, _entry(*stamp, context, response, headers))
        self._publish(namespace, entry, response.task_state)
        return headers

    async def stream(self, context: RequestContext, response: StreamResponse, extra: Headers, send: Send) -> None:
        """Send a stream, recorded when it begins and again when it ends."""
        namespace, request = self._namespace(context), context.request
        stamp = await self._stamp(context, namespace)
        if stamp is None:
            await response.stream(request.scope, request.receive, send, extra)
            return
        extra = (*extra, request_number(stamp[0].ordinal))
        entry = _entry(*stamp, context, response, (CONTENT_TYPE, *response.headers, *extra))
        entry = await self._store(namespace, context, entry)
        try:
            await response.stream(request.scope, request.receive, send, extra)
        finally:
            entry = entry._replace(seconds=perf_counter() - context.began, events=response.sent)
            if response.is_spared:
                entry = entry._replace(fault=None, fault_kind=None, fault_place=None)
            await self._journal.replace(namespace, entry)
            self._publish(namespace, entry, await self._present(response.task_state))

    def _namespace(self, context: RequestContext) -> str:
        is_keyed = context.is_authenticated and context.operation.security
        return context.namespace if is_keyed else self._default_namespace(context.request)

    async def _stamp(self, context: RequestContext, namespace: str) -> tuple[Number, Clock] | None:
        """Return the number of the response, and the namespace's clock; None while the store is unavailable."""
        try:
            number = context.number = context.number or await self._journal.next_number(namespace)
            clock = context.clock = context.clock or await self._task_states.clock(namespace)
        except StoreUnavailable:
            return None
        return number, clock

    async def _store(self, namespace: str, context: RequestContext, entry: Entry) -> Entry:
        if context.entry is None:
            await self._journal.append(namespace, entry)
        else:
            # The journal recognises the entries of one request by this very object.
            entry = entry._replace(request_fields=context.entry.request_fields)
            await self._journal.replace(namespace, entry)
        context.entry = entry
        return entry

    async def _present(self, task_state: TaskState | None) -> TaskState | None:
        """Return the present state of a stream's turn; None once it was deleted, or if it cannot be read."""
        if task_state is None:
            return None
        try:
            return await self._task_states.turn(task_state.namespace, task_state.task.id, task_state.number)
        except (NotFound, StoreUnavailable):
            return None

    def _publish(self, namespace: str, entry: Entry, task_state: TaskState | None) -> None:
        for observe in self.observers:
            observe(namespace, entry, task_state)
        self._feed.publish(namespace, REQUEST_ANSWERED, partial(_feed_data, entry))
        if _logger.isEnabledFor(logging.INFO):
            _log(entry)


def _entry(
    number: Number, clock: Clock, context: RequestContext, response: Response | StreamResponse, headers: Headers
) -> Entry:
    request, task_state, hit = context.request, response.task_state, response.fault
    scope, raw = request.scope, request.raw
    is_plain = isinstance(response, Response)
    status, body = (response.status, response.body) if isinstance(response, Response) else (200, b"")
    if hit is not None and is_plain and hit.fault.is_stream_fault:
        # A fault of streams does not strike the error that is sent in place of a stream.
        hit = None
    return Entry(
        number.ordinal,
        machine_time(),
        clock,
        perf_counter() - context.began if is_plain else None,
        scope["method"],
        scope["path"],
        scope["query_string"],
        context.operation.id or None,
        fields_of(scope["headers"]),
        truncated(raw),
        len(raw),
        status,
        headers,
        truncated(body),
        len(body),
        number.epoch,
        context.violations,
        None if hit is None else hit.name,
        None if is_plain else 0,
        *(_NO_TASK if task_state is None else _task_fields(task_state)),
        *(() if hit is None else (hit.fault.kind, hit.place)),
    )


def _feed_data(entry: Entry) -> JsonObject:
    """Return the data of the feed's message about a response; the journal has the rest."""
    data = {"request": entry.ordinal, "method": entry.method, "path": entry.path, "status_code": entry.status}
    return data | {name: value for name, value in (("operation", entry.operation), ("task_id", entry.task_id)) if value}


def _task_fields(task_state: TaskState) -> tuple[Any, ...]:
    """Return the fields of an entry about a task, in the order of the entry."""
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
    extra = {"method": entry.method, "path": path, "status": entry.status, "ms": ms, "request": entry.ordinal}
    details = ""
    if entry.task_id is not None:
        extra |= {"task": entry.task_id, "scenario": entry.scenario, "step": entry.step}
        details = f"  {entry.task_id}  {entry.scenario}/{entry.step}"
    if entry.events is not None:
        extra["events"] = entry.events
        details += f"  {entry.events} events"
    _logger.info("%s %s %d %.1f ms%s", entry.method, path, entry.status, ms, details, extra=extra)
