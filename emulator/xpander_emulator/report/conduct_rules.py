"""The rules of conduct, by name. docs/reports.md defines what each of them finds."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Final

from xpander_emulator.core.signals import AUTHORIZE, DENY
from xpander_emulator.core.status import TERMINAL, Status
from xpander_emulator.journal.port import Entry
from xpander_emulator.report.conduct import Evidence, History, Observation, Rule

# polls-too-fast: this many polls of one task within this many seconds.
FAST_POLLS: Final = 10
FAST_SECONDS: Final = 1.0
# polls-without-back-off: of this many polls of one unchanged task, the median gap of the last group is neither a second
# nor more than the growth times that of the first group.
STEADY_POLLS: Final = 30
STEADY_GROUP: Final = 10
STEADY_SECONDS: Final = 1.0
STEADY_GROWTH: Final = 1.5
POLLS_AFTER_END: Final = 3
HAMMERING: Final = 3
HAMMERING_SECONDS: Final = 1.0
TWICE_SECONDS: Final = 5.0
MOST_NAMES: Final = 10
# The journal's instants are whole milliseconds, and a client's clock differs from the server's.
_TOLERANCE: Final = 0.002
_EARLY: Final = 0.05
_WAIT_STATUSES: Final = (429, 503)
_LISTS: Final = frozenset({"list", "history"})


def _polls_too_fast(evidence: Evidence) -> Iterator[Observation]:
    for (task_id, _), shown in evidence.turns():
        polls = _in_real_time(evidence.polls(shown))
        for first in range(len(polls) - FAST_POLLS + 1):
            window = polls[first : first + FAST_POLLS]
            taken = window[-1].began - window[0].began
            if taken < FAST_SECONDS:
                yield Observation(f"{FAST_POLLS} polls of one task within {taken:.2f} s.", window, task_id)
                break


def _polls_without_back_off(evidence: Evidence) -> Iterator[Observation]:
    for (task_id, _), shown in evidence.turns():
        for run in _unchanged(_in_real_time(evidence.polls(shown))):
            gaps = [after.began - before.began for before, after in pairwise(run)]
            if len(run) < STEADY_POLLS:
                continue
            first, last = _median(gaps[:STEADY_GROUP]), _median(gaps[-STEADY_GROUP:])
            if last < STEADY_SECONDS and last <= STEADY_GROWTH * first:
                message = f"{len(run)} polls of one unchanged task, the last ones still every {last:.2f} s."
                yield Observation(message, run, task_id)
                break


def _ignores_retry_after(evidence: Evidence) -> Iterator[Observation]:
    for same in _same_requests(_in_real_time(evidence.entries)):
        early = [
            (before, after, wait)
            for before, after in _repeated(same)
            if (wait := retry_after(before)) is not None and _gap(before, after) < wait - _EARLY
        ]
        if early:
            before, after, wait = early[0]
            gap = max(_gap(before, after), 0.0)
            message = f"A {before.status} asked to wait {wait:g} s; the request came again after {gap:.2f} s."
            yield Observation(message, [entry for pair in early for entry in pair[:2]], before.task_id)


def _ignores_429(evidence: Evidence) -> Iterator[Observation]:
    for same in _same_requests(_in_real_time(evidence.entries)):
        run: list[Entry] = []
        for before, after in _repeated(same):
            is_early = before.status == 429 and retry_after(before) is None and _gap(before, after) < HAMMERING_SECONDS
            run = [*(run if run and run[-1] is before else [before]), after] if is_early else []
            if len(run) > HAMMERING:
                message = (
                    f"{HAMMERING} times in a row, a request answered 429 was sent again within {HAMMERING_SECONDS:g} s."
                )
                yield Observation(message, run, before.task_id)
                break


def _polls_after_end(evidence: Evidence) -> Iterator[Observation]:
    for (task_id, _), shown in evidence.turns():
        ended = next((index for index, entry in enumerate(shown) if entry.task_status in TERMINAL), None)
        if ended is None:
            continue
        late = evidence.polls(shown[ended + 1 :])
        if len(late) >= POLLS_AFTER_END:
            message = f"{len(late)} polls after an answer had shown the task {shown[ended].task_status}."
            yield Observation(message, [shown[ended], *late], task_id)


def _takes_paused_for_the_end(evidence: Evidence) -> Iterator[Observation]:
    views = _views(evidence)
    for turn, shown in evidence.turns():
        paused = next((entry for entry in shown if entry.task_status == Status.PAUSED), None)
        history = evidence.histories.get(turn)
        if paused is None or history is None or views.may_know(turn[0], paused):
            continue
        if _went_on(history, paused):
            status = history.visits[-1].status
            yield Observation(f"No read after the first paused answer; the task is {status} by now.", [paused], turn[0])


def _never_follows_auth_url(evidence: Evidence) -> Iterator[Observation]:
    histories = evidence.histories.values()
    if evidence.followed or any(visit.cause in (AUTHORIZE, DENY) for history in histories for visit in history.visits):
        return
    for turn, shown in evidence.turns():
        history = evidence.histories.get(turn)
        paused = next((entry for entry in shown if history and _waits_for_credential(history, entry)), None)
        if paused is None or history is None:
            continue
        if _went_on(history, paused):
            yield Observation("Nobody followed the auth_url before the task left the pause.", [paused], turn[0])
        else:
            yield Observation("Nobody followed the auth_url; the task still waits for it.", [paused], turn[0])


def _invokes_twice_for_one_intent(evidence: Evidence) -> Iterator[Observation]:
    starts = [entry for entry in evidence.entries if evidence.action(entry) == "start" and entry.task_id is not None]
    views = _views(evidence)
    for same in _same_requests(starts):
        for before, after in pairwise(same):
            if before.task_id == after.task_id:
                continue
            if not before.was_readable:
                message = "The answer to a start was lost, and it was sent again without an `id`: there are two tasks."
                yield Observation(message, [before, after], after.task_id)
            elif _is_one_intent(views, before, after):
                taken = after.began - before.began
                message = f"The same start twice within {taken:.2f} s; only one of the two tasks was read again."
                yield Observation(message, [before, after], after.task_id)


def _sends_fields_the_contract_lacks(evidence: Evidence) -> Iterator[Observation]:
    groups: dict[tuple[str, tuple[str, ...]], list[Entry]] = {}
    for entry in evidence.entries:
        if entry.operation is not None and (names := tuple(evidence.unknown_fields(entry))):
            groups.setdefault((entry.operation, names), []).append(entry)
    for (operation, names), entries in groups.items():
        yield Observation(f"{operation} does not declare {', '.join(names[:MOST_NAMES])}.", entries)


RULES: Final[Mapping[str, Rule]] = {
    "takes-paused-for-the-end": Rule("error", _takes_paused_for_the_end),
    "never-follows-auth-url": Rule("error", _never_follows_auth_url),
    "invokes-twice-for-one-intent": Rule("error", _invokes_twice_for_one_intent),
    "ignores-retry-after": Rule("warning", _ignores_retry_after),
    "ignores-429": Rule("warning", _ignores_429),
    "polls-too-fast": Rule("warning", _polls_too_fast),
    "polls-after-end": Rule("warning", _polls_after_end),
    "polls-without-back-off": Rule("note", _polls_without_back_off),
    "sends-fields-the-contract-lacks": Rule("note", _sends_fields_the_contract_lacks),
}


def retry_after(entry: Entry) -> float | None:
    """Return the seconds that an answer asks its client to wait; None where it does not ask."""
    if entry.status not in _WAIT_STATUSES or not entry.was_sent:
        return None
    header = next((value for name, value in entry.headers if name.lower() == b"retry-after"), b"")
    value = header.decode("latin-1").strip()
    if re.fullmatch(r"\d{1,9}", value):
        return float(value)
    try:
        # RFC 9110, 10.2.3: seconds, or a date.
        return max(0.0, parsedate_to_datetime(value).timestamp() - entry.time / 1_000)
    except ValueError:
        return None


def _in_real_time(entries: Sequence[Entry]) -> list[Entry]:
    """Return the entries of a real clock: on any other one a client has no reason to wait."""
    return [entry for entry in entries if entry.clock.mode == "real"]


def _same_requests(entries: Sequence[Entry]) -> list[list[Entry]]:
    """Return groups of equal requests, each in the order sent; a request whose body was cut equals no other."""
    groups: dict[tuple[str, str, bytes, bytes], list[Entry]] = {}
    for entry in entries:
        if entry.request_size == len(entry.request_body):
            groups.setdefault((entry.method, entry.path, entry.query, entry.request_body), []).append(entry)
    return list(groups.values())


def _repeated(same: Sequence[Entry]) -> Iterator[tuple[Entry, Entry]]:
    """Yield each request with the next one that was sent after its answer."""
    for index, before in enumerate(same):
        after = next((each for each in same[index + 1 :] if _gap(before, each) >= -_TOLERANCE), None)
        if after is not None:
            yield before, after


def _gap(before: Entry, after: Entry) -> float:
    """Return the seconds from an answer to the arrival of another request."""
    return after.began - before.time / 1_000


def _median(gaps: Sequence[float]) -> float:
    # The standard library's takes 10 ms to import, which every start of a server would pay.
    lower, upper = (len(gaps) - 1) // 2, len(gaps) // 2
    return (sorted(gaps)[lower] + sorted(gaps)[upper]) / 2


def _unchanged(polls: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield runs of polls that were shown the same step of an unfinished task."""
    run: list[Entry] = []
    for entry in polls:
        if run and (entry.step, entry.task_status) != (run[-1].step, run[-1].task_status):
            yield run
            run = []
        if entry.task_status not in TERMINAL:
            run.append(entry)
    yield run


