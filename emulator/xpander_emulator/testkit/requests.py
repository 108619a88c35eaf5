"""The requests of one test, read from its journal."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Unpack, overload

from xpander_emulator.contract.schema.violations import violation_text
from xpander_emulator.errors import NotFound
from xpander_emulator.journal.port import Entry
from xpander_emulator.testkit.verification import Criteria, JournalReader


@dataclass(frozen=True, slots=True, repr=False)
class Request:
    """One request with its response. Keys, tokens and cookies are replaced by `[redacted]`.

    Attributes:
        id: The number of the request within the test, from 1, as in `X-Emulator-Request` of its response.
        at: The time of the response, on the test's clock.
        began: The time when the request came, in real time.
        ended: The time of the response, in real time.
        method: The HTTP method.
        path: The path, without the query.
        query: The parameters of the query.
        headers: The headers, with names in lower case.
        body: The body: a JSON value, else a text; None for an empty one.
        operation: The id of the operation that matched, or None.
        status: The HTTP status of the response.
        answer: The body of the response: a JSON value, else a text; None for an empty one.
        answer_headers: The headers of the response, with names in lower case.
        violations: How the request broke the contract, a sentence each.
        task_id: The id of the task that the response shows, or None.
        scenario: The scenario of that task, or None.
        step: The step of that task, or None.
        task_status: The status of that task, or None.
        source: File and line of that step, or None.
        fault: The name of the fault that was injected, or None.
        events: The number of events of a stream; None where the response is no stream.
        explanation: The reasons for the response, a sentence each.
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
    """The requests of one test, in the order of their responses. `len`, `for`, indexes and slices work on it.

    Each use reads the journal again.
    """

    def __init__(self, journal: JournalReader) -> None:
        self._journal = journal

    @property
    def last(self) -> Request:
        """The newest request.

        Raises:
            NotFound: No request came with this test's API key.
        """
        newest = self._journal.newest()
        if not newest:
            raise NotFound(self._journal.namespace.no_request())
        return self._request(newest[0])

    @property
    def unmatched(self) -> tuple[Request, ...]:
        """The requests that no operation matched, and those that broke the contract, oldest first."""
        return self._oldest_first([entry for entry in self._journal.newest() if entry.is_unmatched])

    def find(self, **criteria: Unpack[Criteria]) -> tuple[Request, ...]:
        """Return the requests that match criteria.

        Args:
            criteria: What a request has to be, see `Criteria`.

        Returns:
            The requests, oldest first.

        Raises:
            BadRequest: No request can match, or an argument has a wrong type.
        """
        return self._oldest_first(self._journal.matching(criteria))

    def count(self, **criteria: Unpack[Criteria]) -> int:
        """Return the number of requests that match criteria.

        Args:
            criteria: What a request has to be, see `Criteria`.

        Returns:
            The number.

        Raises:
            BadRequest: No request can match, or an argument has a wrong type.
        """
        return len(self._journal.matching(criteria))

    def __len__(self) -> int:
        return len(self._journal.newest())

    def __iter__(self) -> Iterator[Request]:
        return iter(self._oldest_first(self._journal.newest()))

    @overload
    def __getitem__(self, index: int) -> Request: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Request, ...]: ...
    def __getitem__(self, index: int | slice) -> Request | tuple[Request, ...]:
        entries = self._journal.newest()[::-1]
        return self._request(entries[index]) if isinstance(index, int) else tuple(map(self._request, entries[index]))

    def __repr__(self) -> str:
        return f"<Requests: {len(self)}>"

    def _oldest_first(self, newest_first: Sequence[Entry]) -> tuple[Request, ...]:
        return tuple(map(self._request, reversed(newest_first)))

    def _request(self, entry: Entry) -> Request:
        details = self._journal.details(entry)
        plain = ("id", "method", "path", "query", "operation", "status", "task_id", "scenario", "step")
        return Request(
            **{name: details[name] for name in (*plain, "task_status", "source", "fault", "events")},
            at=datetime.fromtimestamp(entry.at / 1000, UTC),
            began=datetime.fromtimestamp(entry.began, UTC),
            ended=datetime.fromtimestamp(entry.time / 1000, UTC),
            headers=details["request"]["headers"],
            body=details["request"]["body"],
            answer=details["answer"]["body"],
            answer_headers=details["answer"]["headers"],
            violations=tuple(map(violation_text, details["violations"])),
            explanation=tuple(details["explanation"]),
        )
