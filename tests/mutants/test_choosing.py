import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mutants.__main__ import MOST_SECONDS, Unbroken
from tests.mutants.mutations import Mutant, Mutation

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
SECONDS = {"slow": 0.9, "quick": 0.1, "other": 0.5, "endless": MOST_SECONDS}
LINES = {"engine.py": {"10": ["slow"], "12": ["slow", "quick"], "20": ["", "other"]}}


def mutation(file: str, lines: tuple[int, int] | None) -> Mutation:
    return Mutation(Mutant(file, "f", "AddNot", "if a:", "if not a:"), "", lines)


@pytest.mark.parametrize(
    ("file", "lines", "tests"),
    [
        pytest.param("engine.py", (10, 15), ["quick", "slow"], id="those that run the function, the quickest first"),
        pytest.param("engine.py", (20, 20), ["other", "quick", "slow"], id="run at import too: the others come behind"),
        pytest.param("engine.py", None, ["quick", "other", "slow"], id="outside of functions: all"),
        pytest.param("engine.py", (13, 19), [], id="a function that no test runs"),
        pytest.param("feed.py", (10, 15), [], id="a file that no test runs"),
    ],
)
def test_a_mutant_meets_the_tests_that_can_notice_it(
    file: str, lines: tuple[int, int] | None, tests: Sequence[str]
) -> None:
    assert Unbroken(SECONDS, LINES).tests_of(mutation(file, lines)) == tests


def test_every_file_and_test_that_is_listed_is_there() -> None:
    rooms = tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))
    package = ROOT / rooms["package"]

    for room in rooms["room"].values():
        assert [file for file in room["files"] if not list(package.glob(file))] == []
        assert [test for test in room["tests"] if not (ROOT / test.removeprefix("--ignore=")).exists()] == []
