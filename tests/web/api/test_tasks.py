import asyncio
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.samples import ours
from tests.profiles import examples
from tests.web.api_client import Api, Json, api, shared
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.scenario.templates import MEMBERS
from xpander_emulator.settings import Settings
from xpander_emulator.store.port import Task
from xpander_emulator.web.app import Application, create_app

CONTRACT = ours()
PROPERTIES = CONTRACT.document["components"]["schemas"]["AgentExecution"]["properties"]
REQUEST = CONTRACT.document["components"]["schemas"]["AgentExecutionRequest"]["properties"]
STORIES = sorted(path.stem for path in (Path(__file__).parents[3] / "scenarios").glob("*.yaml"))


def test_all_44_properties_of_a_task_are_in_the_order_of_the_documentation() -> None:
    names = (
        "id agent_id organization_id input status internal_status last_executed_node_id agent_version created_at"
        " started_at paused_at finished_at result parent_execution sub_executions finished_sub_executions"
        " is_manually_stopped payload_extension hitl_request pending_eca_request source worker_id additional_context"
        " instructions_override expected_output test_run_node_id is_orchestration output_format voice_id output_schema"
        " events_streaming used_mutating_tools is_continuous mcp_servers triggering_agent_id title think_mode"
        " disable_attachment_injection deep_planning execution_attempts user_tokens user_oidc_token return_metrics"
        " tokens"
    )

    assert list(PROPERTIES) == names.split()
    assert len(PROPERTIES) == 44


@pytest.mark.parametrize("story", STORIES)
async def test_a_task_of_every_story_keeps_the_contract_in_all_its_states(auto: Api, story: str) -> None:
    task = await auto.start(story)
    seen = [task]
    for signal in [None, "approve", "authorize", "webhook_received", "expire"] * 3:
        if signal is not None and signal in (await waited_for(auto, task["id"])):
            await auto.app.engine.signal(auto.namespace, task["id"], signal)
        seen += [await patiently(auto, task["id"]) for _ in range(6)]

    for each in seen:
        assert list(each) == list(PROPERTIES)
        assert find_violations(CONTRACT, "/components/schemas/AgentExecution", each, ()) == ()
    assert seen[-1]["finished_at"] is not None


async def patiently(client: Api, task_id: str) -> Json:
    """Poll a task until it is told; some stories answer a poll with a fault."""
    while "x-emulator-fault" in (answer := await client.http.get(f"/v1/tasks/{task_id}")).headers:
        assert answer.status_code >= 400
    return dict(client.ok(answer))


async def waited_for(client: Api, task_id: str) -> tuple[str, ...]:
    return (await client.app.engine.peek(client.namespace, task_id)).task_state.snapshot.waits_for


# Starting


async def test_what_the_request_says_is_given_back(manual: Api) -> None:
    sent: Json = {
        "payload_extension": {"a": [1, None]},
        "worker_id": "w",
        "source": "sdk",
        "output_format": "markdown",
        "output_schema": {"type": "object"},
        "additional_context": "context",
        "instructions_override": "override",
        "test_run_node_id": "node",
        "expected_output": "expected",
        "events_streaming": True,
        "mcp_servers": [{"name": "m"}],
        "triggering_agent_id": "agent",
        "title": "Title",
        "think_mode": "harder",
        "disable_attachment_injection": True,
        "user_tokens": {"item": {"token": "t"}},
        "user_oidc_token": "oidc",
        "return_metrics": True,
    }

    task = await manual.start("completed", parent_execution_id="parent", **sent)

    assert {name: task[name] for name in sent} == sent
    assert task["parent_execution"] == "parent"
    assert set(sent) | {"id", "input", "parent_execution_id", "run_locally"} == set(REQUEST)


async def test_a_null_is_as_good_as_leaving_a_property_out(manual: Api) -> None:
    nulls: Json = {name: None for name in REQUEST if name != "input"}

    without = await manual.start("approval")
    with_nulls = await manual.start("approval", **nulls)

    del without["id"], with_nulls["id"]
    assert with_nulls == without


