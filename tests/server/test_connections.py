import json
import logging
import resource
import socket
import time
from collections.abc import Iterator

import pytest

from xpander_emulator.server.connections import MAX_PENDING_REJECTIONS, RESERVED_FILES, allow_connections
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

MOST = 3
ASKED = b"GET /__emulator/health HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"
FOLLOWED = b"GET /__emulator/events HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n"


@pytest.fixture
def port() -> Iterator[int]:
    with ThreadedServer(Settings(port=0, max_connections=MOST)) as running:
        yield int(running.base_url.rpartition(":")[2])


@pytest.fixture
def connect(port: int) -> Iterator["Connect"]:
    made = Connect(port)
    yield made
    for each in made.open:
        each.close()


class Connect:
    """Opens connections, which close when the test ends."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open: list[socket.socket] = []

    def __call__(self, sent: bytes = b"") -> socket.socket:
        made = socket.create_connection(("127.0.0.1", self.port), timeout=10)
        self.open.append(made)
        made.sendall(sent)
        return made


def status(connection: socket.socket) -> int:
    return int(connection.recv(65_536).split(b" ")[1])


def whole(connection: socket.socket) -> bytes:
    """Return all that is sent until the connection is closed."""
    received = b""
    while part := connection.recv(65_536):
        received += part
    return received


def test_as_many_connections_as_the_limit_are_answered_and_one_more_is_told_to_come_again(connect: Connect) -> None:
    assert [status(connect(ASKED)) for _ in range(MOST)] == [200] * MOST

    head, _, body = whole(connect(ASKED)).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert b"\r\nretry-after: 1\r\nconnection: close\r\n" in head
    assert json.loads(body) == {
        "detail": "All 3 connections of this server are taken; try again soon, or see --max-connections."
    }


def test_streams_and_connections_that_ask_nothing_count(connect: Connect) -> None:
    assert status(connect(FOLLOWED)) == 200
    connect()
    connect()

    assert status(connect(ASKED)) == 503


def test_those_that_are_connected_are_served_on_and_a_place_that_is_free_is_taken(connect: Connect) -> None:
    first, second, third = (connect(ASKED) for _ in range(MOST))
    assert [status(each) for each in (first, second, third)] == [200] * MOST
    assert status(connect(ASKED)) == 503

    second.sendall(ASKED)
    assert status(second) == 200

    third.close()
    deadline = time.monotonic() + 10
    while (answered := status(connect(ASKED))) == 503:
        assert time.monotonic() < deadline
    assert answered == 200


def test_one_too_many_gets_its_answer_though_it_sends_much(connect: Connect) -> None:
    for _ in range(MOST):
        connect()
    sent = b"POST /v1/workflows/completed/invoke/async HTTP/1.1\r\nhost: a\r\ncontent-length: 2000000\r\n\r\n"

    assert whole(connect(sent + b"x" * 2_000_000)).startswith(b"HTTP/1.1 503 ")


def test_one_too_many_that_asks_nothing_is_closed(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.server.connections.REJECTION_SECONDS", 0.01)
    for _ in range(MOST):
        assert status(connect(ASKED)) == 200

    assert connect().recv(1) == b""


def test_where_very_many_are_too_many_each_is_told_so_at_once(connect: Connect) -> None:
    for _ in range(MOST):
        assert status(connect(ASKED)) == 200
    silent = [connect() for _ in range(MAX_PENDING_REJECTIONS)]

    assert whole(connect()).startswith(b"HTTP/1.1 503 ")
    assert {each.recv(1) for each in silent} == {b""}


def test_the_log_says_once_that_all_places_are_taken(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "xpander_emulator.server.connections"):
        for _ in range(MOST):
            connect()
        assert [status(connect(ASKED)) for _ in range(3)] == [503] * 3

    assert [record.getMessage() for record in caplog.records] == [
        "All 3 connections are taken; a new one is answered 503. See --max-connections."
    ]


class Limits:
    """What the machine lets a process open, in the place of the machine's own."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, soft: int, hard: int) -> None:
        self.now = (soft, hard)
        monkeypatch.setattr(resource, "getrlimit", lambda _: self.now)
        monkeypatch.setattr(resource, "setrlimit", self.set)

    def set(self, _: int, limits: tuple[int, int]) -> None:
        assert limits[0] <= limits[1] or limits[1] == resource.RLIM_INFINITY
        self.now = limits


@pytest.mark.parametrize(
    ("soft", "hard", "room", "after"),
    [
        (4096, 4096, 1000, 4096),
        (256, 4096, 1000, 1000 + RESERVED_FILES),
        (256, resource.RLIM_INFINITY, 1000, 1000 + RESERVED_FILES),
        (resource.RLIM_INFINITY, resource.RLIM_INFINITY, 1000, resource.RLIM_INFINITY),
        (256, 512, 512 - RESERVED_FILES, 512),
        (64, 64, 1, 64),
    ],
)
def test_a_process_may_open_the_files_that_its_connections_need_or_has_room_for_fewer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, soft: int, hard: int, room: int, after: int
) -> None:
    limits = Limits(monkeypatch, soft, hard)

    assert allow_connections(1000) == room
    assert limits.now == (after, hard)
    assert bool(caplog.records) == (room < 1000)


def test_where_the_machine_refuses_more_files_there_is_room_for_those_there_are(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Limits(monkeypatch, 256, 4096)

    def refuse(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)

    assert allow_connections(1000) == 256 - RESERVED_FILES
    assert "only 128 are possible: a process may open 256 files here" in caplog.text
