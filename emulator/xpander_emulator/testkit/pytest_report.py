"""The report of a pytest run: what the suite never met, and how its client behaved, over all workers."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from xpander_emulator.errors import BadRequest, EmulatorError
from xpander_emulator.report.conduct import Finding, finding_from, finding_view
from xpander_emulator.report.coverage import Coverage, merged
from xpander_emulator.report.coverage_json import as_text, from_text
from xpander_emulator.report.options import Wishes, check, report_of, write
from xpander_emulator.report.render import text
from xpander_emulator.report.report import Report
from xpander_emulator.testkit.server import EmulatorServer

TITLE: Final = "emulator: what was met, and how"
_FILES: Final = ("coverage_json", "junit", "html", "markdown")


def wishes_of(config: pytest.Config) -> Wishes:
    """Return what flags and the ini file ask of the report. Raises BadRequest for what cannot be."""
    files = {name: _file(config, name) for name in _FILES}
    wishes = Wishes(
        scenarios=tuple(_chosen(config, "coverage_scenarios") or ()),
        fail_under=_percent(_chosen(config, "fail_under")),
        fail_on=tuple(_chosen(config, "fail_on") or ()),
        waive=tuple(_chosen(config, "waive") or ()),
        **{name: path for name, path in files.items() if path is not None},
    )
    check(wishes)
    return wishes


def gathered(servers: Sequence[EmulatorServer]) -> tuple[Coverage, list[Finding]]:
    """Return what the tests of this process have met, and how its clients behaved."""
    findings = [finding for server in servers for finding in server.conduct]
    return merged(server.coverage for server in servers), findings


def packed(servers: Sequence[EmulatorServer]) -> dict[str, Any]:
    """Return the same as a worker sends it."""
    coverage, findings = gathered(servers)
    return {"coverage": as_text(coverage), "findings": [finding_view(each) for each in findings]}


def joined(servers: Sequence[EmulatorServer], outputs: Sequence[Mapping[str, Any]]) -> tuple[Coverage, list[Finding]]:
    """Return what this process and its workers have gathered, the findings by test."""
    coverage, findings = gathered(servers)
    met = [from_text(output["coverage"], "a worker") for output in outputs]
    findings += [finding_from(view) for output in outputs for view in output["findings"]]
    return merged([coverage, *met]), sorted(findings, key=lambda each: (each.where, each.requests, each.rule))


def finish(
    config: pytest.Config, servers: Sequence[EmulatorServer], outputs: Sequence[Mapping[str, Any]]
) -> tuple[Report, tuple[str, ...]]:
    """Return the report of a whole run, its files written, and why the run fails, a sentence each."""
    coverage, findings = joined(servers, outputs)
    report = Report(findings=findings)
    try:
        wishes = wishes_of(config)
        report = report_of(wishes, coverage, findings)
        write(wishes, report, coverage)
    except EmulatorError as error:
        return report, (*report.failures, error.message)
    return report, report.failures


def summarize(terminal: pytest.TerminalReporter, report: Report, failures: Sequence[str]) -> None:
    """Print the report; what was never met is listed where somebody asks for it, by `-v` or by a threshold."""
    in_full = terminal.config.get_verbosity() > 0 or report.fail_under is not None
    terminal.section(TITLE)
    terminal.write_line(text.whole(report, in_full=in_full))
    for failure in failures:
        terminal.write_line(failure, red=True)


def _chosen(config: pytest.Config, name: str) -> Any:
    flag = config.getoption(f"emulator_{name}")
    return config.getini(f"emulator_{name}") if flag is None else flag


def _file(config: pytest.Config, name: str) -> Path | None:
    """Return the file to write that an option names; the ini file may only name one inside its own folder.

    Raises BadRequest for another one: an ini file comes with whatever somebody has cloned.
    """
    flag: str | None = config.getoption(f"emulator_{name}")
    if flag is not None:
        return config.invocation_params.dir / flag if flag else None
    written: str = config.getini(f"emulator_{name}")
    if not written:
        return None
    folder = config.rootpath if config.inipath is None else config.inipath.parent
    path = (folder / written).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise BadRequest(
            f"emulator_{name}: {path} is outside of {folder}; an ini file names files to write in its own folder only."
            f" Name one there, or use the flag --emulator-{name.replace('_', '-')}."
        )
    return path


def _percent(written: str) -> float | None:
    if not written:
        return None
    try:
        return float(written)
    except ValueError:
        raise BadRequest(f"emulator_fail_under: '{written}' is no number.") from None
