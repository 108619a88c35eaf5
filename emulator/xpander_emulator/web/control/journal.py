"""The journal in the control API: what was asked and answered, and whether something was."""

from collections.abc import Mapping, Sequence
from typing import Any

from xpander_emulator.contract.model import Contract
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import BadRequest, NotFound, did_you_mean
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.journal.search import PLAIN, Condition, conditions, matching, near_misses
from xpander_emulator.web.control.explain import Explainer
from xpander_emulator.web.http import Reply, json_reply
from xpander_emulator.web.pipeline import Call, Handler


class JournalHandlers:
    """The handlers of `/requests`, over one engine.

    contract: the one that the journalled requests were held against.
    """

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._operations = frozenset(operation.id for operation in contract.operations)
        self._redaction = Redaction(contract.operations)
        self._explainer = Explainer(contract, self._redaction)

    def table(self) -> Mapping[str, Handler]:
        """Return the handlers by the action that an operation names."""
        return {
            "list_requests": self.list_requests,
            "list_unmatched": self.list_unmatched,
            "get_request": self.get_request,
            "find_requests": self.find_requests,
            "count_requests": self.count_requests,
        }

    async def list_requests(self, call: Call) -> Reply:
        """Return one page of entries, newest first, those that the filters of the query leave."""
        after = call.parameters.get("after", 0)
        kept = await self._engine.journal.newest(call.namespace)
        wanted = self._conditions({name: call.parameters.get(name) for name in PLAIN}, kept)
        found = matching([entry for entry in kept if entry.ordinal > after], wanted, self._redaction)
        return await self._page(call, found)

    async def list_unmatched(self, call: Call) -> Reply:
        """Return one page of the entries that no operation matched, or that broke the contract."""
        kept = await self._engine.journal.newest(call.namespace)
        return await self._page(call, [entry for entry in kept if entry.is_unmatched])

    async def get_request(self, call: Call) -> Reply:
        """Return all that is kept of one entry."""
        ordinal = int(call.parameters["request_id"])
        entry = await self._engine.journal.get(call.namespace, ordinal)
        if entry is None:
            raise NotFound(
                f"Namespace '{call.namespace}' has no request {ordinal}; GET /__emulator/requests lists those it keeps."
            )
        return json_reply(self._explainer.details(entry, call.namespace, self._engine.catalogue))

    async def find_requests(self, call: Call) -> Reply:
        """Return one page of the entries that fit criteria; where none does, those that nearly do."""
        found, near = await self._found(call)
        page = await self._page(call, found)
        return json_reply({**page.data, "near_misses": near})

    async def count_requests(self, call: Call) -> Reply:
        """Return how many entries fit criteria; where none does, those that nearly do."""
        found, near = await self._found(call)
        forgotten = await self._engine.journal.forgotten(call.namespace)
        return json_reply({"count": len(found), "forgotten": forgotten, "near_misses": near})

    async def _found(self, call: Call) -> tuple[list[Entry], list[dict[str, Any]]]:
        kept = await self._engine.journal.newest(call.namespace)
        wanted = self._conditions(call.body or {}, kept)
        found = matching(kept, wanted, self._redaction)
        return found, [] if found else self._near(kept, wanted)

    def _conditions(self, criteria: Mapping[str, Any], kept: Sequence[Entry]) -> tuple[Condition, ...]:
        """Return what criteria ask for. Raises BadRequest for a name that is not there, which could never be found."""
        scenarios = {*self._engine.catalogue, *(entry.scenario for entry in kept if entry.scenario)}
        for kind, known in (("operation", self._operations), ("scenario", scenarios)):
            name = criteria.get(kind)
            if name is not None and name not in known:
                raise BadRequest(f"There is no {kind} '{name}'{did_you_mean(name, sorted(known)) or '.'}")
        return conditions(criteria)

    def _near(self, kept: Sequence[Entry], wanted: Sequence[Condition]) -> list[dict[str, Any]]:
        return [self._explainer.near_miss(miss) for miss in near_misses(kept, wanted, self._redaction)]

    async def _page(self, call: Call, found: Sequence[Entry]) -> Reply:
        page, per_page = call.parameters["page"], call.parameters["per_page"]
        shown = found[(page - 1) * per_page : page * per_page]
        forgotten = await self._engine.journal.forgotten(call.namespace)
        items = [self._explainer.summary(entry) for entry in shown]
        return json_reply({"items": items, "total": len(found), "forgotten": forgotten})
