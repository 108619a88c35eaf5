"""Commands that need no server: `lint`, `routes`, `schema`, `scenarios`, `paths`."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.output import emit, fields, note, output_option, table
from xpander_emulator.cli.settings_options import Existing, settings_here
from xpander_emulator.common import resources
from xpander_emulator.errors import Diagnostic, InvalidFiles, did_you_mean

if TYPE_CHECKING:
    from xpander_emulator.contract.model import Contract, Operation
    from xpander_emulator.scenario.selection import Catalogue, Scenario

_OPENAPI: Final = re.compile(r"""^\s{0,4}["']?(openapi|swagger)["']?\s*:""", re.MULTILINE)
_PLAYLIST: Final = re.compile(r"""^["']?stories["']?\s*:""", re.MULTILINE)

spec_option = click.option("--spec", type=Existing(), metavar="FILE", help="OpenAPI file in place of the built-in one.")


@click.command()
@click.argument("paths", nargs=-1, type=Existing())
@spec_option
@output_option
@click.pass_context
def lint(ctx: click.Context, paths: tuple[Path, ...], spec: Path | None, output: str) -> None:
    """Check scenarios, playlists and OpenAPI files for mistakes; what is doubtful in a contract is a warning.

    Without PATHS it checks those of the settings, else ./scenarios, else the built-in ones.
    """
    from xpander_emulator.scenario.lint import as_json, as_text

    files = paths or default_paths()
    diagnostics, warnings = check_files(files, spec)
    told = sorted([*diagnostics, *(replace(doubt, message=f"warning: {doubt.message}") for doubt in warnings)])
    click.echo(as_json(told) if output == "json" else as_text(told), nl=output == "json")
    checked = ", ".join(str(path) for path in files)
    found = _count(len(diagnostics), "mistake") if diagnostics else "No mistakes"
    warned = f", {_count(len(warnings), 'warning')}" if warnings else ""
    note(f"{found}{warned} in {checked}")
    ctx.exit(Refused.exit_code if diagnostics else 0)


def default_paths() -> tuple[Path, ...]:
    """Return what `lint` checks when it is told nothing."""
    here = Path("scenarios")
    return settings_here().scenarios or ((here,) if here.is_dir() else (resources.SCENARIOS,))


def check_files(paths: Sequence[Path], spec: Path | None) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Return every mistake in scenarios and OpenAPI files, and what is doubtful; each told apart by its content."""
    from xpander_emulator.scenario import load
    from xpander_emulator.scenario.lint import lint as lint_scenarios

    contracts, playlists, scenarios = _sorted_out(paths)
    diagnostics: list[Diagnostic] = []
    warnings: list[Diagnostic] = []
    served: Contract | None = None
    for path in (*contracts, spec or settings_here().spec):
        served = None
        try:
            served = load.load_spec(path)
            warnings += served.warnings
        except InvalidFiles as error:
            diagnostics += error.diagnostics
    if scenarios:
        own = all(path.resolve() != resources.SCENARIOS.resolve() for path in scenarios)
        diagnostics += lint_scenarios(scenarios, served, beside=load.built_in_scenarios() if own else ())
    diagnostics += _mistakes_of_playlists(playlists, scenarios, served)
    return tuple(sorted(dict.fromkeys(diagnostics))), tuple(dict.fromkeys(warnings))


def _mistakes_of_playlists(
    playlists: Sequence[Path], scenarios: Sequence[Path], served: "Contract | None"
) -> Iterable[Diagnostic]:
    """Yield the mistakes in playlists; while a scenario cannot be read, nobody knows which names there are."""
    from xpander_emulator.scenario import load
    from xpander_emulator.scenario.playlist import load_playlist

    if not playlists:
        return
    contract = served or load.load_spec(None)
    try:
        known: list[str] | None = list(load.load_catalogue(tuple(scenarios) or settings_here().scenarios, contract))
    except InvalidFiles:
        known = None
    for path in playlists:
        try:
            load_playlist(path, known, contract)
        except InvalidFiles as error:
            yield from error.diagnostics


def _sorted_out(paths: Iterable[Path]) -> tuple[list[Path], list[Path], list[Path]]:
    """Return OpenAPI files, playlists and scenarios; a directory with several kinds is given file by file."""
    contracts: list[Path] = []
    playlists: list[Path] = []
    scenarios: list[Path] = []
    for path in paths:
        inside = (
            sorted(file for file in path.iterdir() if file.suffix in (".yaml", ".yml")) if path.is_dir() else [path]
        )
        described = [file for file in inside if _is_openapi(file)]
        listed = [file for file in inside if file not in described and _says(file, _PLAYLIST)]
        contracts += described
        playlists += listed
        if not described and not listed:
            scenarios.append(path)  # as a whole: the compiler then finds names that are given twice
        else:
            scenarios += [file for file in inside if file not in described and file not in listed]
    return contracts, playlists, scenarios


def _is_openapi(file: Path) -> bool:
    return file.suffix == ".json" or _says(file, _OPENAPI)  # scenarios are YAML


def _says(file: Path, pattern: re.Pattern[str]) -> bool:
    return file.is_file() and bool(pattern.search(file.read_text(encoding="utf-8", errors="replace")))


@click.command()
@spec_option
@output_option
def routes(spec: Path | None, output: str) -> None:
    """List the operations that are served."""
    from xpander_emulator.scenario import load

    contract = load.load_spec(spec or settings_here().spec)
    emit({"items": [_route(operation) for operation in contract.operations]}, output, _routes_text)


def _route(operation: "Operation") -> dict[str, Any]:
    return {
        "method": operation.method,
        "path": operation.path,
        "id": operation.id,
        "action": operation.behaviour.get("action"),
        "source": operation.behaviour.get("source"),
    }


def _routes_text(answer: dict[str, Any]) -> str:
    rows = [
        [item["method"], item["path"], item["id"], item["action"] or "(from the contract)", item["source"]]
        for item in answer["items"]
    ]
    return table(("method", "path", "operation", "action", "source"), rows, "The contract has no operations.")


@click.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    click.echo(resources.EDITOR_SCHEMA.read_text(encoding="utf-8"), nl=False)


def scenarios_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --spec and --scenarios, and give the command a Catalogue as its first argument."""

    def run(paths: tuple[Path, ...], spec: Path | None, **rest: Any) -> Any:
        from xpander_emulator.scenario import load

        settings = settings_here()
        contract = load.load_spec(spec or settings.spec)
        return command(load.load_catalogue(paths or settings.scenarios, contract), **rest)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__dict__.update(command.__dict__)  # the options that click has noted on the command so far
    add = click.option(
        "-s", "--scenarios", "paths", type=Existing(), multiple=True, metavar="PATH",
        help="Folder or file of scenarios, added to the built-in ones. Repeatable.",
    )  # fmt: skip
    return add(spec_option(run))


@click.group()
def scenarios() -> None:
    """See the scenarios, and choose the next one."""


@scenarios.command("list")
@scenarios_options
@output_option
def list_scenarios(catalogue: "Catalogue", output: str) -> None:
    """List the scenarios."""
    emit({"items": [_summary(scenario) for scenario in catalogue.values()]}, output, _list_text)


@scenarios.command("show")
@click.argument("name")
@scenarios_options
@output_option
def show_scenario(catalogue: "Catalogue", name: str, output: str) -> None:
    """Show one scenario: when it is taken, its steps and how they are left."""
    from xpander_emulator.scenario.graph import graph

    scenario = _scenario(catalogue, name)
    timeline = scenario.timeline
    faults = {
        "faults": [str(rule) for rule in timeline.faults.rules],
        "step_faults": {step.id: [str(rule) for rule in step.faults] for step in timeline.steps if step.faults},
    }
    emit(_summary(scenario) | faults | {"graph": graph(timeline)}, output, _scenario_text)


@scenarios.command("graph")
@click.argument("name")
@scenarios_options
@click.option("--format", "form", type=click.Choice(["mermaid", "json"]), default="mermaid", show_default=True,
              help="A Mermaid state diagram, or nodes and edges.")  # fmt: skip
def graph_scenario(catalogue: "Catalogue", name: str, form: str) -> None:
    """Draw one scenario as a state diagram."""
    from xpander_emulator.scenario.graph import graph, mermaid

    timeline = _scenario(catalogue, name).timeline
    emit(graph(timeline), "json" if form == "json" else "text", lambda _: mermaid(timeline).rstrip("\n"))


@click.command("paths")
@click.argument("name")
@scenarios_options
@click.option("--max-turns", type=click.IntRange(1), metavar="N", default=1, show_default=True,
              help="How often a path may come through the same step.")  # fmt: skip
@output_option
def list_paths(catalogue: "Catalogue", name: str, max_turns: int, output: str) -> None:
    """List the ways in which a scenario can end: every decision, every expiry, every stop."""
    from xpander_emulator.scenario.paths import as_json, as_text, paths

    found = paths(_scenario(catalogue, name).timeline, max_turns=max_turns)
    rows = [(path.id, as_text(path), path.end) for path in found]
    answer = {"items": [as_json(path) for path in found]}
    emit(answer, output, lambda _: table(("path", "steps", "end"), rows, "No paths."))


def _scenario(catalogue: "Catalogue", name: str) -> "Scenario":
    if name not in catalogue:
        raise Refused(f"No scenario is called '{name}'{did_you_mean(name, list(catalogue)) or '.'}")
    return catalogue[name]


def _summary(scenario: "Scenario") -> dict[str, Any]:
    return {
        "name": scenario.name,
        "description": scenario.description,
        "source": scenario.source,
        "match": [str(matcher) for matcher in scenario.match],
    }


def _list_text(answer: dict[str, Any]) -> str:
    rows = [
        [item["name"], item["description"].partition(". ")[0].rstrip("."), item["source"]] for item in answer["items"]
    ]
    return table(("scenario", "what happens", "source"), rows, "No scenarios.")


def _scenario_text(answer: dict[str, Any]) -> str:
    facts = fields(
        [
            ("Scenario", answer["name"]),
            ("What happens", answer["description"]),
            ("Source", answer["source"]),
            ("Taken for", [f"workflow_id {answer['name']}", *answer["match"]]),
            ("Faults", answer["faults"]),
        ]
    )
    edges = answer["graph"]["edges"]
    rows = [
        [
            node["id"],
            node["status"],
            node["line"],
            "; ".join(_way(edge) for edge in edges if edge["from"] == node["id"]),
            "; ".join(answer["step_faults"].get(node["id"], ())),
        ]
        for node in answer["graph"]["nodes"]
    ]
    headings: tuple[str, ...] = ("step", "status", "line", "leaves by", "faults")
    if not answer["step_faults"]:
        headings, rows = headings[:-1], [row[:-1] for row in rows]
    return f"{facts}\n\n{table(headings, rows, 'No steps.')}"


def _way(edge: dict[str, Any]) -> str:
    how = f"{edge['count']} reads" if "count" in edge else edge["by"]
    delay = f" {edge['after']}" if how == "after" else f" after {edge['after']}" if "after" in edge else ""
    return f"{how}{delay} → {edge['to']}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
