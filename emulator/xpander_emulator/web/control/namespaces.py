"""Namespaces in the control API: listed, reset, exported and imported."""

from xpander_emulator.engine import transfer
from xpander_emulator.engine.engine import RESET_SCOPES, Engine
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.control import views
from xpander_emulator.web.http import Response, json_response


class NamespaceHandlers:
    """The handlers of `/namespaces`, `/reset`, `/export` and `/import`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def reset(self, context: RequestContext) -> Response:
        """Reset the namespace, or parts of it, to its beginning."""
        scopes = (context.body or {}).get("scope", RESET_SCOPES)
        return json_response({"reset": list(await self._engine.reset(context.namespace, scopes))})

    async def list_namespaces(self, context: RequestContext) -> Response:
        """Return the namespaces that have tasks or requests, by name."""
        tasks = await self._engine.store.namespaces()
        requests = await self._engine.journal.namespaces()
        items = [
            {
                "name": name,
                "tasks": tasks.get(name, 0),
                "requests": requests.get(name, 0),
                "clock": views.clock_view(await self._engine.task_states.clock(name)),
            }
            for name in sorted({*tasks, *requests})
        ]
        return json_response({"items": items})

    async def export(self, context: RequestContext) -> Response:
        """Return all that the namespace has."""
        return json_response(await transfer.export(self._engine, context.namespace))

    async def import_(self, context: RequestContext) -> Response:
        """Replace all that the namespace has by an export."""
        replacing = context.parameters["replace"]
        tasks = await transfer.restore(self._engine, context.namespace, context.body, replacing=replacing)
        return json_response({"namespace": context.namespace, "tasks": tasks})
