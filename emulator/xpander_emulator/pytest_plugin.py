"""The pytest plugin: an emulator for each test, and the stories of its tasks where one fails.

A plugin costs every pytest run of its environment, so that this one imports nothing beyond pytest and the standard
library until a test asks for a fixture.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from xpander_emulator.report.report import Report
    from xpander_emulator.settings import ClockMode, Settings
    from xpander_emulator.testkit import Emulator, EmulatorServer

CLOCKS: Final = ("real", "scaled", "manual", "auto")
MARKER: Final = "emulator(scenario=None, clock=None, seed=None): what the fixture `emulator` of this test starts with."
EVERY_PATH: Final = (
    "every_path(*scenarios, max_turns=1): run the test once for each path of these scenarios, as its argument `path`."
)
_CHOICES: Final = ("scenario", "clock", "seed")
_REPORT_LISTS: Final = (
    ("coverage_scenarios", "NAME", "Count coverage over these scenarios, in place of those that were started."),
    ("fail_on", "RULE", "Fail the run where this rule of conduct finds something, or any."),
    ("waive", "RULE", "Let this rule of conduct find nothing."),
)
_REPORT_VALUES: Final = (
    ("fail_under", "N", "Fail the run below so many percent of coverage."),
    ("coverage_json", "FILE", "Write what was met, for `xpander-emulator coverage` to merge."),
    ("junit", "FILE", "Write the report as JUnit's XML."),
    ("html", "FILE", "Write the report as an HTML page."),
    ("markdown", "FILE", "Write the report as Markdown, such as $GITHUB_STEP_SUMMARY."),
)
_SERVER: Final = pytest.StashKey["EmulatorServer"]()
# What the report is made of: the servers that tests have used, what workers have sent, and the report itself.
_SERVERS: Final = pytest.StashKey[list["EmulatorServer"]]()
_OUTPUTS: Final = pytest.StashKey[list[dict[str, Any]]]()
_REPORT: Final = pytest.StashKey[tuple["Report", tuple[str, ...]]]()
_OUTPUT: Final = "xpander_emulator"
_MADE: Final = pytest.StashKey["Emulator"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the server that all tests share; each has its place in the ini file too."""
    group = parser.getgroup("xpander-emulator", "the emulator of the xpander.ai workflow API")
    group.addoption(
        "--emulator-scenarios",
        action="append",
        metavar="PATH",
        help="Folder or file of scenarios, added to the built-in ones. Repeatable.",
    )
    group.addoption("--emulator-spec", metavar="FILE", help="OpenAPI file in place of the built-in one.")
    group.addoption("--emulator-clock", choices=CLOCKS, help="How each test's clock goes; auto by default.")
    group.addoption("--emulator-seed", type=int, metavar="N", help="Number from which every value is drawn.")
    parser.addini("emulator_scenarios", "Folders or files of scenarios, as seen from this file.", type="paths")
    parser.addini("emulator_spec", "OpenAPI file in place of the built-in one, as seen from this file.", type="paths")
    parser.addini("emulator_clock", f"How each test's clock goes: {', '.join(CLOCKS)}; auto by default.")
    parser.addini("emulator_seed", "Number from which every generated value is drawn.")
    _add_report_options(parser, group)


def _add_report_options(parser: pytest.Parser, group: pytest.OptionGroup) -> None:
    """Add what the report of a run may be asked for, each as a flag and in the ini file."""
    for name, metavar, told in _REPORT_LISTS:
        flag = "--emulator-" + name.replace("_", "-")
        group.addoption(flag, action="append", metavar=metavar, help=f"{told} Repeatable.")
        parser.addini(f"emulator_{name}", told, type="args")
    for name, metavar, told in _REPORT_VALUES:
        group.addoption("--emulator-" + name.replace("_", "-"), metavar=metavar, help=told)
        parser.addini(f"emulator_{name}", told)


