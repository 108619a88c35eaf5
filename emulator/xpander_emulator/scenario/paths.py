"""Paths: every way in which a scenario can end, each with the decisions that lead there.

Pure functions of a timeline. The decisions of a path are data (`Move`), which the engine makes and anybody can replay.
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
# The search also tries routes that lead to no end, and stops after this many.
_MAX_TRIED: Final = 100_000


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


class _Route(NamedTuple):
    """Indices of steps, and the exit by which each of them is left. A route that is stopped has a last exit, STOP."""

    steps: tuple[int, ...]
    left_by: tuple[str, ...] = ()

    def to(self, by: str, step: int) -> "_Route":
        return _Route((*self.steps, step), (*self.left_by, by))

    def then(self, other: "_Route") -> "_Route":
        """Return this route continued by another one, which begins at the last step of this one."""
        return _Route(self.steps + other.steps[1:], self.left_by + other.left_by)

    def stopped(self) -> "_Route":
        return _Route(self.steps, (*self.left_by, STOP))

    @property
    def exits(self) -> Iterator[tuple[int, str]]:
        return zip(self.steps, self.left_by, strict=False)


def paths(timeline: Timeline, *, max_turns: int = 1) -> tuple[ScenarioPath, ...]:
    """Return the paths of a scenario: to every end by every decision, those that go back, the stops, then the faults.

    max_turns: how often a path may visit the same step. With 1, these are the simple paths, and for each decision that
        leads back, which no simple path can make, the shortest path that makes it once.
    Each pause is stopped once, and so is each other live status, where it is reached first. A step that may last no
    time at all is neither stopped nor decided.
    Each fault that the scenario uses, or only names, is on the first path that visits a step where it can strike. It
    strikes from the first request that fits, as often as the scenario says; once where that is always.

    Raises BadRequest for `max_turns` below 1, and where there are more than MAX_PATHS.
    """
    if max_turns < 1:
        raise BadRequest(f"max_turns is how often a path may come through a step, 1 or more; found {max_turns}.")
    decided = _to_ends(timeline, max_turns)
    stops = tuple(_stops(timeline))
    back = tuple(_back(timeline, [*decided, *stops]))
    routes = (*decided, *back, *stops)
    ids = _unique([*(_id(timeline, route) for route in (*decided, *back)), *_stop_ids(timeline, stops)])
    plain = [_path(timeline, name, route) for name, route in zip(ids, routes, strict=True)]
    all_paths = (*plain, *_with_faults(timeline, plain))
    _check_number(timeline, max_turns, len(all_paths))
    unique_ids = _unique(path.id for path in all_paths)
    return tuple(replace(path, id=name) for path, name in zip(all_paths, unique_ids, strict=True))


def path_of(timeline: Timeline, path_id: str, *, max_turns: int = 1) -> ScenarioPath:
    """Return the path of an id. Raises NotFound, and what `paths` raises."""
    by_id = {path.id: path for path in paths(timeline, max_turns=max_turns)}
    if path_id not in by_id:
        hint = did_you_mean(path_id, [*by_id]) or f"; it has {', '.join(by_id)}"
        raise NotFound(f"The scenario '{timeline.name}' has no path '{path_id}'{hint}")
    return by_id[path_id]


def as_json(path: ScenarioPath) -> dict[str, Any]:
    """Return `{id, steps, moves: [{step, signal}], end, fault: {name, step}}`; a fault that may be null."""
    moves = [{"step": move.step, "signal": move.kind} for move in path.moves]
    fault = {"name": path.fault.rule.fault.name, "step": path.fault.step} if path.fault else None
    return {"id": path.id, "steps": list(path.steps), "moves": moves, "end": path.end.value, "fault": fault}


def as_text(path: ScenarioPath) -> str:
    """Return the steps in one line, each decision behind the step in which it is made, then the fault, if any."""
    decisions = {move.visit: f" ({move.kind})" for move in path.moves}
    steps = " → ".join(step + decisions.get(visit, "") for visit, step in enumerate(path.steps))
    if path.fault is None:
        return steps
    return f"{steps}, with {path.fault.rule.fault.name}" + (f" in {path.fault.step}" if path.fault.step else "")


def _to_ends(timeline: Timeline, max_turns: int) -> list[_Route]:
    """Return every route to an end that visits no step more than `max_turns` times, in the order of the file."""
    ending = {step for step in range(len(timeline.steps)) if _nearest_end(timeline, step)}
    routes: list[_Route] = []
    ahead, tried = [_Route((0,))] if 0 in ending else [], 0
    while ahead:
        route, tried = ahead.pop(), tried + 1
        if timeline.steps[route.steps[-1]].leave is None:
            routes.append(route)
        _check_number(timeline, max_turns, len(routes), tried)
        onward = [(by, step) for by, step in _exits(timeline, route.steps[-1]).items() if step in ending]
        ahead += [route.to(by, step) for by, step in reversed(onward) if route.steps.count(step) < max_turns]
    return routes


def _back(timeline: Timeline, routes: Sequence[_Route]) -> Iterator[_Route]:
    """Yield the shortest route by each exit that is on none of `routes`, stopped if it leads to no end."""
    taken = {exit_ for route in routes for exit_ in route.exits}
    for step, route in _nearest(timeline, 0).items():
        for by, target in _exits(timeline, step).items():
            if (step, by) in taken:
                continue
            rest = _nearest_end(timeline, target)
            taking = route.to(by, target).then(rest or _nearest_stop(timeline, target).stopped())
            taken.update(taking.exits)
            yield taking


def _stops(timeline: Timeline) -> Iterator[_Route]:
    """Yield a route to each pause and to each other live status, stopped there; nearest first."""
    statuses: set[Status] = set()
    for step, route in _nearest(timeline, 0).items():
        status = timeline.steps[step].status
        if _lasts(timeline.steps[step]) and (status is Status.PAUSED or status not in statuses):
            statuses.add(status)
            yield route.stopped()


def _nearest(timeline: Timeline, start: int) -> Mapping[int, _Route]:
    """Return the shortest route from `start` to each step that can be reached from there, nearest first."""
    routes = {start: _Route((start,))}
    for step in (ahead := [start]):
        for by, target in _exits(timeline, step).items():
            if target not in routes:
                routes[target] = routes[step].to(by, target)
                ahead.append(target)
    return routes


def _nearest_end(timeline: Timeline, start: int) -> _Route | None:
    routes = _nearest(timeline, start).items()
    return next((route for step, route in routes if timeline.steps[step].leave is None), None)


def _nearest_stop(timeline: Timeline, start: int) -> _Route:
    # Steps left by themselves form no circle, so that a step waits for somebody where no end can be reached.
    return next(route for step, route in _nearest(timeline, start).items() if _lasts(timeline.steps[step]))


def _exits(timeline: Timeline, index: int) -> Mapping[str, int]:
    """Return the exits of a step that a client or time can take, each with its target."""
    step = timeline.steps[index]
    return exits(step) if _lasts(step) else {by: to for by, to in exits(step).items() if by in ("after", EXPIRE)}


def _lasts(step: Step) -> bool:
    """Return whether a live step certainly lasts long enough to be seen."""
    leave = step.leave.expiry if isinstance(step.leave, Wait) else step.leave
    return step.leave is not None and not (isinstance(leave, After) and leave.low == 0)


def _path(timeline: Timeline, name: str, route: _Route) -> ScenarioPath:
    steps = tuple(timeline.steps[step] for step in route.steps)
    end = Status.STOPPED if len(route.left_by) == len(route.steps) else steps[-1].status
    moves = tuple(Move(visit, timeline.steps[step].id, by) for visit, step, by in _decisions(timeline, route))
    return ScenarioPath(name, timeline.name, tuple(step.id for step in steps), moves, end)


def _decisions(timeline: Timeline, route: _Route) -> Iterator[tuple[int, int, str]]:
    for visit, (step, by) in enumerate(route.exits):
        if by == STOP or isinstance(timeline.steps[step].leave, Wait):
            yield visit, step, by


def _id(timeline: Timeline, route: _Route) -> str:
    return "-".join([timeline.name, *(by for _, _, by in _decisions(timeline, route))])


def _stop_ids(timeline: Timeline, stops: Iterable[_Route]) -> Iterator[str]:
    """Yield `stop-while-paused`, or with several pauses `stop-while-paused-` and the id of the step."""
    steps = [timeline.steps[route.steps[-1]] for route in stops]
    counts = Counter(step.status for step in steps)
    for step in steps:
        yield f"stop-while-{step.status}" + (f"-{step.id}" if counts[step.status] > 1 else "")


def _with_faults(timeline: Timeline, plain: Sequence[ScenarioPath]) -> tuple[ScenarioPath, ...]:
    """Return for each fault the first of the plain paths on which it can strike; nothing where there is none."""
    used = [PathFault(rule, step.id) for step in timeline.steps for rule in step.faults]
    used += [PathFault(rule) for rule in timeline.faults.rules]
    pairs = [(fault, path) for fault in used if (path := _first(timeline, plain, fault))]
    struck = [fault.rule.fault for fault, _ in pairs]
    # A client asks for a fault that is only named, wherever it likes.
    named = [fault for fault in timeline.faults.named.values() if fault not in struck]
    pairs += [(PathFault(FaultRule(fault)), path) for fault in named for path in plain[:1]]
    counts = Counter(fault.rule.fault.name for fault, _ in pairs)
    return tuple(_with_fault(path, fault, counts[fault.rule.fault.name]) for fault, path in pairs)


def _first(timeline: Timeline, plain: Sequence[ScenarioPath], fault: PathFault) -> ScenarioPath | None:
    statuses = {step.id: step.status for step in timeline.steps}
    for path in plain:
        has_status = fault.rule.task_status in (None, *(statuses[step] for step in path.steps))
        if has_status and fault.step in (None, *path.steps):
            return path
    return None


def _with_fault(path: ScenarioPath, fault: PathFault, count: int) -> ScenarioPath:
    """Return a path with a fault; count: the number of steps of the scenario that have a fault of its name."""
    rule = replace(fault.rule, nth=1, times=fault.rule.times or 1)
    where = f"-in-{fault.step}" if fault.step and count > 1 else ""
    return replace(path, id=f"{path.id}-with-{rule.fault.name}{where}", fault=PathFault(rule, fault.step))


def _unique(ids: Iterable[str]) -> tuple[str, ...]:
    """Return ids of which each is there once: an author's words with hyphens may make two of them equal."""
    taken: dict[str, None] = {}
    for name in ids:
        number, unique = 1, name
        while unique in taken:
            number += 1
            unique = f"{name}-{number}"
        taken[unique] = None
    return tuple(taken)


def _check_number(timeline: Timeline, max_turns: int, number: int, tried: int = 0) -> None:
    if number > MAX_PATHS or tried > _MAX_TRIED:
        right = "lower max_turns" if max_turns > 1 else "split it into several scenarios"
        raise BadRequest(
            f"The scenario '{timeline.name}' has too many paths to list ({MAX_PATHS:,} is the most) with max_turns"
            f" {max_turns}; {right}."
        )
