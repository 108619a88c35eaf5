"""Readers: the signals that a read of a task, or a wait for it, gives to the task.

Pure. A step that counts reads counts each one; on an auto clock a read also skips a step that is left by time. A turn
with a plan makes its next move once the step of that move has been shown to a client.
"""

from xpander_emulator.core.replay import Snapshot, Turn, replay, skip_to_change
from xpander_emulator.core.signals import EXPIRE, POLL, Move, Signal
from xpander_emulator.core.timeline import Millis, Wait


def on_read(turn: Turn, now: Millis, snapshot: Snapshot, *, auto_clock: bool) -> tuple[Signal, ...]:
    """Return the signals of one read of a task; the response to the read shows the task after them.

    snapshot: the task at `now`.
    """
    move = next_move(turn, snapshot)
    if move is not None and snapshot.polls:
        return _and_shown(turn, now, move_signals(now, snapshot, move))
    if snapshot.counts_polls or move is not None:
        return (Signal(now, POLL, seen=len(snapshot.visits)),)
    if auto_clock and snapshot.moves_by_itself:
        return _and_shown(turn, now, _skip(now, snapshot))
    return ()


def on_wait(turn: Turn, now: Millis, snapshot: Snapshot, *, auto_clock: bool) -> tuple[Signal, ...]:
    """Return the signals that move a task on for a client that waits for it and has received all events so far.

    Empty where the task moves only as time passes, or waits for a signal.
    """
    move = next_move(turn, snapshot)
    if move is not None:
        return move_signals(now, snapshot, move)
    moves = snapshot.counts_polls or (auto_clock and snapshot.moves_by_itself)
    return _skip(now, snapshot) if moves else ()


def on_show(turn: Turn, now: Millis, snapshot: Snapshot) -> tuple[Signal, ...]:
    """Return the `poll` that notes that a step was shown in which the plan of the turn makes a move."""
    if next_move(turn, snapshot) is None or snapshot.polls or snapshot.counts_polls:
        return ()
    return (Signal(now, POLL, seen=len(snapshot.visits)),)


def next_move(turn: Turn, snapshot: Snapshot) -> Move | None:
    """Return the move that the plan of a turn makes in its present visit of a step, or None."""
    visit = len(snapshot.visits) - 1
    move = next((move for move in turn.plan if move.visit == visit), None)
    if move is None or snapshot.detached:
        return None
    return move if snapshot.step.id == move.step and move.kind in snapshot.waits_for else None


def move_signals(now: Millis, snapshot: Snapshot, move: Move) -> tuple[Signal, ...]:
    """Return the signals that make a move of the present visit."""
    leave = snapshot.step.leave
    if move.kind == EXPIRE and isinstance(leave, Wait) and leave.expiry is not None and EXPIRE not in leave.on:
        return _skip(now, snapshot)
    return (Signal(now, move.kind, seen=len(snapshot.visits)),)


def _skip(now: Millis, snapshot: Snapshot) -> tuple[Signal, ...]:
    skip = skip_to_change(now, snapshot)
    return () if skip is None else (skip,)


def _and_shown(turn: Turn, now: Millis, signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """Return the signals, and the `poll` for the step that the response to their read shows."""
    if not turn.plan:
        return signals
    moved = turn.after(*signals)
    return (*signals, *on_show(moved, now, replay(moved, now)))
