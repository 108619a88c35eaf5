import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

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


@pytest.fixture
def nobody() -> str:
    """Give the URL of a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


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


@pytest.mark.parametrize("command", [("tasks", "list"), ("clock", "show"), ("reset",), ("env",)])
def test_a_server_that_does_not_answer_is_told_with_the_way_out(
    run: Run, nobody: str, command: tuple[str, ...]
) -> None:
    result = run(*command, "--url", nobody)

    assert result.exit_code == 4
    assert result.stderr == (
        f"Error: No server answers at {nobody} (Connection refused). Start one with: xpander-emulator serve\n"
    )


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_a_command_as_shells_expect(number: int, code: int) -> None:
    root = str(Path(__file__).parents[2])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        command = [
            sys.executable,
            "-m",
            "xpander_emulator",
            "wait",
            "--url",
            f"http://127.0.0.1:{silent.getsockname()[1]}",
        ]
        with subprocess.Popen(command, env=os.environ | {"PYTHONPATH": root}, stderr=subprocess.PIPE) as running:
            connection, _ = silent.accept()  # now it waits for the answer
            running.send_signal(number)
            _, err = running.communicate(timeout=10)
        connection.close()

    assert running.returncode == code
    assert b"Traceback" not in err


def test_another_server_is_not_taken_for_an_emulator(run: Run) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the library's
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.handle_request, daemon=True).start()
        result = run("tasks", "list", "--key", "k", "--url", f"http://127.0.0.1:{server.server_port}")

    assert result.exit_code == 4
    assert "answers, but is no xpander-emulator. Choose its address with --url." in result.stderr


def test_a_url_without_a_scheme_is_wrong_usage(run: Run) -> None:
    result = run("tasks", "list", "--url", "localhost:4020")

    assert result.exit_code == 2
    assert "'localhost:4020' is no URL of a server; write it as http://127.0.0.1:4020." in result.stderr


def test_without_a_url_the_settings_say_where_the_server_is(
    run: Run, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMULATOR_PORT", nobody.rpartition(":")[2])

    assert nobody in run("tasks", "list").stderr


def test_off_loopback_the_token_is_asked_for(run: Run) -> None:
    with ThreadedServer(Settings(host="0.0.0.0", port=0, token="secret")) as server:
        refused = run("tasks", "list", "--url", server.base_url)
        welcome = run("tasks", "list", "--url", server.base_url, "--token", "secret")

    assert refused.exit_code == 1
    assert "Give the server's token with --token or EMULATOR_TOKEN." in refused.stderr
    assert welcome.exit_code == 0


def test_doctor_sees_a_running_server(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run("doctor", "--port", url.rpartition(":")[2])

    assert result.exit_code == 0
    assert f"answers at {url}" in result.stdout


def test_doctor_finds_a_taken_port_and_a_broken_scenario(run: Run) -> None:
    Path("broken.yaml").write_text("scenario: broken\n")
    with socket.create_server(("127.0.0.1", 0)) as other:
        result = run("doctor", "--port", str(other.getsockname()[1]), "-s", "broken.yaml", "-o", "json")

    checks = {check["name"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 1
    assert "broken.yaml:1:1: 'steps' is missing" in checks["files"]["seen"]
    assert "is in use" in checks["port"]["seen"]


def test_doctor_tells_no_secret(run: Run) -> None:
    shown = run("doctor", "--port", "0", "--token", "hush", "--api-key", "hidden=team").stdout

    assert "hush" not in shown
    assert "hidden" not in shown
    assert "(key)=team" in shown
