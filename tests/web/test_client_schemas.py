"""The `output_schema` of a client over HTTP: refused where it is too large, else never more than a remark."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given

from tests.contract.request.test_client_schemas import CIRCLES, SCHEMAS
from tests.profiles import examples
from tests.web.api_client import Api, Json, api
from tests.web.journal_client import control, sentences

WARNING = "x-emulator-warning"
CIRCLE = {"$ref": "#"}
TOLD = "output_schema was left aside: a schema applies itself to the same value without end: '#' -> '#'"
GOOD = {"type": "object", "required": ["n"], "properties": {"n": {"const": 7}}}
LARGE = {"type": "object", "properties": {"a": {"type": "array", "minItems": 10**9}}}
CONTROL = {"host": "127.0.0.1"}


def asking(schema: Any, **more: Any) -> Json:
    return {"input": {"text": "Hi"}, "output_format": "json", "output_schema": schema, **more}


async def started(client: Api, schema: Any, **more: Any) -> str:
    answer = await client.http.post("/v1/workflows/completed/invoke/async", json=asking(schema, **more))
    return str(client.ok(answer)["id"])


@pytest.mark.parametrize("schema", CIRCLES)
async def test_a_schema_without_end_is_answered_as_if_none_had_been_sent(manual: Api, schema: Json) -> None:
    task_id = await started(manual, schema)
    await manual.advance(600_000)

    task = await manual.http.get(f"/v1/tasks/{task_id}")

    assert list(json.loads(manual.ok(task)["result"])) == ["result"]
    assert task.headers[WARNING].startswith("output_schema was left aside: a schema applies itself to the same value")
    assert task_id in await manual.listed()
    assert len(manual.ok(await manual.http.get(f"/v1/tasks/{task_id}/thread"))) == 2


@pytest.mark.parametrize("kind", ["workflows", "agents"])
@pytest.mark.parametrize("how", ["invoke", "invoke/async", "invoke/stream"])
async def test_every_start_refuses_a_schema_that_is_too_large_and_warns_of_one_without_end(
    kind: str, how: str, auto: Api
) -> None:
    path = f"/v1/{kind}/a/{how}"
    refused = await auto.http.post(path, json=asking(LARGE))
    warned = await auto.http.post(path, json=asking(CIRCLE))

    assert refused.status_code == 422
    assert refused.json() == {
        "detail": [
            {
                "type": "less_than_equal",
                "loc": ["body", "output_schema", "properties", "a", "minItems"],
                "msg": "Input should be less than or equal to 1000",
                "input": 10**9,
                "ctx": {"le": 1000},
            }
        ]
    }
    assert warned.status_code == 200
    assert warned.headers[WARNING] == TOLD


async def test_a_schema_that_is_too_large_is_told_beside_what_else_is_wrong(manual: Api) -> None:
    answer = await manual.http.post("/v1/workflows/a/invoke/async", json={**asking(LARGE), "input": {"text": 5}})

    assert [each["loc"][1] for each in answer.json()["detail"]] == ["input", "output_schema"]


async def test_the_warning_stands_in_the_journal(manual: Api) -> None:
    answer = await manual.http.post("/v1/workflows/completed/invoke/async", json=asking(CIRCLE))

    assert f"The answer warns: {TOLD}." in await sentences(manual, int(answer.headers["x-emulator-request"]))


async def test_a_schema_that_is_answered_or_not_asked_for_has_no_warning(manual: Api) -> None:
    good = await manual.http.post("/v1/workflows/completed/invoke/async", json=asking(GOOD))
    text = await manual.http.post("/v1/workflows/completed/invoke/async", json=asking(CIRCLE, output_format="text"))
    await manual.advance(600_000)

    task = await manual.http.get(f"/v1/tasks/{good.json()['id']}")

    assert manual.ok(task)["result"] == '{"n":7}'
    assert all(WARNING not in answer.headers for answer in (good, text, task))


async def test_a_reason_that_shows_only_when_a_value_is_made_is_told_with_the_result(manual: Api) -> None:
    task_id = await started(manual, {"type": "object", "required": ["é\n"], "properties": {"é\n": False}})
    before = await manual.http.get(f"/v1/tasks/{task_id}")
    await manual.advance(600_000)

    after = await manual.http.get(f"/v1/tasks/{task_id}")

    assert WARNING not in before.headers
    told = r"output_schema was left aside: no value could be made for /result/\xe9\n: 'false' was not met"
    assert after.headers[WARNING] == told


async def test_a_further_turn_is_warned_of_its_own_schema(auto: Api) -> None:
    task_id = await started(auto, GOOD)
    await auto.task(task_id)
    while (await auto.task(task_id))["status"] != "completed":
        pass

    again = await auto.http.post("/v1/workflows/completed/invoke", json=asking(CIRCLE, id=task_id))

    assert again.headers[WARNING] == TOLD
    thread = auto.ok(await auto.http.get(f"/v1/tasks/{task_id}/thread"))
    assert next(each["content"] for each in thread if each["role"] == "assistant") == '{"n":7}'


async def test_a_sub_task_takes_a_schema_without_end_from_its_parent(tmp_path: Path) -> None:
    (tmp_path / "parent.yaml").write_text(
        """scenario: parent
