"""What the tests say again and again of a task and of its events."""

import asyncio
from typing import Any

from xpander_sdk import AgentExecutionStatus, Task, Tasks, TaskUpdateEvent, TaskUpdateEventType

Status = AgentExecutionStatus
LIVE = (Status.Pending, Status.Executing)
ENDS = (Status.Completed, Status.Failed, Status.Error, Status.Stopped)
MOST_READS = 60
Kind = TaskUpdateEventType
# The release of the seed date knows these and no others: its loop ends at any that it does not know.
SEED_DATE = {
    "task_created", "task_updated", "task_finished", "chunk", "auth_event", "tool_call_request", "tool_call_result",
    "sub_agent_trigger", "think", "analyze", "plan_updated", "task_compactization",
}  # fmt: skip


async def settled(task: Task) -> list[Status]:
    """Reload a task until it ends or pauses, and return the statuses seen, each once in a row."""
    seen = [task.status]
    for _ in range(MOST_READS):
        if task.status not in LIVE:
            return seen
        await task.areload()
        if task.status != seen[-1]:
            seen.append(task.status)
    raise AssertionError(f"{task.id} is still {task.status} after {MOST_READS} reads")


def facts(task: Task) -> dict[str, Any]:
    """Return all that a task says. The task itself cannot be compared or printed: its configuration holds it again."""
    return task.model_dump(mode="json", exclude={"configuration"})


async def started(story: str, **more: Any) -> Task:
    """Start a task whose events can be followed."""
    return await Tasks().acreate(agent_id=story, prompt="Refund order 1042", events_streaming=True, **more)


async def told(task: Task) -> list[TaskUpdateEvent]:
    """Return all events of a task whose stream ends by itself."""
    async with asyncio.timeout(20):
        return [event async for event in task.aevents()]


def of(kind: TaskUpdateEventType, events: list[TaskUpdateEvent]) -> list[Any]:
    """Return the data of the events of one type."""
    return [event.data for event in events if event.type == kind]


def plain(event: TaskUpdateEvent) -> dict[str, Any]:
    """Return an event such that it can be compared."""
    data = facts(event.data) if isinstance(event.data, Task) else event.data
    return {**event.model_dump(mode="json", exclude={"data"}), "data": data}
