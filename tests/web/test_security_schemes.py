"""Who may call an operation of any contract: each kind of credential, alternatives, and those that go together."""

from functools import cache
from pathlib import Path

import httpx2
import pytest

from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

CONTRACT = """
openapi: 3.1.0
info: {title: Doors, version: '1'}
paths:
  /basic: {get: {operationId: basic, security: [{basic: []}], responses: {'200': {description: ok}}}}
  /bearer: {get: {operationId: bearer, security: [{bearer: []}], responses: {'200': {description: ok}}}}
  /query: {get: {operationId: query, security: [{query: []}], responses: {'200': {description: ok}}}}
  /cookie: {get: {operationId: cookie, security: [{cookie: []}], responses: {'200': {description: ok}}}}
  /both: {get: {operationId: both, security: [{bearer: [], query: []}], responses: {'200': {description: ok}}}}
  /either: {get: {operationId: either, security: [{query: []}, {cookie: []}], responses: {'200': {description: ok}}}}
  /maybe: {get: {operationId: maybe, security: [{query: []}, {}], responses: {'200': {description: ok}}}}
components:
  securitySchemes:
    basic: {type: http, scheme: basic}
    bearer: {type: http, scheme: bearer}
    query: {type: apiKey, in: query, name: key}
    cookie: {type: apiKey, in: cookie, name: sid}
"""
BASIC, BEARER = {"authorization": "Basic YTpi"}, {"authorization": "bearer abc"}


@cache
def served(folder: Path) -> httpx2.AsyncClient:
    path = folder / "doors.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    transport = httpx2.ASGITransport(app=create_app(Settings(spec=path)))
    return httpx2.AsyncClient(transport=transport, base_url="http://emulator")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/basic", BASIC, 200),
        ("/basic", BEARER, 401),
        ("/basic", {}, 401),
        ("/bearer", BEARER, 200),
        ("/bearer", BASIC, 401),
        ("/bearer", {"authorization": "Bearer"}, 401),
        ("/query?key=a", {}, 200),
        ("/query?key=", {}, 401),
        ("/cookie", {"cookie": "other=1; sid=a"}, 200),
        ("/cookie", {"cookie": "other=1"}, 401),
        ("/both?key=a", BEARER, 200),
        ("/both?key=a", {}, 401),
        ("/both", BEARER, 401),
        ("/either?key=a", {}, 200),
        ("/either", {"cookie": "sid=a"}, 200),
        ("/either", {}, 401),
        ("/maybe", {}, 200),
    ],
)
async def test_a_request_must_carry_what_its_operation_asks_for(
    tmp_path_factory: pytest.TempPathFactory, path: str, headers: dict[str, str], status: int
) -> None:
    client = served(tmp_path_factory.getbasetemp())

    assert (await client.get(path, headers=headers)).status_code == status
