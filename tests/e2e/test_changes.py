"""Tasks through the SDK: changed and stopped, what they carry, and what is reported of them."""

from typing import Any

import pytest
from conftest import Emulator
from life import ENDS, Status, facts, settled
from xpander_sdk import Task, Tasks, User
from xpander_sdk.models.shared import Tokens

ADA = User(id="ada", first_name="Ada", last_name="Moreno", email="ada@example.com", timezone="Europe/Madrid")

# Changing and stopping


@pytest.mark.parametrize(
    ("change", "name", "value"),
    [
        ({"source": "mine"}, "source", "mine"),
        ({"last_executed_node_id": "node-7"}, "last_executed_node_id", "node-7"),
        ({"result": "So far"}, "result", "So far"),
        ({"tool_call_payload_extension": {"a": 1}}, "payload_extension", {"a": 1}),
        ({"status": Status.Executing}, "status", Status.Executing),
        ({"status": Status.Failed, "result": "No"}, "status", Status.Failed),
    ],
)
async def test_an_update_is_seen_in_its_reply_and_by_every_reader(
    manual: Emulator, change: dict[str, Any], name: str, value: object
) -> None:
    task = await Tasks().acreate(agent_id="external_worker", prompt="Hi")

    updated = await Tasks().aupdate(task.id, **change)

    assert getattr(updated, name) == value
    assert getattr(await task.areload(), name) == value


async def test_save_sends_what_was_changed_in_the_object(manual: Emulator) -> None:
    task = await Tasks().acreate(agent_id="approval", prompt="Hi")
    task.title, task.internal_status, task.payload_extension = "Mine", "At work", {"step": 2}

    await task.asave()

    again = await Tasks().aget(task.id)
    assert (again.title, again.internal_status, again.payload_extension) == ("Mine", "At work", {"step": 2})
    assert again.status == Status.Pending


async def test_saving_a_stale_task_does_not_take_its_status_back(manual: Emulator) -> None:
    task = await Tasks().acreate(agent_id="approval", prompt="Hi")
    manual.advance("5s")
    task.title = "Late"

    await task.asave()

    assert (task.status, task.title) == (Status.Paused, "Late")
    manual.signal(task.id, "approve")
    manual.advance("5s")
    assert (await task.areload()).status == Status.Completed


async def test_save_can_carry_the_plan(manual: Emulator) -> None:
    task = await Tasks().acreate(agent_id="deep_planning", prompt="Hi")
    manual.skip(task.id, "plan")
    await task.areload()
    for item in task.deep_planning.tasks:
        item.completed = True

    await task.asave(with_deep_plan_update=True)

    assert [item.completed for item in (await Tasks().aget(task.id)).deep_planning.tasks] == [True] * 3


async def test_a_worker_drives_a_task_by_its_status(real: Emulator) -> None:
    task = await Tasks().acreate(agent_id="external_worker", prompt="Hi")

    await task.aset_status(Status.Executing)
    assert task.status == Status.Executing
    await task.aset_status(Status.Completed, result="Done by hand")

    seen = await Tasks().aget(task.id)
    assert (seen.status, seen.result) == (Status.Completed, "Done by hand")
    assert seen.finished_at >= seen.started_at


def test_set_status_and_save_without_async(real: Emulator) -> None:
    task = Tasks().create(agent_id="external_worker", prompt="Hi")

    task.set_status(Status.Executing)
    task.title = "By hand"
    task.save()
    task.set_status(Status.Error, result="The machine broke")

    seen = Task.load(task.id)
    assert (seen.status, seen.result, seen.title) == (Status.Error, "The machine broke", "By hand")


@pytest.mark.parametrize(
    ("until", "status"), [(None, Status.Pending), ("executing", Status.Executing), ("paused", Status.Paused)]
)
async def test_a_task_can_be_stopped_in_every_live_status(manual: Emulator, until: str | None, status: Status) -> None:
    task = await Tasks().acreate(agent_id="stopped", prompt="Hi")
    if until:
        manual.skip(task.id, until)
    assert (await task.areload()).status == status

    await task.astop()

    assert (task.status, task.is_manually_stopped) == (Status.Stopped, True)
    assert (task.hitl_request, (await Tasks().aget(task.id)).status) == (None, Status.Stopped)


async def test_stopping_what_has_ended_changes_nothing(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi")
    await settled(task)

    stopped = await Tasks().astop(task.id)

    assert facts(stopped) == facts(task)
    assert (stopped.status, stopped.is_manually_stopped) == (Status.Completed, False)


# What a task carries


async def test_the_activity_log_is_the_question_and_then_the_answer(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Where is my order?", user_details=ADA)
    before = await task.aget_activity_log()
    await settled(task)

    log = task.get_activity_log()

    assert [(said.role, said.content.text) for said in before.messages] == [("user", "Where is my order?")]
    assert [said.role for said in log.messages] == ["user", "agent"]
    assert log.messages[1].content.text == task.result
    assert log.messages[0].created_at < log.messages[1].created_at
    assert (log.id, log.user.email) == (task.id, ADA.email)


async def test_a_plan_is_worked_off_item_by_item(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="deep_planning", prompt="Hi")
    done = []
    while task.status not in ENDS:
        await task.areload()
        done.append(sum(item.completed for item in task.deep_planning.tasks))

    status = await task.aget_plan_following_status()

    assert done == sorted(done)
    assert {0, 1, 2, 3} <= set(done)
    assert task.deep_planning.tasks[0].title == "Collect the open invoices"
    assert (status.can_finish, status.uncompleted_tasks) == (True, [])


async def test_sub_tasks_are_tasks_that_name_their_parent(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="sub_agents", prompt="Chairs")
    await settled(task)

    children = [await Tasks().aget(each) for each in task.sub_executions]
    listed = await Tasks().alist("completed", {"parent_task_id": task.id})

    assert [child.parent_execution for child in children] == [task.id, task.id]
    assert {child.status for child in children} == {Status.Completed}
    assert {item.id for item in listed} == set(task.sub_executions)


# What ran elsewhere


@pytest.mark.parametrize(("is_success", "status"), [(True, Status.Completed), (False, Status.Failed)])
async def test_a_task_that_ran_elsewhere_is_reported(auto: Emulator, is_success: bool, status: Status) -> None:
    task = await Task.areport_external_task(
        agent_id="my-agent",
        id="elsewhere-1",
        input="What is 2 + 2?",
        llm_response={"raw": ["anything"]},
        tokens=Tokens(prompt_tokens=11, completion_tokens=4),
        is_success=is_success,
        result="4",
        duration=1.5,
        used_tools=["calculator"],
    )

    again = await Tasks().aget("elsewhere-1")
    assert (again.status, again.result, again.input.text) == (status, "4", "What is 2 + 2?")
    assert again.tokens.total_tokens == task.tokens.total_tokens == 15
    assert [item.id for item in await Tasks().alist("my-agent")] == ["elsewhere-1"]


async def test_a_report_ends_a_task_that_runs_here(manual: Emulator) -> None:
    task = await Tasks().acreate(agent_id="external_worker", prompt="Hi")

    Task.report_external_task(agent_id="external_worker", id=task.id, result="Done elsewhere")

    await task.areload()
    assert (task.status, task.result) == (Status.Completed, "Done elsewhere")


async def test_metrics_of_a_task_are_taken(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi", source="sdk")
    await settled(task)

    await task.areport_metrics()
    task.report_metrics()

    assert facts(await Tasks().aget(task.id)) == facts(task)
