"""The application: contract, stories, engine and routes, put together once when the server starts."""

from collections.abc import Callable
from functools import cached_property

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
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.report.registry import Reports, create_reports
from xpander_emulator.scenario.load import check_runnables, load_catalogue, load_spec
from xpander_emulator.scenario.playlist import load_playlist
from xpander_emulator.scenario.selection import FALLBACK
from xpander_emulator.settings import Settings
from xpander_emulator.store.open import open_store
from xpander_emulator.store.port import Store
from xpander_emulator.web.api.sdk import SdkHandlers
from xpander_emulator.web.api.tasks import ApiHandlers, ApiManner
from xpander_emulator.web.auth import Keys
from xpander_emulator.web.control.journal import JournalHandlers
from xpander_emulator.web.control.presenter import PageHandlers
from xpander_emulator.web.control.reports import ReportHandlers
from xpander_emulator.web.control.tasks import ControlHandlers, ControlManner, control_contract
from xpander_emulator.web.fault_lookup import ApiFaults
from xpander_emulator.web.pages.decision import PREFIX, Links
from xpander_emulator.web.pages.site import Site, is_browser
from xpander_emulator.web.pipeline import Endpoint, Service
from xpander_emulator.web.recording import Recorder
from xpander_emulator.web.routes import Found, OperationRoutes

_EXPOSED = (
    *(
        "X-RateLimit-Limit",
        "X-RateLimit-Remaining",
        "X-RateLimit-Reset",
        "Retry-After",
        "Preference-Applied",
        "Location",
    ),
    *("X-Emulator-Request", "X-Emulator-Scenario", "X-Emulator-Step", "X-Emulator-Source"),
)


class Application:
    """The whole emulator as an ASGI application.

    engine:   what all of it stands on.
    recorder: whose observers are told of every answer of the emulated API.
    reports:  what clients have met, and how they behaved.
    control:  makes the control API.
    """

    def __init__(
        self,
        engine: Engine,
        contract: Contract,
        recorder: Recorder,
        reports: Reports,
        api: ASGIApp,
        control: Callable[[], ASGIApp],
        site: Site,
        direct: OperationRoutes | None,
    ) -> None:
        self.engine = engine
        self.contract = contract
        self.recorder = recorder
        self.reports = reports
        self._api = api
        self._make_control = control
        self._site = site
        self._direct = direct
        self._has_root = any(operation.path == "/" for operation in contract.operations)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer by the pages and the control API below their prefix, by the emulated API everywhere else."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._part(scope)(scope, receive, send)

    @cached_property
    def _control(self) -> ASGIApp:
        # Made when it is first asked: the first answer of the emulated API need not wait 30 ms for it.
        return self._make_control()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Everything is loaded before."""
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def close(self) -> None:
        """Write what the journal holds back, and give back what the store holds open."""
        await self.engine.journal.close()
        await self.engine.store.close()

    def fast_endpoint(self, method: str, path: str) -> Found | None:
        """Return the endpoint of the emulated API that answers this at once, with its path parameters, if one does."""
        if self._direct is None or path == "/" or path.startswith(PREFIX):
            return None
        found = self._direct.find(method, path)
        return found if found is not None and isinstance(found[0], Endpoint) and found[0].is_prompt else None

    def _part(self, scope: Scope) -> ASGIApp:
        path: str = scope["path"]
        if path.startswith(PREFIX):
            return self._site if self._site.has(path) else self._control
        return self._site.home if path == "/" and not self._has_root and is_browser(scope) else self._api


def create_app(settings: Settings, fake: Fakes = faker_values.fake) -> Application:
    """Load everything and return the application.

    Raises InvalidFiles with every mistake in the user's files, StoreUnavailable, UnknownFormat, and BadStore.

    fake: where generated values in stories come from; Faker, unless a caller has its own.
    """
    contract = load_spec(settings.spec)
    catalogue = load_catalogue(settings.scenarios, contract)
    check_runnables(settings.runnables, catalogue)
    playlist = load_playlist(settings.playlist, list(catalogue), contract) if settings.playlist else None
    keys = Keys(settings)
    organization_id = keyed_hash.uuid4(keyed_hash.keyed(settings.seed, "organization"), "/id")
    store = open_store(settings.store)
    links = Links(settings, store.salt)
    renderer = TaskRenderer(
        contract,
        organization_id,
        millis(settings.start),
        links.consent,
        fake,
        nasty=settings.nasty,
        future=settings.future,
    )
    engine = Engine(settings, catalogue, FALLBACK, renderer, store, _journal(settings, contract, store))
    manner = ApiManner(engine, keys, contract)
    recorder = Recorder(engine.journal, engine.feed, engine.task_states, manner.place)
    reports = create_reports(engine, contract)
    recorder.observers.append(reports.coverage.record)
    api = Service(
        contract,
        manner,
        {**ApiHandlers(engine, contract).table(), **SdkHandlers(engine, contract).table()},
        max_body=settings.max_body,
        strict=settings.strict,
        seed=settings.seed,
        recorder=recorder,
        faulty=ApiFaults(engine),
    )

    def control() -> ASGIApp:
        handlers = {
            **ControlHandlers(engine, contract, settings, organization_id, links).table(),
            **JournalHandlers(engine, contract).table(),
            **ReportHandlers(reports, settings.workers).table(),
            **PageHandlers(engine, contract, links, playlist).table(),
        }
        manner = ControlManner(settings, keys)
        return Service(
            control_contract(), manner, handlers, max_body=settings.max_body, strict=settings.strict
        ).router()

    api_app: ASGIApp = api.router()
    if settings.cors:
        api_app = CORSMiddleware(
            api_app, allow_origins=settings.cors, allow_methods=["*"], allow_headers=["*"], expose_headers=_EXPOSED
        )
    return Application(
        engine,
        contract,
        recorder,
        reports,
        api_app,
        control,
        Site(engine, reports, links, settings),
        None if settings.cors or not store.is_near else api.operations,
    )


def _journal(settings: Settings, contract: Contract, store: Store) -> Journal:
    if store.log is None:
        return MemoryJournal()
    return BatchedJournal(store.log, Redaction(contract.operations), is_shared=settings.workers > 1)
