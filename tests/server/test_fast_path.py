"""A request that is answered where it was parsed gets what it would get the long way, byte for byte."""

import gc
import json
import re
import socket
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.processes import until
from tests.profiles import examples
from xpander_emulator.server.fast_path import MAX_BUFFERED, FastPathProtocol
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings
from xpander_emulator.store.sqlite.database import transaction

START = "/v1/workflows/approval/invoke/async"
RESET = b"POST /__emulator/reset HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 0\r\n\r\n"
JOURNAL = b"GET /__emulator/requests HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n"
BODY = b'{"input": {"text": "Refund order 1042"}}'
HEAD = "host: 127.0.0.1\r\nx-api-key: local\r\n"


def message(method: str, path: str, body: bytes = b"", *, head: str = HEAD, version: str = "1.1") -> bytes:
    length = f"content-length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/{version}\r\n{head}{length}\r\n".encode("latin-1") + body


def start(body: bytes = BODY, *more: str) -> bytes:
    return message(
        "POST", START, body, head=HEAD + "".join(f"{line}\r\n" for line in ("content-type: application/json", *more))
    )


class Pair:
    """Two equal servers on clocks that stand, one of which never answers directly."""

    def __init__(self, short: ThreadedServer, long: ThreadedServer) -> None:
        self.servers = (short, long)
        self.direct: list[str] = []
        find = short.app.fast_endpoint

        def noted(method: str, path: str) -> object:
            found = find(method, path)
            if found is not None:
                self.direct.append(f"{method} {path}")
            return found

        short.app.fast_endpoint = noted  # type: ignore[assignment, method-assign]
        long.app.fast_endpoint = lambda method, path: None  # type: ignore[method-assign]

    def reset(self) -> None:
        self.direct.clear()
        for server in self.servers:
            asked = message(
                "POST", "/__emulator/reset", b"{}", head="host: 127.0.0.1\r\ncontent-type: application/json\r\n"
            )
            assert b" 200 " in talk(server, [asked])

    def answers(self, pieces: Sequence[bytes]) -> tuple[str, str]:
        """Return what each of the servers answers to these bytes, sent piece by piece, until it is silent."""
        short, long = (without_chance(talk(server, pieces)) for server in self.servers)
        return short, long

    def journals(self) -> list[str]:
        """Return what each of the servers has recorded, but for lengths of time and ports."""
        answers = [talk(server, [JOURNAL]).partition(b"\r\n\r\n")[2] for server in self.servers]
        return [re.sub(r'"(ms|time)":[^,]+|127\.0\.0\.1:\d+', "…", answer.decode()) for answer in answers]


def address(server: ThreadedServer) -> tuple[str, int]:
    return "127.0.0.1", int(server.base_url.rpartition(":")[2])


