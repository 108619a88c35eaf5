"""The figures, counted on a package that is small enough to count by hand."""

import json
from pathlib import Path

import pytest

from tools import figures

PROJECT = """\
[tool.importlinter]
root_package = "sample_of_figures"

[[tool.importlinter.contracts]]
name = "Inside a room"
type = "layers"
containers = ["sample_of_figures.low"]
layers = ["one"]

[[tool.importlinter.contracts]]
name = "Rooms"
type = "layers"
containers = ["sample_of_figures"]
layers = ["high", "low", "loose"]
"""
MODULES = {
    "__init__": "",
    "loose": 'def short() -> int:\n    """Return one."""\n    return 1\n',
    "low/__init__": "",
    "low/one": "from sample_of_figures import loose\nfrom sample_of_figures.low import two\n",
    "low/two": "from sample_of_figures.low import one\n",
    "high/__init__": "",
    "high/long": "async def long() -> None:\n    await x\n\n    # Twice.\n    await x\n",
}


@pytest.fixture
def checkout(tmp_path: Path) -> figures.Checkout:
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    for name, text in MODULES.items():
        path = tmp_path / "emulator/sample_of_figures" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name in ("test_loose.py", "low/test_one.py"):
        path = tmp_path / "tests" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return figures.Checkout(tmp_path)


def test_the_figures_of_a_package_are_those_that_a_reader_counts(checkout: figures.Checkout) -> None:
    assert figures.figures(checkout) == {
        "lines of code": 11,
        "modules": 7,
        "loose modules": 1,
        "layers": 3,
        "import arrows": 3,
        "circles among modules": [["sample_of_figures.low.one", "sample_of_figures.low.two"]],
        "imports that close a circle of siblings": ["sample_of_figures.low.two -> sample_of_figures.low.one"],
        "functions": 2,
        "body lines, median": 2.5,
        "body lines, 90th percentile": pytest.approx(3.7),
        "body lines, longest": "4 (high/long.py:1 long)",
        "modules over 400 lines": [],
        "modules without a test file": ["high/long.py", "low/two.py"],
    }


def test_the_table_shows_a_list_as_its_length_and_its_members(checkout: figures.Checkout) -> None:
    lines = figures.table(figures.figures(checkout)).splitlines()

    assert lines[:2] == ["lines of code" + " " * 28 + "11", "modules" + " " * 34 + "7"]
    assert lines[5:7] == [
        "circles among modules" + " " * 20 + "1",
        "  sample_of_figures.low.one sample_of_figures.low.two",
    ]


def test_missing_tests_names_each_module_with_the_file_that_it_lacks(
    checkout: figures.Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    code = figures.main(["--root", str(checkout.root), "--missing-tests"])

    assert (code, capsys.readouterr().out) == (
        1,
        "high/long.py has no tests/high/test_long.py\nlow/two.py has no tests/low/test_two.py\n",
    )


def test_missing_tests_succeeds_where_every_module_has_its_test(
    checkout: figures.Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in checkout.missing_tests():
        path = checkout.root / figures.test_file(Path(module))
        path.parent.mkdir(exist_ok=True)
        path.touch()

    assert (figures.main(["--root", str(checkout.root), "--missing-tests"]), capsys.readouterr().out) == (0, "")


def test_json_holds_the_same_figures(checkout: figures.Checkout, capsys: pytest.CaptureFixture[str]) -> None:
    assert figures.main(["--root", str(checkout.root), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == figures.figures(checkout)


def test_every_module_that_needs_no_test_exists_and_has_none() -> None:
    here = figures.Checkout(figures.ROOT)

    for module in figures.WITHOUT_TEST:
        assert Path(module) in here.modules
        assert not (figures.ROOT / figures.test_file(Path(module))).exists()
