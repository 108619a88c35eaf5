"""Errors in the shape that a contract declares for them."""

from pathlib import Path

import httpx2
import pytest

from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

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
          headers: {WWW-Authenticate: {required: true, schema: {const: Key}}}
          content:
            application/json:
              schema: {type: object, required: [error, code], properties: {error: {type: string}, code: {const: 7}}}
              example: {error: no key, code: 7}
        '415':
          description: In a shape that ours keeps.
          content: {application/json: {schema: {type: object, required: [detail]}}}
  /coupons:
    post:
      requestBody: {content: {application/json: {schema: {type: integer}}}}
      responses:
        '200': {description: Taken.}
        4XX:
          description: Refused.
          content:
            application/json:
              schema: {type: object, required: [fault], properties: {fault: {const: yours}}}
  /gifts:
    post:
      requestBody: {content: {application/json: {schema: {type: integer}}}}
      responses: {'200': {description: Taken.}, '422': {description: Refused.}}
  /prices:
    get:
      responses:
        '200':
          description: In two forms.
          content:
            text/csv: {example: "a,1"}
            application/json: {example: {a: 1}}
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
    assert answer.headers["www-authenticate"] == "Key"


async def test_our_own_words_are_kept_where_they_have_the_declared_shape(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/orders", content=b"<a/>", headers={**KEY, "content-type": "text/xml"})

    assert answer.status_code == 415
    assert answer.json() == {"detail": "Content type 'text/xml' is not taken here; send application/json."}


async def test_an_error_that_is_not_declared_is_told_as_problem_details_with_pointers(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/orders", json={"item": 1}, headers=KEY)

    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unprocessable Content",
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


@pytest.mark.parametrize(
    ("method", "path", "status", "detail"),
    [
        ("GET", "/order", 404, "No operation matches GET /order. Nearest: POST /orders (differs at 'order')."),
        ("PUT", "/orders", 405, "Method Not Allowed"),
    ],
)
async def test_what_belongs_to_no_operation_is_told_as_problem_details(
    shop: httpx2.AsyncClient, method: str, path: str, status: int, detail: str
) -> None:
    answer = await shop.request(method, path)

    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"] == detail


@pytest.mark.parametrize(
    ("accept", "status", "media_type"),
    [
        ([], 200, "application/json"),
        (["text/csv;q=0.5", "text/html"], 200, "text/csv"),
        (["text/html"], 406, "application/problem+json"),
    ],
)
async def test_accept_chooses_the_media_type_even_when_it_is_sent_in_parts(
    shop: httpx2.AsyncClient, accept: list[str], status: int, media_type: str
) -> None:
    answer = await shop.get("/prices", headers=[("accept", each) for each in accept or [""]])

    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (status, media_type)


async def test_a_request_that_is_refused_is_told_in_the_declared_shape(shop: httpx2.AsyncClient) -> None:
    coupon, gift = await shop.post("/coupons", json="a"), await shop.post("/gifts", json="a")

    assert (coupon.status_code, coupon.json()) == (422, {"fault": "yours"})
    assert (gift.status_code, gift.headers["content-type"]) == (422, "application/problem+json")
