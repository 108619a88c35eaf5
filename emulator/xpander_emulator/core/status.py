"""The statuses of a task, and which may follow which."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Status(StrEnum):
    """The seven values of `AgentExecutionStatus` on the wire."""

    PENDING = "pending"
    EXECUTING = "executing"
    PAUSED = "paused"
    ERROR = "error"
    FAILED = "failed"
    COMPLETED = "completed"
    STOPPED = "stopped"


TERMINAL: Final = frozenset({Status.ERROR, Status.FAILED, Status.COMPLETED, Status.STOPPED})

# A task is never pending again once it runs: a further attempt is counted in `execution_attempts`.
TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        Status.PENDING: frozenset({Status.EXECUTING, Status.PAUSED}) | TERMINAL,
        Status.EXECUTING: frozenset({Status.PAUSED}) | TERMINAL,
        Status.PAUSED: frozenset({Status.EXECUTING}) | TERMINAL,
        Status.ERROR: frozenset(),
        Status.FAILED: frozenset(),
        Status.COMPLETED: frozenset(),
        Status.STOPPED: frozenset(),
    }
)


def may_follow(before: Status, after: Status) -> bool:
    """Return whether a timeline may go from `before` to `after`; staying is always allowed."""
    return before is after or after in TRANSITIONS[before]


def may_be_updated(before: Status, after: Status) -> bool:
    """Return whether an update may change the status: as the table allows, or from one end to another."""
    return after in TRANSITIONS[before] or (before is not after and before in TERMINAL and after in TERMINAL)
