"""Whatever of ours goes wrong on the way of a request is a 500 that is logged and recorded, and nobody else's fault."""

import asyncio
import contextlib
import json
import logging
import socket
from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from pathlib import Path
from typing import Any

import pytest

from tests.server.test_fast_path import BODY, HEAD, STREAM, address, message, start
from tests.web.api_client import Api
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import DEFAULT_NAMESPACE, Settings
from xpander_emulator.web import sse
from xpander_emulator.web.api.gateway import ApiGateway
from xpander_emulator.web.contract_responses import ContractResponses

LIST = message("GET", "/v1/tasks")
MISSING = message("GET", "/v1/tasks/none")
ERRORS = [RuntimeError("out of order"), RecursionError("too deep"), MemoryError()]


class Server:
    """A server whose parts can be made to fail, and which answers directly or by ASGI alone."""

    def __init__(self, running: ThreadedServer, is_direct: bool, patch: pytest.MonkeyPatch) -> None:
        self.running = running
        self.app = running.app
        self._patch = patch
        if not is_direct:
            patch.setattr(self.app, "fast_endpoint", lambda method, path: None)

    def breaks(self, owner: Any, name: str, error: Exception, times: int = 10) -> None:
        """Let a method fail so many times."""
        left = [type(error)(*error.args) for _ in range(times)]
        sound = getattr(owner, name)

        def fails(*arguments: Any, **named: Any) -> Any:
            if left:
                raise left.pop()
            return sound(*arguments, **named)

        async def fails_later(*arguments: Any, **named: Any) -> Any:
            return await fails(*arguments, **named)

        self._patch.setattr(owner, name, fails_later if iscoroutinefunction(sound) else fails)

    def ask(self, *requests: bytes) -> list[tuple[int, dict[bytes, bytes], bytes]]:
        """Return the answers to requests that come one after the other on one connection, until it closes."""
        answers = []
        with socket.create_connection(address(self.running), timeout=10) as connection, connection.makefile("rb") as io:
            for request in requests:
                connection.sendall(request)
                line = io.readline()
                if not line:
                    break
                fields = dict(line.strip().split(b": ", 1) for line in iter(io.readline, b"\r\n"))
                is_head = request.startswith(b"HEAD")
                length = 0 if is_head else int(fields.get(b"content-length", 0))
                answers.append((int(line.split()[1]), fields, io.read(length)))
        return answers

    def recorded(self) -> list[tuple[int, int]]:
        """Return number and status of what the journal has, oldest first."""
        entries = self.running.call(self.app.engine.journal.newest(DEFAULT_NAMESPACE))
        return [(entry.ordinal, entry.status) for entry in reversed(entries)]


@pytest.fixture(scope="module")
def running() -> Iterator[ThreadedServer]:
    with ThreadedServer(Settings(port=0, clock="auto")) as server:
        yield server


@pytest.fixture(params=[True, False], ids=["direct", "asgi"])
def server(request: pytest.FixtureRequest, running: ThreadedServer, monkeypatch: pytest.MonkeyPatch) -> Server:
    found = Server(running, request.param, monkeypatch)
    running.call(running.app.engine.reset(DEFAULT_NAMESPACE))
    return found