def talk(server: ThreadedServer, pieces: Sequence[bytes]) -> bytes:
    with socket.create_connection(address(server), timeout=10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        received = b""
        # Whoever has answered all that came before closes, if it has not done so already.
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(piece)
            connection.sendall(message("GET", "/__emulator/health", head="host: 127.0.0.1\r\nconnection: close\r\n"))
            while part := connection.recv(65_536):
                received += part
    return received


def without_chance(answer: bytes) -> str:
    """Return an answer without the date, the ports, and what health tells of the server."""
    text = re.sub(r"date: [^\r]+", "date: …", answer.decode("latin-1"))
    text = re.sub(r"(content-length: \d+)(?=(?:\r\n[^\r]+)*\r\n\r\n\{\"status\":\"ok\")", "content-length: …", text)
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1", text).partition('{"status":"ok"')[0]


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    choices = Settings(port=0, clock="auto", max_body=MAX_BUFFERED * 2)
    with ThreadedServer(choices) as short, ThreadedServer(choices) as long:
        yield Pair(short, long)


@pytest.fixture
def fresh(pair: Pair) -> Pair:
    pair.reset()
    return pair


TASK = "11111111-1111-4111-8111-111111111111"
NAMED = start(json.dumps({"id": TASK, "input": {"text": "Refund order 1042"}}).encode())
READ = message("GET", f"/v1/tasks/{TASK}")
STREAM = "/v1/workflows/streaming_answer/invoke/stream"
CASES = {
    "a start": [start()],
    "a start, and reads": [NAMED, READ, READ, READ],
    "several at once": [NAMED + READ + READ + message("DELETE", f"/v1/tasks/{TASK}") + READ],
    "a stop": [NAMED, message("POST", f"/v1/tasks/{TASK}/stop"), READ],
    "a thread": [NAMED, READ, message("GET", f"/v1/tasks/{TASK}/thread")],
    "a list": [NAMED, start(), message("GET", "/v1/tasks?page=1&per_page=1")],
    "a second start of a living task": [NAMED, NAMED],
    "no key": [message("GET", f"/v1/tasks/{TASK}", head="host: 127.0.0.1\r\n")],
    "no such task": [message("GET", "/v1/tasks/none")],
    "no such path": [message("GET", "/v1/task/none")],
    "another method": [message("PUT", f"/v1/tasks/{TASK}", b"{}")],
    "a head": [NAMED, message("HEAD", f"/v1/tasks/{TASK}")],
    "options": [message("OPTIONS", f"/v1/tasks/{TASK}")],
    "no JSON": [start(b"{no")],
    "no UTF-8": [start(b'{"input": {"text": "\xff"}}')],
    "a wrong type": [start(b'{"input": 7}')],
    "no body": [start(b"")],
    "another kind of body": [message("POST", START, b"a=1", head=HEAD + "content-type: text/csv\r\n")],
    "an escape in the path": [NAMED, message("GET", f"/v1/tasks/{TASK[:-1]}%31")],
    "an escape in the query": [message("GET", "/v1/tasks?per_page=%31&page=2")],
    "a query that is wrong": [message("GET", "/v1/tasks?per_page=many")],
    "two slashes": [message("GET", f"//v1/tasks/{TASK}")],
    "a whole address": [NAMED, message("GET", f"http://127.0.0.1/v1/tasks/{TASK}")],
    "a fragment": [NAMED, message("GET", f"/v1/tasks/{TASK}#top")],
    "letters beyond ASCII": [message("GET", "/v1/tasks/\u00e9")],
    "the root": [message("GET", "/")],
    "the control API": [message("GET", "/__emulator/clock")],
    "HTTP/1.0": [NAMED, message("GET", f"/v1/tasks/{TASK}", version="1.0")],
    "a last request": [NAMED, message("GET", f"/v1/tasks/{TASK}", head=HEAD + "connection: close\r\n")],
    "a body that waits to be asked for": [start(BODY, "expect: 100-continue")],
    "a body in chunks": [start(b"", "transfer-encoding: chunked"), b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)],
    "a body larger than is held": [start(BODY[:-3] + b"x" * MAX_BUFFERED + BODY[-3:])],
    "a body larger than is taken": [start(BODY[:-3] + b"x" * MAX_BUFFERED * 2 + BODY[-3:])],
    "a preferred scenario": [start(BODY, "prefer: scenario=failed")],
    "a preferred answer": [message("GET", f"/v1/tasks/{TASK}", head=HEAD + "prefer: code=404\r\n")],
    "an unknown preference": [start(BODY, "prefer: scenario=nonsense")],
    "a fault with a status": [start(BODY, "prefer: fault=server-error")],
    "a fault of the body": [start(BODY, "prefer: fault=malformed-json"), READ],
    "a fault of the connection": [start(BODY, "prefer: fault=empty-response")],
    "a call that waits": [message("POST", "/v1/workflows/completed/invoke/sync", BODY, head=HEAD), READ],
    "a stream": [message("POST", STREAM, BODY, head=HEAD)],
    "a stream between others": [NAMED + message("POST", STREAM, BODY, head=HEAD) + READ],
    "what is no HTTP": [b"what is this\r\n\r\n"],
}
# Whether what was answered before the end of a connection arrives depends on what is still on its way there.
ENDS = {
    "what is no HTTP",
    "letters beyond ASCII",
    "HTTP/1.0",
    "a last request",
    "a body larger than is taken",
    "a fault of the connection",
}
DIRECT = ["a start", "a start, and reads", "several at once", "a stop", "a thread", "a list", "no key", "no such task"]


@pytest.mark.parametrize("case", CASES)
def test_it_is_answered_and_recorded_as_it_would_be_the_long_way(fresh: Pair, case: str) -> None:
    short, long = fresh.answers(CASES[case])

    assert short == long
    assert short.startswith("HTTP/1.1 ") or case == "a fault of the connection"
    recorded = fresh.journals()
    assert recorded[0] == recorded[1]
    assert '"items":[' in recorded[0]


@pytest.mark.parametrize("case", DIRECT)
def test_what_is_plain_is_answered_directly(fresh: Pair, case: str) -> None:
    fresh.answers(CASES[case])

    assert len(fresh.direct) == sum(piece.count(b" HTTP/1.1\r\n") for piece in CASES[case])


@examples(60)
@given(
    names=st.lists(st.sampled_from(sorted(set(CASES) - ENDS)), min_size=1, max_size=4),
    cuts=st.lists(st.integers(1, 2_000), max_size=6),
)
def test_neither_order_nor_pieces_change_an_answer(pair: Pair, names: list[str], cuts: list[int]) -> None:
    pair.reset()
    whole = b"".join(piece for name in names for piece in CASES[name])
    places = sorted({cut for cut in cuts if cut < len(whole)})

    short, long = pair.answers(
        [whole[begin:end] for begin, end in zip([0, *places], [*places, len(whole)], strict=True)]
    )

    assert short == long


def test_an_upgrade_goes_the_long_way(fresh: Pair) -> None:
    fresh.answers([message("GET", f"/v1/tasks/{TASK}", head=HEAD + "connection: upgrade\r\nupgrade: h2c\r\n")])

    assert fresh.direct == []


