"""The event stream through the SDK: what it tells, and when."""

import asyncio
from collections import Counter

import pytest
from conftest import Emulator
from life import SEED_DATE, Kind, Status, facts, of, plain, started, told
from pydantic import TypeAdapter
from xpander_sdk import Task, Tasks
from xpander_sdk.models.deep_planning import DeepPlanning
from xpander_sdk.models.events import ToolCallRequest, ToolCallResult
from xpander_sdk.modules.tools_repository.models.mcp import MCPOAuthGetTokenResponse

ABOUT_TASKS = (Kind.TaskCreated, Kind.TaskUpdated, Kind.TaskFinished)
UNPAUSED = (
    *("completed", "failed", "error", "json_result", "retried", "slow", "polled"),
    *("streaming_answer", "tool_calls", "deep_planning", "sub_agents"),
)


# The whole of a stream


@pytest.mark.parametrize("story", UNPAUSED)
async def test_a_stream_is_read_from_its_first_event_to_its_last(auto: Emulator, story: str) -> None:
    task = await started(story)

    events = await told(task)

    kinds = [event.type for event in events]
    assert (kinds[0], kinds[-1]) == (Kind.TaskCreated, Kind.TaskFinished)
    assert (kinds.count(Kind.TaskCreated), kinds.count(Kind.TaskFinished)) == (1, 1)
    assert [event.time for event in events] == sorted(event.time for event in events)
    assert {(event.task_id, event.organization_id) for event in events} == {(task.id, auto.organization_id)}
    # The SDK falls back to a dict where it cannot read a task.
    assert {type(event.data) for event in events if event.type in ABOUT_TASKS} == {Task}
    assert [each.status for each in of(Kind.TaskCreated, events)] == [Status.Pending]
    assert facts(events[-1].data) == facts(await Tasks().aget(task.id))


@pytest.mark.parametrize("story", UNPAUSED)
async def test_by_default_the_release_of_the_seed_date_could_read_every_event(auto: Emulator, story: str) -> None:
    task = await started(story)

    events = await told(task)

    assert {event.type.value for event in events} <= SEED_DATE
    assert [event.type for event in events if event.data in (None, "", {}, [])] == []


def test_the_call_without_async_gives_the_same_events(auto: Emulator) -> None:
    task = Tasks().create(agent_id="streaming_answer", prompt="Hi", events_streaming=True)

    events = list(task.events())

    assert [plain(event) for event in events] == [plain(event) for event in asyncio.run(told(task))]
    assert events[-1].data.status == Status.Completed


async def test_the_tasks_of_a_stream_are_those_that_polling_shows(manual: Emulator) -> None:
    task = await started("approval")
    polled = [facts(await task.areload())]
    for _ in range(20):
        manual.advance("100ms")
        if facts(await task.areload()) != polled[-1]:
            polled.append(facts(task))
    assert task.status == Status.Paused

    seen = []
    async for event in task.aevents():
        seen.append(facts(event.data))
        if event.data.status == Status.Paused:
            break

    assert seen == polled


# What the stories tell


@pytest.mark.parametrize("story", ["streaming_answer", "streamed_approval"])
async def test_the_chunks_are_the_result(auto: Emulator, story: str) -> None:
    task = await started(story)

    events = []
    async for event in task.aevents():
        events.append(event)
        if event.type == Kind.TaskUpdated and event.data.status == Status.Paused:
            auto.signal(task.id, "approve", by="manager")

    chunks = of(Kind.Chunk, events)
    assert len(chunks) > 10
    assert "".join(chunks) == events[-1].data.result
    assert {type(chunk) for chunk in chunks} == {str}


async def test_a_tool_result_carries_the_ids_of_its_request(auto: Emulator) -> None:
    events = await told(await started("tool_calls"))

    requests = [ToolCallRequest(**data) for data in of(Kind.ToolCallRequest, events)]
    results = [ToolCallResult(**data) for data in of(Kind.ToolCallResult, events)]

    def ids(call: ToolCallRequest) -> tuple[str | None, ...]:
        return call.request_id, call.operation_id, call.tool_call_id, call.tool_name

    assert [call.tool_name for call in requests] == ["find_order", "track_parcel", "track_parcel"]
    assert [ids(call) for call in requests] == [ids(result) for result in results]
    assert len({call.tool_call_id for call in requests}) == 3
    assert [result.is_error for result in results] == [False, True, False]
    assert requests[0].payload == {"query": "Refund order 1042"}


async def test_a_request_is_told_before_its_result(auto: Emulator) -> None:
    events = await told(await started("tool_calls"))

    calls = [event for event in events if event.type in (Kind.ToolCallRequest, Kind.ToolCallResult)]
    for request, result in zip(calls[::2], calls[1::2], strict=True):
        assert (request.type, result.type) == (Kind.ToolCallRequest, Kind.ToolCallResult)
        assert request.time < result.time


