"""Lint: all mistakes in scenario files, as data, as text and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from xpander_emulator.contract.model import Contract
from xpander_emulator.errors import Diagnostic, InvalidFiles
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.scenario.selection import Scenario


def lint(paths: Sequence[Path], contract: Contract | None, beside: Sequence[Scenario] = ()) -> tuple[Diagnostic, ...]:
    """Return all mistakes in the scenarios of files and directories, in the order of file and line.

    contract: what the scenarios must satisfy; None leaves that unchecked.
    beside:   scenarios loaded before, which these may start as sub-tasks or override.
    """
    try:
        load_scenarios(paths, contract, beside=beside)
    except InvalidFiles as error:
        return error.diagnostics
    return ()


def as_text(diagnostics: Sequence[Diagnostic]) -> str:
    """Return one line for each mistake: `file:line:col: message`."""
    return "".join(f"{diagnostic}\n" for diagnostic in diagnostics)


def as_json(diagnostics: Sequence[Diagnostic]) -> str:
    """Return a JSON list of `{file, line, column, message}`."""
    return json.dumps([asdict(diagnostic) for diagnostic in diagnostics], indent=2, ensure_ascii=False)
