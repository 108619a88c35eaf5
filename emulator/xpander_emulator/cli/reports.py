"""`coverage` and `conduct`: what clients have met, and how they behaved."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from xpander_emulator.cli.client import Client, client_options
from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.number_type import Number
from xpander_emulator.cli.settings_file import OutputFile

if TYPE_CHECKING:
    from xpander_emulator.report.options import Wishes
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
_everyone = click.option("--all", "everyone", is_flag=True, help="All namespaces, as without --key and --namespace.")
_FILE: Final = OutputFile()


def report_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what `exec` can do with the report of a run."""
    for option in (
        click.option("--markdown", type=_FILE, metavar="FILE", help="Write the report as Markdown."),
        click.option("--html", type=_FILE, metavar="FILE", help="Write the report as an HTML page."),
        click.option("--junit", type=_FILE, metavar="FILE", help="Write the report as JUnit's XML."),
        click.option("--coverage-json", type=_FILE, metavar="FILE", help="Write what was met; `coverage` merges it."),
        click.option(
            "--coverage-scenario", "counted", multiple=True, metavar="NAME",
            help="Count over this scenario, in place of those that were started. Repeatable.",
        ),
        _fail_on,
        _fail_under,
    ):  # fmt: skip
        command = option(command)
    return command


def wishes_from(values: dict[str, Any]) -> "Wishes":
    """Take the options of `report_options` out of a command's, and return what they say. Raises BadRequest."""
    counted = values.pop("counted")
    taken = {name: values.pop(name) for name in ("fail_under", "fail_on", "coverage_json", "junit", "html", "markdown")}
    from xpander_emulator.report.options import Wishes, check

    wishes = Wishes(counted, **taken)
    check(wishes)
    return wishes


@click.command(epilog=_EXAMPLES)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="[FILE]…")
@client_options
@_format
@_everyone
@_fail_under
@click.option(
    "--scenario", "scenarios", multiple=True, metavar="NAME",
    help="Count over this scenario, in place of those that were started. Repeatable.",
)  # fmt: skip
def coverage(
    client: Client,
    files: tuple[Path, ...],
    output: str,
    everyone: bool,
    fail_under: float | None,
    scenarios: tuple[str, ...],
) -> None:
    """Tell what clients have met of the stories, and what never.

    FILEs that runs have left behind are merged; without any, a running server is asked.
    """
    from xpander_emulator.report import coverage_json
    from xpander_emulator.report.coverage import merged
    from xpander_emulator.report.report import Report
    from xpander_emulator.report.summary import summary

    if files:
        found = merged(
            coverage_json.from_text(path.read_text(encoding="utf-8", errors="replace"), str(path)) for path in files
        )
    else:
        found = coverage_json.from_json(client.get("/coverage", **_scope(client, everyone)), client.url)
    report = Report(summary(found, scenarios), fail_under=fail_under)
    click.echo(coverage_json.as_text(found) if output == "json" else _told(report, output), nl=output == "text")
    _fail(report)


@click.command()
@client_options
@_format
@_everyone
@_fail_on
def conduct(client: Client, output: str, everyone: bool, fail_on: tuple[str, ...]) -> None:
    """Tell how clients behaved."""
    from xpander_emulator.report.conduct import finding_from
    from xpander_emulator.report.options import Wishes, check
    from xpander_emulator.report.report import Report

    check(Wishes(fail_on=fail_on))
    answer = client.get("/conduct", **_scope(client, everyone))
    report = Report(findings=[finding_from(each) for each in answer["items"]], fail_on=fail_on)
    shown = json.dumps(answer, indent=1, ensure_ascii=False) + "\n" if output == "json" else _told(report, output)
    click.echo(shown, nl=output == "text")
    _fail(report)


def _scope(client: Client, everyone: bool) -> dict[str, str]:
    return {"all": "true"} if everyone or client.is_open() else {}


def _told(report: "Report", output: str) -> str:
    from xpander_emulator.report.render import html, junit, markdown, text

    whole = {"text": text.whole, "junit": junit.whole, "html": html.whole, "markdown": markdown.whole}
    return whole[output](report)


def _fail(report: "Report") -> None:
    if report.failures:
        raise Refused(" ".join(report.failures))
