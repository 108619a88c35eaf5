"""`scenarios`, `paths` and `schema`: the scenarios, as files and as the choice of the next start."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from xpander_emulator.cli.client import Client, answer_options
from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.option_types import Existing
from xpander_emulator.cli.output import emit, fields, output_option, table
from xpander_emulator.cli.routes import spec_option
from xpander_emulator.cli.settings_options import settings_here
from xpander_emulator.common import resources
from xpander_emulator.common.types import JsonObject
from xpander_emulator.errors import did_you_mean

if TYPE_CHECKING:
    from xpander_emulator.scenario.selection import Catalogue, Scenario


@click.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    click.echo(resources.EDITOR_SCHEMA.read_text(encoding="utf-8"), nl=False)


def scenarios_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add --spec and --scenarios, and give the command the catalogue as its first argument."""

    @wraps(command)  # the options that click has noted on the command so far are among its attributes
    def run(paths: tuple[Path, ...], spec: Path | None, **rest: Any) -> Any:
        from xpander_emulator.scenario import load

        settings = settings_here()
        contract = load.load_spec(spec or settings.spec)
        return command(load.load_catalogue(paths or settings.scenarios, contract), **rest)

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
    """Show one scenario. It has conditions, steps, and the ways out of each step."""
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


@scenarios.command("next")
@click.argument("name")
@answer_options
@click.option("--path", metavar="ID", help="A path that the task takes by itself, as `paths NAME` lists them.")
@click.option("--max-turns", type=click.IntRange(1), metavar="N", help="The same as for `paths NAME`.")
@click.option("--times", type=click.IntRange(1), metavar="N", help="Number of starts; default: 1.")
def next_scenario(
    client: Client, name: str, output: str, path: str | None, max_turns: int | None, times: int | None
) -> None:
    """Choose the scenario of the next start."""
    body = {"scenario": name, "path": path, "max_turns": max_turns, "times": times}
    emit(client.post("/scenarios/next", body), output, upcoming_text)


@click.command("paths")
@click.argument("name")
@scenarios_options
@click.option("--max-turns", type=click.IntRange(1), metavar="N", default=1, show_default=True,
              help="How often a path may visit the same step.")  # fmt: skip
@output_option
def list_paths(catalogue: "Catalogue", name: str, max_turns: int, output: str) -> None:
    """List the paths through a scenario. They lead to its ends, by every decision, expiry and stop."""
    from xpander_emulator.scenario.paths import as_json, as_text, paths

    every = paths(_scenario(catalogue, name).timeline, max_turns=max_turns)
    rows = [(path.id, as_text(path), path.end) for path in every]
    answer = {"items": [as_json(path) for path in every]}
    emit(answer, output, lambda _: table(("path", "steps", "end"), rows, "No paths."))


def upcoming_text(answer: JsonObject) -> str:
    """Return the scenarios of the next starts, each with its path if it has one."""
    pairs = zip(answer["upcoming"], answer["upcoming_paths"], strict=True)
    return "Next: " + ", ".join(f"{name} along {path}" if path else name for name, path in pairs)


def _scenario(catalogue: "Catalogue", name: str) -> "Scenario":
    if name not in catalogue:
        raise Refused(f"No scenario is called '{name}'{did_you_mean(name, list(catalogue)) or '.'}")
    return catalogue[name]


def _summary(scenario: "Scenario") -> JsonObject:
    return {
        "name": scenario.name,
        "description": scenario.description,
        "source": scenario.source,
        "match": [str(matcher) for matcher in scenario.match],
    }


def _list_text(answer: JsonObject) -> str:
    rows = [
        [item["name"], item["description"].partition(". ")[0].rstrip("."), item["source"]] for item in answer["items"]
    ]
    return table(("scenario", "what happens", "source"), rows, "No scenarios.")


def _scenario_text(answer: JsonObject) -> str:
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
            "; ".join(_exit(edge) for edge in edges if edge["from"] == node["id"]),
            "; ".join(answer["step_faults"].get(node["id"], ())),
        ]
        for node in answer["graph"]["nodes"]
    ]
    headings: tuple[str, ...] = ("step", "status", "line", "leaves by", "faults")
    if not answer["step_faults"]:
        headings, rows = headings[:-1], [row[:-1] for row in rows]
    return f"{facts}\n\n{table(headings, rows, 'No steps.')}"


def _exit(edge: JsonObject) -> str:
    how = f"{edge['count']} reads" if "count" in edge else edge["by"]
    delay = f" {edge['after']}" if how == "after" else f" after {edge['after']}" if "after" in edge else ""
    return f"{how}{delay} → {edge['to']}"
