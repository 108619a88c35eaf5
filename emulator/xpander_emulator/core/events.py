"""The events of a stream: a turn's own changes, and what its steps send between them.

Pure, and computed from the same fold as every other reading of the task, so that a stream and a poll never differ.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from xpander_emulator.core.replay import Snapshot, Turn, moments
from xpander_emulator.core.signals import AUTHORIZE
from xpander_emulator.core.status import TERMINAL
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
    """One event of a stream; its instants are in the task's own time.

    moment: the task at that instant.
    data:   what the scenario gives the event; for the `auth_event` of a pause LOGIN_REQUIRED or TOKEN_READY.
    until:  for the chunks of a result, the end of the span over which all of them are sent; else None.
    left:   for the chunks of a result, when the task left the step before that end; else None.
    """

    at: Millis
    type: str
    moment: Snapshot
    data: Value = None
    until: Millis | None = None
    left: Millis | None = None


def events(turn: Turn, now: Millis) -> tuple[Event, ...]:
    """Return the events of all steps that were entered by `now`, in the order in which a stream sends them.

    An event of the present step may lie after `now`; it is sent unless the task leaves the step before.
    At the same millisecond, an event of a step goes before the change that ends the step.
    """
    snapshots = moments(turn, now)
    sortable: list[tuple[Millis, int, int, Event]] = []
    for index, moment in enumerate(snapshots):
        before = snapshots[index - 1] if index else None
        enters_step = not moment.detached and _is_new_visit(moment, before)
        of_step = _step_events(moment, snapshots[index + 1 :]) if enters_step else []
        for order, event in enumerate([*_change_events(moment, before), *of_step]):
            # `task_finished` goes last, behind the events of the last step.
            rank = index + 1 if event.type == FINISHED else index
            sortable.append((event.at, rank, order, event))
    return tuple(event for *_, event in sorted(sortable, key=lambda item: item[:3]))


def result_turn(turn: Turn, event: Event) -> tuple[Turn, Millis]:
    """Return the turn, and the instant on the clock it follows, whose result a chunk is part of.

    Signals after the entry of the streaming step are left out: a task that is stopped half-way
    does not change the words that were on their way.
    """
    entered = event.moment.visits[-1].at
    offset = turn.offset
    signals = []
    for signal in turn.signals:
        if signal.at + offset > entered:
            break
        signals.append(signal)
        offset = Millis(offset + signal.skipped)
    until = event.at if event.until is None else event.until
    return turn._replace(signals=tuple(signals)), Millis(until - offset)


def _is_new_visit(moment: Snapshot, before: Snapshot | None) -> bool:
    """Return whether a moment begins a visit, rather than being an update during one."""
    return before is None or len(before.visits) < len(moment.visits)


def _change_events(moment: Snapshot, before: Snapshot | None) -> list[Event]:
    """Return the events of a change of the task itself."""
    at = moment.updated_at
    is_new = _is_new_visit(moment, before)
    login = [Event(at, AUTH, moment, LOGIN_REQUIRED)] if is_new and _asks_for_login(moment) else []
    end = [Event(at, FINISHED, moment)] if moment.status in TERMINAL else []
    if before is None:
        # The first step of a scenario may be an end.
        return [Event(at, CREATED, moment), *login, *end]
    is_ready = is_new and _asks_for_login(before) and moment.visits[-1].cause == AUTHORIZE
    token = [Event(at, AUTH, moment, TOKEN_READY)] if is_ready else []
    return [*token, *(end or [Event(at, UPDATED, moment)]), *login]


def _asks_for_login(snapshot: Snapshot) -> bool:
    return snapshot.pause is not None and snapshot.pause.kind == "eca"


def _step_events(moment: Snapshot, later: Sequence[Snapshot]) -> list[Event]:
    """Return the events that the scenario gives to a step, up to when the task leaves the step."""
    entered = moment.updated_at
    left = next((each.updated_at for each in later if _is_new_visit(each, moment)), None)
    of_step = [Event(Millis(entered + each.offset), each.type, moment, each.data) for each in moment.step.events]
    if moment.step.streams_result and moment.next_change is not None:
        until = Millis(moment.next_change + moment.offset)
        of_step.append(Event(entered, CHUNK, moment, until=until, left=left))
    return [event for event in of_step if left is None or event.at <= left]
