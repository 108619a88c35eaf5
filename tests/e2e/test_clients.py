"""Clients of other languages, each as it is by default: a task is started, polled, approved and polled to its end."""

import json
import os
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from conftest import Emulator, program

CLIENTS = Path(__file__).parent / "clients"
MODULES = Path(sys.prefix) / "node_modules"
SECONDS = 50


class Relay:
    """Stands between a client and a server, and counts the client's connections."""

    def __init__(self, url: str) -> None:
        self.connections = 0
        self._server = (urlsplit(url).hostname, urlsplit(url).port)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self.connections += 1
                server = socket.create_connection(self._server)
                for source, target in ((client, server), (server, client)):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while part := source.recv(65_536):
            target.sendall(part)
        target.shutdown(socket.SHUT_WR)


@pytest.fixture
def relay(auto: Emulator) -> Iterator[Relay]:
    relay = Relay(auto.url)
    yield relay
    relay.close()


def run(*command: str) -> str:
    """Return what a client prints."""
    environment = os.environ | {"NODE_PATH": str(MODULES), "NO_PROXY": "127.0.0.1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command_of(client: str) -> list[str]:
    """Return how a client is called, in front of its arguments."""
    match client:
        case "java":
            return [program("java", "default-jdk-headless"), str(CLIENTS / "Approval.java")]
        case "fetch" | "undici" | "axios":
            node = program("node", "nodejs")
            if client != "fetch":
                program("npm", "npm")
            return [node, str(CLIENTS / "approval.cjs"), client]
        case _:
            return [sys.executable, str(CLIENTS / "approval.py"), client]


@pytest.mark.parametrize("client", ["java", "fetch", "undici", "axios", "requests", "urllib3", "httpx", "aiohttp"])
def test_a_client_approves_a_task_on_one_connection(auto: Emulator, relay: Relay, client: str) -> None:
    printed = run(*command_of(client), relay.url, auto.key, str(uuid.uuid4()))

    assert printed.split() == ["pending", "executing", "paused", "completed"]
    # fetch opens a second connection when it is asked again before its first is free.
    assert relay.connections <= (2 if client == "fetch" else 1)


def curl(emulator: Emulator, version: str, *calls: tuple[str, str | None]) -> list[str]:
    """Return the bodies that one curl prints for paths, each with the body that is sent to it, if any."""
    command = [program("curl", "curl")]
    for number, (url, body) in enumerate(calls):
        command += ["--next"] if number else []
        command += [version, "-sS", "--fail-with-body", "-H", f"x-api-key: {emulator.key}", "-w", "\n", url]
        command += [] if body is None else ["-H", "content-type: application/json", "-d", body]
    return run(*command).splitlines()


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_approves_a_task_on_one_connection(auto: Emulator, relay: Relay, version: str) -> None:
    task = str(uuid.uuid4())
    start = (f"{relay.url}/v1/workflows/approval/invoke/async", json.dumps({"id": task, "input": {"text": "Refund"}}))
    read = (f"{relay.url}/v1/tasks/{task}", None)
    approve = (f"{relay.url}/__emulator/tasks/{task}/signals", json.dumps({"signal": "approve"}))

    bodies = curl(auto, version, start, read, read, approve, read)

    statuses = [json.loads(body)["status"] for body in bodies]
    assert statuses == ["pending", "executing", "paused", "executing", "completed"]
    assert relay.connections == 1


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_sends_a_body_that_waits_to_be_asked_for(
    auto: Emulator, relay: Relay, tmp_path: Path, version: str
) -> None:
    text = "Refund " * 200_000
    file = tmp_path / "body.json"
    file.write_text(json.dumps({"input": {"text": text}}), encoding="utf-8")
    url = f"{relay.url}/v1/workflows/completed/invoke/async"

    started, listed = curl(auto, version, (url, f"@{file}"), (f"{relay.url}/v1/tasks", None))

    assert json.loads(started)["input"]["text"] == text
    assert json.loads(listed)["total"] == 1
    assert relay.connections == 1
