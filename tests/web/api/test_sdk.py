"""The paths that the official SDK calls, over the same tasks as `/v1`."""

from typing import Any

import pytest

from tests.contract.samples import ours
from tests.web.api_client import Api, Json, api
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.settings import Runnable

HISTORY = "/agent-execution/executions/history"
# What the SDK sends for a task: every key, null where nothing was chosen (release 2.0.537).
CREATED: Json = {
    "id": None,
    "input": {"text": "Hello", "files": [], "user": None},
    **dict.fromkeys(("payload_extension", "worker_id", "output_format", "output_schema", "additional_context")),
    **dict.fromkeys(("instructions_override", "test_run_node_id", "user_oidc_token", "expected_output", "title")),
    **dict.fromkeys(("triggering_agent_id", "tool_call_limit", "user_tokens", "llm_model_provider", "harness_cli")),
    "source": "sdk",
    "run_locally": False,
    "events_streaming": False,
    "mcp_servers": [],
    "think_mode": "default",
    "disable_attachment_injection": False,
    "return_metrics": False,
}
# How a `save` of the SDK ends: names that the contract does not have.
NEWER: Json = {"conversation_id": None, "should_update_parent": False, "is_gateway": False, "used_tools": []}


async def create(api: Api, agent: str = "external_worker", **body: Any) -> Json:
    return dict(Api.ok(await api.http.post(f"/agent-execution/{agent}", json=CREATED | body)))


async def status(api: Api, task_id: str) -> Json:
    return dict(Api.ok(await api.http.get(f"/agent-execution/{task_id}/status")))


async def update(api: Api, task_id: str, **told: Any) -> Json:
    return dict(Api.ok(await api.http.patch(f"/agent-execution/{task_id}/update", json=told)))


async def signals(api: Api, task_id: str) -> int:
    return len((await api.app.engine.task_states.get(api.namespace, task_id)).turn.signals)


# Start, read, stop


async def test_a_task_that_the_sdk_creates_is_one_of_an_agent(manual: Api) -> None:
    answer = await manual.http.post("/agent-execution/completed", json=CREATED, headers={"x-agent-version": "3"})

    task = Api.ok(answer)
    assert (task["status"], task["agent_id"], task["source"]) == ("pending", "completed", "sdk")
    assert (task["agent_version"], task["is_orchestration"]) == ("3", False)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-emulator-scenario"] == "completed"


async def test_a_task_of_one_side_is_seen_by_the_other(manual: Api) -> None:
    ours_, theirs = await manual.start("approval"), await create(manual, "approval")

    assert await status(manual, ours_["id"]) == await manual.task(ours_["id"]) == ours_
    assert await manual.task(theirs["id"]) == theirs
    assert await manual.listed() == [theirs["id"], ours_["id"]]
    history = Api.ok(await manual.http.get(f"{HISTORY}/approval"))
    assert [item["id"] for item in history] == [theirs["id"], ours_["id"]]


async def test_two_keys_do_not_see_each_others_tasks_on_these_paths_either(manual: Api) -> None:
    task = await create(manual)
    other = Api(manual.app, "another key")

    assert (await other.http.get(f"/agent-execution/{task['id']}/status")).status_code == 404
    assert Api.ok(await other.http.get(f"{HISTORY}/external_worker")) == []


async def test_reading_the_status_moves_a_task_on_an_auto_clock(auto: Api) -> None:
    task = await create(auto, "completed")

    assert [(await status(auto, task["id"]))["status"] for _ in range(3)] == ["executing", "executing", "completed"]


async def test_a_delete_stops_a_task_and_answers_with_it(manual: Api) -> None:
    task = await create(manual, "approval")

    stopped = Api.ok(await manual.http.delete(f"/agent-execution/{task['id']}"))
    again = Api.ok(await manual.http.delete(f"/agent-execution/{task['id']}"))

    assert (stopped["status"], stopped["is_manually_stopped"]) == ("stopped", True)
    assert again == stopped == await manual.task(task["id"])


# Update


async def test_a_worker_drives_a_task_to_its_end(manual: Api) -> None:
    task = await create(manual)

    working = await update(manual, task["id"], status="executing", last_executed_node_id="translate")
    done = await update(manual, task["id"], status="completed", result="Twelve pages")

    assert (working["status"], working["last_executed_node_id"]) == ("executing", "translate")
    assert working["started_at"] is not None
    assert (done["status"], done["result"]) == ("completed", "Twelve pages")
    assert done["finished_at"] is not None
    assert await manual.task(task["id"]) == done


