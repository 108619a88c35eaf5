"""The report of a pytest run, over all workers: what the suite never met, and how its client behaved."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest

from xpander_emulator.common.types import JsonObject
from xpander_emulator.errors import BadRequest, EmulatorError
from xpander_emulator.report.conduct import Finding, finding_from, finding_view
from xpander_emulator.report.coverage import Coverage, merge
from xpander_emulator.report.coverage_json import as_text, from_text
from xpander_emulator.report.options import ReportOptions
from xpander_emulator.report.render import text
from xpander_emulator.report.report import Report
from xpander_emulator.testkit.server import EmulatorServer

TITLE: Final = "emulator: what was met, and how"
_FILES: Final = ("coverage_json", "junit", "html", "markdown")


def options_from(config: pytest.Config) -> ReportOptions:
    """Return the report options of flags and ini file. Raises BadRequest for a wrong one."""
    files = {name: _file(config, name) for name in _FILES}
    options = ReportOptions(
        scenarios=tuple(_option(config, "coverage_scenarios") or ()),
        fail_under=_percent(_option(config, "fail_under")),
        fail_on=tuple(_option(config, "fail_on") or ()),
        waive=tuple(_option(config, "waive") or ()),
        **{name: path for name, path in files.items() if path is not None},
    )
    options.check()
    return options


def collect(servers: Sequence[EmulatorServer]) -> tuple[Coverage, list[Finding]]:
    """Return the coverage and the findings of the tests of this process."""
    findings = [finding for server in servers for finding in server.conduct]
    return merge(server.coverage for server in servers), findings


def worker_output(servers: Sequence[EmulatorServer]) -> JsonObject:
    """Return the coverage and the findings of this process in the form that a worker of xdist sends."""
    coverage, findings = collect(servers)
    return {"coverage": as_text(coverage), "findings": [finding_view(each) for each in findings]}


def collect_all(servers: Sequence[EmulatorServer], outputs: Sequence[JsonObject]) -> tuple[Coverage, list[Finding]]:
    """Return the coverage and the findings, by test, of this process and its workers."""
    coverage, findings = collect(servers)
    of_workers = [from_text(output["coverage"], "a worker") for output in outputs]
    findings += [finding_from(view) for output in outputs for view in output["findings"]]
    return merge([coverage, *of_workers]), sorted(findings, key=lambda each: (each.where, each.requests, each.rule))


def finish(
    config: pytest.Config, servers: Sequence[EmulatorServer], outputs: Sequence[JsonObject]
) -> tuple[Report, tuple[str, ...]]:
    """Write the files of a whole run; return its report and the reasons why it fails, a sentence each."""
    coverage, findings = collect_all(servers, outputs)
    report = Report(findings=findings)
    try:
        options = options_from(config)
        report = options.report(coverage, findings)
        options.write(report, coverage)
    except EmulatorError as error:
        return report, (*report.failures, error.message)
    return report, report.failures


def summarize(terminal: pytest.TerminalReporter, report: Report, failures: Sequence[str]) -> None:
    """Print the report; with `-v` or a threshold it lists what was never met."""
    in_full = terminal.config.get_verbosity() > 0 or report.fail_under is not None
    terminal.section(TITLE)
    terminal.write_line(text.render(report, in_full=in_full))
    for failure in failures:
        terminal.write_line(failure, red=True)


def _option(config: pytest.Config, name: str) -> Any:
    flag = config.getoption(f"emulator_{name}")
    return config.getini(f"emulator_{name}") if flag is None else flag


def _file(config: pytest.Config, name: str) -> Path | None:
    """Return the file to write that an option names.

    Raises BadRequest where the ini file names one outside of its own folder: an ini file comes with a cloned project.
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
