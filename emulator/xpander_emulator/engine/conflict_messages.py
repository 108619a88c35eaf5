"""The messages for a signal or skip that a task refuses: where the task stands, and what it would accept."""

from xpander_emulator.core.status import Status
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import did_you_mean


def not_awaited(task_state: TaskState, kind: str) -> str:
    """Return why a task does not accept a signal."""
    if task_state.snapshot.is_finished:
        status = task_state.snapshot.status
        return f"Task '{task_state.task.id}' is {status} and takes no further signal; '{kind}' came too late."
    return f"{_where(task_state)} and does not wait for '{kind}'. {_accepted(task_state)}"


def stands_still(task_state: TaskState) -> str:
    """Return why skipping does not move a task."""
    if task_state.snapshot.is_finished:
        return f"{_where(task_state)}, its end; nothing changes by time."
    return f"{_where(task_state)}; nothing changes there by time. {_accepted(task_state)}"


def cannot_reach(task_state: TaskState, until: str) -> str:
    """Return why a task does not reach a status or step by time."""
    if task_state.snapshot.is_finished:
        return f"{_where(task_state)}, its end; it cannot get to '{until}'."
    return f"{_where(task_state)} and cannot get to '{until}' by time alone. {_accepted(task_state)}"


def unknown_target(task_state: TaskState, until: str) -> str | None:
    """Return why a skip cannot go to `until`; None for a status or a step of the task's scenario."""
    timeline = task_state.turn.timeline
    steps = [step.id for step in timeline.steps]
    known = (*Status, *steps)
    if until in known:
        return None
    unknown = f"'{until}' is neither a status nor a step of scenario '{timeline.name}', whose steps are "
    return unknown + ", ".join(steps) + (did_you_mean(until, known) or ".")


def _where(task_state: TaskState) -> str:
    snapshot = task_state.snapshot
    return f"Task '{task_state.task.id}' is {snapshot.status} at step '{snapshot.step.id}'"


def _accepted(task_state: TaskState) -> str:
    return f"Signals that would be taken now: {', '.join(task_state.snapshot.waits_for)}."