async def test_a_task_with_a_worker_leaves_its_story(manual: Api) -> None:
    task = await create(manual)
    await update(manual, task["id"], status="executing")

    await manual.advance(2 * 3600 * 1000)

    assert (await status(manual, task["id"]))["status"] == "executing"


@pytest.mark.parametrize("saved", [{}, NEWER, {"status": "paused", "hitl_request": {"wait_node_id": "other"}}])
async def test_saving_a_whole_task_unchanged_changes_nothing(manual: Api, saved: Json) -> None:
    task = await create(manual, "approval")
    await manual.advance(2_000)
    task = await status(manual, task["id"])
    assert task["status"] == "paused"

    assert await update(manual, task["id"], **task | saved) == task
    assert await signals(manual, task["id"]) == 0
    assert (await manual.http.post(f"/hitl/{task['id']}/approve")).status_code == 200


async def test_what_a_saved_task_says_of_itself_is_not_the_workers_to_say(manual: Api) -> None:
    task = await create(manual)
    own = {"id": "x", "agent_id": "x", "organization_id": "x", "created_at": "x", "started_at": 5, "input": None}
    more = {"is_manually_stopped": True, "sub_executions": ["x"], "finished_at": "2020-01-01T00:00:00Z"}

    assert await update(manual, task["id"], **own, **more) == task


async def test_a_save_sets_what_is_new_and_a_null_sets_nothing(manual: Api) -> None:
    task = await create(manual, title="Old", additional_context="kept")

    saved = await update(manual, task["id"], **task | {"title": "New", "additional_context": None, **NEWER})

    assert (saved["title"], saved["additional_context"]) == ("New", "kept")
    assert saved == task | {"title": "New"}


async def test_the_payload_extension_has_a_name_of_its_own_in_an_update(manual: Api) -> None:
    task = await create(manual, payload_extension={"a": 1})

    updated = await update(manual, task["id"], tool_call_payload_extension={"b": None})

    assert updated["payload_extension"] == {"b": None}


@pytest.mark.parametrize(
    ("before", "after"),
    [("executing", "pending"), ("executing", "executing"), ("completed", "executing"), ("stopped", "paused")],
)
async def test_a_status_that_cannot_follow_is_ignored(manual: Api, before: str, after: str) -> None:
    task = await create(manual)
    task = await update(manual, task["id"], status=before)
    told = await signals(manual, task["id"])

    assert await update(manual, task["id"], status=after) == task
    assert await signals(manual, task["id"]) == told


async def test_an_end_may_be_corrected_to_another_end(manual: Api) -> None:
    task = await create(manual)
    await update(manual, task["id"], status="completed", result="Done")

    assert (await update(manual, task["id"], status="failed"))["status"] == "failed"


@pytest.mark.parametrize(
    ("result", "shown"), [("text", "text"), ({"n": 5}, '{"n":5}'), ([1, "ü"], '[1,"ü"]'), ("", ""), (None, None)]
)
async def test_a_result_is_always_text(manual: Api, result: Any, shown: str | None) -> None:
    task = await create(manual)

    assert (await update(manual, task["id"], status="completed", result=result))["result"] == shown


@pytest.mark.parametrize("result", ['{"n": 5}', "no JSON at all"])
async def test_a_workers_result_is_told_as_it_is_whatever_format_was_asked_for(manual: Api, result: str) -> None:
    schema = {"type": "object", "properties": {"other": {"type": "string"}}, "required": ["other"]}
    task = await create(manual, output_format="json", output_schema=schema)

    assert (await update(manual, task["id"], status="completed", result=result))["result"] == result


async def test_tokens_of_a_later_release_are_told_as_the_contract_has_them(manual: Api) -> None:
    task = await create(manual)
    sent = {"prompt_tokens": 3, "completion_tokens": 4, "cache_read_tokens": 9, "total_tokens": 99}

    updated = await update(manual, task["id"], tokens=sent)

    assert updated["tokens"] == {"completion_tokens": 4, "prompt_tokens": 3, "total_tokens": 7}
    assert await update(manual, task["id"], **updated) == updated
    assert await signals(manual, task["id"]) == 1


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"status": "odd"}, ["body", "status"]),
        ({"status": "EXECUTING"}, ["body", "status"]),
        ({"result": 5}, ["body", "result"]),
        ({"payload_extension": []}, ["body", "payload_extension"]),
        ({"tokens": {"prompt_tokens": -1}}, ["body", "tokens", "prompt_tokens"]),
        ({"think_mode": "hard"}, ["body", "think_mode"]),
    ],
)
async def test_a_wrong_value_in_an_update_is_a_422_with_its_place(manual: Api, told: Json, place: list[str]) -> None:
    task = await create(manual)

    answer = await manual.http.patch(f"/agent-execution/{task['id']}/update", json=told)

    assert answer.status_code == 422
    assert all(detail["loc"] == place for detail in answer.json()["detail"])
    assert await status(manual, task["id"]) == task


