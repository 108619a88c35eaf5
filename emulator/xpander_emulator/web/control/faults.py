"""The faults of coming requests in the control API."""

from xpander_emulator.contract.model import Contract
from xpander_emulator.engine.engine import Engine
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.control import views
from xpander_emulator.web.http import Response, json_response


class FaultHandlers:
    """The handlers of `/faults`.

    contract: of the emulated API, whose operations a fault can name.
    """

    def __init__(self, engine: Engine, contract: Contract) -> None:
        self._engine = engine
        self._actions = {each.id: str(each.behaviour.get("action", "")) for each in contract.operations}

    async def list_faults(self, context: RequestContext) -> Response:
        """Return the faults of coming requests."""
        rules = await self._engine.faults.coming(context.namespace)
        return json_response({"items": [{**views.fault_view(rule), "met": count} for rule, count in rules]})

    async def set_faults(self, context: RequestContext) -> Response:
        """Replace the faults of coming requests."""
        await self._engine.faults.set(context.namespace, context.body["faults"], self._actions)
        return await self.list_faults(context)

    async def clear_faults(self, context: RequestContext) -> Response:
        """Remove the faults of coming requests; those of scenarios stay."""
        await self._engine.faults.set(context.namespace, (), {})
        return await self.list_faults(context)
