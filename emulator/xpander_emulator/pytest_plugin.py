"""The pytest plugin: an emulator for each test, and a report of its tasks and requests where a test fails.

Every pytest run of an environment loads its plugins, so this one imports only pytest and the standard library until a
test uses a fixture.
"""

from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

import pytest

if TYPE_CHECKING:
    from xpander_emulator.report.report import Report
    from xpander_emulator.settings import ClockMode, Settings
    from xpander_emulator.testkit import Emulator, EmulatorServer

CLOCKS: Final = ("real", "scaled", "manual", "auto")
# The text of a marker is its entry in `pytest --markers` and in docs/testkit-api.md.
MARKERS: Final = (
    """emulator(scenario=None, clock=None, seed=None): What the fixture `emulator` of a test starts with.

    It may stand on a function, a class or a module; each argument is that of the nearest marker.

    Args:
        scenario: The name of the scenario of all starts whose request chooses none.
        clock: The mode of the test's clock: `"real"`, `"scaled"`, `"manual"` or `"auto"`.
        seed: A number that changes the generated values of this test.

    Raises:
        NotFound: No scenario has this name. The fixture fails with this message alone.
        BadRequest: The marker has other arguments, or one of a wrong type. The fixture fails with this message alone.
    """,
    """every_path(*scenarios, max_turns=1): Runs a test once for each path through scenarios, as its argument `path`.

    Args:
        scenarios: The names of the scenarios, one or more.
        max_turns: How often a path may visit the same step.

    Raises:
        NotFound: No scenario has this name. The collection of the test fails with this message alone.
        BadRequest: `max_turns` is below 1, or there are too many paths. The collection fails with this message alone.
    """,
)


class Option(NamedTuple):
    """An option of the plugin: the flag `--emulator-NAME`, and `emulator_NAME` in the ini file.

    flag: further arguments of the flag.
    """

    name: str
    metavar: str
    help: str
    ini: Literal["string", "args", "paths"] = "string"
    flag: Mapping[str, Any] = MappingProxyType({})


