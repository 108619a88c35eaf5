"""The settings of `serve` as options: each has a flag, an environment variable and a key in the settings file."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from xpander_emulator.cli.number_type import Number
from xpander_emulator.cli.settings_file import OutputFile, listed_here, read_into
from xpander_emulator.settings import (
    CLOCK_MODES,
    DEFAULT_PORT,
    EVENT_SETS,
    MAX_SCALE,
    MEMORY,
    Settings,
)

if TYPE_CHECKING:
    from datetime import datetime

DEFAULTS: Final = Settings()
_UNITS: Final = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


class Size(click.ParamType[int]):
    """A number of bytes: 5MiB, 500kB or 4096."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"(\d{1,15}(?:\.\d+)?)\s*([a-z]*)", str(value).strip().lower())
        if not found or found[2] not in _UNITS:
            self.fail(f"'{value}' is not a size; write it as 5MiB, 500kB or 4096.", param, ctx)
        size = int(float(found[1]) * _UNITS[found[2]])
        if size < 1:
            self.fail(f"'{value}' leaves room for nothing; at least 1 byte is needed.", param, ctx)
        return size


class Instant(click.ParamType["datetime"]):
    """An ISO 8601 instant; without an offset it is UTC."""

    name = "iso"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "datetime":
        from datetime import UTC, datetime

        try:
            instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not an instant; write it as 2026-01-31T09:30:00Z.", param, ctx)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


