"""The journal of one test: its entries, those that match criteria, and how they are shown."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypedDict

from xpander_emulator.common.types import JsonObject
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.journal.expected_count import ExpectedCount, count_text
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.journal.search import Condition, conditions, matching, near_misses
from xpander_emulator.testkit.arguments import check
from xpander_emulator.testkit.namespace import Namespace
from xpander_emulator.web.control.explain import Explainer


class Criteria(TypedDict, total=False):
    """The criteria of `Emulator.verify`, `Requests.find` and `Requests.count`. A request has to meet all of them.

    In `query`, `headers` and `body`, a condition such as `{"contains": "x"}` may stand for a value.

    Attributes:
        operation: The id of the operation that matched the request.
        method: The HTTP method, in any case.
        path: A pattern such as `"/v1/tasks/*"`.
        status: The HTTP status of the response.
        task_id: The id of the task that the response shows.
        scenario: The scenario of that task.
        query: Parameters that the query contains.
        headers: Headers that the request contains.
        body: What the body contains; a name with dots leads inside, such as `"input.text"`.
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


_CRITERIA: Final[Mapping[str, Any]] = Criteria.__annotations__


class NotVerified(AssertionError):
    """The number of requests that match is not the one required. The message shows the requests that nearly match."""


class JournalReader:
    """Reads the journal of one test. It stores nothing."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace

    def newest(self) -> Sequence[Entry]:
        """Return every entry, newest first."""
        return self.namespace.call(self.namespace.engine.journal.newest)

    def matching(self, criteria: Criteria) -> list[Entry]:
        """Return the entries that match, newest first. Raises BadRequest for criteria that nothing can match."""
        return matching(self.newest(), self._conditions(criteria), self._redaction)

    def verify(self, often: ExpectedCount, criteria: Criteria) -> None:
        """Raise NotVerified unless the right number matches, BadRequest for criteria that nothing can match."""
        __tracebackhide__ = True  # pytest then points at the test's own line
        wanted, entries = self._conditions(criteria), self.newest()
        count = len(matching(entries, wanted, self._redaction))
        if often.holds(count):
            return
        near = [] if count else near_misses(entries, wanted, self._redaction)
        dropped = self.namespace.call(self.namespace.engine.journal.dropped)
        message = count_text(count, str(often), [self._explainer.near_miss(miss) for miss in near], dropped)
        raise NotVerified(message if entries else f"{message}\n{self.namespace.no_request()}")

    def details(self, entry: Entry) -> JsonObject:
        """Return everything that is stored of an entry, and the explanation of its response."""
        return self._explainer.details(entry, self.namespace.name, self.namespace.engine.catalogue)

    def summaries(self, limit: int) -> list[tuple[JsonObject, list[str]]]:
        """Return the summaries of the newest requests, oldest first, each with remarks on what went wrong."""
        catalogue = self.namespace.engine.catalogue
        newest = self.newest()[:limit]
        return [(self._explainer.summary(each), self._explainer.remarks(each, catalogue)) for each in reversed(newest)]

    @cached_property
    def _redaction(self) -> Redaction:
        return Redaction(self.namespace.server.app.contract.operations)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self.namespace.server.app.contract, self._redaction)

    def _conditions(self, criteria: Criteria) -> tuple[Condition, ...]:
        for name, value in criteria.items():
            if name not in _CRITERIA:
                hint = did_you_mean(name, tuple(_CRITERIA)) or f"; the criteria are {', '.join(_CRITERIA)}."
                raise BadRequest(f"'{name}' is no criterion for requests{hint}")
            check(name, value, _CRITERIA[name] | None)
        self.namespace.check_operation(criteria.get("operation"))
        return conditions(criteria)