_REPEATABLE: Final = MappingProxyType({"action": "append"})
SERVER_OPTIONS: Final = (
    Option("scenarios", "PATH", "Folders or files of scenarios, added to the built-in ones.", "paths", _REPEATABLE),
    Option("spec", "FILE", "OpenAPI file in place of the built-in one.", "paths"),
    Option(
        "clock",
        "MODE",
        "Mode of each test's clock: real, scaled, manual or, by default, auto.",
        flag={"choices": CLOCKS},
    ),
    Option("seed", "N", "Number from which every generated value is drawn; 1 by default.", flag={"type": int}),
)
REPORT_OPTIONS: Final = (
    Option("coverage_scenarios", "NAME", "Scenarios to count, in place of those started.", "args", _REPEATABLE),
    Option("fail_on", "RULE", "Rules of conduct, or any, whose findings fail the run.", "args", _REPEATABLE),
    Option("waive", "RULE", "Rules of conduct that find nothing.", "args", _REPEATABLE),
    Option("fail_under", "N", "Percentage of coverage below which the run fails."),
    Option("coverage_json", "FILE", "File for the coverage, which `xpander-emulator coverage` merges."),
    Option("junit", "FILE", "File for the report as JUnit XML."),
    Option("html", "FILE", "File for the report as an HTML page."),
    Option("markdown", "FILE", "File for the report as Markdown, such as $GITHUB_STEP_SUMMARY."),
)
_MARKER_ARGUMENTS: Final = ("scenario", "clock", "seed")
_SERVER: Final = pytest.StashKey["EmulatorServer"]()
# The parts of the run's report: the servers that tests used, the outputs of xdist's workers, and the report itself.
_SERVERS: Final = pytest.StashKey[list["EmulatorServer"]]()
_OUTPUTS: Final = pytest.StashKey[list[dict[str, Any]]]()
_REPORT: Final = pytest.StashKey[tuple["Report", tuple[str, ...]]]()
_OUTPUT: Final = "xpander_emulator"
_EMULATOR: Final = pytest.StashKey["Emulator"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add each option as a flag and to the ini file."""
    group = parser.getgroup("xpander-emulator", "the emulator of the xpander.ai workflow API")
    for option in (*SERVER_OPTIONS, *REPORT_OPTIONS):
        help_text = f"{option.help} Repeatable." if option.flag is _REPEATABLE else option.help
        flag = f"--emulator-{option.name.replace('_', '-')}"
        group.addoption(flag, metavar=option.metavar, help=help_text, **option.flag)
        parser.addini(f"emulator_{option.name}", option.help, type=option.ini)


def pytest_configure(config: pytest.Config) -> None:
    """Register the markers and the suite's files; refuse wrong options of the report before any test runs."""
    from xpander_emulator.common import suite_files

    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    suite_files.begin(lambda: suite_files.Files(tuple(_paths(config, "scenarios")), _spec(config)))
    config.add_cleanup(suite_files.end)
    if _has_report_option(config):
        from xpander_emulator.errors import EmulatorError
        from xpander_emulator.testkit.pytest_report import options_from

        try:
            options_from(config)
        except EmulatorError as error:
            raise pytest.UsageError(error.message) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Parametrize a test that has the marker `every_path`."""
    marker = metafunc.definition.get_closest_marker("every_path")
    if marker is None:
        return
    test, names, turns = metafunc.definition.nodeid, marker.args, marker.kwargs.get("max_turns", 1)
    has_names = names and all(isinstance(name, str) for name in names) and isinstance(turns, int)
    if not has_names or marker.kwargs.keys() - {"max_turns"}:
        pytest.fail(
            f'{test}: write @pytest.mark.every_path("approval"), with the names of one scenario or more, and max_turns '
            "with a number if at all.",
            pytrace=False,
        )
    if "path" not in metafunc.fixturenames:
        pytest.fail(f"{test}: @pytest.mark.every_path gives each path as the argument `path`; add it.", pytrace=False)
    with _message_alone(test):
        from xpander_emulator.testkit.paths import paths_by_id

        paths = paths_by_id(*names, max_turns=turns)
    metafunc.parametrize("path", paths.values(), ids=paths)


@pytest.fixture(scope="session")
def emulator_settings(pytestconfig: pytest.Config) -> "Settings":
    """The settings of the server: the defaults of the test kit, then the ini file, then flags.

    Override it in the topmost `conftest.py` for a setting that has no flag here.

    Returns:
        The settings.
    """
    from dataclasses import replace

    from xpander_emulator.testkit import DEFAULTS

    return replace(
        DEFAULTS,
        scenarios=tuple(_paths(pytestconfig, "scenarios")),
        spec=_spec(pytestconfig),
        clock=_clock(pytestconfig),
        waive=tuple(_option(pytestconfig, "waive")),
        seed=_seed(pytestconfig, DEFAULTS.seed),
    )


@pytest.fixture(scope="session")
def emulator_server(pytestconfig: pytest.Config, emulator_settings: "Settings") -> Iterator["EmulatorServer"]:
    """The server of all tests of this process, in a thread and on a free port. It starts when a test first uses it.

    Yields:
        The server, started.

    Raises:
        InvalidFiles: Scenario files or the OpenAPI file have mistakes. The fixture fails with this message alone.
    """
    from xpander_emulator.testkit import EmulatorServer

    with _message_alone():
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
    """The emulator of one test, with tasks, clock, faults and requests of its own.

    The marker `emulator` sets what it starts with.

    Yields:
        The emulator, reset.

    Raises:
        NotFound: The marker names a scenario that does not exist. The fixture fails with this message alone.
        BadRequest: The marker has a wrong argument. The fixture fails with this message alone.
    """
    # pytest creates one server for the session, whatever a folder further down says of its settings.
    is_of_plugin = request.config.stash.get(_SERVER, None) is emulator_server
    if is_of_plugin and emulator_server.settings != emulator_settings:
        pytest.fail(
            "`emulator_settings` is overridden, and the server of this session runs with others. "
            "Override it in the topmost conftest.py, or override `emulator_server` beside it.",
            pytrace=False,
        )
    # pytest itself shows the name of the test, above the message and in its summary.
    with _message_alone():
        emulator = emulator_server.emulator(_name(request.node), **_marker_arguments(request.node))
    request.node.stash[_EMULATOR] = emulator
    _report_on(request.config, emulator_server)
    yield emulator
    emulator.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the emulator's report to that of a failed test."""
    report = yield
    emulator = item.stash.get(_EMULATOR, None)
    if emulator is not None and report.failed and report.when != "teardown":
        report.sections.extend(emulator.report())
    return report


def _report_on(config: pytest.Config, server: "EmulatorServer") -> None:
    servers = config.stash.setdefault(_SERVERS, [])
    if server not in servers:
        servers.append(server)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Store the output of a worker of xdist; a worker that crashed has none."""
    output = getattr(node, "workeroutput", {}).get(_OUTPUT)
    if output is not None:
        node.config.stash.setdefault(_OUTPUTS, []).append(output)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make the run's report, and fail the run if it says so; a worker of xdist sends its part instead."""
    config = session.config
    servers, outputs = config.stash.get(_SERVERS, []), config.stash.get(_OUTPUTS, [])
    if config.option.collectonly or not (servers or outputs or _has_report_option(config)):
        return
    from xpander_emulator.testkit import pytest_report

    if hasattr(config, "workeroutput"):
        config.workeroutput[_OUTPUT] = pytest_report.worker_output(servers)
        return
    config.stash[_REPORT] = _, failures = pytest_report.finish(config, servers, outputs)
    if failures and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the run's report."""
    parts = terminalreporter.config.stash.get(_REPORT, None)
    if parts is not None:
        from xpander_emulator.testkit import pytest_report

        pytest_report.summarize(terminalreporter, *parts)


def _option(config: pytest.Config, name: str) -> Any:
    """Return the value of an option: the flag, else the ini file."""
    flag = config.getoption(f"emulator_{name}")
    return config.getini(f"emulator_{name}") if flag is None else flag


def _has_report_option(config: pytest.Config) -> bool:
    return any(_option(config, option.name) for option in REPORT_OPTIONS)


def _name(item: pytest.Item) -> str:
    """Return the name of a test, the same with xdist and without."""
    # Under `--dist loadgroup` a worker of xdist adds the groups to the id.
    if not getattr(item.config.option, "loadgroup", False):
        return item.nodeid
    marks = item.iter_markers("xdist_group")
    groups = {str(mark.args[0] if mark.args else mark.kwargs.get("name", "default")) for mark in marks}
    return item.nodeid.removesuffix(f"@{'_'.join(sorted(groups))}")


def _marker_arguments(node: pytest.Item) -> dict[str, Any]:
    """Return the arguments of the markers `emulator`, those of the nearest one first. Raises BadRequest."""
    from xpander_emulator.errors import BadRequest, did_you_mean

    arguments: dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("emulator"))):
        if marker.args:
            raise BadRequest(f"@pytest.mark.emulator takes names only: scenario={marker.args[0]!r}?")
        for name in marker.kwargs:
            if name not in _MARKER_ARGUMENTS:
                hint = did_you_mean(name, _MARKER_ARGUMENTS) or "."
                raise BadRequest(f"@pytest.mark.emulator takes scenario, clock and seed, not '{name}'{hint}")
        arguments |= marker.kwargs
    return arguments