@dataclass(frozen=True, slots=True)
class _Views:
    """When a client last saw tasks: by their ids, and in a list of any; ordinals of requests, 0 for never."""

    by_id: Mapping[str, int]
    listed: int
    streamed: frozenset[str | None]

    def may_know(self, task_id: str, since: Entry) -> bool:
        """Return whether a client may have seen a task after an answer."""
        return (
            max(self.by_id.get(task_id, 0), self.listed) > since.ordinal or task_id in self.streamed or "/" in task_id
        )


def _views(evidence: Evidence) -> _Views:
    by_id: dict[str, int] = {}
    for entry in evidence.entries:
        for name in (entry.task_id, *entry.path.split("/")):
            by_id[name or ""] = entry.ordinal
    listed = [entry.ordinal for entry in evidence.entries if evidence.action(entry) in _LISTS]
    streamed = frozenset(entry.task_id for entry in evidence.entries if entry.events is not None)
    return _Views(by_id, max(listed, default=0), streamed)


def _went_on(history: History, paused: Entry) -> bool:
    """Return whether a turn has left the pause in which it was shown."""
    last = history.visits[-1]
    return last.status is not Status.PAUSED or history.timeline.steps[last.step].id != paused.step


def _waits_for_credential(history: History, entry: Entry) -> bool:
    index = history.timeline.find(entry.step or "")
    pause = None if index is None else history.timeline.steps[index].pause
    return entry.task_status == Status.PAUSED and pause is not None and pause.kind == "eca"


def _is_one_intent(views: _Views, before: Entry, after: Entry) -> bool:
    """Return whether two equal starts, shortly after each other, were certainly meant as one."""
    starts = (before, after)
    if before.clock.mode != "real" or after.began - before.began >= TWICE_SECONDS:
        return False
    if any(not start.was_readable or start.events is not None or start.task_status in TERMINAL for start in starts):
        return False
    first, second = (views.may_know(str(start.task_id), after) for start in starts)
    return first is not second