# Lists


async def test_a_history_is_a_bare_array_newest_first(manual: Api) -> None:
    first, second = await create(manual, "a"), await create(manual, "a")
    await create(manual, "b")

    history = Api.ok(await manual.http.get(f"{HISTORY}/a"))

    assert [item["id"] for item in history] == [second["id"], first["id"]]
    assert find_violations(ours(), "/components/schemas/TaskHistory", history, ()) == ()


async def test_the_filters_of_a_history_narrow_together_and_an_empty_one_does_not(manual: Api) -> None:
    user = {"input": {"text": "", "user": {"id": "u1", "email": "a@b.c"}}}
    done = await create(manual, "a", parent_execution_id="p", triggering_agent_id="t", **user)
    await update(manual, done["id"], status="completed", internal_status="All done")
    other = await create(manual, "a")

    async def found(path: str, **query: str) -> list[str]:
        return [item["id"] for item in Api.ok(await manual.http.get(f"{HISTORY}/{path}", params=query))]

    wanted = {"parent_task_id": "p", "triggering_agent_id": "t", "status": "completed", "internal_status": "All done"}
    empty = dict.fromkeys(wanted, "")
    assert await found("a", user_id="u1", **wanted) == [done["id"]]
    assert await found("user/u1", **wanted) == [done["id"]]
    for name, value in wanted.items():
        assert await found("a", **empty | {name: value}) == [done["id"]]
    assert await found("a", **empty, user_id="") == [other["id"], done["id"]]
    assert await found("user/u2") == await found("nobody") == []
    assert await found("a", status="paused") == []


async def test_an_unknown_status_in_a_filter_is_a_422(manual: Api) -> None:
    # What httpx makes of an enum's member.
    answer = await manual.http.get(f"{HISTORY}/a", params={"status": "AgentExecutionStatus.Completed"})

    assert answer.status_code == 422
    assert answer.json()["detail"][0]["loc"] == ["query", "status"]


async def test_a_history_ends_with_the_newest_thousand(manual: Api) -> None:
    for _ in range(1_001):
        await create(manual, "many")

    history = Api.ok(await manual.http.get(f"{HISTORY}/many"))

    assert len(history) == 1_000


# Activity, events, reports


async def test_the_activity_log_tells_what_was_said_in_every_turn(manual: Api) -> None:
    user = {"id": "u1", "email": "a@b.c"}
    first = await create(manual, input={"text": "One?", "files": ["http://f/1"], "user": user})
    await update(manual, first["id"], status="completed", result="1")
    await create(manual, id=first["id"], input={"text": "Two?", "user": user})

    log = Api.ok(await manual.http.get(f"/activity/external_worker/{first['id']}"))

    assert (log["id"], log["created_at"], log["user"]["id"]) == (first["id"], first["created_at"], "u1")
    assert [(entry["id"][36:], entry["role"], entry["content"]) for entry in log["messages"]] == [
        ("_user_1", "user", {"text": "One?", "files": ["http://f/1"]}),
        ("_agent_1", "agent", {"text": "1", "files": []}),
        ("_user_2", "user", {"text": "Two?", "files": []}),
    ]
    assert all(set(entry) == {"id", "created_at", "role", "content"} for entry in log["messages"])


async def test_pushed_events_are_validated_and_kept_nowhere(manual: Api) -> None:
    task = await create(manual)
    events = [{"type": "a_newer_type", "task_id": task["id"], "data": None}, {"type": "think", "data": {"x": 1}}]
    path = f"/agent-execution/{task['id']}/events/push"

    assert Api.ok(await manual.http.post(path, json=events)) == {}
    assert Api.ok(await manual.http.post(path, json=[])) == {}
    assert await status(manual, task["id"]) == task
    for wrong in ({"type": "think"}, [{"data": 1}], [5]):
        assert (await manual.http.post(path, json=wrong)).status_code == 422


async def test_the_events_of_a_task_stand_under_any_organization(auto: Api) -> None:
    task = await create(auto, "completed")

    answer = await auto.http.get(f"/any-organization/agent-execution/{task['id']}/events")

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert '"task_finished"' in answer.text


