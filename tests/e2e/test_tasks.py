"""Tasks through the SDK: started, read and listed."""

import asyncio
import json
from typing import Any

import pytest
from conftest import Emulator, Point
from life import ENDS, Status, facts, settled
from xpander_sdk import Agents, Configuration, MCPServerDetails, ModuleException, OutputFormat, Task, Tasks, User
from xpander_sdk.models.shared import ThinkMode

ADA = User(id="ada", first_name="Ada", last_name="Moreno", email="ada@example.com", timezone="Europe/Madrid")


# From the start to the end


@pytest.mark.parametrize(
    ("story", "end"),
    [
        ("completed", Status.Completed),
        ("failed", Status.Failed),
        ("error", Status.Error),
        ("json_result", Status.Completed),
        ("retried", Status.Completed),
        ("slow", Status.Completed),
        ("polled", Status.Completed),
        ("streaming_answer", Status.Completed),
        ("tool_calls", Status.Completed),
        ("deep_planning", Status.Completed),
        ("sub_agents", Status.Completed),
        ("any-agent-of-yours", Status.Completed),
    ],
)
async def test_a_polled_task_goes_its_way_and_ends(auto: Emulator, story: str, end: Status) -> None:
    task = await Tasks().acreate(agent_id=story, prompt="Refund order 1042")

    seen = await settled(task)

    assert seen == [Status.Pending, Status.Executing, end]
    assert task.result
    assert task.created_at <= task.started_at <= task.finished_at
    assert task.tokens.total_tokens == task.tokens.prompt_tokens + task.tokens.completion_tokens > 0
    assert (task.agent_id, task.organization_id) == (story, auto.organization_id)


async def test_the_polling_loop_of_the_documentation_ends(point: Point) -> None:
    point("scaled")  # fifty times as fast, so its two seconds are these 40 ms
    task = await Tasks().acreate(agent_id="slow", prompt="Report")

    polls = 0
    while task.status not in ENDS:
        await asyncio.sleep(0.04)
        await task.areload()
        polls += 1

    assert task.status == Status.Completed
    assert polls > 2