async def test_nulls_and_unknown_keys_are_taken_at_every_depth(manual: Api) -> None:
    user = {"email": "not-an-address", "id": None, "first_name": None, "role": None, "unknown": {"x": 1}}

    task = await manual.start("completed", input={"text": None, "files": None, "user": user, "new": 1}, newer=[None])

    assert task["input"]["text"] == ""
    assert task["input"]["files"] == []
    assert task["input"]["user"]["display_name"] == "not-an-address"
    assert task["input"]["user"]["role"] == "member"
    assert "newer" not in task
    assert await manual.task(task["id"]) == task


@pytest.mark.parametrize(
    ("user", "shown"),
    [
        ({"email": "a@b.c", "first_name": "Ada", "last_name": "Moreno"}, "Ada Moreno"),
        ({"email": "a@b.c", "last_name": "Moreno"}, "Moreno"),
        ({"email": "a@b.c", "first_name": ""}, "a@b.c"),
        ({"email": ""}, ""),
    ],
)
async def test_a_user_is_shown_by_name_else_by_address(manual: Api, user: Json, shown: str) -> None:
    task = await manual.start("completed", input={"user": user})

    assert task["input"]["user"]["display_name"] == shown


@pytest.mark.parametrize("task_id", ["", None])
async def test_an_id_that_says_nothing_is_made_up(manual: Api, task_id: str | None) -> None:
    first, second = [await manual.start("completed", id=task_id) for _ in range(2)]

    assert len(first["id"]) == len(second["id"]) == 36
    assert first["id"] != second["id"]


@pytest.mark.parametrize("task_id", ["ünïcode ✓", "x" * 2_000, "<string>", "{task_id}", "50%25", "a?b#c", " "])
async def test_a_task_is_found_again_under_any_id_that_a_path_can_carry(manual: Api, task_id: str) -> None:
    task = await manual.start("approval", id=task_id)

    assert task["id"] == task_id
    assert await manual.task(quote(task_id, safe="")) == task


async def test_two_starts_are_two_tasks_of_one_organization(manual: Api) -> None:
    first, second = await manual.start(), await manual.start()

    assert first["id"] != second["id"]
    assert first["organization_id"] == second["organization_id"]


async def test_a_version_is_told_as_text(manual: Api) -> None:
    answer = await manual.http.post("/v1/agents/completed/invoke/async?version=3", json={"input": {}})

    assert Api.ok(answer)["agent_version"] == "3"


async def test_the_story_of_an_id_may_be_pinned_for_the_next_start(manual: Api) -> None:
    await manual.app.engine.pin_next(manual.namespace, "failed")
    await manual.app.engine.pin_default(manual.namespace, "error")
    paths = ["approval", "other", "approval"]

    answers = [await manual.http.post(f"/v1/workflows/{path}/invoke/async", json={"input": {}}) for path in paths]

    assert [each.headers["x-emulator-scenario"] for each in answers] == ["failed", "error", "approval"]


# Time


@pytest.mark.parametrize(
    ("story", "statuses"),
    [
        ("completed", ["pending", "executing", "executing", "completed", "completed"]),
        ("approval", ["pending", "executing", "paused", "paused"]),
        ("connector_authorization", ["pending", "executing", "paused", "paused"]),
        ("failed", ["pending", "executing", "executing", "failed", "failed"]),
        ("slow", ["pending", "executing", "executing", "executing", "completed"]),
    ],
)
async def test_on_an_auto_clock_a_client_that_polls_sees_every_step(auto: Api, story: str, statuses: list[str]) -> None:
    task = await auto.start(story)

    seen = [task["status"]] + [(await auto.task(task["id"]))["status"] for _ in statuses[1:]]

    assert seen == statuses


async def test_on_an_auto_clock_a_read_moves_that_task_alone(auto: Api) -> None:
    one, other = await auto.start(), await auto.start()

    await auto.task(one["id"])
    await auto.http.get("/v1/tasks")
    await auto.http.get(f"/v1/tasks/{other['id']}/thread")

    assert (await auto.http.get("/v1/tasks?status=pending")).json()["items"][0]["id"] == other["id"]


async def test_on_a_manual_clock_nothing_moves_until_it_is_advanced(manual: Api) -> None:
    task = await manual.start()

    reads = [await manual.task(task["id"]) for _ in range(5)]
    await manual.advance(400)

    assert reads == [task] * 5
    assert (await manual.task(task["id"]))["status"] == "executing"


async def test_on_a_real_clock_a_task_begins_now_and_is_pending() -> None:
    task = await api(clock="real").start()

    assert task["status"] == "pending"
    assert task["created_at"] > "2026-01-02"
    assert task["created_at"].endswith("000Z")


