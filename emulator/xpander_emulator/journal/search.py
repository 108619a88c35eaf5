"""Search: the entries that match conditions, and the near misses with their differences."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Any, Final

from xpander_emulator.common import json_codec
from xpander_emulator.errors import BadRequest
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.scenario.selection import look_up, weight

# The kinds that a scenario's `match` has too.
CONDITIONS: Final = ("equals", "contains", "regex", "exists")
PLAIN: Final = ("operation", "method", "path", "status", "task_id", "scenario")
NESTED: Final = ("query", "headers", "body")


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on a request.

    part: of the entry, one of PLAIN and NESTED; `path` leads to a value in it.
    kind: one of CONDITIONS; `glob` for a path; `length` for a list; `object` for any mapping.
    """

    part: str
    path: tuple[str, ...]
    kind: str
    wanted: Any

    @property
    def field(self) -> str:
        """The dotted name of the value, such as `body.input.text`."""
        return ".".join((self.part, *self.path))


@dataclass(frozen=True, slots=True)
class Difference:
    """A condition that does not hold, and the actual value; MISSING where there is none."""

    condition: Condition
    actual: Any


@dataclass(frozen=True, slots=True)
class NearMiss:
    """An entry that does not match, with every difference."""

    entry: Entry
    differences: tuple[Difference, ...]


def conditions(criteria: Mapping[str, Any]) -> tuple[Condition, ...]:
    """Return the conditions of criteria, all of which have to hold.

    A nested part has to contain its criteria: an object at least these properties, a list as many items. An object of
    nothing but CONDITIONS is a condition; in the body, a name with dots is a path.
    Raises BadRequest for a condition that is invalid.
    """
    plain = [_plain(name, criteria[name]) for name in PLAIN if criteria.get(name) is not None]
    nested = [
        condition
        for name in NESTED
        if criteria.get(name) is not None
        for condition in _contained(name, (), criteria[name])
    ]
    return (*plain, *nested)


def _plain(name: str, wanted: Any) -> Condition:
    if name == "method":
        return Condition(name, (), "equals", wanted.upper())
    return Condition(name, (), "glob" if name == "path" else "equals", wanted)


def _contained(part: str, path: tuple[str, ...], wanted: Any) -> Iterator[Condition]:
    if isinstance(wanted, list):
        yield Condition(part, path, "length", len(wanted))
        for place, item in enumerate(wanted):
            yield from _contained(part, (*path, str(place)), item)
    elif not isinstance(wanted, Mapping):
        yield Condition(part, path, "equals", wanted)
    elif not wanted:
        yield Condition(part, path, "object", {})
    elif all(name in CONDITIONS for name in wanted):
        for kind, value in wanted.items():
            _check(part, path, kind, value)
            yield Condition(part, path, kind, value)
    else:
        _check_slip(part, path, wanted)
        for name, value in wanted.items():
            yield from _contained(part, (*path, *_names(part, name)), value)


def _check_slip(part: str, path: tuple[str, ...], wanted: Mapping[str, Any]) -> None:
    """Raise BadRequest for an object whose names are misspelt conditions."""
    near = [get_close_matches(name, CONDITIONS, n=1, cutoff=0.8) for name in wanted]
    if path and all(near):
        right = 'Write {"equals": …} around it if a property is meant.'
        where, name = ".".join((part, *path)), next(iter(wanted))
        raise BadRequest(f"`{where}`: '{name}' is no condition. Did you mean '{near[0][0]}'? {right}")


def _names(part: str, name: str) -> Sequence[str]:
    if part == "headers":
        return (name.lower(),)
    return name.split(".") if part == "body" else (name,)


def _check(part: str, path: tuple[str, ...], kind: str, wanted: Any) -> None:
    """Raise BadRequest for a condition whose value has the wrong type."""
    where = ".".join((part, *path))
    if kind == "exists" and not isinstance(wanted, bool):
        raise BadRequest(f"`{where}`: 'exists' takes true or false, found {wanted!r}.")
    if kind == "contains" and not isinstance(wanted, str | int | float):
        raise BadRequest(f"`{where}`: 'contains' takes a text, a number, true or false, found {wanted!r}.")
    if kind == "regex":
        if not isinstance(wanted, str):
            raise BadRequest(f"`{where}`: 'regex' takes a regular expression as text, found {wanted!r}.")
        try:
            re.compile(wanted)
        except re.error as error:
            raise BadRequest(f"`{where}`: '{wanted}' is no regular expression: {error}.") from None


def matching(entries: Sequence[Entry], wanted: Sequence[Condition], redaction: Redaction) -> list[Entry]:
    """Return the entries that match every condition, in the same order."""
    return [entry for entry in entries if next(_differences(entry, wanted, redaction), None) is None]


def near_misses(
    entries: Sequence[Entry], wanted: Sequence[Condition], redaction: Redaction, most: int = 3
) -> list[NearMiss]:
    """Return the `most` entries with the fewest differences; among equals, differences in nested values count less.

    An entry that matches none of several conditions is no near miss.
    """
    missed = [NearMiss(entry, tuple(_differences(entry, wanted, redaction))) for entry in entries]
    near = [miss for miss in missed if 0 < len(miss.differences) < max(len(wanted), 2)]
    return sorted(near, key=_distance)[:most]


def _distance(miss: NearMiss) -> tuple[int, int]:
    outside = sum(not difference.condition.path for difference in miss.differences)
    return len(miss.differences), outside


def _differences(entry: Entry, wanted: Sequence[Condition], redaction: Redaction) -> Iterator[Difference]:
    parts: dict[str, Any] = {}
    for condition in wanted:
        if condition.part not in parts:
            parts[condition.part] = _PARTS[condition.part](entry, redaction)
        actual = look_up(parts[condition.part], condition.path)
        if not _holds(condition, actual):
            yield Difference(condition, actual)


_PARTS: Final[Mapping[str, Callable[[Entry, Redaction], Any]]] = {
    "operation": lambda entry, _: entry.operation,
    "method": lambda entry, _: entry.method,
    "path": lambda entry, _: entry.path,
    "status": lambda entry, _: entry.status,
    "task_id": lambda entry, _: entry.task_id,
    "scenario": lambda entry, _: entry.scenario,
    "query": lambda entry, redaction: redaction.query(entry.query),
    "headers": lambda entry, redaction: redaction.headers(entry.request_headers),
    "body": lambda entry, redaction: redaction.body(entry.request_body, entry.request_size),
}


def _holds(condition: Condition, actual: Any) -> bool:
    match condition.kind:
        case "length":
            return isinstance(actual, list) and len(actual) == condition.wanted
        case "object":
            return isinstance(actual, Mapping)
        case "glob":
            return isinstance(actual, str) and fnmatchcase(actual, condition.wanted)
        case "equals" if condition.part in ("query", "headers"):
            # Query parameters and headers are text on the wire.
            wanted = condition.wanted
            return bool(actual == (wanted if isinstance(wanted, str) else json_codec.dumps(wanted).decode()))
        case kind:
            return bool(weight(kind, condition.wanted, actual))
