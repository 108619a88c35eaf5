"""The journal over HTTP: every answer of the emulated API is numbered, kept and explained."""

from typing import Any

import httpx2
import pytest

from tests.web.api_client import Api, api
from tests.web.journal_client import control, listed, sentences
from xpander_emulator.settings import DEFAULT_NAMESPACE

START = "/v1/workflows/approval/invoke/async"
BODY = {"input": {"text": "Refund order 1042"}}
STORY = """
scenario: big_refund
description: A big refund.
match: {workflow_id: "refund-*", input.text: {contains: big}}
steps:
  - {status: pending, after: 1s}
  - {status: completed, result: Done}
"""


async def test_what_no_operation_matches_stands_in_the_namespace_of_its_key(manual: Api) -> None:
    await manual.http.post("/v1/task", json=BODY)

    [item] = await listed(manual)
    shown = await control(manual, f"/requests/{item['id']}")

    assert (item["operation"], item["violations"]) == (None, [])
    assert shown["request"]["body"] == BODY
    assert shown["nearest"][0] == {"operation": "listTasks", "method": "GET", "path": "/v1/tasks"}
    assert shown["explanation"][0].startswith("No operation matches POST /v1/task. Nearest: GET /v1/tasks ")


async def test_a_path_by_another_method_is_told_so(manual: Api) -> None:
    await manual.http.put("/v1/tasks")

    assert (await sentences(manual, 1))[0].startswith(
        "No operation matches PUT /v1/tasks. Nearest: GET /v1/tasks (by another method) or "
    )


async def test_an_entry_tells_task_step_and_line(manual: Api) -> None:
    task = await manual.start("approval")
    await manual.task(task["id"])

    [read, start] = await listed(manual)

    assert (start["operation"], read["operation"]) == ("invokeWorkflowAsync", "getTask")
    assert {name: read[name] for name in ("task_id", "turn", "scenario", "step", "task_status", "source")} == {
        "task_id": task["id"],
        "turn": 1,
        "scenario": "approval",
        "step": "pending",
        "task_status": "pending",
        "source": "scenarios/approval.yaml:7",
    }
    assert (read["at"], read["events"], read["fault"]) == ("2026-01-01T00:00:00.000000Z", None, None)
    assert await sentences(manual, 2) == [
        f"GET /v1/tasks/{task['id']} is the operation getTask (GET /v1/tasks/{{task_id}}).",
        f"It is in the journal of the namespace '{manual.namespace}'.",
        f"Task {task['id']} (turn 1) plays the scenario 'approval', chosen because: its name equals the workflow_id.",
        "The answer 200 comes from the step 'pending' (pending) of 'approval', scenarios/approval.yaml:7.",
    ]


async def test_a_start_tells_which_rule_chose_and_what_nearly_matched(tmp_path: Any) -> None:
    (tmp_path / "big.yaml").write_text(STORY)
    client = api(scenarios=(tmp_path,))
    await client.start("refund-7", "a small one")
    await client.http.post(
        "/v1/workflows/refund-7/invoke/async", json=BODY, headers={"prefer": "scenario=failed, frob=1, wait=0"}
    )

    default = await control(client, "/requests/1")
    preferred = await control(client, "/requests/2")

    assert default["chosen"] == "the default"
    [miss] = default["near_misses"]
    assert miss["scenario"] == "big_refund"
    assert [(each["field"], each["wanted"], each["found"]) for each in miss["differences"]] == [
        ("input.text", "big", "a small one")
    ]
    assert any(
        "'big_refund'" in each and 'contains "big", found "a small one"' in each for each in default["explanation"]
    )
    assert preferred["chosen"] == "header Prefer: scenario=failed"
    assert preferred["preferences"] == {"applied": ["scenario=failed"], "ignored": ["frob"]}
    assert "Unknown in the header Prefer, and ignored: frob." in preferred["explanation"]


async def test_what_breaks_the_contract_is_told_and_listed_as_unmatched(manual: Api) -> None:
    await manual.start()
    await manual.http.post(START, json={"input": {"text": 7}})
    await manual.http.post(START, content=b"x", headers={"content-type": "text/plain"})
    await manual.http.get("/nowhere")

    unmatched = (await control(manual, "/requests/unmatched"))["items"]

    assert [item["status"] for item in unmatched] == [404, 415, 422]
    assert [item["violations"][0]["loc"] for item in unmatched[1:]] == [
        ["header", "content-type"],
        ["body", "input", "text"],
    ]
    assert any(each.startswith("It breaks the contract at body.input.text: ") for each in await sentences(manual, 2))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b'{"input": }', "body.10: JSON decode error: Expecting value."),
        (b'{"input": {"text": "a"}', "body.23: JSON decode error: Expecting ',' delimiter."),
        (b'{"input": "\xff"}', "body.11: JSON decode error: Invalid UTF-8."),
    ],
)
async def test_a_body_that_is_no_json_is_told_with_the_place_and_the_reason(
    manual: Api, body: bytes, told: str
) -> None:
    await manual.http.post(START, content=body, headers={"content-type": "application/json"})

    assert f"It breaks the contract at {told}" in await sentences(manual, 1)