async def test_polls_are_counted_by_reads_of_the_task_alone(manual: Api) -> None:
    task = await manual.start("polled")
    for _ in range(3):
        await manual.http.get("/v1/tasks")
        await manual.http.get(f"/v1/tasks/{task['id']}/thread")
        await manual.http.get(f"/v1/tasks/{task['id']}", headers={"prefer": "example=completed"})

    statuses = [(await manual.task(task["id"]))["status"] for _ in range(3)]

    assert statuses == ["pending", "pending", "executing"]


# Stopping, deleting, ids


async def test_an_id_is_taken_while_its_task_lives_and_continues_it_afterwards(manual: Api) -> None:
    await manual.start("approval", id="t")

    refused = await manual.http.post("/v1/workflows/completed/invoke/async", json={"input": {}, "id": "t"})
    await manual.http.post("/v1/tasks/t/stop")
    again = await manual.start("completed", "Once more", id="t")

    assert refused.status_code == 409
    assert refused.json()["detail"].startswith("Task 't' is pending. Wait for its end, or change or omit `id`")
    assert (again["status"], again["is_manually_stopped"], again["finished_at"]) == ("pending", False, None)
    assert await manual.listed() == ["t"]


@pytest.mark.parametrize("story", ["completed", "failed", "error"])
async def test_stopping_a_task_that_has_ended_returns_it_unchanged(manual: Api, story: str) -> None:
    task = await manual.start(story)
    await manual.advance(5_000)
    ended = await manual.task(task["id"])

    answer = await manual.http.post(f"/v1/tasks/{task['id']}/stop")

    assert Api.ok(answer) == ended
    assert ended["is_manually_stopped"] is False


async def test_a_delete_has_no_body_and_takes_all_sub_tasks_along(manual: Api) -> None:
    parent = await manual.start("sub_agents", id="parent")
    await manual.start("completed", id="child", parent_execution_id="parent")
    await manual.start("completed", id="grandchild", parent_execution_id="child")
    await manual.start("completed", id="other")
    await manual.advance(300)
    assert len(await manual.listed()) == 6

    answer = await manual.http.delete(f"/v1/tasks/{parent['id']}")

    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    assert await manual.listed() == ["other"]
    assert (await manual.http.delete("/v1/tasks/parent")).status_code == 404


async def test_an_id_is_free_again_once_its_task_is_deleted(manual: Api) -> None:
    await manual.start("approval", id="t")
    await manual.http.delete("/v1/tasks/t")

    assert (await manual.start("completed", id="t"))["status"] == "pending"
    assert len((await manual.http.get("/v1/tasks/t/thread")).json()) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", ""), ("DELETE", ""), ("POST", "/stop"), ("GET", "/thread"), ("GET", "/thread/full")],
)
async def test_an_unknown_task_is_not_found(manual: Api, method: str, path: str) -> None:
    answer = await manual.http.request(method, f"/v1/tasks/unknown{path}")

    assert (answer.status_code, answer.json()) == (404, {"detail": "Task not found"})


# Conversations and sub-tasks


async def test_a_thread_holds_what_was_said_in_all_turns(manual: Api) -> None:
    await manual.start("completed", "First", id="t")
    await manual.advance(2_000)
    await manual.start("failed", "Second", id="t")
    half_way = Api.ok(await manual.http.get("/v1/tasks/t/thread"))
    await manual.advance(2_000)

    thread = Api.ok(await manual.http.get("/v1/tasks/t/thread"))

    assert [message["id"] for message in thread] == ["t_user_1", "t_agent_1", "t_user_2", "t_agent_2"]
    assert [message["role"] for message in thread] == ["user", "assistant"] * 2
    assert [message["content"] for message in thread][::2] == ["First", "Second"]
    assert thread[:3] == half_way
    assert [message["created_at"] - 1_767_225_600 for message in thread] == [0, 1, 2, 3]


async def test_a_full_thread_holds_those_of_sub_tasks_at_every_depth(manual: Api) -> None:
    await manual.start("completed", "Root", id="root-task")
    await manual.start("completed", "Child", id="child", parent_execution_id="root-task")
    await manual.start("completed", "Grandchild", id="grandchild", parent_execution_id="child")

    full = Api.ok(await manual.http.get("/v1/tasks/root-task/thread/full"))

    assert list(full) == ["root", "child", "grandchild"]
    assert [thread[0]["content"] for thread in full.values()] == ["Root", "Child", "Grandchild"]


