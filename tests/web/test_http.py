import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.types import Message

from tests.web.api_client import Api, api
from tests.web.messages import request_of
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app
from xpander_emulator.web.http import BodyTooLarge, ClientGone, Request, Response, json_response, unless_gone


async def test_a_client_that_hangs_up_in_the_middle_of_its_body_starts_nothing() -> None:
    app = create_app(Settings(clock="manual"))
    messages: Iterator[dict[str, Any]] = iter(
        [{"type": "http.request", "body": b'{"inp', "more_body": True}, {"type": "http.disconnect"}]
    )
    sent = []

    async def receive() -> dict[str, Any]:
        return next(messages)

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope("/v1/workflows/completed/invoke/async"), receive, send)

    assert sent == []
    assert await Api(app).listed() == []


async def test_a_body_that_comes_in_parts_is_put_together() -> None:
    client = api()

    async def parts() -> Any:
        for part in (b'{"input"', b': {"text": "in ', b'parts"}}'):
            yield part

    answer = await client.http.post(
        "/v1/workflows/completed/invoke/async", content=parts(), headers={"content-type": "application/json"}
    )

    assert Api.ok(answer)["input"]["text"] == "in parts"


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 4020),
        "headers": [(b"x-api-key", b"key"), (b"content-type", b"application/json")],
    }


async def test_a_body_is_read_once_and_then_stays() -> None:
    request = request_of("/", b"ab", b"c")

    assert [await request.body(3), await request.body(3), request.raw] == [b"abc"] * 3
    with pytest.raises(BodyTooLarge, match=r"^The request's body is larger than 2 bytes, the most that is taken\.$"):
        await request.body(2)


@pytest.mark.parametrize(
    ("chunks", "headers"),
    [((b"abcd",), {}), ((b"ab", b"cd"), {}), ((b"", b""), {"content_length": "1234"})],
    ids=["at once", "in parts", "announced"],
)
async def test_a_body_above_the_limit_is_refused(chunks: tuple[bytes, ...], headers: dict[str, str]) -> None:
    with pytest.raises(BodyTooLarge) as refused:
        await request_of("/", *chunks, **headers).body(3)

    assert (refused.value.status, refused.value.message) == (
        413,
        "The request's body is larger than 3 bytes, the most that is taken.",
    )


@pytest.mark.parametrize("length", ["many", "-5", "²", "9" * 19, ""])
async def test_an_announced_length_that_is_no_number_is_ignored(length: str) -> None:
    request = request_of("/", b"a", b"b")
    request = Request({**request.scope, "headers": [(b"content-length", length.encode())]}, request.receive, {})

    assert await request.body(3) == b"ab"


def test_of_several_headers_of_one_name_the_first_is_returned() -> None:
    headers = [(b"accept", b"text/html"), (b"accept", b"*/*")]
    request = Request({"headers": headers}, request_of().receive, {})

    assert (request.header(b"accept"), request.header(b"host")) == ("text/html", None)
    assert (request.header_values(b"accept"), request.header_values(b"host")) == (["text/html", "*/*"], [])


def test_the_origin_is_the_host_that_the_client_has_sent_else_the_address_of_the_server() -> None:
    assert request_of(host="emulator.example").origin == "http://emulator.example"
    assert request_of().origin == "http://127.0.0.1:4020"


def test_a_response_has_its_type_its_length_and_its_headers_in_this_order() -> None:
    response = json_response({"a": 1}, 404, ((b"x-own", b"1"),)).with_headers(((b"x-more", b"2"),))

    assert (response.status, response.body, response.data) == (404, b'{"a":1}', {"a": 1})
    assert response.all_headers(((b"x-extra", b"3"),)) == [
        (b"content-type", b"application/json"),
        (b"content-length", b"7"),
        (b"x-own", b"1"),
        (b"x-more", b"2"),
        (b"x-extra", b"3"),
    ]


def test_a_response_without_a_body_has_no_type_and_no_length() -> None:
    assert Response(204, media_type=None).all_headers() == []


async def test_work_is_cancelled_when_its_client_has_gone() -> None:
    cancelled = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()

    with pytest.raises(ClientGone, match=r"^The client closed its connection while it waited\.$"):
        await unless_gone(request_of(), work())

    await asyncio.wait_for(cancelled.wait(), 5)


async def test_the_result_of_work_is_returned_while_its_client_waits() -> None:
    stopped = asyncio.Event()

    async def receive() -> Message:
        try:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]
        finally:
            stopped.set()

    async def work() -> str:
        await asyncio.sleep(0)
        return "done"

    assert await unless_gone(Request({"headers": []}, receive, {}), work()) == "done"
    await asyncio.wait_for(stopped.wait(), 5)