async def test_on_a_real_clock_a_task_takes_its_time(real: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi")

    seen = []
    while task.status not in ENDS:
        seen.append(task.status)
        await asyncio.sleep(0.1)
        await task.areload()

    assert 1 <= (task.finished_at - task.created_at).total_seconds() <= 3
    assert len(seen) > 3


async def test_on_a_manual_clock_a_task_stands_until_the_clock_is_advanced(manual: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi")

    assert [(await task.areload()).status for _ in range(5)] == [Status.Pending] * 5
    manual.advance("1s")
    assert (await task.areload()).status == Status.Executing
    manual.advance("1h")
    assert (await task.areload()).status == Status.Completed


# Starting


async def test_an_agent_starts_a_task_that_says_it_came_from_the_sdk(auto: Emulator) -> None:
    agent = await Agents().aget("approval")

    task = await agent.acreate_task(prompt="Refund order 1042")

    assert (task.source, task.agent_id, task.status) == ("sdk", "approval", Status.Pending)
    assert task.input.text == "Refund order 1042"


def test_the_calls_without_async_do_the_same(auto: Emulator) -> None:
    tasks = Tasks()

    task = tasks.create(agent_id="approval", prompt="Hi")
    loaded = Task.load(task.id)
    got = tasks.get(task.id)
    got.reload()
    [listed] = tasks.list("approval")
    tasks.update(task.id, last_executed_node_id="mine")
    stopped = tasks.stop(task.id)

    assert {task.id, loaded.id, got.id, listed.id, stopped.id} == {task.id}
    assert (got.status, stopped.status) == (Status.Paused, Status.Stopped)
    assert stopped.last_executed_node_id == "mine"


FIELDS: dict[str, Any] = {
    "title": "Weekly report",
    "source": "nightly-job",
    "output_format": OutputFormat.Markdown,
    "output_schema": {"type": "object", "properties": {"total": {"type": "number"}}},
    "events_streaming": True,
    "additional_context": "The customer is patient",
    "instructions_override": "Be brief",
    "expected_output": "One line",
    "test_run_node_id": "node-3",
    "triggering_agent_id": "planner",
    "think_mode": ThinkMode.Harder,
    "disable_attachment_injection": True,
    "return_metrics": True,
}


@pytest.mark.parametrize("name", FIELDS)
async def test_what_a_start_asks_for_stands_in_the_task(auto: Emulator, name: str) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi", **{name: FIELDS[name]})

    again = await Tasks().aget(task.id)

    assert getattr(task, name) == getattr(again, name) == FIELDS[name]


async def test_a_start_with_everything_at_once_is_taken(auto: Emulator) -> None:
    task = await Tasks().acreate(
        agent_id="completed",
        agent_version="3",
        prompt="Hi",
        file_urls=["https://files.example.com/invoice.pdf"],
        user_details=ADA,
        tool_call_payload_extension={"ticket": {"id": 7}},
        mcp_servers=[MCPServerDetails(name="wiki", url="https://mcp.example.com")],
        user_tokens={"github": "secret"},
        user_oidc_token="secret",
        llm_model_provider="openai",
        llm_model_name="gpt-5",
        tool_call_limit=5,
        harness_cli="codex",
        **FIELDS,
    )

    assert task.agent_version == "3"
    assert task.input.files == ["https://files.example.com/invoice.pdf"]
    assert task.input.user.model_dump() == ADA.model_dump()
    assert task.payload_extension == {"ticket": {"id": 7}}
    assert [server.name for server in task.mcp_servers] == ["wiki"]


async def test_a_start_that_is_nearly_all_null_is_taken(auto: Emulator) -> None:
    nulls = dict.fromkeys(("prompt", "file_urls", "run_locally", "events_streaming", "return_metrics", "user_details"))

    task = await Tasks().acreate(agent_id="completed", disable_attachment_injection=None, **nulls)

    assert await settled(task) == [Status.Pending, Status.Executing, Status.Completed]
    assert not task.input.text
    assert not task.events_streaming


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Überweisung an Zoë: 249,00 €",
        "退款 🧾\n\tطلب \u2028 1042",
        "{{ input.text }} {% raw %}",
        "word " * 200_000,
    ],
    ids=["empty", "accents", "scripts", "template", "a million characters"],
)
async def test_any_text_comes_back_as_it_was_sent(auto: Emulator, text: str) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt=text)

    await task.areload()

    assert task.input.text == text


async def test_an_id_of_ones_own_is_taken_and_a_second_turn_follows_the_first(auto: Emulator) -> None:
    first = await Tasks().acreate(agent_id="completed", existing_task_id="order-1042", prompt="One")
    await settled(first)

    second = await Tasks().acreate(agent_id="failed", existing_task_id="order-1042", prompt="Two")

    assert first.id == second.id == "order-1042"
    assert await settled(second) == [Status.Pending, Status.Executing, Status.Failed]
    assert second.input.text == "Two"
    log = await second.aget_activity_log()
    assert [said.content.text for said in log.messages] == ["One", first.result, "Two", second.result]


async def test_an_id_whose_task_still_runs_is_refused(auto: Emulator) -> None:
    await Tasks().acreate(agent_id="approval", existing_task_id="order-1042", prompt="One")

    with pytest.raises(ModuleException, match="omit `id`") as refused:
        await Tasks().acreate(agent_id="approval", existing_task_id="order-1042", prompt="Two")

    assert refused.value.status_code == 409


async def test_a_result_in_json_satisfies_the_schema_that_was_sent(auto: Emulator) -> None:
    schema = {
        "type": "object",
        "required": ["total", "paid", "lines"],
        "properties": {
            "total": {"type": "number", "minimum": 0},
            "paid": {"type": "boolean"},
            "lines": {"type": "array", "minItems": 1, "items": {"type": "string"}},
        },
    }
    task = await Tasks().acreate(
        agent_id="completed", prompt="Total?", output_format=OutputFormat.Json, output_schema=schema
    )

    await settled(task)

    result = json.loads(task.result)
    assert (task.output_format, task.output_schema) == (OutputFormat.Json, schema)
    assert result["total"] >= 0
    assert isinstance(result["paid"], bool)
    assert [type(line) for line in result["lines"]] == [str] * len(result["lines"]) != []


# Reading and listing


