from typing import Any

import httpx2
import pytest

from tests.web.api_client import Api, api, prefer

START = "/v1/workflows/approval/invoke/async"


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/tasks/none", "/__emulator/health"])
async def test_head_is_answered_as_get_without_its_body(manual: Api, path: str) -> None:
    got = await manual.http.get(path)

    answer = await manual.http.head(path)

    assert (answer.status_code, answer.content) == (got.status_code, b"")
    assert answer.headers["content-length"] == str(len(got.content))
    assert set(answer.headers) == set(got.headers)


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"]
)
async def test_a_body_of_another_kind_is_not_taken(manual: Api, content_type: str) -> None:
    answer = await post(manual, b'{"input": {}}', content_type)

    assert answer.status_code == 415
    assert answer.json() == {"detail": f"Content type '{content_type}' is not taken here; send application/json."}


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.x+json", None]
)
async def test_a_body_of_json_is_taken_however_its_type_is_written(manual: Api, content_type: str | None) -> None:
    assert (await post(manual, b'{"input": {}}', content_type)).status_code == 200


async def test_a_body_above_the_bound_is_refused() -> None:
    client = api(max_body=100)

    at_the_bound = await post(client, b'{"input": {}}'.ljust(100))
    above = await post(client, b'{"input": {}}'.ljust(101))

    assert at_the_bound.status_code == 200
    assert (above.status_code, above.json()) == (
        413,
        {"detail": "The request's body is larger than 100 bytes, the most that is taken."},
    )


async def test_all_violations_of_a_request_are_told_at_once_in_their_order(manual: Api) -> None:
    answer = await post(manual, b'{"input": {"text": 5, "files": "x"}, "output_format": "pdf", "title": []}')

    assert answer.status_code == 422
    found = [(violation["loc"], violation["type"]) for violation in answer.json()["detail"]]
    assert found == [
        (["body", "input", "text"], "string_type"),
        (["body", "input", "files"], "list_type"),
        (["body", "output_format"], "enum"),
        (["body", "title"], "string_type"),
    ]


async def test_a_query_that_the_contract_does_not_know_is_ignored(manual: Api) -> None:
    assert (await manual.http.get("/v1/tasks?utm_source=mail")).status_code == 200


async def test_the_key_is_asked_for_before_the_body_is_looked_at(manual: Api) -> None:
    answer = await manual.http.post("/v1/workflows/any/invoke/async", content=b"{", headers={"x-api-key": ""})

    assert answer.status_code == 401


async def test_an_invalid_request_stays_invalid_whatever_is_preferred(manual: Api) -> None:
    answer = await manual.http.get("/v1/tasks?page=0", headers=prefer("code=200"))

    assert answer.status_code == 422


async def post(client: Api, content: bytes, content_type: str | None = "application/json") -> httpx2.Response:
    headers = {} if content_type is None else {"content-type": content_type}
    return await client.http.post(START, content=content, headers=headers)


INVALID: list[tuple[bytes, list[dict[str, Any]]]] = [
    (b"", [{"type": "missing", "loc": ["body"], "msg": "Field required", "input": None}]),
    (
        b'{"input": ',
        [
            {
                "type": "json_invalid",
                "loc": ["body", 10],
                "msg": "JSON decode error",
                "input": {},
                "ctx": {"error": "Expecting value"},
            }
        ],
    ),
    (b"{}", [{"type": "missing", "loc": ["body", "input"], "msg": "Field required", "input": {}}]),
    (
        b"[]",
        [
            {
                "type": "model_attributes_type",
                "loc": ["body"],
                "msg": "Input should be a valid dictionary or object to extract fields from",
                "input": [],
            }
        ],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("content", "detail"), INVALID, ids=["none", "broken", "empty", "a list"])
async def test_an_invalid_body_is_told_as_fastapi_does(
    manual: Api, content: bytes, detail: list[dict[str, Any]]
) -> None:
    answer = await post(manual, content)

    assert answer.status_code == 422
    assert answer.json() == {"detail": detail}
    assert await manual.listed() == []


@pytest.mark.parametrize(
    ("query", "loc", "kind"),
    [
        ("page=0", "page", "greater_than_equal"),
        ("page=one", "page", "int_parsing"),
        ("per_page=51", "per_page", "less_than_equal"),
        ("per_page=0", "per_page", "greater_than_equal"),
        ("status=done", "status", "enum"),
        ("from_date=yesterday", "from_date", "datetime_parsing"),
    ],
)
async def test_an_invalid_query_is_told(manual: Api, query: str, loc: str, kind: str) -> None:
    answer = await manual.http.get(f"/v1/tasks?{query}")

    assert answer.status_code == 422
    assert [(each["loc"], each["type"]) for each in answer.json()["detail"]] == [(["query", loc], kind)]


async def test_head_of_a_stream_ends_with_its_headers(manual: Api) -> None:
    task = await manual.start("approval")

    answer = await manual.http.head(f"/org/agent-execution/{task['id']}/events")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-emulator-scenario"] == "approval"
    assert "content-length" not in answer.headers
