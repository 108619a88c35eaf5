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

DECISIONS: Final = (APPROVE, REJECT, AUTHORIZE, DENY, EXPIRE)


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that happened to a task from outside; `at` is on the clock that its turn follows.

    kind:    one of the words above, or a word of the scenario.
    by:      who sent it, in the sender's own words; shown again, never checked.
    payload: for `update`, the properties that it sets, the status among them.
    skipped: for `skip`, by how many ms the task's own time moves.
    seen:    how many visits of the turn the sender had seen; of the steps due at the signal's millisecond, only those
             are entered before the signal (`core/replay`).
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
    """A signal that a planned turn gives to itself, after a client was shown the step that waits for the signal.

    visit: the index of the visit, counted from 0.
    step:  the id of the step that this visit must be of; in any other step nothing happens.
    kind:  the signal; `expire`, in a step that expires by itself, is a skip to the expiry.
    """

    visit: int
    step: str
    kind: str


class SignalOrderError(ValueError):
    """The signals of a turn are not in the order of their instants."""
