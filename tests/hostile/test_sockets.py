"""Whatever comes over a socket is answered or closed: no 500, no hang, no growth, and others are served meanwhile."""

import contextlib
import json
import resource
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

PATIENCE_SECONDS = 10.0
SILENCE_SECONDS = 0.3
MAX_BODY = 200_000
START = b"POST /v1/workflows/completed/invoke/async HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: hostile\r\n"
LIST = b"GET /v1/tasks HTTP/1.1\r\nhost: 127.0.0.1\r\nx-api-key: hostile\r\nconnection: close\r\n\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[ThreadedServer]:
    with ThreadedServer(Settings(port=0, max_body=MAX_BODY, max_tasks=1_000)) as running:
        yield running


@pytest.fixture(scope="module", params=["sqlite", "redis"])
def storing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreadedServer]:
    file = f"sqlite:{tmp_path_factory.mktemp('hostile') / 'tasks.db'}"
    store = file if request.param == "sqlite" else request.getfixturevalue("running_redis").url
    with ThreadedServer(Settings(port=0, max_body=MAX_BODY, store=store)) as running:
        yield running


def connect(server: ThreadedServer) -> socket.socket:
    parts = urlsplit(server.base_url)
    return socket.create_connection((parts.hostname, parts.port), timeout=PATIENCE_SECONDS)


def talk(server: ThreadedServer, sent: bytes) -> bytes:
    """Send a whole request after which the server is to close, and return all that comes."""
    with connect(server) as connection:
        # It may have answered and closed before all was sent.
        _send(connection, sent)
        return _rest(connection)


def provoke(server: ThreadedServer, sent: bytes) -> bytes:
    """Send bytes, and return what comes until the server closes or is silent."""
    found = b""
    with connect(server) as connection:
        _send(connection, sent)
        connection.settimeout(SILENCE_SECONDS)
        with contextlib.suppress(ConnectionResetError, TimeoutError):
            while part := connection.recv(65_536):
                found += part
    return found


def ask(server: ThreadedServer, sent: bytes, count: int = 1) -> bytes:
    """Send bytes, stay, and return what comes until so many answers have begun or the server closes."""
    with connect(server) as connection:
        sending = threading.Thread(target=_send, args=(connection, sent))
        sending.start()
        found = b""
        while len(statuses(found)) < count and (part := connection.recv(65_536)):
            found += part
        connection.shutdown(socket.SHUT_RDWR)
        sending.join()
    return found


