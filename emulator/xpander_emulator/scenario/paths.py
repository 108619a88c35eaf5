"""Paths: every way in which a scenario can end, each with the decisions that lead along it.

Pure, over a timeline. What a path asks for is data (`Move`), which the engine makes happen and anybody can replay.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from xpander_emulator.core.faults import FaultRule, PathFault
from xpander_emulator.core.signals import EXPIRE, STOP, Move
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Step, Timeline, Wait, exits
from xpander_emulator.errors import BadRequest, NotFound, did_you_mean

MAX_PATHS: Final = 1_000
# Ways are tried that lead to no end; this many steps are walked in all before the search is given up.
_MAX_WALKED: Final = 100_000


@dataclass(frozen=True, slots=True, repr=False)
class ScenarioPath:
    """One path through a scenario, from its first step to an end.

    Attributes:
        id: A readable id, unique within the scenario: the scenario's name and the decisions in order, or `stop-while-`
            and a status; with a fault, `-with-` and its name follow.
        scenario: The name of the scenario.
        steps: The ids of the steps visited, in order.
        moves: The decisions on the path; time and reads do everything else.
        end: The status in which the path ends.
        fault: The only fault that strikes on the path; None for those of the scenario.
    """

    id: str
    scenario: str
    steps: tuple[str, ...]
    moves: tuple[Move, ...]
    end: Status
    fault: PathFault | None = None

    def __repr__(self) -> str:
        return f"<ScenarioPath {self.id}: {as_text(self)}, {self.end}>"

    def __str__(self) -> str:
        return self.id


class _Way(NamedTuple):
    """Indices of steps, and by what each of them is left; a way that stops in its last step has one more of these."""

    steps: tuple[int, ...]
    left_by: tuple[str, ...] = ()

    def on(self, by: str, step: int) -> "_Way":
        return _Way((*self.steps, step), (*self.left_by, by))

    def then(self, other: "_Way") -> "_Way":
        """Return this way and on along another one, which begins where this one leads."""
        return _Way(self.steps + other.steps[1:], self.left_by + other.left_by)

    def stopped(self) -> "_Way":
        return _Way(self.steps, (*self.left_by, STOP))

    @property
    def exits(self) -> Iterator[tuple[int, str]]:
        return zip(self.steps, self.left_by, strict=False)


def paths(timeline: Timeline, *, max_turns: int = 1) -> tuple[ScenarioPath, ...]:
    """Return the paths of a scenario: to every end by every decision, those that go back, the stops, then the faults.

    max_turns: how often a path may come through the same step. With 1 they are the simple ones, and for each decision
        that leads back, which no simple path can make, the shortest path that makes it once.
    A stop is made once in each pause and once in each other live status, where it is reached first. A step that may
    last no time at all is neither stopped in nor decided in.
    Each fault that the scenario lets strike, or only names, has the first path that comes to where it strikes. There it
    strikes from the first request on that fits, as often as the scenario says; once where that is always.

    Raises BadRequest for `max_turns` below 1, and where there are more than MAX_PATHS.
    """
    if max_turns < 1:
        raise BadRequest(f"max_turns is how often a path may come through a step, 1 or more; found {max_turns}.")
    decided = _to_ends(timeline, max_turns)
    stops = tuple(_stops(timeline))
    back = tuple(_back(timeline, [*decided, *stops]))
    ways = (*decided, *back, *stops)
    ids = _unique([*(_id(timeline, way) for way in (*decided, *back)), *_stop_ids(timeline, stops)])
    plain = [_path(timeline, name, way) for name, way in zip(ids, ways, strict=True)]
    found = (*plain, *_struck(timeline, plain))
    _check_number(timeline, max_turns, len(found))
    return tuple(replace(path, id=name) for path, name in zip(found, _unique(path.id for path in found), strict=True))


def path_of(timeline: Timeline, path_id: str, *, max_turns: int = 1) -> ScenarioPath:
    """Return the path of that id. Raises NotFound, and what `paths` raises."""
    found = {path.id: path for path in paths(timeline, max_turns=max_turns)}
    if path_id not in found:
        hint = did_you_mean(path_id, [*found]) or f"; it has {', '.join(found)}"
        raise NotFound(f"The scenario '{timeline.name}' has no path '{path_id}'{hint}")
    return found[path_id]


def as_json(path: ScenarioPath) -> dict[str, Any]:
    """Return `{id, steps, moves: [{step, signal}], end, fault: {name, step}}`; a fault that may be null."""
    moves = [{"step": move.step, "signal": move.kind} for move in path.moves]
    fault = {"name": path.fault.rule.fault.name, "step": path.fault.step} if path.fault else None
    return {"id": path.id, "steps": list(path.steps), "moves": moves, "end": path.end.value, "fault": fault}


def as_text(path: ScenarioPath) -> str:
    """Return the steps as one line, each decision behind the step that it is made in, and the fault in the end."""
    decided = {move.visit: f" ({move.kind})" for move in path.moves}
    told = " → ".join(step + decided.get(visit, "") for visit, step in enumerate(path.steps))
    if path.fault is None:
        return told
    return f"{told}, with {path.fault.rule.fault.name}" + (f" in {path.fault.step}" if path.fault.step else "")


def _to_ends(timeline: Timeline, max_turns: int) -> list[_Way]:
    """Return every way to an end that comes through no step more than `max_turns` times, in the order of the file."""
    ending = {step for step in range(len(timeline.steps)) if _nearest_end(timeline, step)}
    found: list[_Way] = []
    ahead, walked = [_Way((0,))] if 0 in ending else [], 0
    while ahead:
        way, walked = ahead.pop(), walked + 1
        if timeline.steps[way.steps[-1]].leave is None:
            found.append(way)
        _check_number(timeline, max_turns, len(found), walked)
        onward = [(by, step) for by, step in _ways_out(timeline, way.steps[-1]).items() if step in ending]
        ahead += [way.on(by, step) for by, step in reversed(onward) if way.steps.count(step) < max_turns]
    return found


def _back(timeline: Timeline, known: Sequence[_Way]) -> Iterator[_Way]:
    """Yield for each exit that lies on no known way the shortest one that takes it, stopped if it comes to no end."""
    taken = {left for way in known for left in way.exits}
    for step, way in _nearest(timeline, 0).items():
        for by, target in _ways_out(timeline, step).items():
            if (step, by) in taken:
                continue
            rest = _nearest_end(timeline, target)
            taking = way.on(by, target).then(rest or _nearest_stop(timeline, target).stopped())
            taken.update(taking.exits)
            yield taking


def _stops(timeline: Timeline) -> Iterator[_Way]:
    """Yield a way to each pause and to each other live status, stopped there; nearest first."""
    met: set[Status] = set()
    for step, way in _nearest(timeline, 0).items():
        status = timeline.steps[step].status
        if _lasts(timeline.steps[step]) and (status is Status.PAUSED or status not in met):
            met.add(status)
            yield way.stopped()


def _nearest(timeline: Timeline, start: int) -> Mapping[int, _Way]:
    """Return the shortest way from `start` to each step that can be reached from there, nearest first."""
    found = {start: _Way((start,))}
    for step in (ahead := [start]):
        for by, target in _ways_out(timeline, step).items():
            if target not in found:
                found[target] = found[step].on(by, target)
                ahead.append(target)
    return found


def _nearest_end(timeline: Timeline, start: int) -> _Way | None:
    ways = _nearest(timeline, start).items()
    return next((way for step, way in ways if timeline.steps[step].leave is None), None)


def _nearest_stop(timeline: Timeline, start: int) -> _Way:
    # Steps left by themselves form no circle, so that where there is no end, there is a step that waits for somebody.
    return next(way for step, way in _nearest(timeline, start).items() if _lasts(timeline.steps[step]))


def _ways_out(timeline: Timeline, step: int) -> Mapping[str, int]:
    """Return where each way out of a step leads that can be taken."""
    found = timeline.steps[step]
    return exits(found) if _lasts(found) else {by: to for by, to in exits(found).items() if by in ("after", EXPIRE)}


def _lasts(step: Step) -> bool:
    """Tell whether a live step is certain to be there for long enough to be seen."""
    leave = step.leave.expiry if isinstance(step.leave, Wait) else step.leave
    return step.leave is not None and not (isinstance(leave, After) and leave.low == 0)


def _path(timeline: Timeline, name: str, way: _Way) -> ScenarioPath:
    steps = tuple(timeline.steps[step] for step in way.steps)
    end = Status.STOPPED if len(way.left_by) == len(way.steps) else steps[-1].status
    moves = tuple(Move(visit, timeline.steps[step].id, by) for visit, step, by in _decisions(timeline, way))
    return ScenarioPath(name, timeline.name, tuple(step.id for step in steps), moves, end)


def _decisions(timeline: Timeline, way: _Way) -> Iterator[tuple[int, int, str]]:
    for visit, (step, by) in enumerate(way.exits):
        if by == STOP or isinstance(timeline.steps[step].leave, Wait):
            yield visit, step, by


def _id(timeline: Timeline, way: _Way) -> str:
    return "-".join([timeline.name, *(by for _, _, by in _decisions(timeline, way))])


def _stop_ids(timeline: Timeline, stops: Iterable[_Way]) -> Iterator[str]:
    """Yield `stop-while-paused`, or with several pauses `stop-while-paused-` and the id of the step."""
    steps = [timeline.steps[way.steps[-1]] for way in stops]
    times = Counter(step.status for step in steps)
    for step in steps:
        yield f"stop-while-{step.status}" + (f"-{step.id}" if times[step.status] > 1 else "")


def _struck(timeline: Timeline, plain: Sequence[ScenarioPath]) -> tuple[ScenarioPath, ...]:
    """Return for each fault the first of the plain paths on which it can strike; none where no path comes there."""
    told = [PathFault(rule, step.id) for step in timeline.steps for rule in step.faults]
    told += [PathFault(rule) for rule in timeline.faults.rules]
    reached = [(strike, path) for strike in told if (path := _first(timeline, plain, strike))]
    struck = [strike.rule.fault for strike, _ in reached]
    # What is named only is for a client to ask for, and has no place of its own.
    named = [fault for fault in timeline.faults.named.values() if fault not in struck]
    reached += [(PathFault(FaultRule(fault)), path) for fault in named for path in plain[:1]]
    places = Counter(strike.rule.fault.name for strike, _ in reached)
    return tuple(_with(path, strike, places[strike.rule.fault.name]) for strike, path in reached)


def _first(timeline: Timeline, plain: Sequence[ScenarioPath], strike: PathFault) -> ScenarioPath | None:
    statuses = {step.id: step.status for step in timeline.steps}
    for path in plain:
        meets_status = strike.rule.task_status in (None, *(statuses[step] for step in path.steps))
        if meets_status and strike.step in (None, *path.steps):
            return path
    return None


def _with(path: ScenarioPath, strike: PathFault, places: int) -> ScenarioPath:
    """Return the path with a fault, which strikes at several places of the scenario or at one."""
    rule = replace(strike.rule, nth=1, times=strike.rule.times or 1)
    where = f"-in-{strike.step}" if strike.step and places > 1 else ""
    return replace(path, id=f"{path.id}-with-{rule.fault.name}{where}", fault=PathFault(rule, strike.step))


def _unique(ids: Iterable[str]) -> tuple[str, ...]:
    """Return ids of which each is there once: an author's words with hyphens may make two of them equal."""
    found: dict[str, None] = {}
    for name in ids:
        number, unique = 1, name
        while unique in found:
            number += 1
            unique = f"{name}-{number}"
        found[unique] = None
    return tuple(found)


def _check_number(timeline: Timeline, max_turns: int, found: int, walked: int = 0) -> None:
    if found > MAX_PATHS or walked > _MAX_WALKED:
        right = "lower max_turns" if max_turns > 1 else "tell its decisions in several scenarios"
        raise BadRequest(
            f"The scenario '{timeline.name}' has too many paths to list ({MAX_PATHS:,} is the most) with max_turns"
            f" {max_turns}; {right}."
        )
