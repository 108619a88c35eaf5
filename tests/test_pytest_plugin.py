import re
import tomllib
from pathlib import Path

import pytest

from tests.testkit.suites import Suite
from xpander_emulator import pytest_plugin
from xpander_emulator.settings import CLOCK_MODES

ROOT = Path(__file__).parents[1]


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    return Suite(pytester, monkeypatch)


def test_pytest_finds_the_plugin_by_its_entry_point() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert project["entry-points"]["pytest11"] == {"xpander_emulator": pytest_plugin.__name__}


def test_a_run_without_the_fixtures_imports_nothing_more(suite: Suite) -> None:
    suite.write(
        "test_foreign.py",
        """
        import sys

        def test_foreign():
            ours = sorted(name for name in sys.modules if name.startswith("xpander_emulator"))
            assert ours == [
                "xpander_emulator",
                "xpander_emulator.common",
                "xpander_emulator.common.suite_files",
                "xpander_emulator.pytest_plugin",
            ]
            assert "starlette" not in sys.modules
        """,
    )

    suite.run_apart().assert_outcomes(passed=1)


def test_the_flag_knows_every_clock_mode() -> None:
    assert pytest_plugin.CLOCKS == CLOCK_MODES


def test_each_test_has_an_emulator_of_its_own(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        """
        def test_one(emulator, start):
            task = emulator.task(start())
            assert task.advance(until="paused").approve(by="manager").advance().status == "completed"

        def test_two(emulator, emulator_server):
            assert emulator.tasks == ()
            assert emulator.api_key == "test_it.py::test_two"
            assert emulator.clock.mode == "auto"
            assert emulator.base_url == emulator_server.base_url
        """,
    )

    suite.run().assert_outcomes(passed=2)


def test_a_client_that_polls_or_waits_never_sleeps(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        """
        import time

        def test_polls(client, start):
            began = time.monotonic()
            task_id = start("slow")
            while client.get(f"/v1/tasks/{task_id}").json()["status"] != "completed":
                pass
            assert client.post("/v1/workflows/slow/invoke", json={"input": {"text": "Hi"}}).json()["result"]
            assert time.monotonic() - began < 5
        """,
    )

    suite.run().assert_outcomes(passed=1)


def test_the_marker_chooses_and_the_nearest_one_wins(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        """
        import pytest

        pytestmark = pytest.mark.emulator(scenario="failed", clock="manual")

        def test_module(emulator, start):
            assert (emulator.task(start("any")).scenario, emulator.clock.mode) == ("failed", "manual")

        @pytest.mark.emulator(scenario="approval", seed=7)
        def test_function(emulator, start):
            assert (emulator.task(start("any")).scenario, emulator.clock.mode) == ("approval", "manual")
            assert emulator.api_key == "test_it.py::test_function#seed=7"
            emulator.use("completed")
            emulator.reset()
            assert emulator.task(start("any")).scenario == "approval"
        """,
    )

    suite.run().assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("scenarios='approval'", "takes scenario, clock and seed, not 'scenarios'. Did you mean 'scenario'?"),
        ("'approval'", "takes names only: scenario='approval'?"),
        ("scenario='aproval'", "No scenario is called 'aproval'. Did you mean 'approval'?"),
        ("seed='7'", "seed takes a whole number or None, found '7'."),
        ("clock='fast'", "Unknown clock mode 'fast'; known modes are real, scaled, manual, auto."),
    ],
)
def test_a_wrong_marker_is_one_line_that_names_the_test(marker: str, message: str, suite: Suite) -> None:
    suite.write(
        "test_it.py",
        f"""
        import pytest

        @pytest.mark.emulator({marker})
        def test_it(emulator):
            pass
        """,
    )

    result = suite.run("--tb=short")

    result.assert_outcomes(errors=1)
    # Where `CI` is set, pytest prints the whole line in its summary too.
    [line] = [line for line in result.outlines if line.endswith(message) and not line.startswith("ERROR ")]
    assert line.startswith((message[:4], "@pytest.mark.emulator takes "))
    [summary] = [line for line in result.outlines if line.startswith("ERROR test_it.py::test_it - Failed: ")]
    assert line.startswith(summary.removeprefix("ERROR test_it.py::test_it - Failed: ").removesuffix("..."))
    assert "Traceback" not in result.stdout.str()
    assert "hosting.py" not in result.stdout.str()


