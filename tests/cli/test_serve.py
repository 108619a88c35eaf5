import gc
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.contract.samples import ours
from xpander_emulator.cli.serve import banner, curl, key_of
from xpander_emulator.settings import Settings

INFO = {
    "contract": {"title": "xpander-emulator", "version": "1", "operations": 18},
    "scenarios": ["completed", "approval"],
    "organization_id": "e83867d0-cde1-4a93-8f77-992f1083cad8",
}


def test_the_banner_can_be_pasted_from() -> None:
    text = banner("http://127.0.0.1:4020", Settings(seed=7), INFO, ours())

    assert "serves http://127.0.0.1:4020 " in text
    assert "  export XPANDER_BASE_URL=http://127.0.0.1:4020\n  export XPANDER_API_KEY=local\n" in text
    assert "  export XPANDER_ORGANIZATION_ID=e83867d0-cde1-4a93-8f77-992f1083cad8\n" in text
    assert "Contract   xpander-emulator 1, 18 operations\n" in text
    assert "Scenarios  2: completed, approval\n" in text
    assert (
        "Clock      real\nSeed       7\nPages      http://127.0.0.1:4020/__emulator/\nControl    http://127.0.0.1:4020/__emulator\n"
        in text
    )
    assert (
        "  curl -X POST http://127.0.0.1:4020/v1/workflows/approval/invoke/async -H 'Content-Type: application/json' "
        """-H 'x-api-key: local' -d '{"input": {"text": "Refund order 1042"}}'\n"""
    ) in text


def test_the_banner_shows_the_scale_of_a_clock() -> None:
    assert "Clock      scaled, 60 times\n" in banner("http://127.0.0.1:4020", Settings(clock="scaled"), INFO, ours())


def test_the_banner_hides_a_key_that_a_user_chose() -> None:
    text = banner("http://127.0.0.1:4020", Settings(api_keys=(("chosen", None),)), INFO, ours())

    assert "export XPANDER_API_KEY=YOUR_KEY\n" in text
    assert "-H 'x-api-key: YOUR_KEY'" in text
    assert "chosen" not in text


def test_a_serve_that_is_refused_leaves_the_collector_of_circles_on(run: Run) -> None:
    refused = run("serve", "--host", "0.0.0.0")

    assert refused.exit_code == 2
    assert gc.isenabled()


def test_a_server_that_answers_looks_for_circles_again() -> None:
    code = (
        "import gc, xpander_emulator.server.server as server\n"
        "from xpander_emulator.cli import main\n"
        "def run(each, sockets): print(gc.isenabled(), gc.get_threshold()[0])\n"
        "server.Server.run = run\n"
        "main(['serve', '--port', '0'])"
    )

    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert process.stdout == "True 2000\n"


def test_a_key_with_a_quote_stays_one_word_of_the_shell() -> None:
    assert """-H 'x-api-key: it'"'"'s'""" in curl("http://127.0.0.1:4020", "it's", "approval")


def test_the_key_that_is_shown_is_one_that_the_server_welcomes() -> None:
    assert key_of(Settings()) == "local"
    assert key_of(Settings(api_keys=(("first", None), ("second", None)))) == "first"
    assert key_of(Settings(api_keys=(("first", None), ("local", None)))) == "local"


def test_a_choice_that_nothing_may_be_served_with_is_wrong_usage(run: Run) -> None:
    result = run("serve", "--port", "19016")

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: Port 19016 contains 9016: ")


def test_a_taken_port_is_a_failed_start(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        result = run("serve", "--port", str(port))

    assert result.exit_code == 3
    assert result.stderr == (
        f"Error: Port {port} on 127.0.0.1 is in use. Stop the other server or choose --port 0 for a free one.\n"
    )


def test_broken_scenarios_are_a_failed_start_with_every_mistake(run: Run) -> None:
    Path("one.yaml").write_text("scenario: one\n")
    Path("two.yaml").write_text("scenario: two\n")

    result = run("serve", "--port", "0", "-s", "one.yaml", "-s", "two.yaml")

    assert result.exit_code == 3
    assert "one.yaml:1:1: 'steps' is missing" in result.stderr
    assert "two.yaml:1:1: 'steps' is missing" in result.stderr


def test_a_ready_file_that_cannot_be_written_is_reported_before_the_server_starts(run: Run) -> None:
    result = run("serve", "--port", "0", "--ready-file", "nowhere/ready.json")

    assert result.exit_code == 3
    assert result.stderr == (
        "Error: The ready file nowhere/ready.json cannot be written. Choose one in a folder that exists and is yours.\n"
    )


@pytest.mark.parametrize("workers", [(), ("--workers", "2", "--store", "sqlite:tasks.db")])
def test_a_ready_file_that_is_a_file_of_something_else_is_a_failed_start(run: Run, workers: tuple[str, ...]) -> None:
    Path("precious.yaml").write_text("important: yes\n")

    # The port would be refused too, but later.
    result = run("serve", "--port", "19016", "--ready-file", "precious.yaml", *workers)

    assert result.exit_code == 3
    assert result.stderr == (
        "Error: The ready file precious.yaml is not a ready file, but a file of 15 bytes. Only a ready file of an "
        "earlier server, or an empty file, is replaced; choose another path.\n"
    )
    assert Path("precious.yaml").read_text() == "important: yes\n"
    assert not Path("tasks.db").exists()


@pytest.mark.parametrize("arguments", [(), ("serve",), ("tasks",), ("clock", "advance"), ("scenarios", "graph")])
def test_every_command_has_help(run: Run, arguments: tuple[str, ...]) -> None:
    result = run(*arguments, "--help")

    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: xpander-emulator")


def test_the_version_is_printed(run: Run) -> None:
    from xpander_emulator import __version__

    assert run("--version").stdout == f"xpander-emulator, version {__version__}\n"
