"""The application: contract, stories, engine and routes, put together once when the server starts."""

from collections.abc import Callable

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from emulator import embedded
from emulator.clock import millis
from emulator.contract import values
from emulator.contract.spec import Contract, load_contract
from emulator.engine import Engine
from emulator.links import Link, sign
from emulator.loading import check_runnables, load_spec, load_stories
from emulator.rendering import Fakes, TaskRenderer
from emulator.scenario.selection import FALLBACK
from emulator.settings import Settings
from emulator.standing import Standing
from emulator.store.opening import open_store
from emulator.web.access import Keys
from emulator.web.control import ControlHandlers, ControlManner
from emulator.web.handlers import ApiHandlers, ApiManner
from emulator.web.sdk_handlers import SdkHandlers
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
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            is_control = scope["path"].startswith(CONTROL_PREFIX)
            await (self._control if is_control else self._api)(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Everything is loaded before; what the store holds open is given back at the end."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.engine.store.close()
        await send({"type": "lifespan.shutdown.complete"})


def create_app(settings: Settings, fake: Fakes = values.fake) -> Application:
    """Load everything and return the application.

    Raises InvalidFiles with every mistake in the user's files, StoreUnavailable, UnknownFormat, and BadStore.

    fake: where generated values in stories come from; Faker, unless a caller has its own.
    """
    contract = load_spec(settings.spec)
    catalogue = load_stories(settings.scenarios, contract)
    check_runnables(settings.runnables, catalogue)
    keys = Keys(settings)
    organization_id = values.uuid4(values.keyed(settings.seed, "organization"), "/id")
    renderer = TaskRenderer(contract, organization_id, millis(settings.start), _consent_link(settings), fake)
    engine = Engine(settings, catalogue, FALLBACK, renderer, open_store(settings.store))
    api = Service(
        contract,
        ApiManner(engine, keys, contract),
        {**ApiHandlers(engine, contract).table(), **SdkHandlers(engine, contract).table()},
        max_body=settings.max_body,
        strict=settings.strict,
        seed=settings.seed,
    )
    control = Service(
        load_contract(embedded.CONTROL_CONTRACT, check_schemas=False),
        ControlManner(settings, keys),
        ControlHandlers(engine, contract, settings, organization_id).table(),
        max_body=settings.max_body,
        strict=settings.strict,
    )
    api_app: ASGIApp = api.router()
    if settings.cors:
        api_app = CORSMiddleware(
            api_app, allow_origins=settings.cors, allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED
        )
    return Application(engine, contract, api_app, control.router())


def _consent_link(settings: Settings) -> Callable[[Standing], str]:
    # Made from the seed, so that runs are equal; off loopback the token, which a start demands, makes it secret.
    secret = f"{settings.seed}\0{settings.token or ''}".encode()

    def link(standing: Standing) -> str:
        signed = sign(Link(standing.namespace, standing.task.id, standing.number, standing.snapshot.step.id), secret)
        return f"{settings.public_url or standing.turn.origin}{CONTROL_PREFIX}/consent/{signed}"

    return link
