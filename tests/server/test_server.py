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
from xpander_emulator.server import listening_socket
from xpander_emulator.server.listening_socket import BadChoice, CannotStart
from xpander_emulator.server.server import NotRunning, ThreadedServer
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


def test_a_threaded_server_answers_as_soon_as_it_has_started() -> None:
    with ThreadedServer(Settings(port=0)) as running:
        status, headers = get(f"{running.base_url}/__emulator/ready")

    assert status == 200
    assert "date" in headers
    assert "server" not in headers


def test_what_is_doubtful_in_a_contract_is_a_warning_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("openapi: 3.1.0\ninfo: {title: Mine, version: '1'}\npaths: {}\nwebhooks: {a: {}}\n")

    with caplog.at_level("WARNING", "xpander_emulator.server.server"), ThreadedServer(Settings(port=0, spec=path)):
        told = [record.getMessage() for record in caplog.records if record.name == "xpander_emulator.server.server"]

    assert told == [f"{path}:4:1: webhooks are not called"]


def test_two_threaded_servers_run_side_by_side() -> None:
    with ThreadedServer(Settings(port=0)) as one, ThreadedServer(Settings(port=0)) as other:
        assert one.base_url != other.base_url
        assert get(f"{one.base_url}/__emulator/health")[0] == get(f"{other.base_url}/__emulator/health")[0] == 200


def test_an_idle_server_in_a_thread_stops_without_waiting_for_its_next_look(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.server.server.TICK_SECONDS", 3600)
    running = ThreadedServer(Settings(port=0))
    running.start()

    running.stop()

    with pytest.raises(NotRunning):
        running.call(running.app.engine.store.namespaces())


def test_work_is_done_in_the_loop_of_a_server_that_runs_and_refused_by_one_that_does_not() -> None:
    running = ThreadedServer(Settings(port=0))
    with pytest.raises(NotRunning, match=r"^The server has not started\.$"):
        _ = running.app

    with running:
        names = running.call(running.app.engine.store.namespaces())

    assert names == {}
    with pytest.raises(NotRunning, match=r"^The server does not run: it has not started, or it has stopped\.$"):
        running.call(running.app.engine.store.namespaces())


def test_a_stopped_server_leaves_its_port_free() -> None:
    with ThreadedServer(Settings(port=0)) as running:
        port = int(running.base_url.rpartition(":")[2])

    with ThreadedServer(Settings(port=port)) as again:
        assert get(f"{again.base_url}/__emulator/health")[0] == 200


def test_a_port_in_use_is_told_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        wanted = f"^Port {port} on 127.0.0.1 is in use. Stop the other server or choose --port 0 for a free one.$"
        with pytest.raises(CannotStart, match=wanted):
            ThreadedServer(Settings(port=port)).start()


@pytest.mark.parametrize("port", [9016, 19016, 8085, 48085])
def test_a_port_that_the_sdk_would_rewrite_is_refused(port: int) -> None:
    with pytest.raises(BadChoice, match=f"^Port {port} contains (9016|8085): the xpander SDK takes such a base URL"):
        listening_socket.check(Settings(port=port))


def test_a_free_port_is_drawn_again_while_the_sdk_would_rewrite_it(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    class Socket(socket.socket):
        def getsockname(self) -> tuple[str, int]:
            drawn.append(59016 if len(drawn) < 2 else 50001)
            return "127.0.0.1", drawn[-1]

    monkeypatch.setattr(socket, "socket", Socket)

    with listening_socket.bind(Settings(port=0)):
        assert drawn[:3] == [59016, 59016, 50001]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.7", "my-machine"])
def test_off_loopback_a_token_is_needed(host: str) -> None:
    with pytest.raises(BadChoice, match=r"can be reached from other machines.* Add --token TOKEN"):
        listening_socket.check(Settings(host=host))

    listening_socket.check(Settings(host=host, token="secret"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost"])
def test_on_loopback_no_token_is_needed(host: str) -> None:
    listening_socket.check(Settings(host=host))


def test_an_address_of_another_machine_cannot_be_listened_on() -> None:
    with pytest.raises(CannotStart, match=r"Host '192.0.2.1' is no address of this machine"):
        ThreadedServer(Settings(host="192.0.2.1", port=0, token="secret")).start()


def test_a_server_on_every_address_is_named_by_loopback() -> None:
    with ThreadedServer(Settings(host="0.0.0.0", port=0, token="secret")) as running:
        assert running.base_url.startswith("http://127.0.0.1:")


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
