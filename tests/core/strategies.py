"""Random timelines, signals and turns: every shape that the compiler could give, and any history on top."""

from hypothesis import strategies as st

from xpander_emulator.core.replay import Turn
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.status import TERMINAL, TRANSITIONS, Status
from xpander_emulator.core.timeline import After, Millis, Pause, Polls, Step, Timeline, Wait

LIVE = (Status.PENDING, Status.EXECUTING, Status.PAUSED)
NAMES = ("approve", "reject", "authorize", "deny", "webhook_received")
START = Millis(1_000_000)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Steps that are left by time or reads go forward; a signal may lead anywhere that the table allows."""
    statuses = [Status.PENDING]
    for _ in range(draw(st.integers(0, 5))):
        allowed = [each for each in LIVE if each in TRANSITIONS[statuses[-1]] or each is statuses[-1]]
        statuses.append(draw(st.sampled_from(allowed)))
    ends = draw(st.lists(st.sampled_from(sorted(TERMINAL)), min_size=1, max_size=3))
    statuses += ends
    live = len(statuses) - len(ends)
    steps = tuple(
        _step(draw, statuses, index) if index < live else _end(draw, statuses, index) for index in range(len(statuses))
    )
    return Timeline("random", steps)


def _end(draw: st.DrawFn, statuses: list[Status], index: int) -> Step:
    return Step(f"s{index}", statuses[index], None, draw(sets))


def _step(draw: st.DrawFn, statuses: list[Status], index: int) -> Step:
    status = statuses[index]
    targets = [
        each
        for each, other in enumerate(statuses)
        if each != index and (other in TRANSITIONS[status] or other is status)
    ]
    forward = [each for each in targets if each > index]
    kind = draw(st.sampled_from(["after", "after", "polls", "wait"]))
    if kind == "after":
        return Step(f"s{index}", status, _after(draw, forward), draw(sets))
    if kind == "polls":
        return Step(f"s{index}", status, Polls(draw(st.integers(1, 3)), draw(st.sampled_from(forward))), draw(sets))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    expiry = _after(draw, forward) if draw(st.booleans()) else None
    on = {name: draw(st.sampled_from(targets)) for name in names}
    pause = Pause("hitl", "hitl_request", {"wait_node_id": f"n{index}"}) if status is Status.PAUSED else None
    return Step(f"s{index}", status, Wait(on, expiry), draw(sets), pause)


def _after(draw: st.DrawFn, forward: list[int]) -> After:
    low = draw(delays)
    return After(Millis(low), Millis(low + draw(st.sampled_from([0, 0, 7]))), draw(st.sampled_from(forward)))


delays = st.integers(0, 50)
sets = st.dictionaries(st.sampled_from(["title", "result", "internal_status"]), st.integers(0, 9), max_size=2)
payloads = st.fixed_dictionaries({}, optional={"status": st.sampled_from(list(Status)), "title": st.integers(10, 19)})


@st.composite
def signal_lists(draw: st.DrawFn) -> tuple[Signal, ...]:
    """Signals that ascend in time, of every kind, whether the turn waits for them or not."""
    at, signals = int(START), []
    for _ in range(draw(st.integers(0, 8))):
        at += draw(st.integers(0, 40))
        kind = draw(st.sampled_from([*NAMES, "expire", "stop", "poll", "poll", "skip", "update"]))
        payload = draw(payloads) if kind == "update" else {}
        skipped = Millis(draw(delays) if kind == "skip" else 0)
        signals.append(Signal(Millis(at), kind, payload=payload, skipped=skipped, seen=draw(st.integers(0, 6))))
    return tuple(signals)


@st.composite
def turns(draw: st.DrawFn) -> Turn:
    """A turn with any history."""
    return Turn(draw(timelines()), "wf", b"{}", draw(st.integers(0, 2**64 - 1)), START, signals=draw(signal_lists()))


instants = st.integers(int(START), int(START) + 600).map(Millis)
