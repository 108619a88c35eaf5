"""What was asked in one test, and what was answered: the journal in the hands of a test."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Final, TypedDict, Unpack, overload

from emulator.errors import BadRequest, NotFound, did_you_mean
from emulator.journal import Entry
from emulator.journal.finding import Condition, conditions, matching, near_misses
from emulator.journal.redaction import Redaction
from emulator.testkit.room import Room
from emulator.verifying import Often, outcome
from emulator.web.explanation import Explainer

Json = dict[str, Any]


class Criteria(TypedDict, total=False):
    """What a request has to be; everything that is given has to hold.

    path:    a pattern such as `/v1/tasks/*`.
    status:  of the answer. task_id, scenario: of the task that the answer shows.
    query, headers, body: what has to be in them; a condition such as `{"contains": "x"}` may stand for a value,
             and in the body a name with dots leads inside.
    """

    operation: str
    method: str
    path: str
    status: int
    task_id: str
    scenario: str
    query: Mapping[str, Any]
    headers: Mapping[str, Any]
    body: Any


_CRITERIA: Final = tuple(Criteria.__annotations__)


class NotVerified(AssertionError):
    """Something was not asked as often as it should have been; the message tells what nearly was."""


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request with its answer. Keys, tokens and cookies are never shown.

    id:        counts the requests of the test from 1, as `X-Emulator-Request` of the answer does.
    at:        when it was answered, on the test's clock.
    began, ended: when it came and when it was answered, by the real clock, however the test's goes.
    operation: the id of the operation that matched, or None.
    body, answer: of the request and of the answer: JSON as its value, else text, None for nothing.
    status:    of the answer, with `answer_headers`.
    violations: how it broke the contract, each in words.
    task_id:   of the task that the answer shows, or None; with it its scenario, step, status and `file:line`.
    fault:     the name of the fault that was played, or None.
    events:    how many events a stream has sent; None where it is no stream.
    """

    id: int
    at: datetime
    began: datetime
    ended: datetime
    method: str
    path: str
    query: Mapping[str, Any]
    headers: Mapping[str, str]
    body: Any
    operation: str | None
    status: int
    answer: Any
    answer_headers: Mapping[str, str]
    violations: tuple[str, ...]
    task_id: str | None
    scenario: str | None
    step: str | None
    task_status: str | None
    source: str | None
    fault: str | None
    events: int | None
    explanation: tuple[str, ...] = field(compare=False)

    def __repr__(self) -> str:
        return f"<Request {self.id}: {self.method} {self.path} {self.status}>"


class Requests:
    """The requests of one test in the order in which they were answered, each time as many as there are by then."""

    def __init__(self, room: Room) -> None:
        self._room = room

    @property
    def last(self) -> Request:
        """The newest one. Raises NotFound where there is none."""
        newest = self._newest()
        if not newest:
            raise NotFound(self._room.nothing_asked())
        return self._shown(newest[0])

    @property
    def unmatched(self) -> tuple[Request, ...]:
        """Those that no operation matched, or that broke the contract."""
        return self._told([entry for entry in self._newest() if entry.is_unmatched])

    def find(self, **criteria: Unpack[Criteria]) -> tuple[Request, ...]:
        """Return those that are as wanted. Raises BadRequest for what no request can be."""
        return self._told(self._matching(self._newest(), self._wanted(criteria)))

    def count(self, **criteria: Unpack[Criteria]) -> int:
        """Return how many are as wanted. Raises BadRequest for what no request can be."""
        return len(self._matching(self._newest(), self._wanted(criteria)))

    def verify(self, often: Often, criteria: Criteria) -> None:
        """Raise NotVerified unless so many are as wanted, BadRequest for what no request can be."""
        __tracebackhide__ = True  # pytest then points at the test's own line
        wanted, kept = self._wanted(criteria), self._newest()
        found = self._matching(kept, wanted)
        if often.holds(len(found)):
            return
        near = [] if found else near_misses(kept, wanted, self._redaction)
        forgotten = self._room.call(self._room.engine.journal.forgotten(self._room.namespace))
        told = outcome(len(found), str(often), [self._explainer.near_miss(miss) for miss in near], forgotten)
        raise NotVerified(told if kept else f"{told}\n{self._room.nothing_asked()}")

    def __len__(self) -> int:
        return len(self._newest())

    def __iter__(self) -> Iterator[Request]:
        return iter(self._told(self._newest()))

    @overload
    def __getitem__(self, place: int) -> Request: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Request, ...]: ...
    def __getitem__(self, place: int | slice) -> Request | tuple[Request, ...]:
        oldest_first = self._newest()[::-1]
        if isinstance(place, int):
            return self._shown(oldest_first[place])
        return tuple(self._shown(entry) for entry in oldest_first[place])

    def __repr__(self) -> str:
        return f"<Requests: {len(self)}>"

    def summaries(self, most: int) -> list[tuple[Json, list[str]]]:
        """Return of the newest requests, oldest first, what a list tells, and in words what went wrong with each."""
        catalogue = self._room.engine.catalogue
        shown = self._newest()[:most][::-1]
        return [(self._explainer.summary(each), self._explainer.remarks(each, catalogue)) for each in shown]

    @cached_property
    def _redaction(self) -> Redaction:
        return Redaction(self._room.server.app.contract.operations)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._room.server.app.contract, self._redaction)

    def _newest(self) -> Sequence[Entry]:
        return self._room.call(self._room.engine.journal.newest(self._room.namespace))

    def _matching(self, entries: Sequence[Entry], wanted: Sequence[Condition]) -> list[Entry]:
        return matching(entries, wanted, self._redaction)

    def _wanted(self, criteria: Criteria) -> tuple[Condition, ...]:
        for name in criteria:
            if name not in _CRITERIA:
                known = did_you_mean(name, _CRITERIA) or f"; there are {', '.join(_CRITERIA)}"
                raise BadRequest(f"A request has no '{name}' that could be looked at{known}")
        self._room.check_operation(criteria.get("operation"))
        return conditions(criteria)

    def _told(self, newest_first: Sequence[Entry]) -> tuple[Request, ...]:
        return tuple(self._shown(entry) for entry in reversed(newest_first))

    def _shown(self, entry: Entry) -> Request:
        told = self._explainer.details(entry, self._room.namespace, self._room.engine.catalogue)
        plain = ("id", "method", "path", "query", "operation", "status", "task_id", "scenario", "step")
        return Request(
            **{name: told[name] for name in (*plain, "task_status", "source", "fault", "events")},
            at=datetime.fromtimestamp(entry.at / 1000, UTC),
            began=datetime.fromtimestamp(entry.began, UTC),
            ended=datetime.fromtimestamp(entry.time / 1000, UTC),
            headers=told["request"]["headers"],
            body=told["request"]["body"],
            answer=told["answer"]["body"],
            answer_headers=told["answer"]["headers"],
            violations=tuple(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in told["violations"]),
            explanation=tuple(told["explanation"]),
        )
