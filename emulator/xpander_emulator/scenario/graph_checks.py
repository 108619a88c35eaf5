"""Checks: what must hold between the steps of a scenario, once each of them could be read."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from xpander_emulator.core.task import TERMINAL, TRANSITIONS, Status, may_follow
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario.diagnostics import Diagnostics
from xpander_emulator.scenario.steps import Draft, Exit

Targets = Mapping[tuple[int, int], int]
"""Where the n-th exit of a step leads, by (index of the step, n)."""


def resolve(findings: Diagnostics, drafts: Sequence[Draft]) -> Targets:
    """Return where each exit leads; an exit that leads nowhere is a mistake and left out."""
    index_of = {draft.id: index for index, draft in enumerate(drafts)}
    targets: dict[tuple[int, int], int] = {}
    for index, draft in enumerate(drafts):
        for number, way in enumerate(draft.exits):
            target = index + 1 if way.goto is None else index_of.get(way.goto)
            if target is None:
                right = did_you_mean(way.goto or "", [*index_of]) or f"; steps are {', '.join(index_of)}"
                findings.add(way.path, f"there is no step '{way.goto}'{right}")
            elif target == len(drafts):
                findings.add(way.path, _falls_off(draft, way), key=way.by in ("after", "polls"))
            else:
                targets[index, number] = target
    return targets


def check_graph(findings: Diagnostics, drafts: Sequence[Draft], targets: Targets) -> None:
    """Note transitions that the table forbids, circles that never rest, and steps that nothing leads to."""
    for (index, number), target in targets.items():
        _check_transition(findings, drafts[index], drafts[index].exits[number], drafts[target])
    _check_circles(findings, drafts, targets)
    # Where an exit could not be read, much would seem unreached that is not.
    if len(targets) == sum(len(draft.exits) for draft in drafts) and all(draft.is_whole for draft in drafts):
        _check_reach(findings, drafts, targets)


def check_streams(findings: Diagnostics, drafts: Sequence[Draft], targets: Targets) -> None:
    """Note each step that is to stream a result which the step after it does not set."""
    for (index, _), target in targets.items():
        after = drafts[target]
        if drafts[index].streams and after.sets.get("result") is None:
            message = f"'stream' tells the result of the next step, but '{after.id}' sets none"
            findings.add((*drafts[index].path, "stream"), f"{message}; add 'result' there, or remove 'stream'")


def _falls_off(draft: Draft, way: Exit) -> str:
    right = "add an end such as '- status: completed', or name a step with 'goto'"
    return f"step '{draft.id}' goes on by '{way.by}' and is the last; {right}"


def _check_transition(findings: Diagnostics, before: Draft, way: Exit, after: Draft) -> None:
    if before.status is None or after.status is None or may_follow(before.status, after.status):
        return
    legal = ", ".join(status for status in Status if status in TRANSITIONS[before.status])
    message = f"step '{before.id}' leads to '{after.id}', but {after.status} cannot follow {before.status}"
    findings.add(way.path, f"{message}; what can is {legal}", key=way.goto is None)


def _check_circles(findings: Diagnostics, drafts: Sequence[Draft], targets: Targets) -> None:
    """Note each circle of steps that are all left by themselves: such a story never rests."""
    onward = {index: target for (index, number), target in targets.items() if drafts[index].exits[number].is_by_itself}
    done: set[int] = set()
    for start in onward:
        walked: list[int] = []
        here = start
        while here in onward and here not in done and here not in walked:
            walked.append(here)
            here = onward[here]
        if here in walked:
            circle = [*walked[walked.index(here) :], here]
            names = " → ".join(drafts[index].id for index in circle)
            last = drafts[circle[-2]]
            way = next(way for way in last.exits if way.is_by_itself)
            right = "let one of its steps wait with 'on', or lead to an end"
            findings.add(way.path, f"the steps {names} go round for ever by themselves; {right}")
        done.update(walked)


def _check_reach(findings: Diagnostics, drafts: Sequence[Draft], targets: Targets) -> None:
    reached: set[int] = set()
    ahead = [0]
    while ahead:
        here = ahead.pop()
        if here not in reached:
            reached.add(here)
            ahead.extend(target for (index, _), target in targets.items() if index == here)
    # What only an unreached step leads to is told with it, by the first of the row.
    for index in _heads(drafts, reached):
        draft = drafts[index]
        before = drafts[index - 1]
        ended = before.status in TERMINAL
        why = f"'{before.id}' before it is an end" if ended else f"'{before.id}' before it leads elsewhere"
        findings.add(
            draft.path, f"nothing leads to step '{draft.id}': {why}; name it in a 'goto' or 'on', or remove it"
        )


def _heads(drafts: Sequence[Draft], reached: set[int]) -> Iterator[int]:
    lost = [index for index in range(len(drafts)) if index not in reached]
    for before, index in pairwise([-1, *lost]):
        follows = before == index - 1 and any(way.goto is None for way in drafts[before].exits)
        if not follows:
            yield index
