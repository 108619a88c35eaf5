"""The application: contract, scenarios, engine and routes, put together once when the server starts."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Final

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from xpander_emulator.clock import millis
from xpander_emulator.common import keyed_hash
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import faker_values
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.engine.render.templates import Fakes
from xpander_emulator.journal.batched import BatchedJournal
from xpander_emulator.journal.memory import MemoryJournal
from xpander_emulator.journal.port import Journal
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.report.registry import Reports, create_reports
from xpander_emulator.scenario.load import check_runnables, load_catalogue, load_spec
from xpander_emulator.scenario.playlist import Playlist, load_playlist
from xpander_emulator.scenario.selection import FALLBACK
from xpander_emulator.settings import Settings
from xpander_emulator.store.open import open_store
from xpander_emulator.store.port import Store
from xpander_emulator.web.api.gateway import ApiGateway
from xpander_emulator.web.api.sdk import SdkHandlers
from xpander_emulator.web.api.tasks import ApiHandlers
from xpander_emulator.web.auth import Keys
from xpander_emulator.web.context import Handler, handlers_of
from xpander_emulator.web.control.clock import ClockHandlers
from xpander_emulator.web.control.contract import control_contract
from xpander_emulator.web.control.events import EventHandlers
from xpander_emulator.web.control.faults import FaultHandlers
from xpander_emulator.web.control.gateway import ControlGateway
from xpander_emulator.web.control.info import InfoHandlers
from xpander_emulator.web.control.journal import JournalHandlers
from xpander_emulator.web.control.namespaces import NamespaceHandlers
from xpander_emulator.web.control.reports import ReportHandlers
from xpander_emulator.web.control.scenarios import ScenarioHandlers
from xpander_emulator.web.control.start import Starter
from xpander_emulator.web.control.tasks import TaskHandlers
from xpander_emulator.web.fault_lookup import FaultLookup
from xpander_emulator.web.pages.links import PREFIX, Links
from xpander_emulator.web.pages.site import Site, is_browser
from xpander_emulator.web.pipeline import Endpoint, Service
from xpander_emulator.web.recording import Recorder
from xpander_emulator.web.routes import OperationRoutes, RouteMatch

# The headers that scripts of another origin may read.
_EXPOSED_HEADERS: Final = (
    "X-RateLimit-Limit",
    "X-RateLimit-Remaining",
    "X-RateLimit-Reset",
    "Retry-After",
    "Preference-Applied",
    "Location",
    "X-Emulator-Request",
    "X-Emulator-Scenario",
    "X-Emulator-Step",
    "X-Emulator-Source",
)


class Application:
    """The whole emulator as an ASGI application.

    recorder:     whose observers see every response of the emulated API.
    reports:      what clients have met, and how they behaved.
    make_control: makes the control API.
    fast_routes:  the routes of the emulated API for `fast_endpoint`; None where every request needs ASGI.
    """

    def __init__(
        self,
        engine: Engine,
        contract: Contract,
        recorder: Recorder,
        reports: Reports,
        api: ASGIApp,
        make_control: Callable[[], ASGIApp],
        site: Site,
        fast_routes: OperationRoutes | None,
    ) -> None:
        self.engine = engine
        self.contract = contract
        self.recorder = recorder
        self.reports = reports
        self._api = api
        self._make_control = make_control
        self._site = site
        self._fast_routes = fast_routes
        self._has_root = any(operation.path == "/" for operation in contract.operations)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the pages and the control API below their prefix, by the emulated API everywhere else."""
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        else:
            await self._part(scope)(scope, receive, send)

    @cached_property
    def _control(self) -> ASGIApp:
        # Made with the first request to it: the first response of the emulated API need not wait 30 ms for it.
        return self._make_control()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def close(self) -> None:
        """Write what the journal has not written yet, and close the store."""
        await self.engine.journal.close()
        await self.engine.store.close()

    def fast_endpoint(self, method: str, path: str) -> RouteMatch | None:
        """Return the endpoint of the emulated API for a request that needs no ASGI, with its path parameters."""
        if self._fast_routes is None or method == "HEAD" or path == "/" or path.startswith(PREFIX):
            return None
        match = self._fast_routes.find(method, path)
        return match if match is not None and isinstance(match[0], Endpoint) and match[0].is_prompt else None

    def _part(self, scope: Scope) -> ASGIApp:
        path: str = scope["path"]
        if path.startswith(PREFIX):
            return self._site if self._site.has(path) else self._control
        return self._site.home if path == "/" and not self._has_root and is_browser(scope) else self._api


def create_app(settings: Settings, fake: Fakes = faker_values.fake) -> Application:
    """Load everything and return the application.

    fake: where generated values in scenarios come from; Faker by default.

    Raises InvalidFiles with every mistake in the user's files, StoreUnavailable, UnknownFormat, and BadStore.
    """
    contract = load_spec(settings.spec)
    catalogue = load_catalogue(settings.scenarios, contract)
    check_runnables(settings.runnables, catalogue)
    playlist = load_playlist(settings.playlist, list(catalogue), contract) if settings.playlist else None
    keys = Keys(settings)
    store = open_store(settings.store)
    links = Links(settings, store.salt)
    renderer = TaskRenderer(
        contract,
        keyed_hash.uuid4(keyed_hash.keyed(settings.seed, "organization"), "/id"),
        millis(settings.start),
        links.consent,
        fake,
        nasty=settings.nasty,
        future=settings.future,
    )
    engine = Engine(settings, catalogue, FALLBACK, renderer, store, _journal(settings, contract, store))
    reports = create_reports(engine, contract)
    gateway = ApiGateway(engine, keys, contract)
    recorder = Recorder(engine.journal, engine.feed, engine.task_states, gateway.namespace_of)
    recorder.observers.append(reports.coverage.record)
    api = Service(
        contract,
        gateway,
        handlers_of(ApiHandlers(engine, contract)) | handlers_of(SdkHandlers(engine, contract)),
        settings,
        recorder,
        FaultLookup(engine),
    )

    def make_control() -> ASGIApp:
        handlers = control_handlers(engine, contract, reports, links, playlist)
        return Service(control_contract(), ControlGateway(settings, keys), handlers, settings).routes

    site = Site(engine, reports, links, settings)
    fast_routes = None if settings.cors or not store.is_near else api.routes
    return Application(
        engine, contract, recorder, reports, _with_cors(api.routes, settings), make_control, site, fast_routes
    )


def control_handlers(
    engine: Engine, contract: Contract, reports: Reports, links: Links, playlist: Playlist | None
) -> Mapping[str, Handler]:
    """Return the handlers of the control API by the action that each carries out."""
    starter = Starter(engine, contract)
    owners = (
        InfoHandlers(engine, contract, engine.settings),
        EventHandlers(engine),
        TaskHandlers(engine, contract, links, starter),
        ClockHandlers(engine),
        ScenarioHandlers(engine, starter, playlist),
        FaultHandlers(engine, contract),
        JournalHandlers(engine, contract),
        ReportHandlers(reports, engine.settings.workers),
        NamespaceHandlers(engine),
    )
    return {action: handler for owner in owners for action, handler in handlers_of(owner).items()}


def _with_cors(api: ASGIApp, settings: Settings) -> ASGIApp:
    if not settings.cors:
        return api
    return CORSMiddleware(
        api, allow_origins=settings.cors, allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED_HEADERS
    )


def _journal(settings: Settings, contract: Contract, store: Store) -> Journal:
    if store.log is None:
        return MemoryJournal()
    return BatchedJournal(store.log, Redaction(contract.operations), is_shared=settings.workers > 1)
