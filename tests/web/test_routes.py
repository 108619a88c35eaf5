from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.contract.samples import HEAD, ours
from tests.web.api_client import Api, api
from xpander_emulator.contract.model import Operation
from xpander_emulator.web.routes import nearest

START = "/v1/workflows/approval/invoke/async"


@pytest.mark.parametrize(
    ("method", "path", "hint"),
    [
        ("GET", "/v1/task/t_1", " Nearest: GET /v1/tasks/{task_id} (differs at 'task')."),
        ("GET", "/v1/tasks/", " Nearest: GET /v1/tasks (without the slash at the end)."),
        ("POST", "/v1/agents/a/invoked", " Nearest: POST /v1/agents/{agent_id}/invoke (differs at 'invoked')."),
        ("GET", "/v1/tasks/t_1/thread/all", " Nearest: GET /v1/tasks/{task_id}/thread/full (differs at 'all')."),
        ("GET", "/tasks/t_1", None),
        ("GET", "/", " The emulator's pages are at /__emulator/."),
        ("GET", "/favicon.ico", ""),
    ],
)  # fmt: skip
async def test_a_path_that_matches_nothing_names_the_nearest(
    manual: Api, method: str, path: str, hint: str | None
) -> None:
    answer = await manual.http.request(method, path)

    assert answer.status_code == 404
    detail = answer.json()["detail"]
    assert detail.startswith(f"No operation matches {method} {path}.")
    if hint is not None:
        assert detail == f"No operation matches {method} {path}.{hint}"


def told(method: str, path: str, operations: tuple[Operation, ...] | None = None) -> str:
    return "".join(map(str, nearest(ours().operations if operations is None else operations, method, path, 1)))


def test_of_two_operations_of_one_path_the_one_of_the_same_method_is_nearest() -> None:
    assert told("DELETE", "/v1/task/t_1") == "DELETE /v1/tasks/{task_id} (differs at 'task')"
    assert told("GET", "/v1/task/t_1") == "GET /v1/tasks/{task_id} (differs at 'task')"


def test_what_is_lacking_and_what_is_too_much_are_told() -> None:
    assert told("POST", "/v1/workflows/w/invoke/async/now").endswith("/invoke/async (goes on with 'now')")
    assert told("GET", "/v1/tasks", ()) == ""


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PUT", "/v1/tasks", "GET, HEAD"),
        ("POST", "/v1/tasks/t_1", "DELETE, GET, HEAD"),
        ("GET", START, "POST"),
        ("HEAD", START, "POST"),
        ("OPTIONS", "/v1/tasks", "GET, HEAD"),
        ("POST", "/health", "GET, HEAD"),
    ],
)
async def test_a_method_that_a_path_lacks_is_answered_with_those_it_has(
    manual: Api, method: str, path: str, allow: str
) -> None:
    answer = await manual.http.request(method, path)

    assert (answer.status_code, answer.headers["allow"]) == (405, allow)
    assert answer.content in (b'{"detail":"Method Not Allowed"}', b"")


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/tasks/none", "/__emulator/health"])
async def test_head_is_answered_as_get_without_its_body(manual: Api, path: str) -> None:
    got = await manual.http.get(path)

    answer = await manual.http.head(path)

    assert (answer.status_code, answer.content) == (got.status_code, b"")
    assert answer.headers["content-length"] == str(len(got.content))
    assert set(answer.headers) == set(got.headers)


async def test_head_of_a_stream_ends_with_its_headers(manual: Api) -> None:
    task = await manual.start("approval")

    answer = await manual.http.head(f"/org/agent-execution/{task['id']}/events")

    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-emulator-scenario"] == "approval"
    assert "content-length" not in answer.headers


@pytest.mark.parametrize("order", ["get head", "head get"])
async def test_a_head_that_the_contract_declares_is_its_own(order: str, tmp_path: Path) -> None:
    spec = tmp_path / "api.yaml"
    methods = {"get": "{responses: {'200': {description: d}}}", "head": "{responses: {'204': {description: d}}}"}
    told = ", ".join(f"{method}: {methods[method]}" for method in order.split())
    spec.write_text(f"{HEAD}paths: {{/a: {{{told}}}}}", encoding="utf-8")

    answer = await api(spec=spec).http.head("/a")

    assert answer.status_code == 204


async def test_a_literal_path_goes_before_one_with_a_parameter_and_an_encoded_slash_does_not_split(manual: Api) -> None:
    task = await manual.start(id="a b?c")

    assert await manual.task("a%20b%3Fc") == task


async def post(client: Api, content: bytes, content_type: str | None = "application/json") -> httpx2.Response:
    headers = {} if content_type is None else {"content-type": content_type}
    return await client.http.post(START, content=content, headers=headers)


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


async def test_a_query_that_the_contract_does_not_know_is_ignored(manual: Api) -> None:
    assert (await manual.http.get("/v1/tasks?utm_source=mail")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/items/all", 200, None),
        ("PUT", "/items/7", 201, None),
        ("PUT", "/items/all", 405, "GET, HEAD"),
        ("POST", "/items/schema", 202, None),
    ],
)
async def test_a_concrete_path_goes_before_a_templated_one_and_a_fragment_is_never_sent(
    tmp_path: Path, method: str, path: str, status: int, allow: str | None
) -> None:
    answers = "{'%d': {description: d}}"
    item = "parameters: [{name: id, in: path, required: true, schema: {type: string}}]"
    spec = tmp_path / "api.yaml"
    spec.write_text(
        f"""{HEAD}paths:
  /items/{{id}}: {{{item}, put: {{responses: {answers % 201}}}}}
  /items/all: {{get: {{responses: {answers % 200}}}}}
  /items/schema#add: {{post: {{responses: {answers % 202}}}}}
  /items/schema#update: {{post: {{responses: {answers % 204}}}}}
"""
    )

    answer = await api(spec=spec).http.request(method, path)

    assert (answer.status_code, answer.headers.get("allow")) == (status, allow)
