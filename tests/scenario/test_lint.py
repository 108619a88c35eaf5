import json
import os
from contextlib import chdir
from pathlib import Path

import pytest

from xpander_emulator.scenario.lint import as_json, as_text, lint

from .samples import CONTRACT

GOLDEN = Path(__file__).parent / "golden" / "lint"
CASES = sorted(path for path in GOLDEN.iterdir() if path.suffix == ".yaml" or path.is_dir())


def linted(case: Path) -> str:
    """Return what lint says of one case, called from the directory of the cases."""
    with chdir(GOLDEN):
        return as_text(lint([Path(case.name)], CONTRACT))


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_mistake_is_reported_with_its_place_and_what_is_right(case: Path) -> None:
    expected = case.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(linted(case), encoding="utf-8")

    assert linted(case) == expected.read_text(encoding="utf-8")
    assert expected.read_text(encoding="utf-8"), "a case without a mistake shows nothing"


def test_mistakes_are_data_for_other_programs() -> None:
    with chdir(GOLDEN):
        diagnostics = json.loads(as_json(lint([Path("no_exit.yaml"), Path("status_corrections.yaml")], CONTRACT)))

    assert diagnostics[0] == {
        "file": "no_exit.yaml",
        "line": 3,
        "column": 5,
        "message": "the step is executing and has no way out; add 'after: 1s', 'polls: 2' or 'on: {approve: step-id}'",
    }
    assert [diagnostic["line"] for diagnostic in diagnostics] == [3, 3, 4, 5, 6]


def test_files_without_a_mistake_give_nothing() -> None:
    assert lint([GOLDEN.parents[3] / "scenarios"], CONTRACT) == ()
