"""What a stream tells of a turn: the task's own changes, and what its steps tell meanwhile.

Pure, and made of the same fold as every other reading of the task, so that a stream and a poll never differ.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from xpander_emulator.core.replay import Snapshot, Turn, moments
from xpander_emulator.core.signals import AUTHORIZE
from xpander_emulator.core.task import TERMINAL, Status
from xpander_emulator.core.timeline import Millis, Value

CREATED: Final = "task_created"
UPDATED: Final = "task_updated"
FINISHED: Final = "task_finished"
CHUNK: Final = "chunk"
AUTH: Final = "auth_event"
PLAN_UPDATED: Final = "plan_updated"
LOGIN_REQUIRED: Final = "login_required"
TOKEN_READY: Final = "token_ready"  # noqa: S105  a word of the wire, not a secret


class Event(NamedTuple):
    """One thing that a stream tells, in the task's own time.

    moment: the task as it was then.
    data:   what its step tells; for `auth_event` of a pause the word for what happened to the credential.
    until:  for the chunks of a result, the end of the span over which the whole of it is told; else None.
    left:   for those, when the task left the step before that end; else None.
    """

    at: Millis
    type: str
    moment: Snapshot
    data: Value = None
    until: Millis | None = None
    left: Millis | None = None


def events(turn: Turn, now: Millis) -> tuple[Event, ...]:
    """Return all that a stream tells of what has begun by `now`, in order.

    An event of the present step may lie after `now`: it is told unless the task leaves the step before.
    At the same millisecond, what a step tells goes before the change that ends it.
    """
    told = moments(turn, now)
    found: list[tuple[Millis, int, int, Event]] = []
    for index, moment in enumerate(told):
        own = _own(moment, told[index - 1] if index else None)
        step = _of_step(turn, moment, told[index + 1 :]) if _enters(moment, told[:index]) else []
        for order, event in enumerate([*own, *step]):
            # A task that has ended is told last, whatever its last step tells.
            late = 1 if event.type == FINISHED else 0
            found.append((event.at, index + late, order, event))
    return tuple(event for *_, event in sorted(found, key=lambda each: each[:3]))


def result_turn(turn: Turn, event: Event) -> tuple[Turn, Millis]:
    """Return the turn, and the instant on the clock it follows, at which the result stands that a chunk is part of.

    What happened after the streaming step was entered is left out: that a task was stopped half-way
    does not change the words that had been on their way.
    """
    entered = event.moment.visits[-1].at
    offset = turn.offset
    known = []
    for signal in turn.signals:
        if signal.at + offset > entered:
            break
        known.append(signal)
        offset = Millis(offset + signal.skipped)
    until = event.at if event.until is None else event.until
    return turn._replace(signals=tuple(known)), Millis(until - offset)


def _enters(moment: Snapshot, before: Sequence[Snapshot]) -> bool:
    """Tell whether a moment is the entry of a step, rather than an update during one or the end of a timeline."""
    return not moment.detached and (not before or len(before[-1].visits) < len(moment.visits))


def _own(moment: Snapshot, before: Snapshot | None) -> list[Event]:
    at = moment.updated_at
    if before is None:
        # A story may begin with its end.
        ended = [Event(at, FINISHED, moment)] if moment.status in TERMINAL else []
        return [Event(at, CREATED, moment), *_login(moment), *ended]
    kind = FINISHED if moment.status in TERMINAL else UPDATED
    ready = before.pause is not None and before.pause.kind == "eca" and moment.visits[-1].cause == AUTHORIZE
    token = [Event(at, AUTH, moment, TOKEN_READY)] if ready and len(before.visits) < len(moment.visits) else []
    return [*token, Event(at, kind, moment), *_login(moment, before)]


def _login(moment: Snapshot, before: Snapshot | None = None) -> list[Event]:
    asks = moment.status is Status.PAUSED and moment.pause is not None and moment.pause.kind == "eca"
    enters = before is None or len(before.visits) < len(moment.visits)
    return [Event(moment.updated_at, AUTH, moment, LOGIN_REQUIRED)] if asks and enters else []


def _of_step(turn: Turn, moment: Snapshot, later: Sequence[Snapshot]) -> list[Event]:
    entered = moment.updated_at
    left = next((each.updated_at for each in later if len(each.visits) > len(moment.visits)), None)
    told = [Event(Millis(entered + each.offset), each.type, moment, each.data) for each in moment.step.events]
    if moment.step.streams_result and moment.next_change is not None:
        until = Millis(moment.next_change + moment.offset)
        told.append(Event(entered, CHUNK, moment, until=until, left=left))
    return [event for event in told if left is None or event.at <= left]