async def test_thoughts_are_told(auto: Emulator) -> None:
    events = await told(await started("streaming_answer"))

    kinds = [event.type for event in events]
    assert kinds.index(Kind.TaskUpdated) < kinds.index(Kind.Think) < kinds.index(Kind.Analyze) < kinds.index(Kind.Chunk)
    assert "Refund order 1042" in of(Kind.Think, events)[0]


async def test_a_plan_is_told_each_time_that_it_changes(auto: Emulator) -> None:
    events = await told(await started("deep_planning"))

    plans = [DeepPlanning(**data) for data in of(Kind.PlanUpdated, events)]
    done = [sum(item.completed for item in plan.tasks) for plan in plans]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, 3)


async def test_each_sub_agent_is_told_when_it_starts(auto: Emulator) -> None:
    events = await told(await started("sub_agents"))

    triggers = of(Kind.SubAgentTrigger, events)
    assert len(triggers) == len(events[-1].data.sub_executions) == 2
    assert {trigger["agent_id"] for trigger in triggers} == {"completed"}


async def test_a_credential_is_asked_for_and_given_on_the_stream(auto: Emulator) -> None:
    task = await started("connector_authorization")

    said, address = [], None
    async for event in task.aevents():
        if event.type == Kind.AuthEvent:
            said.append(TypeAdapter(MCPOAuthGetTokenResponse).validate_python(event.data))
        if event.type == Kind.TaskUpdated and event.data.status == Status.Paused:
            address = event.data.pending_eca_request.auth_url
            auto.signal(task.id, "authorize")

    assert [each.type.value for each in said] == ["login_required", "token_ready"]
    assert said[0].data.url == address
    assert said[1].data.access_token == "REDACTED"


# Streams and time


async def test_a_stream_stays_open_over_a_pause(real: Emulator) -> None:
    task = await started("approval")
    statuses = []

    async for event in task.aevents():
        statuses.append(event.data.status.value)
        if statuses[-1] == "paused":
            asyncio.get_running_loop().call_later(0.5, lambda: real.signal(task.id, "approve"))

    assert [*Counter(statuses)] == ["pending", "executing", "paused", "completed"]
    assert statuses[-2:] == ["executing", "completed"]


async def test_events_come_when_they_happen_and_not_all_at_the_end(real: Emulator) -> None:
    task = await started("streaming_answer")
    loop = asyncio.get_running_loop()

    lags = [(loop.time(), event.time.timestamp()) async for event in task.aevents()]

    (first, first_told), (last, last_told) = lags[0], lags[-1]
    assert last - first > 1.5
    assert max(abs((at - first) - (told_at - first_told)) for at, told_at in lags) < 1
    assert last_told - first_told == pytest.approx(2.3, abs=0.01)


async def test_on_a_manual_clock_a_stream_waits_for_the_clock(manual: Emulator) -> None:
    task = await started("completed")
    stream = task.aevents()

    first = await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0.2)
    stood = not waiting.done()
    manual.advance("1h")
    rest = [await waiting, *[event async for event in stream]]

    assert first.type == Kind.TaskCreated
    assert stood
    assert rest[-1].data.status == Status.Completed


@pytest.mark.parametrize(("signal", "end"), [("reject", Status.Stopped), ("expire", Status.Error)])
async def test_a_stream_ends_with_the_task_however_it_ends(auto: Emulator, signal: str, end: Status) -> None:
    task = await started("approval")

    events = []
    async for event in task.aevents():
        events.append(event)
        if event.data.status == Status.Paused:
            auto.signal(task.id, signal)

    assert (events[-1].type, events[-1].data.status) == (Kind.TaskFinished, end)


async def test_stopping_a_task_ends_its_stream(real: Emulator) -> None:
    task = await started("slow")

    events = []
    async for event in task.aevents():
        events.append(event)
        if event.data.status == Status.Executing:
            await Tasks().astop(task.id)

    assert (events[-1].type, events[-1].data.status) == (Kind.TaskFinished, Status.Stopped)
    assert events[-1].data.is_manually_stopped


async def test_what_a_worker_says_is_told_on_the_stream(real: Emulator) -> None:
    task = await started("external_worker")
    watching = asyncio.ensure_future(told(task))
    worker = await Tasks().aget(task.id)

    await worker.aset_status(Status.Executing)
    await Tasks().aupdate(task.id, last_executed_node_id="by-hand")
    await Tasks().aupdate(task.id, status=Status.Completed, result="Done by hand")

    events = await watching
    assert [event.data.status for event in events][-1] == Status.Completed
    assert events[-1].data.result == "Done by hand"
    assert "by-hand" in [event.data.last_executed_node_id for event in events]


async def test_a_second_turn_has_a_stream_of_its_own(auto: Emulator) -> None:
    first = await started("completed", existing_task_id="order-1042")
    await told(first)
    second = await started("failed", existing_task_id="order-1042")

    events = await told(second)

    assert events[-1].data.status == Status.Failed
    assert [event.type for event in events].count(Kind.TaskCreated) == 1