def _send(connection: socket.socket, sent: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(sent)


def _rest(connection: socket.socket) -> bytes:
    found = b""
    try:
        while part := connection.recv(65_536):
            found += part
    except ConnectionResetError:
        pass
    return found


def statuses(answer: bytes) -> list[int]:
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


def post(body: bytes, *headers: bytes, content_type: bytes = b"application/json") -> bytes:
    lines = (*headers, b"connection: close", b"content-type: " + content_type, b"content-length: %d" % len(body))
    return START + b"\r\n".join(lines) + b"\r\n\r\n" + body


def check_is_well(server: ThreadedServer) -> None:
    begun = time.monotonic()
    assert statuses(talk(server, LIST)) == [200]
    assert time.monotonic() - begun < PATIENCE_SECONDS / 2


DEEP = 100_000
BODIES = {
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * (MAX_BODY // 6) + b"1" + b"}" * (MAX_BODY // 6),
    "deep and never closed": b"[" * MAX_BODY,
    "deep inside the input": b'{"input": {"text": "x", "more": ' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    "a long number": b'{"input": {"text": ' + b"9" * 150_000 + b"}}",
    "an exponent": b'{"input": {"text": "x"}, "max_iterations": 1e400}',
    "bad UTF-8": b'{"input": {"text": "\xff\xfe"}}',
    "a lone surrogate": b'{"input": {"text": "\\ud800"}}',
    "an overlong encoding": b'{"input": {"text": "\xc0\xaf"}}',
    "a byte order mark": b'\xef\xbb\xbf{"input": {"text": "x"}}',
    "UTF-16": '{"input": {"text": "x"}}'.encode("utf-16"),
    "NaN": b'{"input": {"text": NaN}}',
    "Infinity": b'{"input": {"text": "x"}, "a": -Infinity}',
    "NUL": b'{"input": {"text": "\\u0000"}, "id": "\\u0000"}',
    "control characters": b'{"input": {"text": "\x00\x01"}}',
    "duplicate keys": b'{"input": {"text": "a"}, "input": 7, "input": {"text": "b"}}',
    "many keys": b"{" + b",".join(b'"k%d":0' % number for number in range(15_000)) + b"}",
    "nothing": b"",
    "only blanks": b" " * 100_000,
    "a long id": json.dumps({"input": {"text": "x"}, "id": "i" * 150_000}).encode(),
    "an id that is a path": b'{"input": {"text": "x"}, "id": "../../etc/passwd"}',
    "an id of separators": b'{"input": {"text": "x"}, "id": "\\n\\u0001requests"}',
    "a template": b'{"input": {"text": "{{ 9999999 * \'a\' }}{% for a in range(10**9) %}{% endfor %}"}}',
    "its own parent": b'{"input": {"text": "x"}, "id": "p", "parent_execution_id": "p"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
@pytest.mark.parametrize("content_type", [b"application/json", b"application/x-www-form-urlencoded", b"\xff/\x80"])
def test_a_hostile_body_is_taken_or_refused(server: ThreadedServer, body: bytes, content_type: bytes) -> None:
    found = statuses(talk(server, post(body, content_type=content_type)))

    assert len(found) == 1
    assert found[0] in (200, 400, 409, 413, 415, 422)
    check_is_well(server)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_hostile_body_is_taken_or_refused_over_every_store(storing: ThreadedServer, body: bytes) -> None:
    for _ in range(2):
        found = statuses(talk(storing, post(body)))

        assert len(found) == 1
        assert found[0] in (200, 400, 409, 413, 415, 422)
    assert statuses(talk(storing, LIST)) == [200]


IDS = [
    "\x00b",
    "\x01requests",
    "a\nb",
    "=",
    ".",
    "%",
    "a b",
    "é\u2028",
    "\U0001f600",
    "'; DROP TABLE task; --",
    "{{ 1 }}",
]


@pytest.mark.parametrize("task_id", IDS)
def test_an_id_of_any_characters_names_one_task_in_every_store(storing: ThreadedServer, task_id: str) -> None:
    body = json.dumps({"input": {"text": "x"}, "id": task_id, "parent_execution_id": task_id}).encode()
    started = talk(storing, post(body))
    path = b"/v1/tasks/" + quote(task_id, safe="").encode()

    read = talk(storing, LIST.replace(b"/v1/tasks", path, 1))

    assert (statuses(started), statuses(read)) == ([200], [200])
    assert json.loads(read.partition(b"\r\n\r\n")[2])["id"] == task_id
    deleted = talk(storing, LIST.replace(b"GET /v1/tasks", b"DELETE " + path, 1))
    assert statuses(deleted)[0] in (200, 204)
    assert statuses(talk(storing, LIST.replace(b"/v1/tasks", path, 1))) == [404]


def test_a_body_beyond_the_bound_is_refused_before_it_is_sent_and_while(server: ThreadedServer) -> None:
    head = START + b"content-type: application/json\r\n"
    announced = ask(server, head + b"content-length: 999999999999\r\n\r\n{")
    in_chunks = ask(server, head + b"transfer-encoding: chunked\r\n\r\n" + (b"4000\r\n" + b"x" * 0x4000 + b"\r\n") * 40)

    assert statuses(announced) == [413]
    assert statuses(in_chunks) == [413]
    check_is_well(server)


HEADS = {
    "an overlong path": b"GET /v1/tasks/" + b"a" * 200_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
    "an overlong query": b"GET /v1/tasks?" + b"a=b&" * 50_000 + b" HTTP/1.1\r\nhost: x\r\nx-api-key: h\r\n\r\n",
    "an overlong header": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: " + b"k" * 500_000 + b"\r\n\r\n",
    "many headers": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 50_000 + b"\r\n",
    "a header that is folded": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: a\r\n b\r\n\r\n",
    "a header without a name": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\n: b\r\n\r\n",
    "a header with NUL": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: a\x00b\r\n\r\n",
    "a key of no ASCII": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: \xff\xfe\r\n\r\n",
    "many keys": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: a\r\nx-api-key: b\r\n\r\n",
    "a path that climbs": b"GET /v1/../../etc/passwd HTTP/1.1\r\nhost: x\r\nx-api-key: h\r\n\r\n",
    "a path that climbs in the pages": b"GET /__emulator/%2e%2e/%2e%2e/settings.py HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
    "bad percent signs": b"GET /v1/tasks/%zz%c0%af%00 HTTP/1.1\r\nhost: x\r\nx-api-key: h\r\n\r\n",
    "an absolute target": b"GET http://elsewhere/v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: h\r\n\r\n",
    "an asterisk": b"OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n",
    "a tunnel": b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: x\r\n\r\n",
    "an upgrade": b"GET /v1/tasks HTTP/1.1\r\nhost: x\r\nx-api-key: h\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n",
    "an unknown method": b"BREW /v1/tasks HTTP/1.1\r\nhost: x\r\n\r\n",
    "an old version": b"GET /v1/tasks HTTP/0.9\r\n\r\n",
    "a version to come": b"GET /v1/tasks HTTP/9.9\r\nhost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 64,
    "no HTTP": b"\x00\xff" * 1_000,
    "line feeds alone": b"GET /v1/tasks HTTP/1.1\nhost: x\nx-api-key: h\n\n",
    "a wait without end": LIST.replace(b"\r\n\r\n", b"\r\nprefer: wait=99999999999999999999999\r\n\r\n"),
    "an odd preference": LIST.replace(b"\r\n\r\n", b"\r\nprefer: " + b'a="\\' * 5_000 + b"\r\n\r\n"),
    "an odd event id": b"GET /__emulator/events?namespace=" + b"n" * 60_000 + b" HTTP/1.1\r\nhost: x\r\n\r\n",
}


@pytest.mark.parametrize("sent", HEADS.values(), ids=HEADS)
def test_a_hostile_head_is_answered_or_closed(server: ThreadedServer, sent: bytes) -> None:
    found = statuses(provoke(server, sent))

    assert all(status < 500 or status in (501, 505) for status in found)
    check_is_well(server)


# What a proxy in front takes for one request and a server for two, or the other way round (RFC 9112, 6.1 and 6.3).
SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nhost: x\r\nx-api-key: h\r\n\r\n"
SHAPES = {
    "length and chunks": (b"content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n", b"0\r\n\r\n"),
    "chunks and length": (b"transfer-encoding: chunked\r\ncontent-length: 4\r\n\r\n", b"0\r\n\r\n"),
    "two lengths": (b"content-length: 0\r\ncontent-length: %d\r\n\r\n" % len(SMUGGLED), b""),
    "a list of lengths": (b"content-length: 0, %d\r\n\r\n" % len(SMUGGLED), b""),
    "a length with a sign": (b"content-length: +0\r\n\r\n", b""),
    "a negative length": (b"content-length: -1\r\n\r\n", b""),
    "a length in hexadecimal": (b"content-length: 0x0\r\n\r\n", b""),
    "chunks by another name": (b"transfer-encoding: xchunked\r\n\r\n", b"0\r\n\r\n"),
    "chunks not last": (b"transfer-encoding: chunked, identity\r\n\r\n", b"0\r\n\r\n"),
    "blank before the colon": (b"transfer-encoding : chunked\r\n\r\n", b"0\r\n\r\n"),
    "a bad chunk size": (b"transfer-encoding: chunked\r\n\r\n", b"zz\r\n\r\n"),
    "a huge chunk size": (b"transfer-encoding: chunked\r\n\r\n", b"ffffffffffffffffff\r\n\r\n"),
    "a negative chunk size": (b"transfer-encoding: chunked\r\n\r\n", b"-1\r\n\r\n"),
    "a chunk without end": (b"transfer-encoding: chunked\r\n\r\n", b"1\r\nab\r\n0\r\n\r\n"),
    "line feeds in chunks": (b"transfer-encoding: chunked\r\n\r\n", b"0\n\n"),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_no_request_is_smuggled_behind_one_that_can_be_read_in_two_ways(
    server: ThreadedServer, shape: tuple[bytes, bytes]
) -> None:
    head, body = shape
    answer = provoke(server, START + b"content-type: application/json\r\n" + head + body + SMUGGLED)

    assert len(statuses(answer)) <= 1
    assert b"smuggled" not in answer
    assert all(status < 500 for status in statuses(answer))
    check_is_well(server)


def test_a_request_behind_one_that_can_be_read_in_one_way_is_answered(server: ThreadedServer) -> None:
    head = b"content-type: application/json\r\ncontent-length: 2\r\n\r\n{}"

    answer = provoke(server, START + head + SMUGGLED)

    assert len(statuses(answer)) == 2
    assert b"smuggled" in answer


def test_requests_in_one_go_are_answered_in_their_order(server: ThreadedServer) -> None:
    asked = [b"GET /v1/tasks/%d HTTP/1.1\r\nhost: x\r\nx-api-key: h\r\n\r\n" % number for number in range(200)]
    asked[50] = post(b'{"input": {"text": "x"}, "id": "in-between"}').replace(b"connection: close\r\n", b"")

    found = statuses(ask(server, b"".join(asked), len(asked)))

    assert found == [404] * 50 + [200] + [404] * 149


def test_half_a_request_holds_up_nobody(server: ThreadedServer) -> None:
    half = [connect(server) for _ in range(50)]
    for number, connection in enumerate(half):
        sent = post(b'{"input": {"text": "x"}}')
        connection.sendall(sent[: 1 + number * len(sent) // 60])

    check_is_well(server)

    for connection in half:
        connection.close()
    check_is_well(server)


def test_a_body_that_comes_byte_by_byte_holds_up_nobody(server: ThreadedServer) -> None:
    sent = post(b'{"input": {"text": "slow"}, "id": "byte-by-byte"}')
    with connect(server) as slow:
        slow.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for place in range(len(sent)):
            slow.sendall(sent[place : place + 1])
            if place % 40 == 0:
                check_is_well(server)
        assert statuses(_rest(slow)) == [200]


def test_clients_that_leave_at_any_moment_leave_nothing_behind(server: ThreadedServer) -> None:
    sent = post(b'{"input": {"text": "x"}}')
    before = threading.active_count()
    for place in range(0, len(sent), 3):
        connection = connect(server)
        connection.sendall(sent[:place])
        # A reset in place of a goodbye.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()

    check_is_well(server)
    assert threading.active_count() <= before


def test_somebody_who_never_reads_is_given_up_without_growth(server: ThreadedServer) -> None:
    for number in range(200):
        talk(server, post(json.dumps({"input": {"text": "x" * 5_000}, "id": f"big-{number}"}).encode()))
    page = b"GET /v1/tasks?per_page=100 HTTP/1.1\r\nhost: x\r\nx-api-key: hostile\r\n\r\n"
    before = resident()
    with connect(server) as deaf, contextlib.suppress(OSError):
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.settimeout(2)
        for _ in range(2_000):
            deaf.sendall(page)

        check_is_well(server)

    assert resident() - before < 100_000_000


def resident() -> int:
    """Return how many bytes of memory this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def test_hostile_bodies_do_not_make_the_process_grow(server: ThreadedServer) -> None:
    for body in BODIES.values():
        talk(server, post(body))
    before = resident()

    for _ in range(20):
        for body in BODIES.values():
            talk(server, post(body))

    assert resident() - before < 60_000_000


@examples(100)
@given(sent=st.binary(max_size=300), place=st.integers(0, 400))
def test_whatever_stands_anywhere_in_a_request_is_no_fault_of_ours(
    server: ThreadedServer, sent: bytes, place: int
) -> None:
    whole = post(b'{"input": {"text": "Hello"}, "id": "mangled"}')

    with connect(server) as connection:
        _send(connection, whole[:place] + sent + whole[place:])
        connection.shutdown(socket.SHUT_WR)
        found = statuses(_rest(connection))

    assert all(status < 500 or status in (501, 505) for status in found)
