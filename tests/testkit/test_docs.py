"""docs/testing.md and the README: every example is run, and every name is documented."""

import inspect
import re
import runpy
import sys

import httpx2
import pytest

from tests.docs.pages import ROOT, blocks, doc, first_cells, sections
from tests.docs.test_docs import operations
from tests.testkit.suites import Suite
from xpander_emulator.pytest_plugin import _MARKER_ARGUMENTS
from xpander_emulator.testkit import Emulator, Request, ScenarioPath, Task, TaskClock, paths
from xpander_emulator.testkit.faults import ComingFaults
from xpander_emulator.testkit.requests import Requests

PAGE = doc("testing.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def named_blocks(page: str) -> dict[str, str]:
    """Return the blocks of Python and ini by the file name in their first line."""
    every = [*blocks(page, "python"), *blocks(page, "ini")]
    return {block.partition("\n")[0].removeprefix("# "): block for block in every}


@pytest.fixture
def httpx_is_httpx2(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page names httpx, as its readers do; the tests use its continuation, which has the same API."""
    monkeypatch.setitem(sys.modules, "httpx", httpx2)


def write(suite: Suite, page: str) -> None:
    for name, block in named_blocks(page).items():
        suite.write(name, block)
    for scenario in blocks(page, "yaml"):
        suite.write("scenarios/quick_refund.yaml", scenario)


@pytest.mark.long
@pytest.mark.usefixtures("httpx_is_httpx2")
def test_every_example_of_the_page_passes(suite: Suite) -> None:
    write(suite, PAGE)
    source = "".join(named_blocks(PAGE).values())

    result = suite.run("-p", "anyio", "-W", "error", "-W", "ignore::pytest.PytestAssertRewriteWarning")

    tests = len(re.findall(r"^ *(?:async )?def test_", source, re.MULTILINE))
    assert tests >= 15
    # One of them has three cases, one all paths of a scenario, and one two of them.
    result.assert_outcomes(passed=tests + 2 + len(paths("approval")) - 1 + 1)


@pytest.mark.usefixtures("httpx_is_httpx2")
def test_the_script_of_the_page_runs(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(suite, PAGE)
    monkeypatch.syspath_prepend(suite.folder)
    monkeypatch.delitem(sys.modules, "refunds", raising=False)

    runpy.run_path(str(suite.folder / "script.py"))

    assert capsys.readouterr().out.startswith("completed: The refund for ")
    # Not by monkeypatch, which would restore this module for later imports of another one of its name.
    del sys.modules["refunds"]


@pytest.mark.usefixtures("httpx_is_httpx2")
def test_the_test_of_the_readme_passes(suite: Suite) -> None:
    write(suite, README)

    suite.run().assert_outcomes(passed=1 + len(paths("approval")))


@pytest.mark.parametrize(
    ("title", "heading", "kind"),
    [
        ("The emulator", "name", Emulator),
        ("A task", "name", Task),
        ("The clock", "name", TaskClock),
        ("Every path of a scenario", "name of a path", ScenarioPath),
        ("Requests", "name", Requests),
        ("Requests", "name of a request", Request),
        ("Faults", "name of `faults`", ComingFaults),
    ],
    ids=lambda it: str(it),
)
def test_every_name_is_documented_with_its_arguments_and_no_others(title: str, heading: str, kind: type) -> None:
    public = {name: member for name, member in vars(kind).items() if not name.startswith("_")}
    table = sections(PAGE, 2)[title].partition(f"| {heading} | ")[2].partition("\n\n")[0]
    rows = {cell.strip("`").partition("(")[0]: cell.strip("`") for cell in first_cells(table)}

    assert set(rows) == set(public)
    for name, member in public.items():
        shown = rows[name].partition("(")[2].rstrip(")")
        if not inspect.isfunction(member):
            assert not shown
            continue
        parameters = list(inspect.signature(member).parameters.values())[1:]
        wanted = [str(each.replace(annotation=each.empty)).replace(" = ", "=") for each in parameters]
        assert shown.replace("id", "task_id", 1 if name == "task" else 0) == ", ".join(wanted), name


def test_flags_and_ini_options_are_documented_and_no_others(suite: Suite) -> None:
    help_text = suite.run("--help").stdout.str()
    rows = [row.split(" | ") for row in sections(PAGE, 2)["Settings"].splitlines() if row.startswith("| `--")]

    assert [row[0].strip("| `") for row in rows] == re.findall(r"^ +(--emulator-[a-z-]+)", help_text, re.MULTILINE)
    assert [row[1].strip("`") for row in rows] == re.findall(r"^ +(emulator_[a-z_]+) \(", help_text, re.MULTILINE)


def test_the_keywords_of_the_marker_are_documented() -> None:
    assert tuple(cell.strip("`") for cell in first_cells(sections(PAGE, 2)["The marker"])) == _MARKER_ARGUMENTS


def test_the_fixtures_are_documented(suite: Suite) -> None:
    fixtures = suite.run("--fixtures").stdout.str()

    names = [cell.strip("`") for cell in first_cells(sections(PAGE, 2)["The fixtures"])]
    assert names == ["emulator", "emulator_server", "emulator_settings"]
    assert set(re.findall(r"^(emulator\w*)(?: \[\w+ scope\])? -- .*pytest_plugin", fixtures, re.MULTILINE)) == set(
        names
    )


def test_the_operations_of_the_control_api_that_do_the_same_exist() -> None:
    named = re.findall(r"`((?:GET|PUT|POST) /__emulator\S+)` \|$", PAGE, re.MULTILINE)

    assert len(named) == 11
    assert set(named) <= set(operations())
