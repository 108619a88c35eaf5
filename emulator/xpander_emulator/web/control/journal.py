"""The journal in the control API: requests with their responses, listed, explained, searched and counted."""

from collections.abc import Mapping, Sequence
from typing import Any

from xpander_emulator.common.types import JsonObject
from xpander_emulator.contract.model import Contract
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import BadRequest, NotFound, did_you_mean
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.journal.search import PLAIN, Condition, conditions, matching, near_misses
from xpander_emulator.web.context import RequestContext, page_of
from xpander_emulator.web.control.explain import Explainer
from xpander_emulator.web.http import Response, json_response


class JournalHandlers:
    """The handlers of `/requests`.

    contract: of the emulated API, whose requests the journal has.
    """

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._operations = frozenset(operation.id for operation in contract.operations)
        self._redaction = Redaction(contract.operations)
        self._explainer = Explainer(contract, self._redaction)

    async def list_requests(self, context: RequestContext) -> Response:
        """Return one page of the entries that pass the filters of the query, newest first."""
        after = context.parameters.get("after", 0)
        entries = await self._engine.journal.newest(context.namespace)
        wanted = self._conditions({name: context.parameters.get(name) for name in PLAIN}, entries)
        newer = [entry for entry in entries if entry.ordinal > after]
        return json_response(await self._page(context, matching(newer, wanted, self._redaction)))

    async def list_unmatched(self, context: RequestContext) -> Response:
        """Return one page of the entries that no operation matched, or that broke the contract."""
        entries = await self._engine.journal.newest(context.namespace)
        return json_response(await self._page(context, [entry for entry in entries if entry.is_unmatched]))

    async def get_request(self, context: RequestContext) -> Response:
        """Return all of one entry, with the reason for its response."""
        namespace, ordinal = context.namespace, int(context.parameters["request_id"])
        entry = await self._engine.journal.get(namespace, ordinal)
        if entry is None:
            raise NotFound(
                f"Namespace '{namespace}' has no request {ordinal}; GET /__emulator/requests lists those it has."
            )
        return json_response(self._explainer.details(entry, namespace, self._engine.catalogue))

    async def find_requests(self, context: RequestContext) -> Response:
        """Return one page of the entries that match criteria; where none does, those that nearly do."""
        entries, near = await self._search(context)
        return json_response({**await self._page(context, entries), "near_misses": near})

    async def count_requests(self, context: RequestContext) -> Response:
        """Return how many entries match criteria; where none does, those that nearly do."""
        entries, near = await self._search(context)
        dropped = await self._engine.journal.dropped(context.namespace)
        return json_response({"count": len(entries), "forgotten": dropped, "near_misses": near})

    async def _search(self, context: RequestContext) -> tuple[list[Entry], list[JsonObject]]:
        entries = await self._engine.journal.newest(context.namespace)
        wanted = self._conditions(context.body or {}, entries)
        matches = matching(entries, wanted, self._redaction)
        misses = [] if matches else near_misses(entries, wanted, self._redaction)
        return matches, [self._explainer.near_miss(miss) for miss in misses]

    def _conditions(self, criteria: Mapping[str, Any], entries: Sequence[Entry]) -> tuple[Condition, ...]:
        """Return the conditions of criteria. Raises BadRequest for an unknown name, which no entry could match."""
        scenarios = {*self._engine.catalogue, *(entry.scenario for entry in entries if entry.scenario)}
        for kind, known in (("operation", self._operations), ("scenario", scenarios)):
            name = criteria.get(kind)
            if name is not None and name not in known:
                raise BadRequest(f"There is no {kind} '{name}'{did_you_mean(name, sorted(known)) or '.'}")
        return conditions(criteria)

    async def _page(self, context: RequestContext, entries: Sequence[Entry]) -> JsonObject:
        dropped = await self._engine.journal.dropped(context.namespace)
        items = [self._explainer.summary(entry) for entry in page_of(context, entries)]
        return {"items": items, "total": len(entries), "forgotten": dropped}