def test_a_failing_test_shows_its_tasks(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        """
        def test_passes(emulator, start):
            start()

        def test_fails(emulator, start):
            task = emulator.task(start()).advance(until="paused")
            assert task.status == "completed"
        """,
    )

    result = suite.run()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*Tasks of the emulator*",
            "Task * (workflow approval, scenario approval)",
            "is paused at step 'waiting', scenarios/approval.yaml:14; waits for approve, reject, expire, stop;*",
            "  2026-01-01T00:00:00.000000Z  pending    pending  start",
            "  2026-01-01T00:00:00.300000Z  executing  extract  after",
            "  2026-01-01T00:00:01.100000Z  paused     waiting  after",
        ]
    )
    assert result.stdout.str().count("Tasks of the emulator") == 1


def test_a_failing_fixture_shows_the_tasks_and_a_teardown_does_not(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        """
        import pytest

        @pytest.fixture
        def broken(start):
            start()
            raise ValueError

        @pytest.fixture
        def late():
            yield
            raise ValueError

        def test_setup(broken):
            pass

        def test_teardown(late, start):
            start()
        """,
    )

    result = suite.run()

    result.assert_outcomes(passed=1, errors=2)
    assert result.stdout.str().count("Tasks of the emulator") == 1


def test_settings_come_from_the_ini_file_and_flags_go_before_it(suite: Suite) -> None:
    suite.write("folder/mine.yaml", "scenario: mine\nsteps: [{status: completed, result: Mine}]\n")
    suite.write("more/other.yaml", "scenario: other\nsteps: [{status: completed, result: Other}]\n")
    suite.write("pytest.ini", "[pytest]\nemulator_scenarios = folder\nemulator_clock = manual\nemulator_seed = 7\n")
    suite.write(
        "test_it.py",
        """
        import os

        def test_it(emulator, emulator_settings, start):
            assert emulator.clock.mode == emulator_settings.clock == os.environ["CLOCK"]
            assert str(emulator_settings.seed) == os.environ["SEED"]
            assert emulator.task(start(os.environ["SCENARIO"])).scenario == os.environ["SCENARIO"]
        """,
    )

    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"CLOCK": "manual", "SEED": "7", "SCENARIO": "mine"}.items():
            patch.setenv(name, value)
        suite.run().assert_outcomes(passed=1)
        for name, value in {"CLOCK": "real", "SEED": "8", "SCENARIO": "other"}.items():
            patch.setenv(name, value)
        flags = ("--emulator-scenarios=more", "--emulator-clock=real", "--emulator-seed=8")
        suite.run(*flags).assert_outcomes(passed=1)


def test_another_contract_is_served(suite: Suite) -> None:
    suite.write("mine.yaml", (ROOT / "tests/any_api/rendering_jobs.yaml").read_text(encoding="utf-8"))
    suite.write(
        "test_it.py",
        """
        def test_it(client):
            assert client.get("/v1/workflows").status_code == 404
        """,
    )

    suite.run("--emulator-spec=mine.yaml").assert_outcomes(passed=1)


OVERRIDE = """
from dataclasses import replace
import pytest

@pytest.fixture(scope="session")
def emulator_settings(emulator_settings):
    return replace(emulator_settings, known_only=True)
"""
REFUSED = """
def test_it(client):
    answer = client.post("/v1/workflows/nobody/invoke/async", json={"input": {"text": "Hi"}})
    assert answer.status_code == 404
"""


