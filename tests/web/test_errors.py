"""Errors in the shape that a contract declares for them."""

import httpx2
import pytest

KEY = {"key": "a"}


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