steps:
  - status: executing
    after: 1s
    sub_tasks:
      - workflow_id: completed
        input: {text: Go on}
        output_format: json
        output_schema: "{{ request.output_schema }}"
  - {status: completed, result: Done}
""",
        encoding="utf-8",
    )
    client = api(scenarios=(tmp_path,))
    parent = client.ok(await client.http.post("/v1/workflows/parent/invoke/async", json=asking(CIRCLE)))
    await client.advance(600_000)

    children = [task_id for task_id in await client.listed() if task_id != parent["id"]]

    answers = [await client.http.get(f"/v1/tasks/{child}") for child in children]
    assert [(answer.status_code, answer.headers[WARNING]) for answer in answers] == [(200, TOLD)]


async def test_an_imported_task_is_bound_by_the_same_limits(manual: Api) -> None:
    client = api()
    task_id = await started(client, GOOD)
    await client.advance(600_000)
    document = client.ok(await client.http.get("/__emulator/export", headers=CONTROL))
    hostile = {"type": "string", "pattern": "^(((a{1000}){1000}){1000})$"}
    for task in document["tasks"]:
        for turn in task["turns"]:
            turn["request"] = json.dumps({**json.loads(turn["request"]), "output_schema": hostile})

    other = api("another key")
    answer = await other.http.post("/__emulator/import", json=document, headers=CONTROL)

    assert answer.status_code == 200, answer.text
    task = await other.http.get(f"/v1/tasks/{task_id}")
    assert task.headers[WARNING].startswith(
        "output_schema was left aside: '#/pattern' is beyond the bounds: its patterns"
    )
    assert await other.listed() == [task_id]


async def test_the_control_api_refuses_a_schema_that_is_too_large() -> None:
    client = api()
    start = {"scenario": "completed", "request": asking(LARGE)}

    answer = await client.http.post("/__emulator/tasks", json=start, headers=CONTROL)

    assert answer.status_code == 422
    place = ["body", "request", "output_schema", "properties", "a", "minItems"]
    assert [each["loc"] for each in answer.json()["violations"]] == [place]
    assert (await control(client, "/tasks"))["items"] == []


async def test_a_task_that_cannot_be_rendered_stands_in_the_list_with_its_facts(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    client = api()
    good, bad = await client.start("completed"), await client.start("failed", title="Mine")
    renderer = client.app.engine.renderer
    finish = renderer._finish

    def fail(task_state: Any, body: Any, request: Any) -> None:
        if task_state.task.id == bad["id"]:
            raise RecursionError("too deep")
        finish(task_state, body, request)

    monkeypatch.setattr(renderer, "_finish", fail)

    page = client.ok(await client.http.get("/v1/tasks"))
    thread = client.ok(await client.http.get(f"/v1/tasks/{bad['id']}/thread"))

    assert [(each["id"], each["status"]) for each in page["items"]] == [(bad["id"], "pending"), (good["id"], "pending")]
    assert await client.listed(internal_status=good["internal_status"]) != []
    assert [each["role"] for each in thread] == ["user"]
    assert f"Task '{bad['id']}' is shown without its request: RecursionError: too deep" in caplog.messages


@given(SCHEMAS)
@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_no_schema_that_is_taken_makes_a_500(manual: Api, schema: Any) -> None:
    answer = await manual.http.post("/v1/workflows/completed/invoke/async", json=asking(schema))
    if answer.status_code == 422:
        assert all(each["loc"][:2] == ["body", "output_schema"] for each in answer.json()["detail"])
        return
    task_id = manual.ok(answer)["id"]
    await manual.advance(600_000)

    task = manual.ok(await manual.http.get(f"/v1/tasks/{task_id}"))

    assert task["status"] == "completed"
    json.loads(task["result"])
    assert task_id in await manual.listed()
    assert len(manual.ok(await manual.http.get(f"/v1/tasks/{task_id}/thread"))) == 2
    await manual.http.delete(f"/v1/tasks/{task_id}")