async def test_keys_and_tokens_are_shown_nowhere(manual: Api) -> None:
    secret = "the-mark-of-a-secret"
    client = Api(manual.app, secret)
    headers = {"authorization": f"Bearer {secret}", "cookie": f"a={secret}"}
    body = {**BODY, "user_tokens": {"google": secret}, "user_oidc_token": secret}
    await client.http.post(START, json=body, headers=headers)
    await client.http.post(START, json={**body, "user_tokens": secret}, headers=headers)
    await client.http.post(START, content=b'{"user_oidc_token": "%b"' % secret.encode(), headers=headers)

    kept = (await control(client, "/requests"))["total"]
    shown = [await control(client, f"/requests/{number}") for number in range(1, kept + 1)]
    found = await control(client, "/requests/find", {"headers": {"x-api-key": "x"}, "operation": "invokeWorkflowAsync"})

    assert [each["status"] for each in shown] == [200, 422, 422]
    assert shown[0]["request"]["body"]["user_tokens"] == shown[0]["answer"]["body"]["user_tokens"] == "[redacted]"
    assert secret not in str(shown) + str(found) + str(await listed(client))


async def test_a_long_body_is_cut_and_says_so(manual: Api) -> None:
    await manual.start(text="x" * 70_000)

    request = (await control(manual, "/requests/1"))["request"]

    assert request["cut"] is True
    assert request["size"] > 70_000
    assert len(request["body"]) == 65_536


async def test_requests_are_filtered_and_paged(manual: Api) -> None:
    task = await manual.start("approval")
    other = await manual.start("completed")
    for _ in range(3):
        await manual.task(task["id"])

    assert [item["id"] for item in await listed(manual, task_id=task["id"])] == [5, 4, 3, 1]
    assert [item["id"] for item in await listed(manual, operation="getTask", per_page="2", page="2")] == [3]
    assert [item["id"] for item in await listed(manual, scenario="completed")] == [2]
    assert [item["task_id"] for item in await listed(manual, method="post", after="1")] == [other["id"]]
    assert [item["id"] for item in await listed(manual, path="/v1/tasks/*", status="200")] == [5, 4, 3]
    assert (await control(manual, "/requests", status="404"))["total"] == 0


async def test_what_was_asked_is_counted_and_where_nothing_fits_the_nearest_is_told(manual: Api) -> None:
    await manual.start("approval", "Refund order 1042")
    await manual.start("approval", "Voucher")

    some = await control(manual, "/requests/count", {"body": {"input": {"text": {"contains": "Refund"}}}})
    none = await control(manual, "/requests/find", {"status": 200, "body": {"input.text": "Refund"}})

    assert some == {"count": 1, "forgotten": 0, "near_misses": []}
    assert (none["items"], none["total"]) == ([], 0)
    assert [(each["id"], [item["told"] for item in each["differences"]]) for each in none["near_misses"]] == [
        (2, ['wanted that body.input.text equals "Refund", found "Voucher"']),
        (1, ['wanted that body.input.text equals "Refund", found "Refund order 1042"']),
    ]


@pytest.mark.parametrize(
    ("path", "body", "status", "detail"),
    [
        ("/requests/99", None, 404, "has no request 99; GET /__emulator/requests lists those it has."),
        ("/requests/x", None, 422, "path.request_id: Input should be a valid integer"),
        ("/requests/count", {"body": {"a": {"regex": "("}}}, 400, "`body.a`: '(' is no regular expression"),
        ("/requests/count", {"operatoin": "x"}, 422, "body.operatoin"),
        ("/requests/find", {"headers": "x"}, 422, "body.headers"),
    ],
)
async def test_what_the_journal_cannot_tell_is_refused(
    manual: Api, path: str, body: Any, status: int, detail: str
) -> None:
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=manual.app), base_url="http://127.0.0.1:4020"
    ) as http:
        answer = await http.request("GET" if body is None else "POST", f"/__emulator{path}", json=body)

    assert answer.status_code == status
    assert detail in answer.json()["detail"]


async def test_namespaces_with_requests_alone_are_listed() -> None:
    client = api(key="nobody-starts-anything")
    await client.http.get("/v1/tasks")

    items = (await control(client, "/namespaces"))["items"]

    assert [(item["name"], item["tasks"], item["requests"]) for item in items] == [(client.namespace, 0, 1)]
    assert client.namespace != DEFAULT_NAMESPACE