async def test_every_way_to_read_a_task_says_the_same(manual: Emulator) -> None:
    task = await Tasks().acreate(agent_id="approval", prompt="Hi", user_details=ADA)
    manual.advance("5s")

    read = [await Tasks().aget(task.id), await Task.aload(task.id), await task.areload()]

    assert facts(read[0]) == facts(read[1]) == facts(read[2])
    assert read[0].status == Status.Paused


async def test_an_agents_list_is_its_own_tasks_newest_first(auto: Emulator) -> None:
    made = [(await Tasks().acreate(agent_id="completed", prompt=str(number))).id for number in range(25)]
    await Tasks().acreate(agent_id="failed", prompt="another agent's")

    listed = await Tasks().alist("completed")

    assert [item.id for item in listed] == made[::-1]
    assert {item.agent_id for item in listed} == {"completed"}
    assert (await listed[0].aload()).input.text == "24"


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ({"status": "paused"}, ["waiting"]),
        ({"status": "completed"}, []),
        ({"triggering_agent_id": "planner"}, ["planned"]),
        ({"parent_task_id": "nobody"}, []),
        ({"internal_status": "Waiting for a free worker"}, ["planned", "new"]),
        ({"status": "pending", "triggering_agent_id": "planner"}, ["planned"]),
        ({"status": None, "parent_task_id": None}, ["planned", "new", "waiting"]),
        ({}, ["planned", "new", "waiting"]),
    ],
)
async def test_filters_narrow_an_agents_list(manual: Emulator, filters: dict[str, Any], expected: list[str]) -> None:
    await Tasks().acreate(agent_id="approval", existing_task_id="waiting", prompt="")
    manual.advance("5s")
    await Tasks().acreate(agent_id="approval", existing_task_id="new", prompt="")
    await Tasks().acreate(agent_id="approval", existing_task_id="planned", prompt="", triggering_agent_id="planner")

    assert [item.id for item in await Tasks().alist("approval", filters)] == expected


async def test_a_users_list_is_of_all_agents(auto: Emulator) -> None:
    for agent_id in ("completed", "approval"):
        await Tasks().acreate(agent_id=agent_id, prompt="", user_details=ADA, existing_task_id=f"{agent_id}-of-ada")
        await Tasks().acreate(agent_id=agent_id, prompt="", user_details=User(id="bob", email="bob@example.com"))

    tasks = Tasks()

    assert [item.id for item in await tasks.alist_user_tasks("ada")] == ["approval-of-ada", "completed-of-ada"]
    assert {item.user_id for item in tasks.list_user_tasks("ada")} == {"ada"}
    assert [item.id for item in await tasks.alist_user_tasks("bob", {"status": "completed"})] == []
    assert await tasks.alist_user_tasks("nobody") == []


async def test_two_keys_never_see_each_others_tasks(point: Point) -> None:
    point("auto", "first-key")
    task = await Tasks().acreate(agent_id="completed", prompt="mine")
    point("auto", "second-key")

    with pytest.raises(ModuleException, match="Task not found"):
        await Tasks().aget(task.id)
    assert await Tasks().alist("completed") == []


# The other clients of the same tasks


async def test_a_task_of_the_public_api_is_a_task_of_the_sdk(auto: Emulator) -> None:
    with auto.api() as api:
        body = {"input": {"text": "From curl"}, "title": "Plain"}
        made = api.post("/v1/workflows/approval/invoke/async", json=body).json()
        await settled(task := await Tasks().aget(made["id"]))
        plain = api.get(f"/v1/tasks/{task.id}").json()

    assert (task.title, task.input.text, task.status) == ("Plain", "From curl", Status.Paused)
    assert [item.id for item in await Tasks().alist("approval")] == [task.id]
    assert facts(Task(**plain, configuration=Configuration())) == facts(task)


async def test_a_task_of_the_sdk_is_a_task_of_the_public_api(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="From the SDK")
    await settled(task)

    with auto.api() as api:
        plain = api.get(f"/v1/tasks/{task.id}").json()
        listed = api.get("/v1/tasks", params={"agent_id": "completed"}).json()["items"]
        thread = api.get(f"/v1/tasks/{task.id}/thread").json()

    assert (plain["status"], plain["result"]) == ("completed", task.result)
    assert [item["id"] for item in listed] == [task.id]
    assert [message["content"] for message in thread] == ["From the SDK", task.result]
