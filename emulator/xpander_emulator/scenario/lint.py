"""Lint: everything wrong in scenario files, as data, as text and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from xpander_emulator.errors import InvalidFiles, Mistake
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.scenario.property_schemas import Contract
from xpander_emulator.scenario.selection import Scenario


def lint(paths: Sequence[Path], contract: Contract | None, beside: Sequence[Scenario] = ()) -> tuple[Mistake, ...]:
    """Return every mistake in the scenarios of files and directories, in the order of file and line."""
    try:
        load_scenarios(paths, contract, beside=beside)
    except InvalidFiles as error:
        return error.mistakes
    return ()


def as_text(mistakes: Sequence[Mistake]) -> str:
    """Return one line for each mistake: `file:line:col: message`."""
    return "".join(f"{mistake}\n" for mistake in mistakes)


def as_json(mistakes: Sequence[Mistake]) -> str:
    """Return a JSON list of `{file, line, column, message}`."""
    return json.dumps([asdict(mistake) for mistake in mistakes], indent=2, ensure_ascii=False)
