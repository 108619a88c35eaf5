"""`doctor`: versions, settings with their sources, and whether a server runs or could start."""

import platform
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import click

from xpander_emulator import __version__
from xpander_emulator.cli.client import Client, local_url
from xpander_emulator.cli.failures import Failure, Refused
from xpander_emulator.cli.output import cell, emit, output_option, table
from xpander_emulator.cli.settings_file import SECTION, SettingsFile
from xpander_emulator.cli.settings_options import settings_from, settings_options
from xpander_emulator.common.types import JsonObject
from xpander_emulator.errors import EmulatorError
from xpander_emulator.settings import SQLITE, Settings

LIBRARIES: Final = ("starlette", "uvicorn", "httptools", "jsonschema", "faker", "pyyaml", "jinja2", "orjson", "click")
ACCELERATORS: Final = ("uvloop", "jsonschema-rs")
STORES: Final = ("redis",)


@dataclass(frozen=True, slots=True)
class Check:
    """The result of one check."""

    name: str
    ok: bool
    seen: str


@click.command()
@settings_options
@output_option
@click.pass_context
def doctor(ctx: click.Context, /, output: str, **values: Any) -> None:
    """Show settings and their sources, and check what a server needs."""
    settings = settings_from(values)
    checks = [*_server_checks(settings), *_file_checks(settings), _store_check(settings)]
    report = {
        "emulator": __version__,
        "python": f"{platform.python_version()} ({sys.platform})",
        "libraries": _versions(),
        "settings": list(_sources(ctx, settings)),
        "checks": [{"name": check.name, "ok": check.ok, "seen": check.seen} for check in checks],
    }
    emit(report, output, _text)
    if not all(check.ok for check in checks):
        raise Refused("A check has failed; see above.")


def _sources(ctx: click.Context, settings: Settings) -> Iterator[JsonObject]:
    file: SettingsFile | None = ctx.meta.get(SECTION)
    origin = {"COMMANDLINE": "flag", "DEFAULT_MAP": str(file.path) if file else "file", "DEFAULT": "default"}
    for option in ctx.command.params:
        if not isinstance(option, click.Option) or option.name not in Settings.__slots__:
            continue
        source = ctx.get_parameter_source(option.name)
        name = source.name if source else "DEFAULT"
        yield {
            "name": max(option.opts, key=len),
            "value": _shown(option.name, getattr(settings, option.name)),
            "source": str(option.envvar) if name == "ENVIRONMENT" else origin.get(name, name.lower()),
        }


def _shown(name: str, value: Any) -> Any:
    """Return a setting as JSON; of a secret only whether it is set."""
    if name == "start":
        return value.isoformat().replace("+00:00", "Z")
    if name == "store":
        from xpander_emulator.store.open import shown

        return shown(value)
    if name == "token":
        return "(set)" if value else None
    if name == "api_keys":
        return [f"(key)={namespace}" if namespace else "(key)" for _, namespace in value]
    if isinstance(value, tuple):
        return [str(item) for item in value]
    return value if isinstance(value, bool | int | float | None) else str(value)


def _versions() -> dict[str, str]:
    from importlib.metadata import PackageNotFoundError, version

    versions = {}
    for name in (*LIBRARIES, *ACCELERATORS, *STORES):
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = f"not installed{_why(name)}"
    return versions


def _why(name: str) -> str:
    """Return the use of an optional library, for a message that it is missing."""
    if name in ACCELERATORS:
        return " (faster with it: pip install 'xpander-emulator[fast]')"
    return " (for --store redis://…: pip install 'xpander-emulator[redis]')" if name in STORES else ""


def _file_checks(settings: Settings) -> Iterator[Check]:
    from xpander_emulator.scenario import load
    from xpander_emulator.scenario.playlist import load_playlist

    try:
        contract = load.load_spec(settings.spec)
        yield Check("contract", True, f"{contract.title} {contract.version}, {len(contract.operations)} operations")
        catalogue = load.load_catalogue(settings.scenarios, contract)
        yield Check("scenarios", True, ", ".join(catalogue))
        if settings.playlist is not None:
            playlist = load_playlist(settings.playlist, list(catalogue), contract)
            yield Check("playlist", True, ", ".join(each.scenario for each in playlist.entries))
        load.check_runnables(settings.runnables, catalogue)
        yield Check(
            "runnables", True, ", ".join(f"{each.kind} {each.id}" for each in settings.runnables) or "none listed"
        )
    except EmulatorError as error:
        yield Check("files", False, error.message)


def _store_check(settings: Settings) -> Check:
    """Check the store as a server would, without creating a file."""
    from pathlib import Path

    from xpander_emulator.store.open import open_store, shown

    if settings.store.startswith(SQLITE):
        path = Path(settings.store.removeprefix(SQLITE))
        if not path.exists() and path.parent.is_dir():
            return Check("store", True, f"{shown(settings.store)}, which `serve` will create")
    try:
        open_store(settings.store)
    except EmulatorError as error:
        return Check("store", False, error.message)
    return Check("store", True, shown(settings.store))


def _server_checks(settings: Settings) -> Iterator[Check]:
    url = local_url(settings)
    if settings.port == 0:
        yield Check("port", True, "0 picks a free one")
        return
    try:
        info = Client(url, token=settings.token, timeout=1.0).get("/info")
    except Failure as failure:
        yield Check("server", True, failure.message)
        yield _port_check(settings)
    else:
        yield Check("server", True, f"version {info['version']} answers at {url}")


def _port_check(settings: Settings) -> Check:
    from xpander_emulator.server import listening_socket

    try:
        with listening_socket.bind(settings):
            return Check("port", True, f"{settings.port} is free")
    except EmulatorError as error:
        return Check("port", False, error.message)


def _text(report: JsonObject) -> str:
    settings = [[setting["name"], setting["value"], setting["source"]] for setting in report["settings"]]
    checks = [["ok" if check["ok"] else "WRONG", check["name"], cell(check["seen"])] for check in report["checks"]]
    return "\n\n".join(
        [
            f"xpander-emulator {report['emulator']}, Python {report['python']}",
            table(("setting", "value", "from"), settings, ""),
            table(("library", "version"), report["libraries"].items(), ""),
            table(("check", "of", "seen"), checks, ""),
        ]
    )
