"""How entries of the journal are shown in the control API, and why each response is what it is, in sentences. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from xpander_emulator.clock import iso
from xpander_emulator.common.types import JsonObject
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.request.prefer import Preferences, parse_prefer
from xpander_emulator.contract.schema.violations import violation_text
from xpander_emulator.core.faults import STREAM_KINDS
from xpander_emulator.errors import BadRequest
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.journal.search import NearMiss
from xpander_emulator.scenario import selection
from xpander_emulator.scenario.selection import MISSING, Catalogue
from xpander_emulator.web.emulator_headers import PREFERENCE_APPLIED, WARNING
from xpander_emulator.web.routes import NearOperation, nearest

# In characters; a longer value is cut in a sentence.
_LONGEST_QUOTE: Final = 100
_VERBS: Final = {"equals": "equals", "contains": "contains", "regex": "matches", "glob": "matches"}


class Explainer:
    """Shows entries, explained by the present contract and scenarios."""

    def __init__(self, contract: Contract, redaction: Redaction) -> None:
        self._contract = contract
        self._operations = {operation.id: operation for operation in contract.operations}
        self._redaction = redaction

    def summary(self, entry: Entry) -> JsonObject:
        """Return an entry as an item of a list."""
        return {
            "id": entry.ordinal,
            "at": iso(entry.at),
            "time": iso(entry.time),
            "ms": None if entry.seconds is None else round(entry.seconds * 1000, 3),
            "method": entry.method,
            "path": entry.path,
            "query": self._redaction.query(entry.query),
            "operation": entry.operation,
            "status": entry.status,
            "violations": self._redaction.violations(entry.violations),
            "task_id": entry.task_id,
            "turn": entry.turn,
            "scenario": entry.scenario,
            "step": entry.step,
            "source": entry.source,
            "task_status": entry.task_status,
            "fault": entry.fault,
            "events": entry.events,
        }

    def details(self, entry: Entry, namespace: str, catalogue: Catalogue) -> JsonObject:
        """Return all of an entry, and the reason for its response."""
        preferences = _preferences(entry)
        scenarios = self._scenarios(entry, catalogue)
        near = self._nearest(entry)
        return {
            **self.summary(entry),
            "request": self._message(entry.request_headers, entry.request_body, entry.request_size),
            "answer": self._message(entry.headers, entry.body, entry.size),
            "chosen": entry.chosen or None,
            "near_misses": [
                {
                    "scenario": miss.scenario.name,
                    "source": miss.scenario.source,
                    "differences": _scenario_differences(miss),
                }
                for miss in scenarios
            ],
            "nearest": [
                {"operation": each.operation.id, "method": each.operation.method, "path": each.operation.path}
                for each in near
            ],
            "preferences": {"applied": _applied(entry), "ignored": list(preferences.ignored)},
            "explanation": [
                *self._matched(entry, namespace, near),
                *self._violated(entry),
                *_chosen(entry, scenarios),
                *self._answered(entry),
                *_warned(entry),
                *_preferred(entry, preferences),
            ],
        }

    def remarks(self, entry: Entry, catalogue: Catalogue) -> list[str]:
        """Return in sentences what went wrong with a request, and which scenarios it nearly started."""
        return [
            *_unmatched(entry, self._nearest(entry)),
            *self._violated(entry),
            *_not_taken(self._scenarios(entry, catalogue)),
            *_played(entry),
        ]

    def near_miss(self, miss: NearMiss) -> JsonObject:
        """Return an entry that nearly matches criteria, and where it differs."""
        differences = ((each.condition, each.actual) for each in miss.differences)
        return {
            **self.summary(miss.entry),
            "differences": [_difference(each.field, each.kind, each.wanted, actual) for each, actual in differences],
        }

    def _message(self, headers: Any, body: bytes, size: int) -> JsonObject:
        return {
            "headers": self._redaction.headers(headers),
            "body": self._redaction.body(body, size),
            "size": size,
            "cut": size > len(body),
        }

    def _operation(self, entry: Entry) -> Operation | None:
        return None if entry.operation is None else self._operations.get(entry.operation)

    def _nearest(self, entry: Entry) -> list[NearOperation]:
        if entry.operation is not None:
            return []
        return nearest(self._contract.operations, entry.method, entry.path)

    def _scenarios(self, entry: Entry, catalogue: Catalogue) -> list[selection.NearMiss]:
        """Return the scenarios that a start nearly took, the nearest first."""
        operation = self._operation(entry)
        if operation is None or operation.behaviour.get("action") != "start" or entry.runs is None:
            return []
        body = self._redaction.body(entry.request_body, entry.request_size)
        others = [each for each in catalogue.matching if each.name != entry.scenario]
        return selection.near_misses(others, entry.runs, body if isinstance(body, Mapping) else {})

    def _matched(self, entry: Entry, namespace: str, near: list[NearOperation]) -> Iterator[str]:
        yield from _unmatched(entry, near)
        operation = self._operation(entry)
        if operation is not None:
            request = f"{entry.method} {entry.path}"
            yield f"{request} is the operation {operation.id} ({operation.method} {operation.path})."
        yield f"It is in the journal of the namespace '{namespace}'" + (
            ", because it had no accepted key." if entry.status == 401 and not _applied(entry) else "."
        )

    def _violated(self, entry: Entry) -> Iterator[str]:
        for each in self._redaction.violations(entry.violations):
            yield f"It breaks the contract at {violation_text(each)}."

    def _answered(self, entry: Entry) -> Iterator[str]:
        yield from _played(entry)
        operation = self._operation(entry)
        if entry.step is not None:
            step = f"the step '{entry.step}' ({entry.task_status}) of '{entry.scenario}'"
            yield f"The answer {entry.status} comes from {step}, {entry.source}."
        elif operation is not None and entry.status < 400 and "action" not in operation.behaviour:
            yield f"The answer {entry.status} comes from the contract, {self._contract.source}:{operation.line}."
        else:
            yield f"The answer is {entry.status}{_detail(self._redaction.body(entry.body, entry.size))}."
        if entry.events is not None:
            events = "1 event" if entry.events == 1 else f"{entry.events} events"
            state = "goes on" if entry.seconds is None else f"ended after {events}"
            yield f"It is a stream, which {state}."


def _chosen(entry: Entry, near: list[selection.NearMiss]) -> Iterator[str]:
    if entry.task_id is not None:
        why = f", chosen because: {entry.chosen}" if entry.chosen else ""
        yield f"Task {entry.task_id} (turn {entry.turn}) plays the scenario '{entry.scenario}'{why}."
    yield from _not_taken(near)


def _unmatched(entry: Entry, near: list[NearOperation]) -> Iterator[str]:
    if entry.operation is None:
        operations = " or ".join(str(each) for each in near)
        yield f"No operation matches {entry.method} {entry.path}." + (f" Nearest: {operations}." if near else "")


def _played(entry: Entry) -> Iterator[str]:
    if entry.fault is not None:
        is_coming = entry.fault_kind in STREAM_KINDS and entry.seconds is None
        yield f"The fault '{entry.fault}' {'is to strike one of its events' if is_coming else 'was played'}."


def _not_taken(near: list[selection.NearMiss]) -> Iterator[str]:
    for miss in near:
        reasons = "; ".join(difference["told"] for difference in _scenario_differences(miss))
        yield f"'{miss.scenario.name}' ({miss.scenario.source}) was not taken: {reasons}."


def _preferred(entry: Entry, preferences: Preferences) -> Iterator[str]:
    applied = _applied(entry)
    if applied:
        yield f"Applied of the header Prefer: {', '.join(applied)}."
    if preferences.ignored:
        yield f"Unknown in the header Prefer, and ignored: {', '.join(preferences.ignored)}."


def _warned(entry: Entry) -> Iterator[str]:
    for name, value in entry.headers:
        if name == WARNING:
            yield f"The answer warns: {value.decode('latin-1')}."


def _preferences(entry: Entry) -> Preferences:
    try:
        return parse_prefer([value.decode("latin-1") for name, value in entry.request_headers if name == b"prefer"])
    except BadRequest:
        return Preferences()


def _applied(entry: Entry) -> list[str]:
    values = (value.decode("latin-1") for name, value in entry.headers if name == PREFERENCE_APPLIED)
    return [preference.strip() for value in values for preference in value.split(",")]


def _detail(body: Any) -> str:
    detail = body.get("detail") if isinstance(body, Mapping) else None
    return f": {detail.rstrip('.')}" if isinstance(detail, str) else ""


def _scenario_differences(miss: selection.NearMiss) -> list[JsonObject]:
    return [_difference(".".join(matcher.path), matcher.kind, matcher.wanted, value) for matcher, value in miss.failed]


def _difference(field: str, kind: str, wanted: Any, value: Any) -> JsonObject:
    value = None if value is MISSING else value
    return {
        "field": field,
        "condition": kind,
        "wanted": wanted,
        "found": value,
        "told": f"{_condition(field, kind, wanted)}, found {_quoted(value)}",
    }


def _condition(field: str, kind: str, wanted: Any) -> str:
    if kind == "glob" and not isinstance(wanted, str):
        return f"wanted that {field} matches {' or '.join(wanted)}"
    if kind == "exists":
        return f"wanted that {field} {'is there' if wanted else 'is not there'}"
    if kind == "object":
        return f"wanted that {field} is an object"
    if kind == "length":
        return f"wanted that {field} has {wanted} items"
    return f"wanted that {field} {_VERBS[kind]} {_quoted(wanted)}"


def _quoted(value: Any) -> str:
    if value is None or value is MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}…"