async def test_tasks_that_are_each_others_parents_do_not_go_round_in_a_circle(manual: Api) -> None:
    await manual.start("completed", id="a", parent_execution_id="b")
    await manual.start("completed", id="b", parent_execution_id="a")

    full = Api.ok(await manual.http.get("/v1/tasks/a/thread/full"))
    task = await manual.task("a")
    await manual.http.delete("/v1/tasks/a")

    assert list(full) == ["root", "b"]
    assert (task["sub_executions"], task["parent_execution"]) == (["b"], "b")
    assert await manual.listed() == []


async def test_a_client_may_choose_the_id_that_its_own_sub_task_would_have_had(manual: Api) -> None:
    parent = await manual.start("sub_agents")
    children = [task.id for task in await manual.app.engine.store.children(manual.namespace, parent["id"])]
    await manual.app.engine.reset(manual.namespace)

    again = await manual.start("sub_agents", id=children[0])

    assert again["id"] == children[0]
    planned = await manual.app.engine.store.children(manual.namespace, again["id"])
    assert len({again["id"], *(task.id for task in planned)}) == 1 + len(children)


async def test_a_sub_task_is_listed_from_its_start_and_as_finished_from_its_end(manual: Api) -> None:
    await manual.start("approval", id="parent")
    await manual.start("completed", id="child", parent_execution_id="parent")
    started = await manual.task("parent")
    await manual.advance(1_900)
    ended = await manual.task("parent")

    assert (started["sub_executions"], started["finished_sub_executions"]) == (["child"], [])
    assert (ended["sub_executions"], ended["finished_sub_executions"]) == (["child"], ["child"])


async def test_a_sub_task_of_a_story_is_not_there_before_its_step_is_entered(manual: Api) -> None:
    parent = await manual.start("sub_agents")
    ids = [task.id for task in await manual.app.engine.store.children(manual.namespace, parent["id"])]

    assert len(ids) == 2
    for task_id in ids:
        assert (await manual.http.get(f"/v1/tasks/{task_id}")).status_code == 404
    assert await manual.listed() == [parent["id"]]


async def test_a_parent_that_is_stopped_before_its_step_never_starts_its_sub_tasks(manual: Api) -> None:
    parent = await manual.start("sub_agents")
    await manual.http.post(f"/v1/tasks/{parent['id']}/stop")
    await manual.advance(60_000)

    assert (await manual.task(parent["id"]))["sub_executions"] == []
    assert await manual.listed() == [parent["id"]]


# Lists


@pytest.mark.parametrize("kind", ["workflows", "agents"])
async def test_every_story_is_in_the_catalogue(manual: Api, kind: str) -> None:
    page = Api.ok(await manual.http.get(f"/v1/{kind}?per_page=50"))
    first = Api.ok(await manual.http.get(f"/v1/{kind}?per_page=1&page=2"))
    one = Api.ok(await manual.http.get(f"/v1/{kind}/approval"))

    assert sorted(item["id"] for item in page["items"]) == STORIES
    assert first["items"] == page["items"][1:2]
    assert (first["total"], first["total_pages"]) == (len(STORIES), len(STORIES))
    assert (one["id"], one["name"], one["status"]) == ("approval", "Approval", "ACTIVE")
    assert one["type"] == ("orchestration" if kind == "workflows" else "regular")


# Bounds


async def test_of_too_many_tasks_the_oldest_finished_one_is_forgotten() -> None:
    client = api(max_tasks=3)
    await client.start("approval", id="waits")
    await client.start("completed", id="ends first")
    await client.start("completed", id="ends too")
    await client.advance(2_000)

    await client.start("completed", id="new")

    assert await client.listed() == ["new", "ends too", "waits"]


async def test_where_no_task_is_finished_the_oldest_is_forgotten() -> None:
    client = api(max_tasks=3)
    for task_id in "abcd":
        await client.start("approval", id=task_id)

    assert await client.listed() == ["d", "c", "b"]
    assert (await client.http.get("/v1/tasks/a")).status_code == 404


