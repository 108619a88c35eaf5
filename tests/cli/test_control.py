import json
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Run
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    with ThreadedServer(Settings(port=0, clock="manual", seed=7)) as server:
        yield server.base_url


@pytest.fixture
def url(shared: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the URL of a server as it was when it started."""
    monkeypatch.setenv("EMULATOR_URL", shared)
    assert run("reset").exit_code == 0
    return shared


def test_the_next_start_is_given_a_scenario_and_a_path(run: Run, url: str) -> None:
    assert run("scenarios", "next", "failed", "--times", "2").stdout == "Next: failed, failed\n"
    assert run("scenarios", "next", "approval", "--path", "approval-reject").stdout == (
        "Next: failed, failed, approval along approval-reject\n"
    )


def test_a_path_that_is_not_there_is_refused_with_the_nearest(run: Run, url: str) -> None:
    refused = run("scenarios", "next", "approval", "--path", "approval-rejected")

    assert refused.exit_code == 1
    assert "has no path 'approval-rejected'. Did you mean 'approval-reject'?" in refused.stderr


def test_the_clock_is_shown_set_and_advanced(run: Run, url: str) -> None:
    assert run("clock", "show").stdout == "manual  2026-01-01T00:00:00.000000Z\n"
    assert "2026-01-01T00:00:30" in run("clock", "advance", "30s").stdout
    assert "2026-01-02T00:00:00" in run("clock", "advance", "--to", "2026-01-02T00:00:00Z").stdout
    assert run("clock", "set", "scaled", "--scale", "120").stdout.startswith("scaled, 120 times  2026-01-02")


def test_a_clock_does_not_go_back(run: Run, url: str) -> None:
    result = run("clock", "advance", "--to", "2025-12-31T00:00:00Z")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


def test_an_advance_needs_a_duration_or_an_instant(run: Run) -> None:
    for arguments in ((), ("30s", "--to", "2026-01-02T00:00:00Z")):
        result = run("clock", "advance", *arguments)
        assert result.exit_code == 2
        assert "Give either a duration, such as 30s, or --to with an instant." in result.stderr


def test_a_reset_tells_what_was_reset(run: Run, url: str) -> None:
    assert run("reset", "--scope", "tasks").stdout == "Reset: tasks\n"
    assert run("reset").stdout == "Reset: tasks, journal, clock, pins, faults\n"
    assert run("reset", "--scope", "taks").exit_code == 1


def test_wait_returns_at_once_when_the_server_is_ready(run: Run, url: str) -> None:
    assert run("wait").exit_code == 0


def test_wait_gives_up_with_a_code_of_its_own(run: Run, nobody: str) -> None:
    result = run("wait", "--url", nobody, "--timeout", "0.1")

    assert result.exit_code == 5
    assert result.stderr == f"Error: Not ready after 0.1 s: No server answers at {nobody} (Connection refused).\n"


def test_env_prints_exports_for_eval(run: Run, url: str) -> None:
    lines = run("env").stdout.splitlines()

    assert lines[0] == f"export XPANDER_BASE_URL={url}"
    assert lines[1] == "export XPANDER_API_KEY=local"
    assert lines[2].startswith("export XPANDER_ORGANIZATION_ID=")
    assert json.loads(run("env", "-o", "json", "--key", "it's").stdout)["XPANDER_API_KEY"] == "it's"
    assert """export XPANDER_API_KEY='it'"'"'s'""" in run("env", "--key", "it's").stdout


def test_env_does_not_print_a_key_of_the_real_service(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPANDER_API_KEY", "real")

    assert "real" not in run("env").stdout
