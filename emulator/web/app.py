"""The application: contract, stories, engine and routes, put together once when the server starts."""

from collections.abc import Callable

from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Router
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator import embedded
from emulator.clock import millis
from emulator.contract import values
from emulator.contract.spec import Contract, load_contract
from emulator.engine import Engine
from emulator.links import Link, sign
from emulator.rendering import TaskRenderer
from emulator.scenario.compiler import load_scenarios
from emulator.scenario.selection import FALLBACK, Catalogue
from emulator.settings import Settings
from emulator.standing import Standing
from emulator.store.memory import MemoryStore
from emulator.web.access import Keys
from emulator.web.control import ControlHandlers, ControlManner
from emulator.web.handlers import ApiHandlers, ApiManner
from emulator.web.routes import NoOperation
from emulator.web.service import Service

CONTROL_PREFIX = "/__emulator"
_EXPOSED = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "Retry-After", "Preference-Applied")


class Application:
    """The whole emulator as an ASGI application; `engine` is what all of it stands on."""

    def __init__(self, engine: Engine, contract: Contract, api: ASGIApp, control: ASGIApp) -> None:
        self.engine = engine
        self.contract = contract
        self._api = api
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the control API below its prefix, by the emulated API everywhere else."""
        is_control = scope["type"] == "lifespan" or scope["path"].startswith(CONTROL_PREFIX)
        await (self._control if is_control else self._api)(scope, receive, send)


def create_app(settings: Settings) -> Application:
    """Load everything and return the application. Raises InvalidFiles with every mistake in the user's files."""
    contract = load(settings)
    catalogue = load_catalogue(settings, contract)
    keys = Keys(settings)
    organization_id = values.uuid4(values.keyed(settings.seed, "organization"), "/id")
    renderer = TaskRenderer(contract, organization_id, millis(settings.start), _consent_link(settings))
    engine = Engine(settings, catalogue, FALLBACK, renderer, MemoryStore())
    api = Service(
        contract,
        ApiManner(engine, keys),
        ApiHandlers(engine).table(),
        max_body=settings.max_body,
        strict=settings.strict,
        seed=settings.seed,
    )
    control_contract = load_contract(embedded.CONTROL_CONTRACT, check_schemas=False)
    control = Service(
        control_contract,
        ControlManner(settings, keys),
        ControlHandlers(engine, contract, settings, organization_id).table(),
        max_body=settings.max_body,
        strict=settings.strict,
    )
    api_app: ASGIApp = Router(api.routes(), redirect_slashes=False, default=NoOperation(contract.operations))
    if settings.cors:
        api_app = CORSMiddleware(
            api_app, allow_origins=settings.cors, allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED
        )
    unknown = NoOperation(control_contract.operations)
    return Application(engine, contract, api_app, Router(control.routes(), redirect_slashes=False, default=unknown))


def load(settings: Settings) -> Contract:
    """Return the contract that these settings serve. Raises InvalidFiles."""
    if settings.spec is not None:
        return load_contract(settings.spec)
    # The embedded contract's schemas are checked by the tests, so that every start is spared it.
    return load_contract(embedded.CONTRACT, "openapi.yaml", check_schemas=False)


def load_catalogue(settings: Settings, contract: Contract) -> Catalogue:
    """Return the built-in stories and the user's; of two with one name the user's stays. Raises InvalidFiles."""
    built_in = load_scenarios((embedded.SCENARIOS,), contract, trusted=True)
    return Catalogue((*built_in, *load_scenarios(settings.scenarios, contract)))


def _consent_link(settings: Settings) -> Callable[[Standing], str]:
    # Made from the seed, so that runs are equal; off loopback the token, which a start demands, makes it secret.
    secret = f"{settings.seed}\0{settings.token or ''}".encode()

    def link(standing: Standing) -> str:
        signed = sign(Link(standing.namespace, standing.task.id, standing.number, standing.snapshot.step.id), secret)
        return f"{settings.public_url or standing.turn.origin}{CONTROL_PREFIX}/consent/{signed}"

    return link
