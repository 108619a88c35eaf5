"""`lint`: the mistakes in scenarios, playlists and OpenAPI files."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.option_types import Existing
from xpander_emulator.cli.output import note, output_option
from xpander_emulator.cli.routes import spec_option
from xpander_emulator.cli.settings_options import settings_here
from xpander_emulator.common import resources
from xpander_emulator.errors import Diagnostic, InvalidFiles

if TYPE_CHECKING:
    from xpander_emulator.contract.model import Contract

_OPENAPI: Final = re.compile(r"""^\s{0,4}["']?(openapi|swagger)["']?\s*:""", re.MULTILINE)
_PLAYLIST: Final = re.compile(r"""^["']?stories["']?\s*:""", re.MULTILINE)


@click.command()
@click.argument("paths", nargs=-1, type=Existing())
@spec_option
@output_option
@click.pass_context
def lint(ctx: click.Context, paths: tuple[Path, ...], spec: Path | None, output: str) -> None:
    """Check scenarios, playlists and OpenAPI files.

    Doubtful parts of an OpenAPI file are warnings. Without PATHS it checks those of the settings, else ./scenarios,
    else the built-in scenarios.
    """
    from xpander_emulator.scenario.lint import as_json, as_text

    files = paths or default_paths()
    diagnostics, warnings = check_files(files, spec)
    lines = sorted([*diagnostics, *(replace(each, message=f"warning: {each.message}") for each in warnings)])
    click.echo(as_json(lines) if output == "json" else as_text(lines), nl=output == "json")
    mistakes = _count(len(diagnostics), "mistake") if diagnostics else "No mistakes"
    warned = f", {_count(len(warnings), 'warning')}" if warnings else ""
    note(f"{mistakes}{warned} in {', '.join(map(str, files))}")
    ctx.exit(Refused.exit_code if diagnostics else 0)


def default_paths() -> tuple[Path, ...]:
    """Return the paths that `lint` checks where none is named."""
    here = Path("scenarios")
    return settings_here().scenarios or ((here,) if here.is_dir() else (resources.SCENARIOS,))


def check_files(paths: Sequence[Path], spec: Path | None) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Return the mistakes and the warnings of scenarios, playlists and OpenAPI files; their content shows the kind."""
    from xpander_emulator.scenario import load
    from xpander_emulator.scenario.lint import lint as lint_scenarios

    contracts, playlists, scenarios = _by_kind(paths)
    diagnostics: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    contract: Contract | None = None
    for path in (*contracts, spec or settings_here().spec):
        contract = None
        try:
            contract = load.load_spec(path)
            warnings += contract.warnings
        except InvalidFiles as error:
            diagnostics += error.diagnostics
    if scenarios:
        own = all(path.resolve() != resources.SCENARIOS.resolve() for path in scenarios)
        diagnostics += lint_scenarios(scenarios, contract, beside=load.built_in_scenarios() if own else ())
    diagnostics += _check_playlists(playlists, scenarios, contract)
    return tuple(sorted(dict.fromkeys(diagnostics))), tuple(dict.fromkeys(warnings))


def _check_playlists(
    playlists: Sequence[Path], scenarios: Sequence[Path], contract: "Contract | None"
) -> Iterable[Diagnostic]:
    """Yield the mistakes in playlists; names of scenarios are unknown while a scenario has mistakes."""
    from xpander_emulator.scenario import load
    from xpander_emulator.scenario.playlist import load_playlist

    if not playlists:
        return
    contract = contract or load.load_spec(None)
    try:
        known: list[str] | None = list(load.load_catalogue(tuple(scenarios) or settings_here().scenarios, contract))
    except InvalidFiles:
        known = None
    for path in playlists:
        try:
            load_playlist(path, known, contract)
        except InvalidFiles as error:
            yield from error.diagnostics


def _by_kind(paths: Iterable[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return OpenAPI files, playlists and scenarios; a folder of scenarios alone stays a folder."""
    contracts: list[Path] = []
    playlists: list[Path] = []
    scenarios: list[Path] = []
    for path in paths:
        files = sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
        # Scenarios are YAML.
        kinds = {file: contracts for file in files if file.suffix == ".json" or _contains(file, _OPENAPI)}
        kinds |= {file: playlists for file in files if file not in kinds and _contains(file, _PLAYLIST)}
        for file, kind in kinds.items():
            kind.append(file)
        # The compiler finds a name that two files of a folder have.
        scenarios += [file for file in files if file not in kinds] if kinds else [path]
    return contracts, playlists, scenarios


def _contains(file: Path, pattern: re.Pattern[str]) -> bool:
    return file.is_file() and bool(pattern.search(file.read_text(encoding="utf-8", errors="replace")))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
