"""The events of a namespace in the control API, as server-sent events."""

from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from xpander_emulator.engine.engine import Engine
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.control.contract import control_contract
from xpander_emulator.web.sse import StreamResponse


class EventHandlers:
    """The handler of `/events`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def follow_events(self, context: RequestContext) -> StreamResponse:
        """Return the events of the namespace as they happen, behind the one that `Last-Event-ID` names."""
        pointer = f"/components/schemas/{context.operation.behaviour['event']}"
        last = context.request.header(b"last-event-id")
        return StreamResponse(self._events(context.namespace, last), control_contract(), pointer)

    async def _events(self, namespace: str, last: str | None) -> AsyncIterator[Mapping[str, Any]]:
        async with aclosing(self._engine.feed.follow(namespace, last)) as events:
            async for event_id, event in events:
                yield {"id": event_id, "type": event.type, "namespace": namespace, "data": event.data}
