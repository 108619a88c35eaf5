"""Faults of the connection, over real sockets: what a client's own HTTP library makes of them."""

import http.client
import json
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

HEADERS = {"x-api-key": "local", "content-type": "application/json"}
BODY = json.dumps({"input": {"text": "Hello"}})


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadedServer]:
    with ThreadedServer(Settings(port=0, clock="auto")) as server:
        yield server


@pytest.fixture
def connection(server: ThreadedServer) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(*address(server), timeout=20)
    yield connection
    connection.close()


def address(server: ThreadedServer) -> tuple[str, int]:
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    return host, int(port)


def ask(
    connection: http.client.HTTPConnection, fault: str, method: str = "GET", path: str = "/v1/tasks"
) -> http.client.HTTPResponse:
    body = BODY if method == "POST" else None
    connection.request(method, path, body, {**HEADERS, "Prefer": f"fault={fault}"})
    return connection.getresponse()


def test_a_reset_is_a_reset(connection: http.client.HTTPConnection) -> None:
    with pytest.raises(ConnectionResetError):
        ask(connection, "reset")


def test_an_empty_reply_is_a_connection_that_closes_without_a_byte(server: ThreadedServer) -> None:
    with socket.create_connection(address(server), timeout=20) as client:
        client.sendall(b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: local\r\nprefer: fault=empty\r\n\r\n")

        assert client.recv(1) == b""


def test_a_truncated_body_is_half_of_what_its_length_says(connection: http.client.HTTPConnection) -> None:
    answer = ask(connection, "truncated")

    assert answer.headers["x-emulator-fault"] == "truncated"
    with pytest.raises(http.client.IncompleteRead) as broken:
        answer.read()
    assert len(broken.value.partial) == int(answer.headers["content-length"]) // 2


def test_a_connection_lives_on_after_a_fault_that_leaves_it_whole(connection: http.client.HTTPConnection) -> None:
    for fault in ("malformed", "garbage", "rate-limited"):
        answer = ask(connection, fault)
        assert len(answer.read()) == int(answer.headers["content-length"])

    connection.request("GET", "/v1/tasks", None, HEADERS)
    assert json.loads(connection.getresponse().read())["page"] == 1


def test_a_slow_body_comes_in_pieces(server: ThreadedServer, connection: http.client.HTTPConnection) -> None:
    set_faults(server, {"kind": "slow-body", "over": "200ms", "operation": "listTasks"})
    connection.request("GET", "/v1/tasks", None, HEADERS)
    before = time.monotonic()
    answer = connection.getresponse()
    first = answer.read1(100)

    assert 0 < len(first) < int(answer.headers["content-length"])
    assert json.loads(first + answer.read())["page"] == 1
    assert time.monotonic() - before >= 0.15


def test_latency_is_real_time_on_any_clock(server: ThreadedServer, connection: http.client.HTTPConnection) -> None:
    set_faults(server, {"latency": "100ms..200ms", "operation": "listTasks"})
    before = time.monotonic()
    connection.request("GET", "/v1/tasks", None, HEADERS)
    connection.getresponse().read()

    assert time.monotonic() - before >= 0.1


def test_a_stream_breaks_off_after_its_second_event(connection: http.client.HTTPConnection) -> None:
    answer = ask(connection, "cut-stream", "POST", "/v1/workflows/completed/invoke/stream")

    with pytest.raises(http.client.IncompleteRead) as broken:
        answer.read()
    events = [json.loads(line[6:]) for line in broken.value.partial.decode().split("\n\n") if line]
    assert [event["type"] for event in events] == ["task_created", "task_updated"]


@pytest.mark.parametrize(("name", "sent"), [("cut-stream", 2), ("truncated", 0), ("reset", 0), ("empty", 0)])
def test_the_journal_counts_the_events_before_a_break(server: ThreadedServer, name: str, sent: int) -> None:
    headers = {"x-api-key": f"counted {name}"}
    told = {**HEADERS, **headers, "Prefer": f"fault={name}"}
    with httpx2.Client(base_url=server.base_url, trust_env=False) as client:
        with pytest.raises(httpx2.TransportError):
            client.post("/v1/workflows/completed/invoke/stream", content=BODY, headers=told)
        deadline = time.monotonic() + 10
        while (item := client.get("/__emulator/requests", headers=headers).json()["items"][0])["ms"] is None:
            assert time.monotonic() < deadline

    assert item["events"] == sent


def test_an_event_stops_in_the_middle(connection: http.client.HTTPConnection) -> None:
    answer = ask(connection, "truncated", "POST", "/v1/workflows/completed/invoke/stream")

    with pytest.raises(http.client.IncompleteRead) as broken:
        answer.read()
    assert broken.value.partial.startswith(b'data: {"type":"task_created"')
    assert b"\n\n" not in broken.value.partial


def test_a_malformed_event_leaves_those_after_it_whole(connection: http.client.HTTPConnection) -> None:
    answer = ask(connection, "malformed", "POST", "/v1/workflows/completed/invoke/stream")

    first, *others = [line[6:] for line in answer.read().decode().split("\n\n") if line]
    with pytest.raises(ValueError, match=r"Unterminated string|Expecting"):
        json.loads(first)
    assert [json.loads(event)["type"] for event in others] == ["task_updated", "task_updated", "task_finished"]


def test_the_story_breaks_the_stream_that_starts_it_and_a_reader_who_comes_again_sees_it_whole(
    server: ThreadedServer,
) -> None:
    with httpx2.Client(base_url=server.base_url, headers=HEADERS) as client:
        told: list[dict[str, Any]] = []
        with pytest.raises(httpx2.RemoteProtocolError):
            follow(client, told)
        path = f"/any/agent-execution/{told[0]['task_id']}/events"
        again = [client.get(path) for _ in range(3)]

    assert [event["type"] for event in told] == ["task_created", "task_updated", "think"]
    assert [answer.headers.get("x-emulator-fault") for answer in again] == ["duplicate-event", "out-of-order", None]
    assert "task_finished" in again[-1].text


def follow(client: httpx2.Client, told: list[dict[str, Any]]) -> None:
    """Read a stream as the SDK does, line by line, and keep what it tells before it breaks."""
    with client.stream("POST", "/v1/workflows/broken_stream/invoke/stream", content=BODY) as answer:
        told += (json.loads(line[6:]) for line in answer.iter_lines() if line.startswith("data: "))


def test_a_client_that_hangs_up_while_it_waits_costs_nothing(server: ThreadedServer) -> None:
    set_faults(server, {"latency": "300ms", "operation": "listTasks"})
    with socket.create_connection(address(server), timeout=20) as client:
        client.sendall(b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: local\r\n\r\n")

    with httpx2.Client(base_url=server.base_url, headers=HEADERS) as other:
        assert other.get("/v1/tasks").status_code == 200


def set_faults(server: ThreadedServer, *faults: Any) -> None:
    answer = httpx2.put(f"{server.base_url}/__emulator/faults", json={"faults": faults}, headers=HEADERS)
    assert answer.status_code == 200, answer.text
