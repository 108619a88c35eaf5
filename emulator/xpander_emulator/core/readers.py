"""Readers: what reading a task, or waiting for it, makes happen to it.

Pure. A step that counts reads counts them, a step left by time may be passed, and a turn with a plan makes its next
move once the step in which it is due has been shown to somebody.
"""

from xpander_emulator.core.replay import Snapshot, Turn, replay, skip_to_change
from xpander_emulator.core.signals import EXPIRE, POLL, Move, Signal
from xpander_emulator.core.timeline import Millis, Wait


def on_read(turn: Turn, now: Millis, seen: Snapshot, *, in_no_time: bool) -> tuple[Signal, ...]:
    """Return the signals of one read of a task, which then shows what they have led to.

    seen:       the snapshot at `now`.
    in_no_time: whether a step that is left by time alone is passed.
    """
    move = next_move(turn, seen)
    if move is not None and seen.polls:
        return _and_shown(turn, now, made(turn, now, seen, move))
    if seen.counts_polls:
        return (Signal(now, POLL, seen=len(seen.visits)),)
    if move is not None:
        return on_show(turn, now, seen)
    if in_no_time and seen.moves_by_itself:
        return _and_shown(turn, now, _skip(turn, now, seen))
    return ()


def on_wait(turn: Turn, now: Millis, seen: Snapshot, *, in_no_time: bool) -> tuple[Signal, ...]:
    """Return the signals that move a task on for somebody who waits for it and has been told all that is so far.

    Empty where it moves by nothing but the passing of time, or waits for somebody.
    """
    move = next_move(turn, seen)
    if move is not None:
        return made(turn, now, seen, move)
    return _skip(turn, now, seen) if seen.counts_polls or (in_no_time and seen.moves_by_itself) else ()


def on_show(turn: Turn, now: Millis, seen: Snapshot) -> tuple[Signal, ...]:
    """Return the signal by which it is noted that somebody is shown a step in which the turn's plan moves."""
    if next_move(turn, seen) is None or seen.polls or seen.counts_polls:
        return ()
    return (Signal(now, POLL, seen=len(seen.visits)),)


def next_move(turn: Turn, seen: Snapshot) -> Move | None:
    """Return the move that the plan of a turn makes in its present visit of a step, or None."""
    visit = len(seen.visits) - 1
    move = next((move for move in turn.plan if move.visit == visit), None)
    fits = move is not None and not seen.detached and seen.step.id == move.step and move.kind in seen.waits_for
    return move if fits else None


def made(turn: Turn, now: Millis, seen: Snapshot, move: Move) -> tuple[Signal, ...]:
    """Return the signals that make a move of the present visit."""
    leave = seen.step.leave
    if move.kind == EXPIRE and isinstance(leave, Wait) and leave.expiry is not None and EXPIRE not in leave.on:
        return _skip(turn, now, seen)
    return (Signal(now, move.kind, seen=len(seen.visits)),)


def _skip(turn: Turn, now: Millis, seen: Snapshot) -> tuple[Signal, ...]:
    skip = skip_to_change(turn, now, seen)
    return () if skip is None else (skip,)


def _and_shown(turn: Turn, now: Millis, signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    """Return the signals, and the note that who caused them is shown a step in which the plan moves."""
    if not turn.plan:
        return signals
    moved = turn.after(*signals)
    return (*signals, *on_show(moved, now, replay(moved, now)))