def pytest_configure(config: pytest.Config) -> None:
    """Make the markers known, and the suite's files to whoever needs them; refuse wishes that cannot be."""
    from xpander_emulator.common import suite_files

    config.addinivalue_line("markers", MARKER)
    config.addinivalue_line("markers", EVERY_PATH)
    suite_files.begin(lambda: suite_files.Files(tuple(_paths(config, "emulator_scenarios")), _spec(config)))
    config.add_cleanup(suite_files.end)
    if _wishes_anything(config):
        from xpander_emulator.errors import EmulatorError
        from xpander_emulator.testkit.pytest_report import options_from

        try:
            options_from(config)
        except EmulatorError as error:
            raise pytest.UsageError(error.message) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make a test of each path of the scenarios that `every_path` names."""
    marker = metafunc.definition.get_closest_marker("every_path")
    if marker is None:
        return
    test, names, turns = metafunc.definition.nodeid, marker.args, marker.kwargs.get("max_turns", 1)
    named = names and all(isinstance(name, str) for name in names) and isinstance(turns, int)
    if not named or marker.kwargs.keys() - {"max_turns"}:
        pytest.fail(
            f'{test}: write @pytest.mark.every_path("approval"), with the names of one scenario or more, and max_turns '
            "with a number if at all.",
            pytrace=False,
        )
    if "path" not in metafunc.fixturenames:
        pytest.fail(f"{test}: @pytest.mark.every_path gives each path as the argument `path`; add it.", pytrace=False)
    with _told_briefly(test):
        from xpander_emulator.testkit.paths import cases

        found = cases(*names, max_turns=turns)
    metafunc.parametrize("path", found.values(), ids=found)


@pytest.fixture(scope="session")
def emulator_settings(pytestconfig: pytest.Config) -> "Settings":
    """All choices of the server: defaults, then the ini file, then flags. Override it for any other setting."""
    from dataclasses import replace

    from xpander_emulator.testkit import DEFAULTS

    return replace(
        DEFAULTS,
        scenarios=tuple(_paths(pytestconfig, "emulator_scenarios")),
        spec=_spec(pytestconfig),
        clock=_clock(pytestconfig),
        waive=tuple(_listed(pytestconfig, "waive")),
        seed=_seed(pytestconfig, DEFAULTS.seed),
    )


@pytest.fixture(scope="session")
def emulator_server(pytestconfig: pytest.Config, emulator_settings: "Settings") -> Iterator["EmulatorServer"]:
    """One server in a thread, for all tests of this process."""
    from xpander_emulator.testkit import EmulatorServer

    with _told_briefly():
        server = EmulatorServer(emulator_settings)
        server.start()
    pytestconfig.stash[_SERVER] = server
    _report_on(pytestconfig, server)
    yield server
    server.stop()


@pytest.fixture
def emulator(
    request: pytest.FixtureRequest, emulator_server: "EmulatorServer", emulator_settings: "Settings"
) -> Iterator["Emulator"]:
    """Give the test an emulator of its own: its tasks, its clock, its choices."""
    # pytest keeps one server for the session, whatever a folder further down says of its settings.
    ours = request.config.stash.get(_SERVER, None) is emulator_server
    if ours and emulator_server.settings != emulator_settings:
        pytest.fail(
            "`emulator_settings` is overridden, and the server of this session runs with others. "
            "Override it in the topmost conftest.py, or override `emulator_server` beside it.",
            pytrace=False,
        )
    # pytest itself says which test it is, above the message and in its summary.
    with _told_briefly():
        made = emulator_server.emulator(_name(request.node), **_choices(request.node))
    request.node.stash[_MADE] = made
    _report_on(request.config, emulator_server)
    yield made
    made.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add to the report of a failed test what its emulator tells."""
    report = yield
    made = item.stash.get(_MADE, None)
    if made is not None and report.failed and report.when != "teardown":
        report.sections.extend(made.report())
    return report


