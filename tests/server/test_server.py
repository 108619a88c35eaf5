import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.processes import until
from xpander_emulator.engine.engine import MANUAL_WAIT_SECONDS
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

ROOT = Path(__file__).parents[2]


def get(url: str) -> tuple[int, dict[str, str]]:
    with urllib.request.urlopen(url, timeout=5) as response:
        return response.status, dict(response.headers)


@contextmanager
def process(*arguments: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Give a running `serve` and its base URL, as a script would learn it from the ready file."""
    ready = folder / "ready.json"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EMULATOR_")}
    command = [sys.executable, "-m", "xpander_emulator", "serve", "--port", "0", "--ready-file", str(ready), *arguments]
    path = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environment | {"PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            wait_for(ready, running)
            yield running, json.loads(ready.read_text())["url"]
        finally:
            running.kill()


def wait_for(ready: Path, running: subprocess.Popen[str]) -> None:
    def is_ready() -> bool:
        assert running.poll() is None, running.stderr.read() if running.stderr else ""
        return ready.exists()

    until(is_ready)


def test_what_is_doubtful_in_a_contract_is_a_warning_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: Mine, version: '1'}\npaths: {}\nwebhooks: {a: {}}\n")

    with caplog.at_level("WARNING", "xpander_emulator.server.server"), ThreadedServer(Settings(port=0, spec=path)):
        told = [record.getMessage() for record in caplog.records if record.name == "xpander_emulator.server.server"]

    assert told == [f"{path}:4:1: webhooks are not called"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_with_0_and_takes_the_ready_file_along(number: int, tmp_path: Path) -> None:
    with process(folder=tmp_path) as (running, url):
        assert get(f"{url}/__emulator/ready")[0] == 200
        running.send_signal(number)
        out, err = running.communicate(timeout=10)

    assert running.returncode == 0
    assert out == ""
    assert f"serves {url}" in err
    assert f"export XPANDER_BASE_URL={url}" in err
    assert not (tmp_path / "ready.json").exists()


def test_an_open_request_does_not_keep_the_process(tmp_path: Path) -> None:
    with process("--clock", "manual", folder=tmp_path) as (running, url):
        host, port = url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            body = b'{"input": {"text": "Refund"}}'
            client.sendall(
                b"POST /v1/workflows/completed/invoke HTTP/1.1\r\nhost: x\r\nx-api-key: local\r\n"
                b"content-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
            )
            get(f"{url}/__emulator/ready")  # by now the other request has been read
            running.terminate()
            # Sooner than the request would have been answered.
            _, err = running.communicate(timeout=MANUAL_WAIT_SECONDS)

    assert running.returncode == 0
    assert "Traceback" not in err


def test_a_stream_that_is_open_when_the_process_is_told_to_stop_ends_in_order(tmp_path: Path) -> None:
    with process(folder=tmp_path) as (running, url):
        request = urllib.request.Request(
            f"{url}/v1/workflows/approval/invoke/stream",
            b'{"input": {"text": "Refund"}}',
            {"x-api-key": "local", "content-type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=5) as answer:
            first = answer.readline()
            running.terminate()
            rest = answer.read()  # would raise IncompleteRead if the last chunk did not come
        _, err = running.communicate(timeout=10)

    assert b"task_created" in first
    assert b"task_finished" not in rest
    assert running.returncode == 0
    assert err.count("serves") == 1
    assert "ASGI" not in err
