"""How an act that a task does not allow is refused: what it is now, and what it would take."""

from xpander_emulator.core.task import Status
from xpander_emulator.engine.task_state import Standing
from xpander_emulator.errors import did_you_mean


def not_awaited(standing: Standing, kind: str) -> str:
    """Return why a task does not take a signal."""
    if standing.snapshot.is_finished:
        status = standing.snapshot.status
        return f"Task '{standing.task.id}' is {status} and takes no further signal; '{kind}' came too late."
    return f"{_where(standing)} and does not wait for '{kind}'. {_taken(standing)}"


def stands_still(standing: Standing) -> str:
    """Return why skipping does not move a task."""
    if standing.snapshot.is_finished:
        return f"{_where(standing)}, its end; nothing changes by time."
    return f"{_where(standing)}; nothing changes there by time. {_taken(standing)}"


def cannot_reach(standing: Standing, until: str) -> str:
    """Return why a task does not get to a status or step by time."""
    if standing.snapshot.is_finished:
        return f"{_where(standing)}, its end; it cannot get to '{until}'."
    return f"{_where(standing)} and cannot get to '{until}' by time alone. {_taken(standing)}"


def unknown_target(standing: Standing, until: str) -> str | None:
    """Return why `until` is no place to skip to; None where it is a status, or a step of the task's story."""
    timeline = standing.turn.timeline
    steps = [step.id for step in timeline.steps]
    known = (*Status, *steps)
    if until in known:
        return None
    story = (
        f"'{until}' is neither a status nor a step of scenario '{timeline.name}', whose steps are {', '.join(steps)}"
    )
    return story + (did_you_mean(until, known) or ".")


def _where(standing: Standing) -> str:
    snapshot = standing.snapshot
    return f"Task '{standing.task.id}' is {snapshot.status} at step '{snapshot.step.id}'"


def _taken(standing: Standing) -> str:
    return f"Signals that would be taken now: {', '.join(standing.snapshot.waits_for)}."