def _report_on(config: pytest.Config, server: "EmulatorServer") -> None:
    servers = config.stash.setdefault(_SERVERS, [])
    if server not in servers:
        servers.append(server)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker of xdist has gathered; one that crashed has sent nothing."""
    output = getattr(node, "workeroutput", {}).get(_OUTPUT)
    if output is not None:
        node.config.stash.setdefault(_OUTPUTS, []).append(output)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make the report: a worker sends its part, everybody else writes the whole, and fails where it is to."""
    config = session.config
    servers, outputs = config.stash.get(_SERVERS, []), config.stash.get(_OUTPUTS, [])
    if config.option.collectonly or not (servers or outputs or _wishes_anything(config)):
        return
    from xpander_emulator.testkit import pytest_report

    if hasattr(config, "workeroutput"):
        config.workeroutput[_OUTPUT] = pytest_report.worker_output(servers)
        return
    config.stash[_REPORT] = made = pytest_report.finish(config, servers, outputs)
    if made[1] and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the report."""
    made = terminalreporter.config.stash.get(_REPORT, None)
    if made is not None:
        from xpander_emulator.testkit import pytest_report

        pytest_report.summarize(terminalreporter, *made)


def _wishes_anything(config: pytest.Config) -> bool:
    named = (name for name, *_ in _REPORT_VALUES)
    return any(config.getoption(f"emulator_{name}") or config.getini(f"emulator_{name}") for name in named) or any(
        _listed(config, name) for name, *_ in _REPORT_LISTS
    )


def _listed(config: pytest.Config, name: str) -> list[str]:
    """Return what a repeatable option of the report lists: flags, else the ini file."""
    flags: list[str] | None = config.getoption(f"emulator_{name}")
    return list(config.getini(f"emulator_{name}")) if flags is None else flags


def _name(item: pytest.Item) -> str:
    """Return the name of a test, the same with xdist and without."""
    # Under `--dist loadgroup` a worker of xdist adds the groups to the id.
    if not getattr(item.config.option, "loadgroup", False):
        return item.nodeid
    marks = item.iter_markers("xdist_group")
    groups = {str(mark.args[0] if mark.args else mark.kwargs.get("name", "default")) for mark in marks}
    return item.nodeid.removesuffix(f"@{'_'.join(sorted(groups))}")


def _choices(node: pytest.Item) -> dict[str, Any]:
    """Return what the test's markers choose; the nearest one wins. Raises BadRequest for what is no choice."""
    from xpander_emulator.errors import BadRequest, did_you_mean

    chosen: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("emulator"))):
        if marker.args:
            raise BadRequest(f"@pytest.mark.emulator takes names only: scenario={marker.args[0]!r}?")
        for name in marker.kwargs:
            if name not in _CHOICES:
                known = did_you_mean(name, _CHOICES) or "."
                raise BadRequest(f"@pytest.mark.emulator takes scenario, clock and seed, not '{name}'{known}")
        chosen |= marker.kwargs
    return chosen


@contextmanager
def _told_briefly(test: str = "") -> Iterator[None]:
    """Fail with the message alone: a mistake in a file or a marker is not to be looked for in a traceback."""
    from xpander_emulator.errors import EmulatorError

    try:
        yield
    except EmulatorError as error:
        told = f"{test}: {error.message}" if test else error.message
        raise pytest.fail.Exception(told, pytrace=False) from None


def _paths(config: pytest.Config, name: str) -> list[Path]:
    """Return the paths of an option: those of the command line, else those of the ini file."""
    flag = config.getoption(name)
    given = [flag] if isinstance(flag, str) else flag
    found = config.getini(name) if given is None else [config.invocation_params.dir / path for path in given]
    for path in found:
        if not path.exists():
            pytest.fail(f"{name}: {path} does not exist.", pytrace=False)
    return list(found)


def _spec(config: pytest.Config) -> Path | None:
    found = _paths(config, "emulator_spec")
    if len(found) > 1:
        pytest.fail(f"emulator_spec: one file can be served, and {len(found)} are named.", pytrace=False)
    return found[0] if found else None


def _clock(config: pytest.Config) -> "ClockMode":
    clock: Any = config.getoption("emulator_clock") or config.getini("emulator_clock") or "auto"
    if clock not in CLOCKS:
        pytest.fail(f"emulator_clock: '{clock}' is not one of {', '.join(CLOCKS)}.", pytrace=False)
    mode: ClockMode = clock
    return mode


def _seed(config: pytest.Config, default: int) -> int:
    flag, written = config.getoption("emulator_seed"), config.getini("emulator_seed")
    if flag is not None:
        return int(flag)
    try:
        return int(written or default)
    except ValueError:
        pytest.fail(f"emulator_seed: '{written}' is not a number.", pytrace=False)
