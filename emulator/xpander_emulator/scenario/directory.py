"""The directory: which workflows and agents can be run, and which scenario an id stands for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from xpander_emulator.scenario.selection import WORKFLOW_ID, Catalogue, Scenario, knows
from xpander_emulator.settings import RUNNABLE_KINDS, Runnable, RunnableKind

_WILDCARDS: Final = frozenset("*?[")


class Directory:
    """The workflows and agents of the settings, then those that scenarios name: by an id in `match`, by their own name.

    listed: by the user; each id once, whatever its kind.
    """

    def __init__(self, listed: Sequence[Runnable], catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._listed = {runnable.id: runnable for runnable in listed}
        self._shown = {kind: _shown(kind, listed, catalogue) for kind in RUNNABLE_KINDS}

    def all(self, kind: RunnableKind) -> Sequence[Runnable]:
        """Return all workflows, or all agents, in the order in which they are shown."""
        return tuple(self._shown[kind].values())

    def find(self, kind: RunnableKind, runnable_id: str) -> Runnable | None:
        """Return the workflow or agent of this id, or None; a workflow is found among the agents too."""
        # The vendor's page on workflows: a workflow is an agent of type orchestration.
        return self._shown[kind].get(runnable_id) or (
            self._shown["workflow"].get(runnable_id) if kind == "agent" else None
        )

    def kind(self, runnable_id: str, asked: RunnableKind) -> RunnableKind:
        """Return as what an id runs that was started as `asked`: what the settings call a workflow is one."""
        listed = self._listed.get(runnable_id)
        return asked if listed is None or asked == "workflow" else listed.kind

    def scenario(self, runnable_id: str) -> str | None:
        """Return the name of the scenario that the settings give to this id, or None."""
        listed = self._listed.get(runnable_id)
        return None if listed is None else listed.scenario

    def knows(self, runnable_id: str) -> bool:
        """Tell whether the settings list this id, or a scenario names it."""
        return runnable_id in self._listed or knows(self._catalogue, runnable_id)


def _shown(kind: RunnableKind, listed: Sequence[Runnable], catalogue: Catalogue) -> Mapping[str, Runnable]:
    shown = {runnable.id: runnable for runnable in listed if runnable.kind == kind}
    for scenario in catalogue.matching:
        for matched in _exact_ids(scenario):
            shown.setdefault(matched, _runnable(kind, matched, scenario))
    for scenario in catalogue.values():
        shown.setdefault(scenario.name, _runnable(kind, scenario.name, scenario))
    return shown


def _exact_ids(scenario: Scenario) -> Iterator[str]:
    """Yield the ids without wildcards by which a scenario's match names workflows."""
    for matcher in scenario.match:
        if matcher.path == WORKFLOW_ID:
            wanted = matcher.wanted if matcher.kind == "glob" else [matcher.wanted] if matcher.kind == "equals" else []
            yield from (each for each in wanted if isinstance(each, str) and not _WILDCARDS & set(each))


def _runnable(kind: RunnableKind, runnable_id: str, scenario: Scenario) -> Runnable:
    name = scenario.name.replace("_", " ").replace("-", " ").capitalize()
    return Runnable(kind, runnable_id, name, scenario.description)