async def test_where_no_task_was_finished_none_is_looked_for_with_each_start() -> None:
    client = api(max_tasks=500)
    for _ in range(500):
        await client.start("approval")
    asked: list[int] = []
    oldest = client.app.engine.store.oldest

    async def noted(most: int) -> Sequence[tuple[str, Task]]:
        asked.append(most)
        return await oldest(most)

    client.app.engine.store.oldest = noted  # type: ignore[method-assign]
    for _ in range(100):
        await client.start("approval")

    assert asked[:4] == [1, 32, 500, 1]
    assert sum(asked) == 1 + 32 + 500 + 99


async def test_the_bound_is_one_for_all_keys() -> None:
    one = api("one", max_tasks=2)
    other = Api(one.app, "other")
    await one.start(id="a")
    await other.start(id="b")
    await other.start(id="c")

    assert await one.listed() == []
    assert await other.listed() == ["c", "b"]


# Results


SCHEMA = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer", "minimum": 7, "maximum": 9}}}


@pytest.mark.parametrize("story", ["completed", "json_result", "sub_agents"])
async def test_a_result_satisfies_the_schema_that_was_asked_for(auto: Api, story: str) -> None:
    answer = await auto.http.post(
        f"/v1/workflows/{story}/invoke", json={"input": {}, "output_format": "json", "output_schema": SCHEMA}
    )

    assert 7 <= json.loads(Api.ok(answer)["result"])["n"] <= 9


async def test_a_result_of_the_story_that_satisfies_the_schema_stays(auto: Api) -> None:
    schema = {"type": "object", "required": ["currency"], "properties": {"currency": {"const": "EUR"}}}

    answer = await auto.http.post(
        "/v1/workflows/json_result/invoke", json={"input": {}, "output_format": "json", "output_schema": schema}
    )

    assert json.loads(Api.ok(answer)["result"])["total"] == 1180.5


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "nonsense"},
        {"$ref": "https://example.com/schema.json"},
        {"$ref": "#/$defs/absent"},
        {"not": {}},
        {"type": "string", "pattern": "("},
        {"type": "object", "required": ["x"], "properties": {"x": False}},
    ],
)
@pytest.mark.parametrize("story", ["completed", "json_result"])
async def test_a_schema_that_nothing_can_satisfy_is_answered_as_if_there_were_none(
    auto: Api, story: str, schema: Json
) -> None:
    answer = await auto.http.post(
        f"/v1/workflows/{story}/invoke", json={"input": {}, "output_format": "json", "output_schema": schema}
    )

    assert isinstance(json.loads(Api.ok(answer)["result"]), dict)


@pytest.mark.parametrize("output_format", ["text", "markdown", "voice", None])
async def test_a_schema_alone_does_not_make_a_result_json(auto: Api, output_format: str | None) -> None:
    body = {"input": {"text": "Hello"}, "output_format": output_format, "output_schema": SCHEMA}

    answer = await auto.http.post("/v1/workflows/completed/invoke", json=body)

    assert Api.ok(answer)["result"].startswith('Done. You asked: "Hello".')


async def test_a_result_that_did_not_come_about_is_no_json(auto: Api) -> None:
    answer = await auto.http.post("/v1/workflows/failed/invoke", json={"input": {}, "output_format": "json"})

    assert Api.ok(answer)["result"].startswith("The invoice of ")


# The same seed


STARTED = ("completed", "approval", "connector_authorization", "sub_agents", "slow", "json_result")


async def conversation(client: Api, order: list[int]) -> list[bytes]:
    """Return all tasks as they stand after each of three moments, read in the order given at each of them."""
    await client.app.engine.reset(client.namespace, ["tasks", "clock"])
    ids = [(await client.start(story, "Hello"))["id"] for story in STARTED]
    read: list[bytes] = []
    for moment in range(3):
        found = {place: (await client.http.get(f"/v1/tasks/{ids[place]}")).content for place in order}
        read += [found[place] for place in sorted(found)]
        if moment == 1:
            await client.app.engine.signal(client.namespace, ids[1], "approve", by="manager")
        await client.advance(1_500)
    return [*read, (await client.http.get("/v1/tasks")).content]


@examples(15)
@given(order=st.permutations(range(len(STARTED))))
def test_the_order_in_which_tasks_are_read_changes_nothing_in_them(order: list[int]) -> None:
    async def check() -> None:
        client = Api(shared("manual"), "reader")
        assert await conversation(client, order) == await conversation(client, sorted(order))

    asyncio.run(check())


