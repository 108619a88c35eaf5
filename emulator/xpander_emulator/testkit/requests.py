"""What was asked in one test, and what was answered: the journal in the hands of a test."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Unpack, overload

from xpander_emulator.contract.schema.violations import violation_text
from xpander_emulator.errors import NotFound
from xpander_emulator.journal.port import Entry
from xpander_emulator.testkit.verification import Asked, Criteria


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

    def __init__(self, asked: Asked) -> None:
        self._asked = asked

    @property
    def last(self) -> Request:
        """The newest one. Raises NotFound where there is none."""
        newest = self._asked.newest()
        if not newest:
            raise NotFound(self._asked.nothing())
        return self._shown(newest[0])

    @property
    def unmatched(self) -> tuple[Request, ...]:
        """Those that no operation matched, or that broke the contract."""
        return self._told([entry for entry in self._asked.newest() if entry.is_unmatched])

    def find(self, **criteria: Unpack[Criteria]) -> tuple[Request, ...]:
        """Return those that are as wanted. Raises BadRequest for what no request can be."""
        return self._told(self._asked.matching(criteria))

    def count(self, **criteria: Unpack[Criteria]) -> int:
        """Return how many are as wanted. Raises BadRequest for what no request can be."""
        return len(self._asked.matching(criteria))

    def __len__(self) -> int:
        return len(self._asked.newest())

    def __iter__(self) -> Iterator[Request]:
        return iter(self._told(self._asked.newest()))

    @overload
    def __getitem__(self, place: int) -> Request: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Request, ...]: ...
    def __getitem__(self, place: int | slice) -> Request | tuple[Request, ...]:
        oldest_first = self._asked.newest()[::-1]
        if isinstance(place, int):
            return self._shown(oldest_first[place])
        return tuple(self._shown(entry) for entry in oldest_first[place])

    def __repr__(self) -> str:
        return f"<Requests: {len(self)}>"

    def _told(self, newest_first: Sequence[Entry]) -> tuple[Request, ...]:
        return tuple(self._shown(entry) for entry in reversed(newest_first))

    def _shown(self, entry: Entry) -> Request:
        told = self._asked.details(entry)
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
            violations=tuple(map(violation_text, told["violations"])),
            explanation=tuple(told["explanation"]),
        )
