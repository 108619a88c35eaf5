from pathlib import Path

import httpx2
import pytest
from starlette.types import Message

from tests.web.api_client import Api, api, shared
from tests.web.control.clients import BASE, CONTROL, SETTINGS
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app
from xpander_emulator.web.control.contract import control_contract


async def test_who_does_not_ask_the_control_api_does_not_wait_for_its_contract() -> None:
    control_contract.cache_clear()
    app = create_app(SETTINGS)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE) as client:
        await client.get("/v1/workflows", headers={"x-api-key": "key"})
        before = control_contract.cache_info().currsize
        answer = await client.get(f"{CONTROL}/health")

    assert (before, answer.json()) == (0, {"status": "ok"})


async def test_a_browser_of_a_named_origin_may_call_the_api_and_read_its_headers() -> None:
    client = api(cors=("https://app.example",))
    asked = {"origin": "https://app.example", "access-control-request-method": "POST"}

    preflight = await client.http.options(
        "/v1/workflows/any/invoke/async",
        headers=asked | {"access-control-request-headers": "x-api-key,content-type,prefer"},
    )
    answer = await client.http.get("/v1/tasks", headers={"origin": "https://app.example"})
    elsewhere = await client.http.get("/v1/tasks", headers={"origin": "https://evil.example"})

    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://app.example"
    assert "x-api-key" in preflight.headers["access-control-allow-headers"]
    assert answer.headers["access-control-allow-origin"] == "https://app.example"
    assert "X-RateLimit-Remaining" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in elsewhere.headers


async def test_without_cors_no_page_may_call_the_api(manual: Api) -> None:
    answer = await manual.http.options(
        "/v1/tasks", headers={"origin": "https://app.example", "access-control-request-method": "GET"}
    )

    assert answer.status_code == 405
    assert "access-control-allow-origin" not in answer.headers


async def test_cors_never_opens_the_control_api() -> None:
    client = api(cors=("*",))

    answer = await client.http.get(
        "http://127.0.0.1/__emulator/health", headers={"origin": "https://app.example", "host": "127.0.0.1"}
    )

    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/v1/tasks/t_1"), ("POST", "/v1/workflows/approval/invoke/async")]
)
def test_a_prompt_operation_is_answered_without_asgi(method: str, path: str) -> None:
    assert shared("manual").fast_endpoint(method, path) is not None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/__emulator/health"),
        ("GET", "/v1/nothing"),
        ("POST", "/v1/workflows/approval/invoke"),
        ("POST", "/v1/workflows/approval/invoke/stream"),
    ],
    ids=["root", "control", "no operation", "waits", "streams"],
)
def test_any_other_request_needs_asgi(method: str, path: str) -> None:
    assert shared("manual").fast_endpoint(method, path) is None


def test_with_cors_every_request_needs_asgi() -> None:
    app = create_app(Settings(clock="manual", cors=("*",)))

    assert app.fast_endpoint("GET", "/v1/tasks/t_1") is None


async def test_the_end_of_the_lifespan_closes_the_store(tmp_path: Path) -> None:
    client = api(store=f"sqlite:{tmp_path / 'emulator.db'}")
    await client.start()
    open_files = len(list(tmp_path.iterdir()))
    events: list[Message] = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> Message:
        return events.pop(0)

    async def send(message: Message) -> None:
        sent.append(message["type"])

    await client.app({"type": "lifespan"}, receive, send)

    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert open_files > 1
    assert [each.name for each in tmp_path.iterdir()] == ["emulator.db"]