class ApiKey(click.ParamType[tuple[str, str | None]]):
    """A key that is welcome, or KEY=NAME for one that shares the namespace NAME."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str | None]:
        if isinstance(value, tuple):
            return value
        text = str(value)
        # A key may itself end with '=', as Base64 does: only a plain name after the last one is a namespace.
        found = re.fullmatch(r"(.+)=([A-Za-z0-9][A-Za-z0-9._-]*)", text)
        if not text.strip():
            self.fail("an empty key is never welcome; write --api-key KEY or --api-key KEY=NAME.", param, ctx)
        return (found[1], found[2]) if found else (text, None)


class Origin(click.ParamType[str]):
    """Scheme and host, as a browser sends them in `Origin`."""

    name = "origin"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).rstrip("/")
        if text != "*" and not re.fullmatch(r"https?://[^/\s?#]+", text):
            self.fail(f"'{value}' is not an origin; write it as http://localhost:3000.", param, ctx)
        return text


class StoreChoice(click.ParamType[str]):
    """Where tasks are kept."""

    name = "store"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == MEMORY:
            return MEMORY
        from xpander_emulator.store.open import BadStore, check_choice

        try:
            return check_choice(str(value))
        except BadStore as error:
            self.fail(error.message, param, ctx)


class Existing(click.Path):
    """An existing file or folder."""

    def __init__(self) -> None:
        super().__init__(exists=True, path_type=Path)


def _option(*flags: str, env: str, **details: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return click.option(
        *flags, envvar=f"EMULATOR_{env}", show_envvar=True, show_default="default" in details, **details
    )


_OPTIONS: Final = (
    _option("-p", "--port", env="PORT", type=click.IntRange(0, 65535), metavar="N", default=DEFAULT_PORT,
            help="Port to listen on; 0 picks a free one."),
    _option("--host", env="HOST", metavar="HOST", default=DEFAULTS.host,
            help="Address to listen on; any but this machine's own needs --token."),
    _option("--spec", env="SPEC", type=Existing(), metavar="FILE", help="OpenAPI file in place of the built-in one."),
    _option("-s", "--scenarios", env="SCENARIOS", type=Existing(), multiple=True, metavar="PATH",
            help="Folder or file of scenarios, added to the built-in ones. Repeatable."),
    _option("--watch/--no-watch", env="WATCH", default=DEFAULTS.watch,
            help="Read scenarios again when their files change."),
    _option("--playlist", env="PLAYLIST", type=Existing(), metavar="FILE",
            help="Stories that the presenter mode shows, in place of the built-in ones."),
    _option("--clock", env="CLOCK", type=click.Choice(CLOCK_MODES), default=DEFAULTS.clock,
            help="real, scaled (faster), manual (stands until advanced), auto (skips when read)."),
    _option("--scale", env="SCALE", type=Number(0, MAX_SCALE, min_open=True), metavar="N", default=DEFAULTS.scale,
            help="Seconds that a scaled clock makes of one."),
    _option("--seed", env="SEED", type=int, metavar="N", default=DEFAULTS.seed,
            help="Number from which every generated value is drawn."),
    _option("--start", env="START", type=Instant(), default=DEFAULTS.start.strftime("%Y-%m-%dT%H:%M:%SZ"),
            metavar="ISO", help="Instant at which manual and auto clocks start."),
    _option("--api-key", "api_keys", env="API_KEY", type=ApiKey(), multiple=True, metavar="KEY[=NAME]",
            help="Only this key is welcome, with the namespace NAME. Repeatable; default: every key."),
    _option("--known-only/--any-id", env="KNOWN_ONLY", default=DEFAULTS.known_only,
            help="Answer 404 for a workflow or agent id that no scenario knows."),
    _option("--max-tasks", env="MAX_TASKS", type=click.IntRange(1), metavar="N", default=DEFAULTS.max_tasks,
            help="Tasks kept; beyond it the oldest finished one goes, else the oldest."),
    _option("--max-body", env="MAX_BODY", type=Size(), default="5MiB", metavar="SIZE",
            help="Largest request body: 5MiB, 500kB or bytes."),
    _option("--max-connections", env="MAX_CONNECTIONS", type=click.IntRange(1), metavar="N",
            default=DEFAULTS.max_connections, help="Connections open at once, streams included; one more gets 503."),
    _option("--strict/--no-strict", env="STRICT", default=DEFAULTS.strict,
            help="Check every answer with the reference validator (slower)."),
    _option("--cors", env="CORS", type=Origin(), multiple=True, metavar="ORIGIN",
            help="Origin that may call the API from a browser, or *. Repeatable."),
    _option("--public-url", env="PUBLIC_URL", type=Origin(), metavar="URL",
            help="Scheme and host that links to people start with."),
    _option("--token", env="TOKEN", help="What the control API and the pages ask for."),
    _option("--allow-host", "allow_hosts", env="ALLOW_HOST", multiple=True, metavar="HOST",
            help="Further host name for the control API, such as a compose service. Repeatable."),
    _option("--events", env="EVENTS", type=click.Choice(EVENT_SETS), default=DEFAULTS.events,
            help="Types of stream events: those that every SDK reads, or later ones too."),
    _option("--store", env="STORE", type=StoreChoice(), metavar="STORE", default=DEFAULTS.store,
            help="Where tasks are kept: memory, sqlite:PATH or redis://HOST:PORT."),
    _option("--workers", env="WORKERS", type=click.IntRange(1, 64), metavar="N", default=DEFAULTS.workers,
            help="Processes that serve; more than one need a store that they share."),
    _option("--nasty/--no-nasty", env="NASTY", default=DEFAULTS.nasty,
            help="Answer legally but unusually: absent properties, nulls, odd texts, unknown properties."),
    _option("--future/--no-future", env="FUTURE", default=DEFAULTS.future,
            help="Answer with a status and a type of event that the contract does not know."),
    _option("--waive", env="WAIVE", multiple=True, metavar="RULE",
            help="Rule of conduct that finds nothing. Repeatable."),
    _option("--log-level", env="LOG_LEVEL", type=click.Choice(["debug", "info", "warning", "error"]),
            default=DEFAULTS.log_level, help="Least weight of what is logged."),
    _option("--log-format", env="LOG_FORMAT", type=click.Choice(["text", "json"]), default=DEFAULTS.log_format,
            help="How it is logged, on stderr."),
    _option("--ready-file", env="READY_FILE", type=OutputFile(), metavar="FILE",
            help='File that gets {"url", "pid"} once the server answers.'),
)  # fmt: skip


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add every setting of `serve`, and --config for the file that holds them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    config = click.option(
        "--config",
        envvar="EMULATOR_CONFIG",
        show_envvar=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=read_into,
        help="Settings file; default: emulator.toml, or [tool.emulator] in pyproject.toml.",
    )
    return config(command)


def settings_from(values: Mapping[str, Any]) -> Settings:
    """Return the Settings of a command's parsed options. Raises click.BadParameter where two contradict."""
    keys = dict(values["api_keys"])
    if len(keys) < len(set(values["api_keys"])):
        twice = next(key for key, name in values["api_keys"] if keys[key] != name)
        names = " and ".join(
            f"'{name}'" if name else "one of its own" for key, name in values["api_keys"] if key == twice
        )
        raise click.BadParameter(f"one key is given two namespaces, {names}; keep one.", param_hint="'--api-key'")
    return Settings(**values, runnables=listed_here())


def settings_here() -> Settings:
    """Return what `serve` without flags would use here: environment, settings file, defaults."""
    serve = click.command("serve")(settings_options(lambda **values: None))
    with serve.make_context("serve", []) as ctx:
        return settings_from(ctx.params)
