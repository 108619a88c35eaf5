"""Signals: what happens to a task from outside."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from xpander_emulator.core.timeline import NO_TIME, NOTHING, Millis

APPROVE: Final = "approve"
REJECT: Final = "reject"
AUTHORIZE: Final = "authorize"
DENY: Final = "deny"
EXPIRE: Final = "expire"
STOP: Final = "stop"
POLL: Final = "poll"
SKIP: Final = "skip"
UPDATE: Final = "update"

# What a scenario may wait for by a word of its own is any name but these, which mean something everywhere.
RESERVED: Final = frozenset({STOP, POLL, SKIP, UPDATE})
DECISIONS: Final = (APPROVE, REJECT, AUTHORIZE, DENY, EXPIRE)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened to a task, and when, on its namespace's clock.

    kind:    one of the words above, or a scenario author's own.
    by:      who did it, as they said; only told again, never checked.
    payload: for `update`, the properties that it sets, the status among them.
    skipped: for `skip`, by how many ms the task's own time moves.
    seen:    how many visits of the turn its giver had seen; a step due at the very millisecond of the
             signal goes before it only if it is among them, so that nobody's history is rewritten.
    """

    at: Millis
    kind: str
    by: str | None = None
    reason: str | None = None
    payload: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    skipped: Millis = NO_TIME
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Move:
    """A signal that a task is to get by itself, once somebody has been shown the step in which it waits for it.

    visit: during which visit of the turn, counted from 0.
    step:  the id of the step that this visit must be of; where the turn has gone another way, nothing is given.
    kind:  the signal; `expire`, in a step that expires by itself, is no signal but the passing of that time.
    """

    visit: int
    step: str
    kind: str


class SignalOrderError(ValueError):
    """The signals of a turn were not in the order of their instants."""