@contextmanager
def _message_alone(test: str = "") -> Iterator[None]:
    """Fail with the message of an EmulatorError and without a traceback, which would not show the mistake."""
    from xpander_emulator.errors import EmulatorError

    try:
        yield
    except EmulatorError as error:
        message = f"{test}: {error.message}" if test else error.message
        raise pytest.fail.Exception(message, pytrace=False) from None


def _paths(config: pytest.Config, name: str) -> list[Path]:
    """Return the paths of an option: flags count from the folder of the call, the ini file from its own."""
    flag = config.getoption(f"emulator_{name}")
    if flag is None:
        paths: list[Path] = config.getini(f"emulator_{name}")
    else:
        paths = [config.invocation_params.dir / path for path in ([flag] if isinstance(flag, str) else flag)]
    for path in paths:
        if not path.exists():
            pytest.fail(f"emulator_{name}: {path} does not exist.", pytrace=False)
    return paths


def _spec(config: pytest.Config) -> Path | None:
    paths = _paths(config, "spec")
    if len(paths) > 1:
        pytest.fail(f"emulator_spec: one file can be served, and {len(paths)} are named.", pytrace=False)
    return paths[0] if paths else None


def _clock(config: pytest.Config) -> "ClockMode":
    clock: Any = _option(config, "clock") or "auto"
    if clock not in CLOCKS:
        pytest.fail(f"emulator_clock: '{clock}' is not one of {', '.join(CLOCKS)}.", pytrace=False)
    mode: ClockMode = clock
    return mode


def _seed(config: pytest.Config, default: int) -> int:
    seed = _option(config, "seed")
    try:
        return default if seed == "" else int(seed)
    except ValueError:
        pytest.fail(f"emulator_seed: '{seed}' is not a number.", pytrace=False)
