"""Conduct: how a client behaved, read from its journal. docs/reports.md defines each rule, for a check by hand.

Pure, over entries and the histories of tasks. Where it is not sure, it says nothing.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from xpander_emulator.core.replay import Visit
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.journal.port import Entry

ANY: Final = "any"
# Of one finding so many requests are named.
MOST_REQUESTS: Final = 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a client did, by a rule.

    requests: the ids of those that show it, ascending, at most 20.
    where:    the namespace, or the name of the test that had it.
    """

    rule: str
    severity: str
    message: str
    requests: tuple[int, ...]
    task_id: str | None = None
    where: str = ""


class History(NamedTuple):
    """How one turn of a task has gone so far."""

    timeline: Timeline
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one namespace, whose client is taken to be done.

    entries:   of the journal, oldest first.
    histories: by task and turn counted from 1, of those that a client was shown paused; none of a deleted task.
    actions:   what an operation does, by its id.
    lacking:   returns the names in a request that its operation does not declare.
    followed:  whether anybody has opened a page on which a credential is authorized.
    """

    entries: Sequence[Entry]
    histories: Mapping[tuple[str, int], History]
    actions: Mapping[str, str]
    lacking: Callable[[Entry], Sequence[str]]
    followed: bool = False

    def action(self, entry: Entry) -> str:
        """Return what the operation of an entry does; "" for none."""
        return self.actions.get(entry.operation or "", "")

    def turns(self) -> Iterator[tuple[tuple[str, int], list[Entry]]]:
        """Yield each turn with the answers that have shown it to the client, oldest first.

        Of an id that was deleted and started again, the last one.
        """
        found: dict[tuple[str, int], list[Entry]] = {}
        for entry in self.entries:
            if entry.task_id is None or entry.turn is None:
                continue
            if self.action(entry) == "start":
                found[entry.task_id, entry.turn] = []
            if entry.was_readable:
                found.setdefault((entry.task_id, entry.turn), []).append(entry)
        yield from found.items()

    def polls(self, shown: Sequence[Entry]) -> list[Entry]:
        """Return of answers those to a GET of the task."""
        return [entry for entry in shown if self.action(entry) == "read"]


class Told(NamedTuple):
    """What a rule has found: a sentence, the entries that show it, and the task that it is about."""

    message: str
    entries: Sequence[Entry]
    task_id: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to misbehave: `error` costs users their work, `warning` the service its calm, `note` may be meant so."""

    severity: str
    find: Callable[[Evidence], Iterator[Told]]


def conduct(rules: Mapping[str, Rule], evidence: Evidence, waived: Collection[str] = ()) -> list[Finding]:
    """Return what rules find, but for those that are waived, in the order of the requests."""
    findings = [
        Finding(
            name,
            rule.severity,
            told.message,
            tuple(entry.ordinal for entry in told.entries[:MOST_REQUESTS]),
            told.task_id,
        )
        for name, rule in rules.items()
        if name not in waived
        for told in rule.find(evidence)
    ]
    return sorted(findings, key=lambda finding: (finding.requests, finding.rule))


def failing(findings: Sequence[Finding], fail_on: Collection[str]) -> list[Finding]:
    """Return the findings that fail a build."""
    return [finding for finding in findings if ANY in fail_on or finding.rule in fail_on]


def check_names(names: Collection[str], known: Collection[str], option: str) -> None:
    """Raise BadRequest for a name that no rule has."""
    for name in names:
        if name not in known:
            hint = did_you_mean(name, list(known)) or f"; there are {', '.join(known)}."
            raise BadRequest(f"{option}: no rule is called '{name}'{hint}")


def finding_view(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON has it."""
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "message": finding.message,
        "task_id": finding.task_id,
        "requests": list(finding.requests),
        "where": finding.where,
    }


def finding_from(view: Mapping[str, Any]) -> Finding:
    """Return the finding that a view is of."""
    return Finding(
        view["rule"], view["severity"], view["message"], tuple(view["requests"]), view["task_id"], view["where"]
    )
