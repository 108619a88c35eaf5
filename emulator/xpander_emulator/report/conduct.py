"""Conduct: how a client behaved, read from its journal. docs/reports.md defines each rule.

Pure, over entries and the histories of tasks. A rule that is not sure finds nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NamedTuple

from xpander_emulator.common.types import JsonObject
from xpander_emulator.core.replay import Visit
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.journal.port import Entry

ANY: Final = "any"
# The requests that one finding names, at most.
MOST_REQUESTS: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule has found about a client.

    requests: the ids of the requests that show it, ascending, at most 20.
    where:    the namespace, or the name of its test.
    """

    rule: str
    severity: str
    message: str
    requests: tuple[int, ...]
    task_id: str | None = None
    where: str = ""


class History(NamedTuple):
    """The steps that one turn of a task has visited so far."""

    timeline: Timeline
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one namespace, whose client is taken to have ended.

    entries:   of the journal, oldest first.
    histories: by task and turn, counted from 1, of the tasks that a client was shown paused; deleted tasks have none.
    actions:   of the operations, by their ids.
    unknown_fields: returns the names in a request that its operation does not declare.
    followed:  whether a page was opened on which a credential is authorized.
    """

    entries: Sequence[Entry]
    histories: Mapping[tuple[str, int], History]
    actions: Mapping[str, str]
    unknown_fields: Callable[[Entry], Sequence[str]]
    followed: bool = False

    def action(self, entry: Entry) -> str:
        """Return the action of an entry's operation; "" for none."""
        return self.actions.get(entry.operation or "", "")

    def turns(self) -> Iterator[tuple[tuple[str, int], list[Entry]]]:
        """Yield each turn of a task with the answers that have shown it to the client, oldest first.

        Where an id was deleted and started again, only the last task of that id.
        """
        turns: dict[tuple[str, int], list[Entry]] = {}
        for entry in self.entries:
            if entry.task_id is None or entry.turn is None:
                continue
            if self.action(entry) == "start":
                turns[entry.task_id, entry.turn] = []
            if entry.was_readable:
                turns.setdefault((entry.task_id, entry.turn), []).append(entry)
        yield from turns.items()

    def polls(self, shown: Sequence[Entry]) -> list[Entry]:
        """Return those of the entries that are a GET of the task."""
        return [entry for entry in shown if self.action(entry) == "read"]


class Observation(NamedTuple):
    """What a rule has found: a sentence, the entries that show it, and the task that it is about."""

    message: str
    entries: Sequence[Entry]
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of conduct. `error`: users lose work; `warning`: the service is strained; `note`: may be fine."""

    severity: str
    find: Callable[[Evidence], Iterator[Observation]]


def apply(rules: Mapping[str, Rule], evidence: Evidence, waived: Collection[str] = ()) -> list[Finding]:
    """Return the findings of all rules that are not waived, in the order of the requests."""
    findings = [
        Finding(
            name,
            rule.severity,
            observation.message,
            tuple(entry.ordinal for entry in observation.entries[:MOST_REQUESTS]),
            observation.task_id,
        )
        for name, rule in rules.items()
        if name not in waived
        for observation in rule.find(evidence)
    ]
    return sorted(findings, key=lambda finding: (finding.requests, finding.rule))


def check_names(names: Collection[str], known: Collection[str], option: str) -> None:
    """Raise BadRequest for a name that no rule has."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, list(known)) or f"; there are {', '.join(known)}."
            raise BadRequest(f"{option}: no rule is called '{name}'{hint}")


def finding_view(finding: Finding) -> JsonObject:
    """Return a finding as JSON."""
    return asdict(finding) | {"requests": list(finding.requests)}


def finding_from(view: Mapping[str, Any]) -> Finding:
    """Return the finding of a JSON view."""
    return Finding(
        view["rule"], view["severity"], view["message"], tuple(view["requests"]), view["task_id"], view["where"]
    )
