"""An offer to upgrade changes no answer, and no byte of a body is read as a request."""

import asyncio
import logging
import re
import socket
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http import httptools_impl
from uvicorn.server import ServerState

from tests.profiles import examples
from tests.server.test_fast_path import (
    BODY,
    HEAD,
    JOURNAL,
    NAMED,
    READ,
    STREAM,
    address,
    message,
    start,
    talk,
    without_chance,
)
from xpander_emulator.server.connections import protocol_class
from xpander_emulator.server.fast_path import FastPathProtocol
from xpander_emulator.server.http1 import Http1Protocol
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

# What Java's HttpClient and `curl --http2` send with a request by http, and what browsers send.
H2C = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")
OFFERS = {
    "h2c": H2C,
    "h2c in another order": tuple(reversed(H2C)),
    "h2c in two fields": ("connection: keep-alive", *H2C),
    "WebSocket": ("upgrade: websocket", "connection: Upgrade", "sec-websocket-key: AAAA", "sec-websocket-version: 13"),
    "TLS": ("UPGRADE: TLS/1.3", "CONNECTION: keep-alive, UPGRADE"),
    "several": ("connection: upgrade", "upgrade: h2c, websocket", "upgrade: IRC/6.9"),
    "nothing": ("connection: upgrade", "upgrade:"),
}
# After so many turns of the event loop an answer is made, if what was sent is enough for one.
TURNS = 20
HIDDEN = b"GET /v1/hidden HTTP/1.1\r\nhost: x\r\nx-api-key: victim\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"


class Sent(NamedTuple):
    """One request, and how it is framed."""

    method: str
    target: str
    fields: tuple[str, ...]
    body: bytes
    chunks: tuple[int, ...]

    def wire(self) -> bytes:
        head = "".join(f"{line}\r\n" for line in (f"{self.method} {self.target} HTTP/1.1", *self._all_fields()))
        return head.encode() + b"\r\n" + self._framed()

    def _all_fields(self) -> tuple[str, ...]:
        if self.chunks:
            return (*self.fields, "transfer-encoding: chunked")
        return (*self.fields, f"content-length: {len(self.body)}") if self.body else self.fields

    def _framed(self) -> bytes:
        if not self.chunks:
            return self.body
        places = sorted({0, *(min(place, len(self.body)) for place in self.chunks), len(self.body)})
        parts = [self.body[begin:end] for begin, end in pairwise(places)]
        return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"

    def seen(self) -> tuple[str, str, list[tuple[str, str]], bytes]:
        named = (line.partition(":") for line in self._all_fields())
        return self.method, self.target, [(name.lower(), value.strip()) for name, _, value in named], self.body


