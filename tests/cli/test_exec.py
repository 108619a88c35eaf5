import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run

ROOT = Path(__file__).parents[2]
SHOW = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.startswith(('XPANDER', 'EMU'))}))"
ASK = """
import os, sys, urllib.request
request = urllib.request.Request(os.environ["XPANDER_BASE_URL"] + "/v1/workflows")
request.add_header("x-api-key", os.environ["XPANDER_API_KEY"])
sys.exit(0 if urllib.request.urlopen(request, timeout=5).status == 200 else 1)
"""


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}


def start(*arguments: str, stdin: int = subprocess.DEVNULL) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "xpander_emulator", "exec", *arguments]
    return subprocess.Popen(
        command,
        env=environment(),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def execute(*arguments: str) -> tuple[int, str, str]:
    with start(*arguments) as running:
        out, err = running.communicate(timeout=30)
    return running.returncode, out, err


def test_the_command_finds_the_server_by_its_environment() -> None:
    code, out, err = execute("--token", "secret", "--", sys.executable, "-c", SHOW)

    variables = json.loads(out)
    assert (code, err) == (0, "")
    assert sorted(variables) == [
        "EMULATOR_TOKEN",
        "EMULATOR_URL",
        "XPANDER_API_KEY",
        "XPANDER_BASE_URL",
        "XPANDER_ORGANIZATION_ID",
    ]
    assert variables["XPANDER_BASE_URL"] == variables["EMULATOR_URL"] != "http://127.0.0.1:4020"
    assert variables["XPANDER_API_KEY"] == "local"
    assert variables["EMULATOR_TOKEN"] == "secret"


def test_the_server_answers_while_the_command_runs() -> None:
    assert execute("--api-key", "mine", "--", sys.executable, "-c", ASK)[0] == 0


@pytest.mark.parametrize(("script", "code"), [("raise SystemExit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_the_exit_code_is_the_command_s(script: str, code: int) -> None:
    assert execute("--", sys.executable, "-c", script)[0] == code


WAIT = """
import signal, sys
awaited = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}
signal.pthread_sigmask(signal.SIG_BLOCK, awaited)
print("ready", flush=True)
sys.exit(40 + signal.sigwait(awaited))
"""


def test_what_a_terminal_sends_to_both_is_not_passed_on() -> None:
    ours, its = os.openpty()
    try:
        with start("--", sys.executable, "-c", WAIT, stdin=its) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            running.send_signal(signal.SIGINT)
            running.send_signal(signal.SIGTERM)
            running.communicate(timeout=20)
    finally:
        os.close(ours)
        os.close(its)

    assert running.returncode == 40 + signal.SIGTERM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_command(number: int) -> None:
    with start("--", sys.executable, "-c", WAIT) as running:
        assert running.stdout is not None
        assert running.stdout.readline() == "ready\n"
        running.send_signal(number)
        _, err = running.communicate(timeout=20)

    assert (running.returncode, err) == (40 + number, "")


def test_an_unknown_command_is_refused(run: Run) -> None:
    result = run("exec", "--", "no-such-command", "-q")

    assert result.exit_code == 127
    assert result.stderr == "Error: No command 'no-such-command': it is neither on PATH nor a file.\n"


def test_a_command_that_cannot_be_run_is_refused(run: Run, empty_folder: Path) -> None:
    (empty_folder / "notes.txt").write_text("no program")

    result = run("exec", "--", "./notes.txt")

    assert result.exit_code == 126
    assert result.stderr == "Error: './notes.txt' cannot be run: Permission denied.\n"


def test_without_a_command_the_usage_is_printed(run: Run) -> None:
    result = run("exec", "--clock", "auto")

    assert result.exit_code == 2
    assert "Missing argument '-- COMMAND…'" in result.stderr


def test_the_ready_file_is_there_while_the_command_runs(run: Run, empty_folder: Path) -> None:
    script = "import json, sys; sys.exit(0 if json.load(open('ready.json'))['url'] else 1)"

    result = run("exec", "--ready-file", "ready.json", "--", sys.executable, "-c", script)

    assert result.exit_code == 0
    assert not (empty_folder / "ready.json").exists()


def test_a_file_that_is_no_ready_file_stays_and_the_command_does_not_run(run: Run, empty_folder: Path) -> None:
    (empty_folder / "precious.yaml").write_text("important: yes\n")

    result = run("exec", "--ready-file", "precious.yaml", "--", sys.executable, "-c", "open('ran', 'w')")

    assert result.exit_code == 3
    assert "The ready file precious.yaml is not a ready file, but a file of 15 bytes." in result.stderr
    assert [each.name for each in empty_folder.iterdir()] == ["precious.yaml"]


@pytest.mark.parametrize("key", ["coverage_json", "junit", "html", "markdown", "ready_file"])
def test_a_settings_file_cannot_have_exec_write_outside_of_its_folder(run: Run, empty_folder: Path, key: str) -> None:
    (empty_folder / "repo").mkdir()
    (empty_folder / "repo" / "emulator.toml").write_text(f'{key} = "../mine.txt"\n')

    result = run("exec", "--config", "repo/emulator.toml", "--", sys.executable, "-c", "")

    assert result.exit_code == 2
    assert f"repo/emulator.toml:1:1: {key}: {empty_folder / 'mine.txt'} is outside of {empty_folder / 'repo'};" in (
        result.stderr
    )


def test_a_port_that_is_named_is_taken(run: Run, empty_folder: Path) -> None:
    (empty_folder / "emulator.toml").write_text("port = 49016\n")

    result = run("exec", "--", sys.executable, "-c", "")

    assert result.exit_code == 2
    assert "Port 49016 contains 9016" in result.stderr


def test_a_mistake_in_a_scenario_is_reported_before_the_command_runs(run: Run, empty_folder: Path) -> None:
    (empty_folder / "mine.yaml").write_text("scenario: mine\nsteps: []\n")

    result = run("exec", "-s", "mine.yaml", "--", sys.executable, "-c", "open('ran', 'w')")

    assert result.exit_code == 3
    assert "mine.yaml:2:8: " in result.stderr
    assert not (empty_folder / "ran").exists()