async def test_servers_of_the_same_seed_answer_byte_for_byte_alike() -> None:
    one, same, other = [await conversation(api(seed=seed), list(range(len(STARTED)))) for seed in (7, 7, 8)]

    assert one == same
    assert all(this != that for this, that in zip(one, other, strict=True))


async def test_the_start_of_the_clock_can_be_chosen() -> None:
    task = await api(start=datetime(2030, 5, 6, tzinfo=UTC)).start()

    assert task["created_at"] == "2030-05-06T00:00:00.000000Z"


# Answers explain themselves, and are checked


@cache
def strict_app() -> Application:
    return create_app(Settings(clock="auto", strict=True))


@pytest.mark.parametrize("story", STORIES)
async def test_strict_mode_finds_nothing_wrong_in_the_built_in_stories(story: str) -> None:
    client = Api(strict_app(), story)
    task = await client.start(story)

    for _ in range(6):
        await patiently(client, task["id"])
    for path in ("/v1/tasks", f"/v1/tasks/{task['id']}/thread", "/v1/workflows", f"/v1/agents/{story}"):
        assert (await client.http.get(path)).status_code == 200


@pytest.mark.parametrize("strict", [True, False])
async def test_a_story_whose_text_breaks_the_contract_is_answered_500_with_what_is_wrong(
    tmp_path: Path, strict: bool, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "broken.yaml").write_text(
        "scenario: broken\nsteps:\n  - status: completed\n    result: x\n"
        '    set: {execution_attempts: "{{ input.text }}"}\n',
        encoding="utf-8",
    )
    client = api(scenarios=(tmp_path,), strict=strict)

    answer = await client.http.post("/v1/workflows/broken/invoke/async", json={"input": {"text": "many"}})

    assert answer.status_code == 500
    assert answer.json()["detail"].startswith(
        "The emulator's answer to POST /v1/workflows/{workflow_id}/invoke/async breaks the contract"
    )
    assert "/execution_attempts: Input should be a valid integer" in answer.json()["detail"]
    assert answer.json()["detail"].endswith("/broken.yaml:3.")
    assert "breaks the contract" in caplog.text


async def test_an_integer_beyond_64_bits_is_given_back_as_it_was_sent(manual: Api) -> None:
    sent = {"whole": 21715403906640497084465152, "low": -(2**63) - 1, "edge": 2**64 - 1}

    task = await manual.start("completed", payload_extension=sent)
    seen = await manual.task(task["id"])

    assert task["payload_extension"] == seen["payload_extension"] == sent
    assert all(isinstance(value, int) for value in seen["payload_extension"].values())


async def test_a_text_that_cannot_be_rendered_is_told_with_its_line(tmp_path: Path) -> None:
    story = (
        "scenario: broken\nsteps:\n  - {status: pending, after: 1s}\n  - {status: completed, result: '{{ 1 / 0 }}'}\n"
    )
    (tmp_path / "broken.yaml").write_text(story, encoding="utf-8")
    own = api(scenarios=(tmp_path,))
    task_id = (await own.start("broken"))["id"]
    await own.advance(1_000)

    answer = await own.http.get(f"/v1/tasks/{task_id}")

    assert answer.status_code == 500
    assert answer.json()["detail"].endswith("cannot be resolved: division by zero. See " + f"{tmp_path}/broken.yaml:4.")


async def test_an_id_with_a_slash_is_reached_when_the_slash_is_encoded(manual: Api) -> None:
    await manual.start(id="a/b")

    assert (await manual.task("a%2Fb"))["id"] == "a/b"


async def test_a_text_may_use_what_the_linter_knows_and_nothing_else(tmp_path: Path) -> None:
    story = {
        "scenario": "members",
        "steps": [
            {"status": "paused", "on": {"approve": "done"}},
            {"id": "done", "status": "completed", "result": {"task": "{{ task }}", "signal": "{{ signal }}"}},
        ],
    }
    (tmp_path / "members.yaml").write_text(json.dumps(story))
    client = api(scenarios=(tmp_path,))
    task = await client.start("members")

    await client.app.engine.signal(client.namespace, task["id"], "approve")

    shown = json.loads((await client.task(task["id"]))["result"])
    assert {name: tuple(members) for name, members in shown.items()} == MEMBERS