class Wire(asyncio.Transport):
    """A connection whose other end is the test."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closing = False
        # Whether the server had closed it when all was answered.
        self.was_ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Noting:
    """An application that notes what it is asked."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, list[tuple[str, str]], bytes]] = []

    def fast_endpoint(self, method: str, path: str) -> None:
        """Leave every request to ASGI, for which FastPathProtocol has held its body."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            read = await receive()
            body, more = body + read["body"], read["more_body"]
        fields = [(name.decode(), value.decode()) for name, value in scope["headers"]]
        self.seen.append((scope["method"], scope["path"], fields, body))
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})


def asked(kind: type[Any], pieces: Sequence[bytes], turns: int = TURNS) -> tuple[Noting, Wire]:
    """Return what an application behind a protocol is asked by bytes that come in these very pieces.

    turns: of the event loop between two pieces.
    """

    async def run() -> None:
        state = ServerState()
        config = uvicorn.Config(app, ws="none", lifespan="off", proxy_headers=False, log_config=None)
        protocol = kind(config, state, {}, asyncio.get_running_loop())
        protocol.connection_made(wire)
        for piece in pieces:
            if not wire.closing:
                protocol.data_received(piece)
            await pass_turns(turns)
        answered = -1
        while answered < len(app.seen):
            answered = len(app.seen)
            await pass_turns(TURNS)
        for task in state.tasks:
            task.cancel()
        wire.was_ended = wire.closing
        protocol.connection_lost(None)

    app, wire = Noting(), Wire()
    asyncio.run(run())
    return app, wire


async def pass_turns(turns: int) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


def cut(whole: bytes, places: Sequence[int]) -> list[bytes]:
    inner = sorted({place for place in places if 0 < place < len(whole)})
    return [whole[begin:end] for begin, end in zip([0, *inner], [*inner, len(whole)], strict=True)]


PROTOCOLS = [Http1Protocol, FastPathProtocol, protocol_class(10)]
TEXTS = st.sampled_from([b"", b"x", BODY, HIDDEN, HIDDEN * 3, b"\r\n\r\n", b"0\r\n\r\n" + HIDDEN])
REQUESTS = st.builds(
    Sent,
    method=st.sampled_from(["GET", "POST", "HEAD", "DELETE", "OPTIONS"]),
    target=st.sampled_from(["/", "/v1/tasks", "/v1/tasks/1"]),
    fields=st.sampled_from([("host: x",), *(("host: x", *fields, "x-last: 1") for fields in OFFERS.values())]),
    body=TEXTS,
    chunks=st.sampled_from([(), (), (1,), (7, 40), (200,)]),
)


@pytest.mark.parametrize("kind", PROTOCOLS)
@examples(150)
@given(
    sent=st.lists(REQUESTS, min_size=1, max_size=4),
    places=st.lists(st.integers(1, 1_500), max_size=8),
    turns=st.sampled_from([0, 1, TURNS]),
)
def test_what_is_asked_is_what_was_sent_however_it_comes(
    kind: type[Any], sent: list[Sent], places: list[int], turns: int
) -> None:
    app, wire = asked(kind, cut(b"".join(each.wire() for each in sent), places), turns)

    assert app.seen == [each.seen() for each in sent]
    assert wire.written.count(b"HTTP/1.1 200 OK") == len(sent)
    assert not wire.was_ended


@pytest.mark.parametrize("chunks", [(), (20,)])
def test_a_request_with_an_offer_may_be_cut_anywhere(chunks: tuple[int, ...]) -> None:
    sent = [Sent("POST", "/v1/tasks", ("host: x", *H2C), HIDDEN, chunks), Sent("GET", "/", ("host: x", *H2C), b"", ())]
    whole = b"".join(each.wire() for each in sent)

    for place in range(1, len(whole)):
        app, _ = asked(FastPathProtocol, cut(whole, [place]))

        assert app.seen == [each.seen() for each in sent], place


def test_requests_with_offers_that_come_byte_by_byte_are_read() -> None:
    sent = [Sent("POST", "/v1/tasks", ("host: x", *fields), HIDDEN, ()) for fields in OFFERS.values()]
    whole = b"".join(each.wire() for each in sent)

    app, _ = asked(FastPathProtocol, cut(whole, range(len(whole))))

    assert app.seen == [each.seen() for each in sent]


def test_thousands_of_offers_in_one_packet_are_read() -> None:
    sent = Sent("GET", "/", ("host: x", "connection: upgrade", "upgrade: h2c"), b"", ())

    app, _ = asked(Http1Protocol, [sent.wire() * 2_000])

    assert app.seen == [sent.seen()] * 2_000


@pytest.mark.parametrize("target", ["elsewhere:443", "/v1/tasks"])
def test_a_tunnel_is_refused_and_what_follows_is_not_read(target: str) -> None:
    connect = f"CONNECT {target} HTTP/1.1\r\nhost: x\r\n\r\n".encode()

    together, one = asked(FastPathProtocol, [READ, connect + HIDDEN])
    # TLS is what a client sends that does not wait for the answer.
    apart, other = asked(FastPathProtocol, [READ, connect, b"\x16\x03\x01\x02", HIDDEN], 0)

    assert [seen[:2] for seen in together.seen[1:]] == [("CONNECT", target)]
    assert apart.seen == together.seen
    assert one.written == other.written
    assert other.written.count(b"HTTP/1.1 ") == 2
    assert one.was_ended
    assert other.was_ended


def test_a_tunnel_is_answered_as_what_is_not_there(twins: "Twins") -> None:
    answer = ask_once(twins.offered, b"CONNECT elsewhere:443 HTTP/1.1\r\nhost: x\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 404 Not Found")
    assert b"connection: close\r\n" in answer
    assert answer.endswith(b'{"detail":"No operation matches CONNECT elsewhere:443."}')


def with_offer(sent: bytes, offer: Sequence[str]) -> bytes:
    """Return bytes with the offer in each head."""
    lines = "".join(f"{line}\r\n" for line in offer).encode()
    return re.sub(rb"(?<= HTTP/1\.[01]\r\n)(?=host: 127)", lambda _: lines, sent)


def ask_once(server: ThreadedServer, sent: bytes) -> bytes:
    """Send what is the last on a connection, and return all that comes until the server closes."""
    with socket.create_connection(address(server), timeout=10) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


class Twins:
    """Two equal servers: one is asked with an offer, the other without."""

    def __init__(self, offered: ThreadedServer, plain: ThreadedServer) -> None:
        self.offered = offered
        self.plain = plain

    def reset(self) -> None:
        head = "host: 127.0.0.1\r\ncontent-type: application/json\r\n"
        for server in (self.offered, self.plain):
            assert b" 200 " in talk(server, [message("POST", "/__emulator/reset", b"{}", head=head)])

    def answers(self, pieces: Sequence[bytes], offer: Sequence[str], places: Sequence[int] = ()) -> tuple[str, str]:
        """Return what each server answers; the places are those where what is sent with the offer is cut."""
        offered = [with_offer(piece, offer) for piece in pieces]
        sent = cut(b"".join(offered), places) if places else offered
        return without_chance(talk(self.offered, sent)), without_chance(talk(self.plain, pieces))

    def journals(self) -> list[str]:
        """Return what each server has recorded, but for lengths of time, and ports."""
        answers = [talk(server, [JOURNAL]).partition(b"\r\n\r\n")[2] for server in (self.offered, self.plain)]
        return [re.sub(r'"(ms|time)":[^,]+|127\.0\.0\.1:\d+', "…", answer.decode()) for answer in answers]


@pytest.fixture(scope="module")
def twins() -> Iterator[Twins]:
    choices = Settings(port=0, clock="auto", max_body=200_000)
    with ThreadedServer(choices) as offered, ThreadedServer(choices) as plain:
        yield Twins(offered, plain)


CHUNKED = b"%x\r\n%b\r\n0\r\n\r\n" % (len(BODY), BODY)
CASES = {
    "a start": [start()],
    "a start, and reads": [NAMED, READ, READ],
    "several at once": [NAMED + READ + message("DELETE", "/v1/tasks/none") + READ],
    "a body that follows its head": [start()[: -len(BODY)], BODY],
    "a body in chunks": [start(b"", "transfer-encoding: chunked") + CHUNKED + READ],
    "a body that waits to be asked for": [start(BODY, "expect: 100-continue")],
    "a body larger than is held": [start(BODY[:-3] + b"x" * 100_000 + BODY[-3:]), READ],
    "a body that looks like a request": [start(HIDDEN) + READ],
    "no body": [start(b"")],
    "no key": [message("GET", "/v1/tasks", head="host: 127.0.0.1\r\n")],
    "a head": [NAMED, message("HEAD", "/v1/tasks")],
    "a stream": [message("POST", STREAM, BODY, head=HEAD) + READ],
    "a call that waits": [message("POST", "/v1/workflows/completed/invoke/sync", BODY, head=HEAD), READ],
    "the control API": [message("GET", "/__emulator/clock")],
    "a fault of the body": [start(BODY, "prefer: fault=malformed-json"), READ],
}
LAST = {
    "HTTP/1.0": message("GET", "/v1/tasks", version="1.0"),
    "a last request": message("GET", "/v1/tasks", head=HEAD + "connection: close\r\n"),
    "a target that is no URL": message("GET", "/v1/tasks/\u00e9"),
    "a body in wrong chunks": start(b"", "transfer-encoding: chunked") + b"zz\r\n",
}


@pytest.mark.parametrize("offer", ["h2c", "WebSocket"])
@pytest.mark.parametrize("case", CASES)
def test_an_offer_changes_neither_answer_nor_journal(twins: Twins, case: str, offer: str) -> None:
    twins.reset()

    offered, plain = twins.answers(CASES[case], OFFERS[offer])

    assert offered == plain
    assert offered.startswith("HTTP/1.1 ")
    with_offer, without = twins.journals()
    assert with_offer == without


@pytest.mark.parametrize("offer", ["h2c", "WebSocket"])
@pytest.mark.parametrize("case", LAST)
def test_an_offer_changes_no_last_answer(twins: Twins, case: str, offer: str) -> None:
    twins.reset()

    offered = ask_once(twins.offered, with_offer(LAST[case], OFFERS[offer]))
    plain = ask_once(twins.plain, LAST[case])

    assert without_chance(offered) == without_chance(plain)
    assert offered.startswith(b"HTTP/1.1 ")


@pytest.mark.parametrize("offer", [(), H2C])
@pytest.mark.parametrize("target", ["/v1/tasks/\u00e9", "http://a:b:c/", "nowhere"])
def test_a_target_that_is_no_url_is_the_client_s_mistake(twins: Twins, target: str, offer: tuple[str, ...]) -> None:
    answer = ask_once(twins.offered, with_offer(message("GET", target), offer))

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.endswith(b"Invalid HTTP request received.")


@examples(40)
@given(
    names=st.lists(st.sampled_from(sorted(CASES)), min_size=1, max_size=4),
    offer=st.sampled_from(sorted(OFFERS)),
    places=st.lists(st.integers(1, 2_000), max_size=6),
)
def test_neither_order_nor_pieces_let_an_offer_change_an_answer(
    twins: Twins, names: list[str], offer: str, places: list[int]
) -> None:
    twins.reset()

    offered, plain = twins.answers([piece for name in names for piece in CASES[name]], OFFERS[offer], places)

    assert offered == plain


def test_the_journal_shows_the_offer_that_was_sent(twins: Twins) -> None:
    twins.reset()

    twins.answers([start()], H2C)

    entry = talk(twins.offered, [JOURNAL.replace(b"/requests", b"/requests/1")]).decode()
    assert '"upgrade":"h2c"' in entry
    assert '"connection":"Upgrade, HTTP2-Settings"' in entry


@pytest.mark.parametrize("offer", [(), H2C])
def test_a_defect_ahead_of_the_operation_is_a_500_that_is_logged(
    twins: Twins, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, offer: tuple[str, ...]
) -> None:
    def fails(*_: Any) -> None:
        raise RecursionError("too deep")

    # A plain request asks the one, a request with an offer the other.
    monkeypatch.setattr(FastPathProtocol, "_is_plain", fails)
    monkeypatch.setattr(httptools_impl, "RequestResponseCycle", fails)

    with caplog.at_level(logging.ERROR, "uvicorn.error"):
        answer = ask_once(twins.offered, start(BODY, *offer))

    assert answer.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert answer.endswith(b'{"detail": "A defect of the emulator: RecursionError: too deep"}')
    assert b"connection: close" in answer
    assert [record.exc_info is not None for record in caplog.records] == [True]