def test_any_other_setting_is_changed_by_overriding_the_fixture(suite: Suite) -> None:
    suite.write("sub/conftest.py", OVERRIDE)
    suite.write("sub/test_it.py", REFUSED)

    suite.run().assert_outcomes(passed=1)


def test_settings_that_come_too_late_for_the_server_are_refused(suite: Suite) -> None:
    suite.write("test_first.py", "def test_it(emulator): pass\n")
    suite.write("sub/conftest.py", OVERRIDE)
    suite.write("sub/test_second.py", REFUSED)

    result = suite.run("test_first.py", "sub")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["`emulator_settings` is overridden, and the server of this session runs with*"])


@pytest.mark.parametrize(
    ("ini", "message"),
    [
        ("emulator_clock = fast", "emulator_clock: 'fast' is not one of real, scaled, manual, auto."),
        ("emulator_seed = one", "emulator_seed: 'one' is not a number."),
        ("emulator_scenarios = nowhere", "emulator_scenarios: */nowhere does not exist."),
        ("emulator_spec = a.yaml b.yaml", "emulator_spec: one file can be served, and 2 are named."),
        ("emulator_scenarios = bad.yaml", "*bad.yaml:2:8: *"),
    ],
)
def test_a_wrong_setting_is_reported_without_a_traceback(ini: str, message: str, suite: Suite) -> None:
    for name in ("a.yaml", "b.yaml"):
        suite.write(name, "{}")
    suite.write("bad.yaml", "scenario: bad\nsteps: []\n")
    suite.write("pytest.ini", f"[pytest]\n{ini}\n")
    suite.write("test_it.py", "def test_it(emulator): pass\n")

    result = suite.run("--tb=short")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    assert "pytest_plugin.py" not in result.stdout.str()


MANY = """
import pytest

@pytest.mark.parametrize("number", [pytest.param(n, marks=pytest.mark.xdist_group(f"g@{n}")) for n in range(8)])
def test_it(number, emulator, start):
    task = emulator.task(start()).advance(until="paused").approve().advance()
    with open(SEEN, "a") as seen:
        seen.write(f"{number} {emulator.api_key} {task.id} {task.snapshot['result']} {task.history[-1].at}\\n")
"""


def seen(suite: Suite, *arguments: str) -> list[str]:
    file = suite.folder / f"seen-{len(list(suite.folder.glob('seen-*')))}.txt"
    suite.write("test_many.py", f"SEEN = {str(file)!r}\n{MANY}")
    run = suite.run_apart if arguments else suite.run
    run(*arguments).assert_outcomes(passed=8)
    return file.read_text(encoding="utf-8").splitlines()


@pytest.mark.long
def test_values_are_the_same_in_any_order_and_with_workers(suite: Suite) -> None:
    first = seen(suite)
    shuffled = seen(suite, "-p", "pytest_randomly", "-p", "xdist", "-n", "2", "--dist", "loadgroup")

    assert len(set(first)) == 8
    assert first != shuffled
    assert first == sorted(shuffled)


@pytest.mark.long
def test_a_failure_in_a_worker_shows_its_tasks(suite: Suite) -> None:
    suite.write("test_it.py", "def test_it(emulator, start):\n    start()\n    assert False\n")

    result = suite.run_apart("-p", "xdist", "-n", "1")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*Tasks of the emulator*", "Task *(workflow approval, scenario approval)"])


def test_an_async_test_has_the_same_fixture(suite: Suite) -> None:
    suite.write(
        "test_it.py",
        """
        import httpx2
        import pytest

        @pytest.mark.anyio
        @pytest.mark.parametrize("anyio_backend", ["asyncio"])
        async def test_it(emulator):
            transport = httpx2.ASGITransport(app=emulator.asgi)
            headers = {"x-api-key": emulator.api_key}
            async with httpx2.AsyncClient(transport=transport, base_url=emulator.base_url, headers=headers) as client:
                body = {"input": {"text": "Refund order 1042"}}
                task_id = (await client.post("/v1/workflows/approval/invoke/async", json=body)).json()["id"]
                emulator.task(task_id).advance(until="paused").reject(reason="No")
                assert (await client.get(f"/v1/tasks/{task_id}")).json()["status"] == "stopped"
        """,
    )

    suite.run("-p", "anyio").assert_outcomes(passed=1)