@pytest.mark.parametrize(("is_success", "ended"), [(True, "completed"), (None, "completed"), (False, "failed")])
async def test_a_task_that_ran_elsewhere_is_born_ended(manual: Api, is_success: bool | None, ended: str) -> None:
    told = {"id": "ext-1", "input": "Which plan?", "llm_response": [1], "is_success": is_success, "result": "Team"}
    tokens = {"completion_tokens": 2, "prompt_tokens": 1, "cache_read_tokens": 0, "total_tokens": 3}

    answer = await manual.http.post("/agent-execution/mine/report_task", json={**told, "tokens": tokens, "duration": 4})

    task = Api.ok(answer)
    assert (task["id"], task["agent_id"], task["source"]) == ("ext-1", "mine", "sdk")
    assert (task["status"], task["result"], task["input"]["text"]) == (ended, "Team", "Which plan?")
    assert task["tokens"]["total_tokens"] == 3
    assert task["finished_at"] == task["created_at"]
    assert answer.headers["x-emulator-source"].startswith("openapi.yaml:")
    assert await manual.task("ext-1") == task


async def test_a_report_leaves_the_pins_for_the_next_start_alone(manual: Api) -> None:
    await manual.app.engine.pin_next(manual.namespace, "failed")

    await manual.http.post("/agent-execution/completed/report_task", json={})
    answer = await manual.http.post("/agent-execution/completed", json=CREATED)

    assert answer.headers["x-emulator-scenario"] == "failed"


async def test_a_report_of_a_task_that_runs_ends_it_and_of_one_that_has_ended_adds_a_turn(manual: Api) -> None:
    task = await create(manual, "external_worker")
    path = "/agent-execution/external_worker/report_task"

    first = Api.ok(await manual.http.post(path, json={"id": task["id"], "input": "unused", "result": "One"}))
    second = Api.ok(await manual.http.post(path, json={"id": task["id"], "input": "More?", "result": "Two"}))

    assert (first["status"], first["result"], first["input"]["text"]) == ("completed", "One", "Hello")
    assert (second["status"], second["result"], second["input"]["text"]) == ("completed", "Two", "More?")
    assert len(Api.ok(await manual.http.get(f"/v1/tasks/{task['id']}/thread"))) == 4


async def test_metrics_are_validated_and_kept_nowhere(manual: Api) -> None:
    path = "/agents-metrics/any/execution"

    assert Api.ok(await manual.http.post(path, json={"execution_id": "t", "source": None, "duration": 0.0})) == {}
    assert (await manual.http.post(path, json={"source": "sdk"})).status_code == 422


# Decisions


@pytest.mark.parametrize("body", [None, {}, {"by": "manager", "reason": "Fine"}, {"approved_by": "m", "new": 1}])
async def test_a_pause_is_approved_by_the_path_that_the_sdk_names(manual: Api, body: Json | None) -> None:
    task = await create(manual, "approval")
    await manual.advance(2_000)

    approved = await manual.http.post(f"/hitl/{task['id']}/approve", json=body)

    assert Api.ok(approved)["status"] == "executing"
    refused = await manual.http.post(f"/hitl/{task['id']}/approve", json=body)
    assert refused.status_code == 409
    assert "executing" in refused.json()["detail"]


async def test_a_rejection_tells_who_and_why(manual: Api) -> None:
    task = await create(manual, "approval")
    await manual.advance(2_000)

    rejected = await manual.http.post(f"/hitl/{task['id']}/reject", json={"rejected_by": "m", "reason": "Too much"})

    assert Api.ok(rejected)["status"] == "stopped"
    [signal] = (await manual.app.engine.task_states.get(manual.namespace, task["id"])).turn.signals
    assert (signal.kind, signal.by, signal.reason) == ("reject", "m", "Too much")


# Errors


@pytest.mark.parametrize(
    ("method", "path", "body", "detail"),
    [
        ("GET", "/agent-execution/x/status", None, "Task not found"),
        ("PATCH", "/agent-execution/x/update", {}, "Task not found"),
        ("DELETE", "/agent-execution/x", None, "Task not found"),
        ("GET", "/activity/a/x", None, "Task not found"),
        ("GET", "/o/agent-execution/x/events", None, "Task not found"),
        ("POST", "/agent-execution/x/events/push", [], "Task not found"),
        ("POST", "/hitl/x/approve", None, "Task not found"),
        ("POST", "/hitl/x/reject", {}, "Task not found"),
        ("GET", "/agents/x", None, "Agent not found"),
    ],
)
async def test_what_is_not_there_is_a_404_in_the_vendors_words(
    manual: Api, method: str, path: str, body: Any, detail: str
) -> None:
    answer = await manual.http.request(method, path, json=body)

    assert (answer.status_code, answer.json()) == (404, {"detail": detail})
    assert answer.headers["content-type"] == "application/json"


