"""The rules of this suite, which CONTRIBUTING.md states."""

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.profiles import QUICK, examples

ROOT = Path(__file__).parents[1]


def test_no_test_sleeps_but_for_what_waits_for_another_process() -> None:
    apart = {"processes.py", "redis_server.py", "e2e", "browser"}
    files = [path for path in (ROOT / "tests").rglob("*.py") if apart.isdisjoint(path.parts)]

    assert len(files) > 100
    assert [f"{path.name}:{call.lineno}" for path in files for call in sleeps(path)] == []


def sleeps(path: Path) -> Iterator[ast.Call]:
    """Find the calls of `sleep` in a file, but for `sleep(0)`, which waits for a turn of the loop and not for time."""
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr == "sleep" and ast.unparse(call.args[0]) != "0":
            yield call


def test_a_folder_of_an_earlier_run_that_cannot_be_removed_fails_no_run() -> None:
    # So pytest says it after the last test, when another run is removing the same folder.
    warnings.warn(pytest.PytestWarning("(rm_rf) error removing /tmp/a\n<class 'OSError'>: not empty"), stacklevel=1)

    with pytest.raises(pytest.PytestWarning):
        warnings.warn(pytest.PytestWarning("anything else"), stacklevel=1)


@pytest.mark.parametrize(("count", "quick"), [(3, 3), (15, 5), (60, 15), (2_000, 100)])
def test_a_quarter_of_the_examples_is_drawn_by_the_quick_profile_and_all_of_them_in_ci(count: int, quick: int) -> None:
    before = settings.get_current_profile_name()
    try:
        settings.load_profile(QUICK)
        drawn = examples(count)
        settings.load_profile("ci")
        all_drawn = examples(count)
    finally:
        settings.load_profile(before)

    assert (drawn.max_examples, drawn.derandomize, drawn.deadline) == (quick, False, None)
    assert (all_drawn.max_examples, all_drawn.derandomize, all_drawn.deadline) == (count, True, None)


def test_what_make_test_leaves_out_make_check_and_ci_run() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    recipes = dict(re.findall(r"^([a-z]+):.*\n((?:\t.*\n)+)", makefile, re.MULTILINE))
    [check] = re.findall(r"^check:(.*)", makefile, re.MULTILINE)

    assert "-m 'not long'" in recipes["test"]
    assert "long" not in recipes["covered"]
    assert "covered" in check.split()
    assert {"make test", "make check"} <= set((ROOT / ".ci/run").read_text(encoding="utf-8").splitlines())
