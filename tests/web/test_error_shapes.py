"""Errors in the shape that a contract declares for them."""

from pathlib import Path

import httpx2
import pytest

from emulator.settings import Settings
from emulator.web.app import create_app

CONTRACT = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    post:
      operationId: order
      security: [{key: []}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [item], properties: {item: {type: string}}}
      responses:
        '200': {description: Ordered.}
        '401':
          description: Who are you?
          content:
            application/json:
              schema: {type: object, required: [error, code], properties: {error: {type: string}, code: {const: 7}}}
              example: {error: no key, code: 7}
        '415':
          description: In a shape that ours keeps.
          content: {application/json: {schema: {type: object, required: [detail]}}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: key}
"""
KEY = {"key": "a"}


@pytest.fixture
def shop(tmp_path: Path) -> httpx2.AsyncClient:
    path = tmp_path / "shop.yaml"
    path.write_text(CONTRACT, encoding="utf-8")
    transport = httpx2.ASGITransport(app=create_app(Settings(spec=path)))
    return httpx2.AsyncClient(transport=transport, base_url="http://emulator")


async def test_an_error_that_is_declared_has_the_declared_shape(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/orders", json={"item": "a"})

    assert (answer.status_code, answer.json()) == (401, {"error": "no key", "code": 7})


async def test_our_own_words_are_kept_where_they_have_the_declared_shape(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/orders", content=b"<a/>", headers={**KEY, "content-type": "text/xml"})

    assert answer.status_code == 415
    assert answer.json() == {"detail": "Content type 'text/xml' is not taken here; send application/json."}


async def test_an_error_that_is_not_declared_is_told_as_problem_details_with_pointers(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/orders", json={"item": 1}, headers=KEY)

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "The request breaks the contract.",
        "violations": [
            {
                "type": "string_type",
                "loc": ["body", "item"],
                "msg": "Input should be a valid string",
                "input": 1,
                "pointer": "/body/item",
            }
        ],
    }
