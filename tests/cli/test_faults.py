import json
from collections.abc import Iterator

import httpx2
import pytest

from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

from .conftest import Run


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ThreadedServer(Settings(port=0, clock="manual")) as server:
        monkeypatch.setenv("EMULATOR_URL", server.base_url)
        yield server.base_url


def statuses(url: str, times: int) -> list[int]:
    return [httpx2.get(f"{url}/v1/tasks", headers={"x-api-key": "local"}).status_code for _ in range(times)]


def test_faults_are_set_listed_counted_and_cleared(run: Run, url: str) -> None:
    assert run("faults", "list").stdout == "No faults for coming requests.\n"

    table = run("faults", "set", "rate-limited", "--operation", "listTasks", "--nth", "2", "--times", "2").stdout
    assert table.splitlines() == [
        "FAULT         OPERATION  TASK STATUS  NTH  TIMES  MET",
        "rate-limited  listTasks  any          2    2      0",
    ]
    assert statuses(url, 4) == [200, 429, 429, 200]
    assert json.loads(run("faults", "list", "-o", "json").stdout)["items"][0]["met"] == 4
    assert run("faults", "clear").stdout == "No faults for coming requests.\n"


def test_the_faults_of_a_scenario_are_shown(run: Run) -> None:
    assert "Faults        too-many 2 times from request 2 on\n" in run("scenarios", "show", "rate_limited").stdout
    shown = run("scenarios", "show", "flaky").stdout
    assert "sync       executing  16    after 900ms → check      bad-gateway once\n" in shown


def test_a_fault_is_written_as_in_a_scenario(run: Run, url: str) -> None:
    fault = '{"status": 418, "body": {"detail": "Teapot"}, "times": "always"}'

    assert run("faults", "set", fault, "reset", "--task-status", "paused").exit_code == 0
    assert run("faults", "set", fault).exit_code == 0
    assert statuses(url, 3) == [418] * 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rate-limitd",), "there is no fault 'rate-limitd'. Did you mean 'rate-limited'?"),
        (("reset", "--operation", "getTsk"), "the contract has no operation 'getTsk'. Did you mean 'getTask'?"),
        (("reset", "--times", "often"), "'times' takes a whole number from 1 to 10000, or always, found 'often'"),
        (("reset", "--task-status", "done"), "unknown status 'done'; write one of pending, executing, paused"),
        (('{"status": }',), "is not JSON: Expecting value at line 1, column 12, found '}'"),
        ((), "Missing argument 'FAULT"),
    ],
)
def test_a_wrong_fault_is_refused_with_the_right_one(
    run: Run, url: str, arguments: tuple[str, ...], message: str
) -> None:
    result = run("faults", "set", *arguments)

    assert result.exit_code in (1, 2)
    assert message in result.stderr
    assert statuses(url, 1) == [200]
