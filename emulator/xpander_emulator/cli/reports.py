"""`coverage` and `conduct`: what clients have reached of the scenarios and the contract, and how they behaved."""

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from xpander_emulator.cli.client import Client, client_options
from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.option_types import Number, OutputFile

if TYPE_CHECKING:
    from xpander_emulator.report.options import ReportOptions
    from xpander_emulator.report.report import Report

FORMATS: Final = ("text", "json", "junit", "html", "markdown")
_EXAMPLES = """\b
Examples:
  xpander-emulator coverage --fail-under 90
  xpander-emulator coverage -o json > monday.json
  xpander-emulator coverage -o html monday.json tuesday.json > coverage.html
"""
_fail_under = click.option("--fail-under", type=Number(0, 100), metavar="N", help="Exit code 1 below so many percent.")
_fail_on = click.option(
    "--fail-on", multiple=True, metavar="RULE", help="Exit code 1 where this rule finds something, or any. Repeatable."
)
_format = click.option(
    "-o", "--output", type=click.Choice(FORMATS), default="text", show_default=True, help="How the report is printed."
)
_all = click.option("--all", "all_namespaces", is_flag=True, help="All namespaces, as without --key and --namespace.")
_FILE: Final = OutputFile()


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of `exec` for the report of a run."""
    for option in (
        click.option("--markdown", type=_FILE, metavar="FILE", help="Write the report as Markdown."),
        click.option("--html", type=_FILE, metavar="FILE", help="Write the report as an HTML page."),
        click.option("--junit", type=_FILE, metavar="FILE", help="Write the report as JUnit XML."),
        click.option("--coverage-json", type=_FILE, metavar="FILE", help="Write the coverage; `coverage` merges it."),
        click.option(
            "--coverage-scenario", "scenarios_counted", multiple=True, metavar="NAME",
            help="Count over this scenario, in place of those that were started. Repeatable.",
        ),
        _fail_on,
        _fail_under,
    ):  # fmt: skip
        command = option(command)
    return command


def report_options_from(values: dict[str, Any]) -> "ReportOptions":
    """Take the values of `report_options` out of a command's, and return them. Raises BadRequest for a wrong one."""
    names = ("fail_under", "fail_on", "coverage_json", "junit", "html", "markdown")
    scenarios, chosen = values.pop("scenarios_counted"), {name: values.pop(name) for name in names}
    from xpander_emulator.report.options import ReportOptions

    options = ReportOptions(scenarios, **chosen)
    options.check()
    return options


@click.command(epilog=_EXAMPLES)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[FILE]…")
@client_options
@_format
@_all
@_fail_under
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME",
    help="Count over this scenario, in place of those that were started. Repeatable.",
)  # fmt: skip
def coverage(
    client: Client,
    files: tuple[Path, ...],
    output: str,
    all_namespaces: bool,
    fail_under: float | None,
    scenarios: tuple[str, ...],
) -> None:
    """Show what clients have met of the scenarios, and what never.

    FILEs that runs have written are merged; without any, a running server is asked.
    """
    from xpander_emulator.report import coverage_json
    from xpander_emulator.report.coverage import merge
    from xpander_emulator.report.report import Report
    from xpander_emulator.report.summary import summarize

    if files:
        reached = merge(
            coverage_json.from_text(path.read_text(encoding="utf-8", errors="replace"), str(path)) for path in files
        )
    else:
        reached = coverage_json.from_json(client.get("/coverage", **_scope(client, all_namespaces)), client.url)
    _print(Report(summarize(reached, scenarios), fail_under=fail_under), output, lambda: coverage_json.as_text(reached))


@click.command()
@client_options
@_format
@_all
@_fail_on
def conduct(client: Client, output: str, all_namespaces: bool, fail_on: tuple[str, ...]) -> None:
    """Show how clients behaved."""
    from xpander_emulator.report.conduct import finding_from
    from xpander_emulator.report.options import ReportOptions
    from xpander_emulator.report.report import Report

    ReportOptions(fail_on=fail_on).check()
    answer = client.get("/conduct", **_scope(client, all_namespaces))
    report = Report(findings=[finding_from(each) for each in answer["items"]], fail_on=fail_on)
    _print(report, output, lambda: json.dumps(answer, indent=1, ensure_ascii=False) + "\n")


def _scope(client: Client, all_namespaces: bool) -> dict[str, str]:
    return {"all": "true"} if all_namespaces or client.is_open() else {}


def _print(report: "Report", output: str, as_json: Callable[[], str]) -> None:
    """Print a report in a format. Raises Refused where it fails a build."""
    renderer = import_module(f"xpander_emulator.report.render.{output}") if output != "json" else None
    click.echo(renderer.render(report) if renderer else as_json(), nl=output == "text")
    if report.failures:
        raise Refused(" ".join(report.failures))
