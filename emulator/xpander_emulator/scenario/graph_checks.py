"""Graph checks: what must be true between the steps of a scenario, once each of them could be parsed."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from xpander_emulator.core.status import TERMINAL, TRANSITIONS, Status, may_follow
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario.steps import Exit, ParsedStep

Targets = Mapping[tuple[int, int], int]
"""The index of the step to which the n-th exit of a step leads, by (index of the step, n)."""


def resolve(steps: Sequence[ParsedStep]) -> Targets:
    """Return where each exit leads; report an exit that leads nowhere, and leave it out."""
    index_of = {step.id: index for index, step in enumerate(steps)}
    targets: dict[tuple[int, int], int] = {}
    for index, step in enumerate(steps):
        for number, exit_ in enumerate(step.exits):
            target = index + 1 if exit_.goto is None else index_of.get(exit_.goto)
            if target is None:
                right = did_you_mean(exit_.goto or "", [*index_of]) or f"; steps are {', '.join(index_of)}"
                exit_.node.report(f"there is no step '{exit_.goto}'{right}")
            elif target == len(steps):
                right = "add an end such as '- status: completed', or name a step with 'goto'"
                message = f"step '{step.id}' goes on by '{exit_.by}' and is the last; {right}"
                exit_.node.report(message, key=exit_.by in ("after", "polls"))
            else:
                targets[index, number] = target
    return targets


def check_graph(steps: Sequence[ParsedStep], targets: Targets) -> None:
    """Report transitions that the table forbids, circles that never rest, and steps that nothing leads to."""
    for (index, number), target in targets.items():
        _check_transition(steps[index], steps[index].exits[number], steps[target])
    _check_circles(steps, targets)
    # An exit that could not be parsed would make steps seem unreached that are not.
    if len(targets) == sum(len(step.exits) for step in steps) and all(step.are_exits_ok for step in steps):
        _check_reach(steps, targets)


def check_streams(steps: Sequence[ParsedStep], targets: Targets) -> None:
    """Report each step that is to stream a result which the step after it does not set."""
    for (index, _), target in targets.items():
        step, after = steps[index], steps[target]
        if step.streams_result and after.sets.get("result") is None:
            right = "add 'result' there, or remove 'stream'"
            step.node["stream"].report(
                f"'stream' sends the result of the next step, but '{after.id}' sets none; {right}"
            )


def _check_transition(before: ParsedStep, exit_: Exit, after: ParsedStep) -> None:
    if before.status is None or after.status is None or may_follow(before.status, after.status):
        return
    allowed = ", ".join(status for status in Status if status in TRANSITIONS[before.status])
    message = f"step '{before.id}' leads to '{after.id}', but {after.status} cannot follow {before.status}"
    exit_.node.report(f"{message}; allowed are {allowed}", key=exit_.goto is None)


def _check_circles(steps: Sequence[ParsedStep], targets: Targets) -> None:
    """Report each circle of steps that are all left by themselves: a task in it never rests."""
    onward = {index: target for (index, number), target in targets.items() if steps[index].exits[number].is_automatic}
    done: set[int] = set()
    for start in onward:
        walked: list[int] = []
        here = start
        while here in onward and here not in done and here not in walked:
            walked.append(here)
            here = onward[here]
        if here in walked:
            circle = [*walked[walked.index(here) :], here]
            ids = " → ".join(steps[index].id for index in circle)
            exit_ = next(exit_ for exit_ in steps[walked[-1]].exits if exit_.is_automatic)
            right = "let one of its steps wait with 'on', or lead to an end"
            exit_.node.report(f"the steps {ids} follow each other without end; {right}")
        done.update(walked)


def _check_reach(steps: Sequence[ParsedStep], targets: Targets) -> None:
    reached: set[int] = set()
    ahead = [0]
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead.extend(target for (index, _), target in targets.items() if index == here)
    for index in _first_unreached(steps, reached):
        step, before = steps[index], steps[index - 1]
        why = f"'{before.id}' before it {'is an end' if before.status in TERMINAL else 'leads elsewhere'}"
        step.node.report(f"nothing leads to step '{step.id}': {why}; name it in a 'goto' or 'on', or remove it")


def _first_unreached(steps: Sequence[ParsedStep], reached: set[int]) -> Iterator[int]:
    """Yield each step that is not reached, without those to which another one of them goes on."""
    unreached = [index for index in range(len(steps)) if index not in reached]
    for before, index in pairwise([-1, *unreached]):
        follows = before == index - 1 and any(exit_.goto is None for exit_ in steps[before].exits)
        if not follows:
            yield index
