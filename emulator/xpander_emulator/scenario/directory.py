"""The directory: the workflows and agents that can be started, and the scenario that an id takes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from xpander_emulator.scenario.selection import WORKFLOW_ID, Catalogue, Scenario, knows
from xpander_emulator.settings import RUNNABLE_KINDS, Runnable, RunnableKind

_WILDCARDS: Final = frozenset("*?[")


class Directory:
    """The workflows and agents of the settings, then those of the scenarios: the ids in `match`, then their names.

    listed: the workflows and agents of the settings; each id once, whatever its kind.
    """

    def __init__(self, listed: Sequence[Runnable], catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._listed = {runnable.id: runnable for runnable in listed}
        self._shown = {kind: _shown(kind, listed, catalogue) for kind in RUNNABLE_KINDS}

    def all(self, kind: RunnableKind) -> Sequence[Runnable]:
        """Return all workflows, or all agents, in the order in which lists show them."""
        return tuple(self._shown[kind].values())

    def find(self, kind: RunnableKind, runnable_id: str) -> Runnable | None:
        """Return the workflow or agent of this id, or None; a workflow is found among the agents too."""
        # The vendor's documentation of workflows: a workflow is an agent of type orchestration.
        return self._shown[kind].get(runnable_id) or (
            self._shown["workflow"].get(runnable_id) if kind == "agent" else None
        )

    def kind(self, runnable_id: str, implied: RunnableKind) -> RunnableKind:
        """Return 'workflow' or 'agent' for an id; the settings override the kind that a request's path implies."""
        listed = self._listed.get(runnable_id)
        return implied if listed is None or implied == "workflow" else listed.kind

    def scenario(self, runnable_id: str) -> str | None:
        """Return the name of the scenario that the settings give to this id, or None."""
        listed = self._listed.get(runnable_id)
        return None if listed is None else listed.scenario

    def knows(self, runnable_id: str) -> bool:
        """Return whether the settings list this id, or a scenario names it."""
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
    """Yield the workflow ids without wildcards in a scenario's `match`."""
    for matcher in scenario.match:
        if matcher.path == WORKFLOW_ID:
            wanted = matcher.wanted if matcher.kind == "glob" else [matcher.wanted] if matcher.kind == "equals" else []
            yield from (each for each in wanted if isinstance(each, str) and not _WILDCARDS & set(each))


def _runnable(kind: RunnableKind, runnable_id: str, scenario: Scenario) -> Runnable:
    name = scenario.name.replace("_", " ").replace("-", " ").capitalize()
    return Runnable(kind, runnable_id, name, scenario.description)
