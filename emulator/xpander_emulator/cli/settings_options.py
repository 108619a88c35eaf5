"""The settings of `serve` as options: each has a flag, an environment variable and a key in the settings file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import click

from xpander_emulator.cli.option_types import ApiKey, Existing, Instant, Number, Origin, OutputFile, Size, StoreChoice
from xpander_emulator.cli.settings_file import listed_here, read_into
from xpander_emulator.settings import CLOCK_MODES, DEFAULT_START, EVENT_SETS, MAX_SCALE, Settings


def _option(*declarations: str, **details: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return the option of a setting: its variable is named for its flag, and its default is that of Settings."""
    flag = next(each for each in declarations if each.startswith("--")).partition("/")[0]
    name = flag.removeprefix("--").replace("-", "_")
    default = getattr(Settings(), name, None)
    if isinstance(default, bool | int | float | str):
        details.setdefault("default", default)
    variable = f"EMULATOR_{name.upper()}"
    return click.option(*declarations, envvar=variable, show_envvar=True, show_default="default" in details, **details)


_OPTIONS: Final = (
    _option("-p", "--port", type=click.IntRange(0, 65535), metavar="N", help="Port to listen on; 0 picks a free one."),
    _option("--host", metavar="HOST", help="Address to listen on; any but this machine's own needs --token."),
    _option("--spec", type=Existing(), metavar="FILE", help="OpenAPI file in place of the built-in one."),
    _option("-s", "--scenarios", type=Existing(), multiple=True, metavar="PATH",
            help="Folder or file of scenarios, added to the built-in ones. Repeatable."),
    _option("--watch/--no-watch", help="Read scenarios again when their files change."),
    _option("--playlist", type=Existing(), metavar="FILE",
            help="File of scenarios that the presenter mode shows, in place of the built-in ones."),
    _option("--clock", type=click.Choice(CLOCK_MODES),
            help="real, scaled (faster), manual (moves when advanced), auto (moves with each read)."),
    _option("--scale", type=Number(0, MAX_SCALE, min_open=True), metavar="N",
            help="With scaled: seconds on the clock per real second."),
    _option("--seed", type=int, metavar="N", help="Number from which every generated value is drawn."),
    _option("--start", type=Instant(), default=DEFAULT_START.strftime("%Y-%m-%dT%H:%M:%SZ"), metavar="ISO",
            help="Instant at which manual and auto clocks start."),
    _option("--api-key", "api_keys", type=ApiKey(), multiple=True, metavar="KEY[=NAME]",
            help="Only this API key is accepted, with the namespace NAME. Repeatable; default: every key."),
    _option("--known-only/--any-id", help="Answer 404 for a workflow or agent id that no scenario knows."),
    _option("--max-tasks", type=click.IntRange(1), metavar="N",
            help="Tasks stored; beyond it the oldest finished one is evicted, else the oldest."),
    _option("--max-body", type=Size(), default="5MiB", metavar="SIZE",
            help="Largest request body: 5MiB, 500kB or bytes."),
    _option("--max-connections", type=click.IntRange(1), metavar="N",
            help="Connections open at once, streams included; one more gets 503."),
    _option("--strict/--no-strict", help="Check every response with the reference validator (slower)."),
    _option("--cors", type=Origin(), multiple=True, metavar="ORIGIN",
            help="Origin that may call the API from a browser, or *. Repeatable."),
    _option("--public-url", type=Origin(), metavar="URL", help="Scheme and host of links for people."),
    _option("--token", help="Token of the control API and the pages."),
    _option("--allow-host", "allow_hosts", multiple=True, metavar="HOST",
            help="Further host name for the control API, such as a compose service. Repeatable."),
    _option("--events", type=click.Choice(EVENT_SETS),
            help="Types of stream events: those that every SDK reads, or later ones too."),
    _option("--store", type=StoreChoice(), metavar="STORE",
            help="Where tasks are stored: memory, sqlite:PATH or redis://HOST:PORT."),
    _option("--workers", type=click.IntRange(1, 64), metavar="N",
            help="Number of processes; more than one need a shared store."),
    _option("--nasty/--no-nasty",
            help="Legal but unusual responses: absent properties, nulls, odd texts, unknown properties."),
    _option("--future/--no-future",
            help="Responses with a status and a type of event that the contract does not know."),
    _option("--waive", multiple=True, metavar="RULE", help="Rule of conduct that finds nothing. Repeatable."),
    _option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]),
            help="Lowest level that is logged."),
    _option("--log-format", type=click.Choice(["text", "json"]), help="Format of the log, on stderr."),
    _option("--ready-file", type=OutputFile(), metavar="FILE",
            help='File that gets {"url", "pid"} once the server answers.'),
)  # fmt: skip


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the settings of `serve` as options, and --config for a file of settings."""
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
    """Return the settings of a command's options. Raises click.BadParameter where two contradict each other."""
    keys = dict(values["api_keys"])
    if len(keys) < len(set(values["api_keys"])):
        twice = next(key for key, name in values["api_keys"] if keys[key] != name)
        names = " and ".join(
            f"'{name}'" if name else "one of its own" for key, name in values["api_keys"] if key == twice
        )
        raise click.BadParameter(f"one key is given two namespaces, {names}; keep one.", param_hint="'--api-key'")
    return Settings(**values, runnables=listed_here())


def settings_here() -> Settings:
    """Return the settings of `serve` without flags in this folder: environment, settings file, defaults."""
    serve = click.command("serve")(settings_options(lambda **values: None))
    with serve.make_context("serve", []) as ctx:
        return settings_from(ctx.params)
