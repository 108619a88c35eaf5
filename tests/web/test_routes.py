from pathlib import Path

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