def test_a_body_that_is_on_its_way_when_the_server_stops_is_answered() -> None:
    with ThreadedServer(Settings(port=0)) as server, socket.create_connection(address(server), timeout=10) as client:
        assert server._server is not None
        # The second that the server waits of real time may be over before this test has a turn.
        server._server.config.timeout_graceful_shutdown = 20
        client.sendall(start()[:-5])
        assert b" 200 " in talk(server, [])  # by now the head has been read
        stopping = threading.Thread(target=server.stop)
        stopping.start()
        until(lambda: not is_listening(server))
        client.sendall(start()[-5:])

        assert client.recv(65_536).startswith(b"HTTP/1.1 200 OK")
        stopping.join()


def is_listening(server: ThreadedServer) -> bool:
    try:
        socket.create_connection(address(server), timeout=10).close()
    except ConnectionRefusedError:
        return False
    return True


def test_a_connection_on_which_nothing_is_asked_is_closed_in_time() -> None:
    with ThreadedServer(Settings(port=0)) as server:
        assert server._server is not None
        server._server.config.timeout_keep_alive = 0  # seconds; uvicorn's own are 5
        with socket.create_connection(address(server), timeout=20) as client:
            client.sendall(READ)
            assert client.recv(65_536).startswith(b"HTTP/1.1 404")

            assert client.recv(1) == b""


def test_a_connection_is_closed_when_nothing_has_come_since_its_last_answer_and_not_before() -> None:
    connection = FastPathProtocol.__new__(FastPathProtocol)
    closed, looks, now = [], [], 100.0
    connection.loop = SimpleNamespace(time=lambda: now, call_later=lambda seconds, _: looks.append(seconds))  # type: ignore[assignment]
    connection.timeout_keep_alive = 5
    connection.timeout_keep_alive_handler = lambda: closed.append(now)  # type: ignore[method-assign]

    connection._idle_since = 98.0  # a second answer, 3 s after the first
    connection._close_if_idle()
    assert (looks, closed) == ([3.0], [])

    now = 103.0
    connection._close_if_idle()
    assert (looks, closed) == ([3.0], [103.0])


def test_a_request_that_has_to_wait_goes_on_when_it_can(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tasks.db"
    refused = threading.Event()

    @contextmanager
    def tried(db: sqlite3.Connection) -> Iterator[None]:
        try:
            with transaction(db):
                yield
        except sqlite3.OperationalError:
            refused.set()
            raise

    monkeypatch.setattr("xpander_emulator.store.sqlite.database.transaction", tried)
    server = ThreadedServer(Settings(port=0, store=f"sqlite:{file}"))
    with server, socket.create_connection(address(server), timeout=10) as client, closing(connect(file)) as other:
        other.execute("BEGIN IMMEDIATE")
        client.sendall(NAMED + READ)
        assert refused.wait(10)
        assert b" 200 " in talk(server, [])

        other.execute("ROLLBACK")

        answers = b""
        while answers.count(b"HTTP/1.1 200 OK") < 2 or not answers.endswith(b"}"):
            answers += client.recv(65_536)
        assert answers.count(TASK.encode()) >= 2


def connect(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None)


SPEC = """\
openapi: 3.1.0
info: {title: Heads, version: '1'}
paths:
  /closes: {get: {operationId: closes, security: [], responses: {'200': {description: It., headers: *closing}}}}
  /breaks: {get: {operationId: breaks, security: [], responses: {'200': {description: It., headers: *broken}}}}
  /empty: {get: {operationId: empty, security: [], responses: {'200': {description: It.}}}}
  /none: {get: {operationId: none, security: [], responses: {'204': {description: Nothing.}}}}
"""


@pytest.mark.parametrize("path", ["/closes", "/breaks", "/empty", "/none"])
def test_a_head_that_says_more_than_its_fields_is_left_to_the_long_way(tmp_path: Path, path: str) -> None:
    file = tmp_path / "api.yaml"
    heads = {"*closing": "{Connection: {schema: {const: close}}}", "*broken": '{X-Note: {schema: {const: "a\\nb"}}}'}
    text = SPEC
    for name, value in heads.items():
        text = text.replace(name, value)
    file.write_text(text, encoding="utf-8")

    choices = Settings(port=0, clock="auto", spec=file)
    with ThreadedServer(choices) as short, ThreadedServer(choices) as long:
        answers = Pair(short, long).answers([message("GET", path), message("GET", path)])

    assert answers[0] == answers[1]
    assert answers[0].startswith("HTTP/1.1 ")


@pytest.mark.parametrize("case", ["a start", "several at once", "no JSON", "a head", "a stream", "a fault of the body"])
def test_a_connection_that_is_closed_leaves_no_circle_behind(case: str) -> None:
    with ThreadedServer(Settings(port=0, clock="auto")) as server:
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                talk(server, CASES[case])
            # Those that are left are on their way out.
            until(lambda: not server._server.server_state.connections)  # type: ignore[union-attr]
            server.call(nothing())

            assert not [each for each in gc.get_objects() if isinstance(each, FastPathProtocol)]
        finally:
            gc.enable()


async def nothing() -> None:
    """What runs in an event loop runs after whatever has begun there."""