async def test_a_task_is_in_the_activity_of_the_agent_that_ran_it_alone(manual: Api) -> None:
    task = await create(manual)

    assert (await manual.http.get(f"/activity/other/{task['id']}")).status_code == 404


@pytest.mark.parametrize("operation", [each for each in ours().operations if each.tags == ("SDK",)], ids=lambda o: o.id)
async def test_every_path_of_the_sdk_needs_a_key(manual: Api, operation: Any) -> None:
    answer = await manual.http.request(operation.method, operation.path, headers={"x-api-key": ""}, json={})

    assert (answer.status_code, answer.json()) == (401, {"detail": "Invalid or missing API key"})


async def test_a_slash_at_the_end_is_told_and_not_redirected(manual: Api) -> None:
    answer = await manual.http.get("/agents/list/")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


# Agents and workflows

PLAN = Runnable("agent", "8e4d21b7", "Plan adviser", "Helps", "failed")
REFUND = Runnable("workflow", "refunds", "Refunds", scenario="approval")
PLAIN = Runnable("agent", "plain", "Plain")


@pytest.fixture
def listed() -> Api:
    return api(runnables=(PLAN, REFUND, PLAIN), known_only=True)


async def test_every_scenario_is_an_agent_to_the_sdk(manual: Api) -> None:
    agents = Api.ok(await manual.http.get("/agents/list"))

    assert [agent["id"] for agent in agents] == list(manual.app.engine.catalogue)
    for agent in agents:
        needed = ("id", "name", "icon", "instructions", "status", "organization_id", "created_at")
        assert all(agent[name] is not None for name in needed)


async def test_an_agent_has_all_that_the_sdk_needs(manual: Api) -> None:
    agent = Api.ok(await manual.http.get("/agents/approval", headers={"x-agent-version": "7"}))

    assert (agent["id"], agent["unique_name"], agent["version"]) == ("approval", "approval", 7)
    needed = ("organization_id", "name", "framework", "model_provider", "model_name")
    assert all(isinstance(agent[name], str) for name in needed)
    assert Api.ok(await manual.http.get("/v1/agents/approval")) == agent | {"version": 1}


async def test_a_users_own_ids_stand_first_and_on_both_families_of_paths(listed: Api) -> None:
    agents = Api.ok(await listed.http.get("/agents/list"))
    v1 = Api.ok(await listed.http.get("/v1/agents", params={"per_page": 3}))["items"]
    workflows = Api.ok(await listed.http.get("/v1/workflows", params={"per_page": 1}))

    assert [agent["id"] for agent in agents][:2] == ["8e4d21b7", "plain"]
    assert v1 == agents[:3]
    assert agents[0]["name"] == "Plan adviser"
    assert [each["id"] for each in workflows["items"]] == ["refunds"]
    assert workflows["total"] == len(listed.app.engine.catalogue) + 1


async def test_a_workflow_is_an_agent_and_an_agent_is_no_workflow(listed: Api) -> None:
    workflow = Api.ok(await listed.http.get("/agents/refunds"))

    assert workflow["type"] == "orchestration"
    assert workflow == Api.ok(await listed.http.get("/v1/workflows/refunds"))
    assert (await listed.http.get("/v1/workflows/plain")).status_code == 404
    assert (await create(listed, "refunds"))["is_orchestration"] is True


@pytest.mark.parametrize(("runs", "story"), [("8e4d21b7", "failed"), ("refunds", "approval"), ("plain", "completed")])
async def test_an_id_of_the_settings_is_known_and_takes_its_scenario(listed: Api, runs: str, story: str) -> None:
    for path in (f"/agent-execution/{runs}", f"/v1/workflows/{runs}/invoke/async"):
        answer = await listed.http.post(path, json=CREATED)

        assert answer.status_code == 200
        assert answer.headers["x-emulator-scenario"] == story


async def test_an_id_that_nobody_lists_is_unknown_to_known_only(listed: Api) -> None:
    for path in ("/agent-execution/other", "/agent-execution/other/report_task"):
        answer = await listed.http.post(path, json=CREATED | {"input": "x" if "report" in path else {}})

        assert (answer.status_code, answer.json()) == (404, {"detail": "Agent not found"})
