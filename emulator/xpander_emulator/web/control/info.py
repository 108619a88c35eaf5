"""Health, facts about the server, and the contracts in the control API."""

from functools import lru_cache

from xpander_emulator import __version__
from xpander_emulator.common import resources
from xpander_emulator.common.types import Json
from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.contract.extension.start_operation import is_xpander
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import served_document
from xpander_emulator.engine.engine import MAX_SIGNALS, Engine
from xpander_emulator.settings import Settings
from xpander_emulator.store.open import kind_of
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.control import views
from xpander_emulator.web.control_access import ControlAccess
from xpander_emulator.web.http import Response, json_response


class InfoHandlers:
    """The handlers of `/health`, `/ready`, `/info`, `/openapi` and `/contract`.

    contract: of the emulated API.
    """

    def __init__(self, engine: Engine, contract: Contract, settings: Settings) -> None:
        self._engine = engine
        self._contract = contract
        self._settings = settings
        self._access = ControlAccess(settings)

    async def health(self, context: RequestContext) -> Response:
        """Return that the server is up."""
        return json_response({"status": "ok"})

    async def ready(self, context: RequestContext) -> Response:
        """Return that everything is loaded, as in any server that answers, and that the store can be read."""
        await self._engine.store.count()
        return json_response({"status": "ready"})

    async def info(self, context: RequestContext) -> Response:
        """Return what this server is and what it serves; the seed only to clients that may use the control API."""
        contract, settings, engine = self._contract, self._settings, self._engine
        pins = await engine.pins(context.namespace)
        clock = await engine.task_states.clock(context.namespace)
        seed = {"seed": settings.seed} if self._access.has_token(context.request) else {}
        return json_response(
            {
                "name": "xpander-emulator",
                "version": __version__,
                "contract": {
                    "title": contract.title,
                    "version": contract.version,
                    "source": contract.source,
                    "operations": len(contract.operations),
                    "is_xpander": is_xpander(contract),
                },
                "scenarios": list(engine.catalogue),
                "default_scenario": views.choices(pins, engine.default)["default"],
                **seed,
                "namespace": context.namespace,
                "clock": views.clock_view(clock),
                "store": kind_of(settings.store),
                "organization_id": engine.renderer.organization_id,
                "limits": {
                    "max_tasks": settings.max_tasks,
                    "max_body": settings.max_body,
                    "max_connections": settings.max_connections,
                    "max_signals": MAX_SIGNALS,
                },
            }
        )

    async def openapi(self, context: RequestContext) -> Response:
        """Return the contract of the control API."""
        return json_response(_control_document())

    async def contract(self, context: RequestContext) -> Response:
        """Return the contract of the emulated API."""
        return json_response(served_document(self._contract))


@lru_cache(maxsize=1)
def _control_document() -> Json:
    return read_document(resources.CONTROL_CONTRACT).value