@pytest.fixture
def tracebacks(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """Give a function that returns the types of the errors that are logged with their traceback."""
    caplog.set_level(logging.ERROR)
    return lambda: [type(each.exc_info[1]).__name__ for each in caplog.records if each.exc_info and each.exc_info[1]]


def worded(error: Exception) -> dict[str, str]:
    return {"detail": f"A defect of the emulator: {type(error).__name__}: {error}"}


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_an_answer_that_cannot_be_recorded_is_a_500_without_a_number(
    server: Server, tracebacks: Callable[[], list[str]], error: Exception
) -> None:
    server.breaks(server.app.engine.journal, "append", error, times=2)

    (first, fields, body), (second, *_) = server.ask(start(), LIST)

    assert (first, json.loads(body), second) == (500, worded(error), 200)
    assert fields[b"content-type"] == b"application/json"
    assert b"x-emulator-request" not in fields
    assert tracebacks() == [type(error).__name__] * 2
    assert server.recorded() == [(2, 200)]


def test_an_answer_that_is_recorded_at_the_second_try_says_that_it_failed(
    server: Server, tracebacks: Callable[[], list[str]]
) -> None:
    server.breaks(server.app.engine.journal, "append", ERRORS[0], times=1)

    (status, fields, body), (following, *_) = server.ask(start(), LIST)

    assert (status, json.loads(body), following) == (500, worded(ERRORS[0]), 200)
    assert fields[b"x-emulator-request"] == b"1"
    assert tracebacks() == ["RuntimeError"]
    assert server.recorded() == [(1, 500), (2, 200)]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_request_without_a_number_is_a_500_and_the_next_one_is_answered(
    server: Server, tracebacks: Callable[[], list[str]], error: Exception
) -> None:
    server.breaks(server.app.engine.journal, "next_number", error, times=2)

    assert [status for status, *_ in server.ask(LIST, LIST)] == [500, 200]
    assert tracebacks() == [type(error).__name__] * 2


def test_an_observer_that_fails_leaves_one_entry_which_says_500(
    server: Server, tracebacks: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [ERRORS[0]]

    def observe(*_: Any) -> None:
        if left:
            raise left.pop()

    monkeypatch.setattr(server.app.recorder, "observers", [observe])

    answers = server.ask(start(), LIST)

    assert [status for status, *_ in answers] == [500, 200]
    assert [fields[b"x-emulator-request"] for _, fields, _ in answers] == [b"1", b"2"]
    assert server.recorded() == [(1, 500), (2, 200)]
    assert tracebacks() == ["RuntimeError"]


STEPS = {
    "the check of an answer": (ContractResponses, "check", LIST),
    "the shape of an answer": (ContractResponses, "shaped", LIST),
    "the shape of an error": (ContractResponses, "shaped", MISSING),
    "the words of an error": (ApiGateway, "error", MISSING),
    "the words of violations": (ApiGateway, "violations", start(b"{no")),
    "the headers of every answer": (ApiGateway, "extra_headers", LIST),
}


@pytest.mark.parametrize("step", STEPS)
def test_an_answer_that_cannot_be_worded_is_a_500_that_is_recorded(
    server: Server, tracebacks: Callable[[], list[str]], step: str
) -> None:
    owner, name, request = STEPS[step]
    server.breaks(owner, name, ERRORS[1])

    answers = server.ask(request, request)

    assert [status for status, *_ in answers] == [500, 500]
    assert all(json.loads(body)["detail"].startswith("A defect of the emulator") for _, _, body in answers)
    assert server.recorded() == [(1, 500), (2, 500)]
    assert set(tracebacks()) == {"RecursionError"}


def test_a_task_that_cannot_be_rendered_is_a_500_that_is_recorded(
    server: Server, tracebacks: Callable[[], list[str]]
) -> None:
    server.breaks(TaskRenderer, "task", ERRORS[2], times=1)

    answers = server.ask(start(), start())

    assert [status for status, *_ in answers] == [500, 200]
    assert server.recorded() == [(1, 500), (2, 200)]
    assert tracebacks() == ["MemoryError"]


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/tasks/none"])
def test_head_is_answered_500_without_a_body(server: Server, path: str) -> None:
    server.breaks(server.app.engine.journal, "append", ERRORS[0], times=1)

    answers = server.ask(message("HEAD", path), LIST)

    assert [status for status, *_ in answers] == [500, 200]


@pytest.mark.parametrize(("method", "path", "sound"), [("GET", "/v1/nothing", 404), ("PUT", "/v1/tasks", 405)])
def test_the_answer_to_what_no_operation_matches_may_fail_too(
    server: Server, tracebacks: Callable[[], list[str]], method: str, path: str, sound: int
) -> None:
    server.breaks(server.app.engine.journal, "append", ERRORS[0], times=2)

    answers = server.ask(message(method, path), message(method, path))

    assert [status for status, *_ in answers] == [500, sound]
    assert json.loads(answers[0][2]) == worded(ERRORS[0])
    assert tracebacks() == ["RuntimeError"] * 2


async def all_answered() -> None:
    """Return once no request is on its way in the server."""
    requests = [task for task in asyncio.all_tasks() if "run_asgi" in task.get_coro().__qualname__]  # type: ignore[union-attr]
    if requests:
        await asyncio.wait(requests)


def streamed(server: Server) -> tuple[bytes, bytes]:
    """Return the answer to a start with a stream, and what comes on the same connection behind it."""
    with socket.create_connection(address(server.running), timeout=10) as connection, connection.makefile("rb") as io:
        connection.sendall(message("POST", STREAM, BODY, head=HEAD))
        head = b"".join(iter(io.readline, b"\r\n"))
        body = b""
        if b"chunked" in head:
            while line := io.readline():
                size = int(line, 16)
                body += io.read(size + 2)[:-2]
                if size == 0:
                    break
            else:
                body += b"<broken>"
        else:
            body = io.read(int(head.partition(b"content-length: ")[2].split(b"\r\n")[0]))
        connection.sendall(message("GET", "/v1/tasks", head=HEAD + "connection: close\r\n"))
        return head + body, io.read()


def test_a_stream_that_cannot_be_recorded_is_a_500(server: Server, tracebacks: Callable[[], list[str]]) -> None:
    server.breaks(server.app.engine.journal, "append", ERRORS[0], times=2)

    answer, following = streamed(server)

    assert answer.startswith(b"HTTP/1.1 500 ")
    assert answer.endswith(json.dumps(worded(ERRORS[0]), separators=(",", ":")).encode())
    assert following.startswith(b"HTTP/1.1 200 OK")
    assert tracebacks() == ["RuntimeError"] * 2


def test_a_stream_that_fails_on_its_way_breaks_off_before_its_end(
    server: Server, tracebacks: Callable[[], list[str]]
) -> None:
    server.breaks(sse, "_frame", ERRORS[1], times=1)

    with contextlib.suppress(ConnectionError):
        answer, following = streamed(server)

        assert answer.startswith(b"HTTP/1.1 200 OK")
        assert answer.endswith(b"<broken>")
        assert following == b""
    server.running.call(all_answered())
    assert set(tracebacks()) == {"RecursionError"}
    assert server.recorded() == [(1, 200)]


def test_a_stream_whose_end_cannot_be_recorded_is_whole(server: Server, tracebacks: Callable[[], list[str]]) -> None:
    server.breaks(server.app.engine.journal, "replace", ERRORS[0], times=1)

    answer, following = streamed(server)

    server.running.call(all_answered())
    assert b"task_finished" in answer
    assert not answer.endswith(b"<broken>")
    assert following.startswith(b"HTTP/1.1 200 OK")
    assert tracebacks() == ["RuntimeError"]


SPEC = """\
openapi: 3.1.0
info: {title: Orders, version: '1'}
paths:
  /orders:
    get:
      operationId: orders
      security: []
      responses:
        '200': {description: All., content: {application/json: {schema: {type: array}}}}
        '500':
          description: Ours.
          content:
            application/vnd.error+json:
              schema: {type: object, required: [code], additionalProperties: false, properties: {code: {const: E1}}}
  /plain: {get: {operationId: plain, security: [], responses: {'204': {description: Nothing.}}}}
"""


@pytest.mark.parametrize("is_direct", [True, False])
@pytest.mark.parametrize(
    ("path", "kind"), [("/orders", b"application/vnd.error+json"), ("/plain", b"application/problem+json")]
)
def test_the_500_has_the_shape_that_the_operation_declares(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, kind: bytes, is_direct: bool
) -> None:
    file = tmp_path / "api.yaml"
    file.write_text(SPEC, encoding="utf-8")
    with ThreadedServer(Settings(port=0, spec=file)) as running:
        server = Server(running, is_direct, monkeypatch)
        server.breaks(running.app.engine.journal, "append", ERRORS[0], times=2)

        (status, fields, body), (following, *_) = server.ask(message("GET", path), message("GET", path))

    assert (status, fields[b"content-type"]) == (500, kind)
    assert json.loads(body).get("code", "E1") == "E1"
    assert following in (200, 204)


async def test_a_client_in_the_same_process_is_raised_what_breaks_its_stream(
    manual: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise RecursionError("too deep")

    monkeypatch.setattr(sse, "_frame", fails)

    with pytest.raises(RecursionError, match="too deep"):
        await manual.http.post("/v1/workflows/completed/invoke/stream", json={"input": {"text": "x"}})
