"""Pays a refund out by an agent of xpander.ai, through the official SDK."""

from xpander_sdk import AgentExecutionStatus, Task, Tasks

LIVE = (AgentExecutionStatus.Pending, AgentExecutionStatus.Executing, AgentExecutionStatus.Paused)
BROKEN = (AgentExecutionStatus.Failed, AgentExecutionStatus.Error)
MOST_READS = 100


class PayoutFailed(Exception):
    """A refund was not paid out."""


async def start(order: str) -> Task:
    """Ask for the refund of an order."""
    return await Tasks().acreate(agent_id="refund", prompt=order)


async def pay_out(task: Task) -> str:
    """Wait until a refund is paid out, and return the note for the customer. Raises PayoutFailed."""
    for _ in range(MOST_READS):
        if task.status not in LIVE:
            break
        await task.areload()
    if task.status in BROKEN or task.status in LIVE:
        raise PayoutFailed(f"{task.id} is {task.status.value}")
    return f"Your money is on its way. {task.result}"
