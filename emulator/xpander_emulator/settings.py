"""The settings of a server, checked and complete."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

EventSet = Literal["stable", "latest"]
EVENT_SETS: Final[tuple[EventSet, ...]] = ("stable", "latest")
ClockMode = Literal["real", "scaled", "manual", "auto"]
CLOCK_MODES: Final[tuple[ClockMode, ...]] = ("real", "scaled", "manual", "auto")

# The highest number of seconds that pass on a scaled clock in one second of real time.
MAX_SCALE: Final = 1_000_000.0

RunnableKind = Literal["workflow", "agent"]
RUNNABLE_KINDS: Final[tuple[RunnableKind, ...]] = ("workflow", "agent")

DEFAULT_PORT: Final = 4020
# The API key that `env` prints and the examples use; its namespace is the default one.
DEFAULT_KEY: Final = "local"
DEFAULT_NAMESPACE: Final = "default"
MEMORY: Final = "memory"
SQLITE: Final = "sqlite:"
DEFAULT_START: Final = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Runnable:
    """A workflow or an agent that can be started by its id.

    scenario:   the scenario of its tasks; None leaves that to the request, as with any other id.
    file, line: its place in the user's settings file.
    """

    kind: RunnableKind
    id: str
    name: str
    description: str = ""
    scenario: str | None = None
    file: str = field(default="settings", compare=False)
    line: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one server, with the defaults of `serve`.

    port:       0 picks a free one.
    spec:       an OpenAPI file that replaces the embedded contract.
    scenarios:  folders or files of scenarios, added to the built-in ones.
    watch:      whether the files of `scenarios` are read again when they change.
    playlist:   a file with the scenarios that the presenter mode shows, in place of the built-in ones.
    scale:      how many seconds pass on a `scaled` clock in one second of real time.
    start:      the instant at which `manual` and `auto` clocks start.
    api_keys:   the keys that are accepted, each with its namespace or None for one of its own; empty: every key.
    max_tasks:  per server; beyond it the oldest finished task is evicted, else the oldest one.
    max_body:   of one request, in bytes.
    max_connections: open at once, streams included; one more is answered 503.
    cors:       origins that may call the API from a browser; `*` for any.
    public_url: scheme and host of links for people; default: those of the client's request.
    token:      the token of the control API and the pages; required where others can reach the server.
    allow_hosts: further host names under which the control API may be reached.
    runnables:  the workflows and agents of the user, with unique ids; each scenario is one by its name too.
    events:     the types of stream events: `stable` (the twelve that every release of the SDK reads) or `latest`
                (those of later releases too).
    store:      where tasks are stored: `memory`, `sqlite:PATH`, or the URL of a Redis.
    workers:    the number of processes; more than one need a shared store.
    nasty:      responses with a task are legal but unusual.
    future:     responses have a status and a type of event that the contract does not know.
    waive:      rules of conduct that find nothing, by name.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    spec: Path | None = None
    scenarios: tuple[Path, ...] = ()
    watch: bool = False
    playlist: Path | None = None
    clock: ClockMode = "real"
    scale: float = 60.0
    seed: int = 1
    start: datetime = DEFAULT_START
    api_keys: tuple[tuple[str, str | None], ...] = field(default=(), repr=False)
    known_only: bool = False
    max_tasks: int = 100_000
    max_body: int = 5 * 1024 * 1024
    max_connections: int = 1_000
    strict: bool = False
    cors: tuple[str, ...] = ()
    public_url: str | None = None
    token: str | None = field(default=None, repr=False)
    allow_hosts: tuple[str, ...] = ()
    runnables: tuple[Runnable, ...] = ()
    events: EventSet = "stable"
    store: str = MEMORY
    workers: int = 1
    nasty: bool = False
    future: bool = False
    waive: tuple[str, ...] = ()
    log_level: str = "info"
    log_format: str = "text"
    ready_file: Path | None = None


def client_environment(url: str, key: str, organization_id: str) -> dict[str, str]:
    """Return the environment variables that point the official SDK at a server."""
    return {"XPANDER_BASE_URL": url, "XPANDER_API_KEY": key, "XPANDER_ORGANIZATION_ID": organization_id}