FOLLOWED = """
import pytest

from xpander_emulator.testkit import paths

ENDS = ("completed", "failed", "error", "stopped")


@pytest.mark.every_path({named})
def test_ends(path, emulator, client, start):
    emulator.follow(path)
    task_id = start("any")
    while True:
        status = client.get(f"/v1/tasks/{{task_id}}").json().get("status")
        if status in ENDS:
            break
    assert status == path.end
"""


def test_every_path_makes_a_test_of_each(suite: Suite) -> None:
    suite.write("test_it.py", FOLLOWED.format(named='"approval"'))

    result = suite.run("-v")

    result.assert_outcomes(passed=6)
    message = re.findall(r"test_ends\[(.+)\] PASSED", result.stdout.str())
    assert message == [
        *("approval-approve", "approval-reject", "approval-expire"),
        *("stop-while-pending", "stop-while-executing", "stop-while-paused"),
    ]


def test_every_path_knows_the_suite_s_own_scenarios_and_takes_several(suite: Suite) -> None:
    suite.write(
        "folder/refund.yaml",
        """
        scenario: refund
        faults: {busy: {status: 503}}
        steps:
          - {id: ask, status: paused, on: {again: think, yes: done}}
          - {id: think, status: executing, after: 1s, goto: ask, fault: busy}
          - {id: done, status: completed}
        """,
    )
    suite.write("pytest.ini", "[pytest]\nemulator_scenarios = folder\n")
    suite.write("test_it.py", FOLLOWED.format(named='"refund", "failed", max_turns=2'))

    result = suite.run("-v")

    message = re.findall(r"test_ends\[(.+)\] PASSED", result.stdout.str())
    assert {"refund-again-yes", "refund-yes", "refund-again-yes-with-busy", "failed", "failed:stop-while-pending"} <= {
        *message
    }
    result.assert_outcomes(passed=len(message))


@pytest.mark.parametrize(
    ("marker", "message"),
    [
        ("'aproval'", "test_it.py::test_it: No scenario is called 'aproval'. Did you mean 'approval'?"),
        ("", 'test_it.py::test_it: write @pytest.mark.every_path("approval"), with the names of one scenario or more*'),
        (
            "7",
            'test_it.py::test_it: write @pytest.mark.every_path("approval"), with the names of one scenario or more*',
        ),
        ("'approval', turns=2", 'test_it.py::test_it: write @pytest.mark.every_path("approval"), with the names*'),
        (
            "'approval', max_turns=0",
            "test_it.py::test_it: max_turns is how often a path may come through a step, 1 or*",
        ),
    ],
)
def test_wrong_paths_are_reported_when_tests_are_collected(marker: str, message: str, suite: Suite) -> None:
    suite.write("test_it.py", f"import pytest\n\n@pytest.mark.every_path({marker})\ndef test_it(path): pass\n")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([message])
    assert "During handling" not in result.stdout.str()


def test_every_path_without_the_argument_is_refused(suite: Suite) -> None:
    suite.write("test_it.py", "import pytest\n\n@pytest.mark.every_path('approval')\ndef test_it(): pass\n")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["test_it.py::test_it: @pytest.mark.every_path gives each path as the argument `path`*"]
    )


def test_mistakes_in_the_suite_s_own_scenarios_are_reported_when_tests_are_collected(suite: Suite) -> None:
    suite.write("bad.yaml", "scenario: bad\nsteps: []\n")
    suite.write("pytest.ini", "[pytest]\nemulator_scenarios = bad.yaml\n")
    suite.write("test_it.py", "import pytest\n\n@pytest.mark.every_path('approval')\ndef test_it(path): pass\n")

    result = suite.run()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*bad.yaml:2:8: *"])
