"""The journal of one test: which of its entries are as wanted, and how they look."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Final, TypedDict

from xpander_emulator.common.types import JsonObject
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.journal.expected_count import Often, outcome
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.journal.search import Condition, conditions, matching, near_misses
from xpander_emulator.testkit.arguments import check
from xpander_emulator.testkit.namespace import Room
from xpander_emulator.web.control.explain import Explainer


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


_CRITERIA: Final[Mapping[str, Any]] = Criteria.__annotations__


class NotVerified(AssertionError):
    """Something was not asked as often as it should have been; the message tells what nearly was."""


class Asked:
    """Reads what a server keeps of the requests of one test; nothing of it is kept here."""

    def __init__(self, room: Room) -> None:
        self._room = room

    def newest(self) -> Sequence[Entry]:
        """Return every entry, newest first."""
        return self._room.call(self._room.engine.journal.newest(self._room.namespace))

    def matching(self, criteria: Criteria) -> list[Entry]:
        """Return the entries that are as wanted, newest first. Raises BadRequest for what no request can be."""
        return matching(self.newest(), self._wanted(criteria), self._redaction)

    def verify(self, often: Often, criteria: Criteria) -> None:
        """Raise NotVerified unless so many are as wanted, BadRequest for what no request can be."""
        __tracebackhide__ = True  # pytest then points at the test's own line
        wanted, kept = self._wanted(criteria), self.newest()
        found = matching(kept, wanted, self._redaction)
        if often.holds(len(found)):
            return
        near = [] if found else near_misses(kept, wanted, self._redaction)
        forgotten = self._room.call(self._room.engine.journal.forgotten(self._room.namespace))
        told = outcome(len(found), str(often), [self._explainer.near_miss(miss) for miss in near], forgotten)
        raise NotVerified(told if kept else f"{told}\n{self._room.nothing_asked()}")

    def details(self, entry: Entry) -> JsonObject:
        """Return all that is kept of an entry, and why it was answered so."""
        return self._explainer.details(entry, self._room.namespace, self._room.engine.catalogue)

    def summaries(self, most: int) -> list[tuple[JsonObject, list[str]]]:
        """Return of the newest requests, oldest first, what a list tells, and in words what went wrong with each."""
        catalogue = self._room.engine.catalogue
        shown = self.newest()[:most][::-1]
        return [(self._explainer.summary(each), self._explainer.remarks(each, catalogue)) for each in shown]

    def nothing(self) -> str:
        """Return that nothing was asked here, and where something was."""
        return self._room.nothing_asked()

    @cached_property
    def _redaction(self) -> Redaction:
        return Redaction(self._room.server.app.contract.operations)

    @cached_property
    def _explainer(self) -> Explainer:
        return Explainer(self._room.server.app.contract, self._redaction)

    def _wanted(self, criteria: Criteria) -> tuple[Condition, ...]:
        for name, value in criteria.items():
            if name not in _CRITERIA:
                known = did_you_mean(name, tuple(_CRITERIA)) or f"; there are {', '.join(_CRITERIA)}"
                raise BadRequest(f"A request has no '{name}' that could be looked at{known}")
            check(name, value, _CRITERIA[name] | None)
        self._room.check_operation(criteria.get("operation"))
        return conditions(criteria)
