import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from xpander_emulator.cli.failures import Failure, NotStarted, Refused, TimedOut, Unreachable, WrongUsage


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


@pytest.mark.parametrize(
    ("failure", "code"),
    [(Refused, 1), (WrongUsage, 2), (NotStarted, 3), (Unreachable, 4), (TimedOut, 5)],
)
def test_each_kind_of_failure_is_one_line_and_an_exit_code(failure: type[Failure], code: int) -> None:
    @click.command()
    def command() -> None:
        raise failure("It failed.")

    result = CliRunner().invoke(command)

    assert (result.exit_code, result.stdout, result.stderr) == (code, "", "Error: It failed.\n")
