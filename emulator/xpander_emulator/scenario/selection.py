"""Selection: which scenario a new task takes, and why."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final, NamedTuple

from xpander_emulator.common import safe_regex
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.errors import BadRequest, did_you_mean

WORKFLOW_ID: Final = ("workflow_id",)
FALLBACK: Final = "completed"
_RESET: Final = "; `xpander-emulator reset --scope pins` removes the choice"

MISSING: Final = object()
_EXACT, _PATTERN, _PRESENCE, _NO = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition of a scenario's `match`.

    path:   the path of a field of the request, or WORKFLOW_ID for the id that a start names.
    kind:   `glob` (any of several), `equals`, `contains`, `regex` or `exists`.
    wanted: the patterns for `glob`, true or false for `exists`, else the value or text to compare with.
    """

    path: tuple[str, ...]
    kind: str
    wanted: Any

    def __str__(self) -> str:
        wanted = " or ".join(self.wanted) if self.kind == "glob" else self.wanted
        return f"{'.'.join(self.path)} {self.kind} {wanted}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A compiled scenario. `source` is its file as a user names it."""

    name: str
    description: str
    match: tuple[Matcher, ...]
    timeline: Timeline
    source: str


class Choice(NamedTuple):
    """The scenario that a new task takes, and the reason in words."""

    scenario: Scenario
    reason: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A scenario that was not taken: the conditions of its `match` that failed, each with the request's value.

    The value is MISSING where the request lacks the field.
    """

    scenario: Scenario
    failed: tuple[tuple[Matcher, Any], ...]


class Catalogue(Mapping[str, Scenario]):
    """The scenarios by name, in the order given; the later one of two with the same name.

    matching: those that have a `match`.
    """

    __slots__ = ("_by_name", "matching")

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self._by_name = {scenario.name: scenario for scenario in scenarios}
        self.matching = tuple(scenario for scenario in self._by_name.values() if scenario.match)

    def __getitem__(self, name: str) -> Scenario:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    def named(self, name: str, by: str, right: str = "") -> Scenario:
        """Return the scenario of a name. Raises BadRequest with who names it (`by`) and what would be right."""
        if name not in self._by_name:
            hint = did_you_mean(name, [*self._by_name]) or f"; known ones are {', '.join(self._by_name) or 'none'}"
            raise BadRequest(f"{by} asks for the scenario '{name}', which does not exist{hint}{right}")
        return self._by_name[name]


def choose(
    scenarios: Catalogue,
    runs: str,
    body: Mapping[str, Any],
    *,
    pinned: str | None,
    preferred: str | None,
    default: str,
    listed: str | None = None,
) -> Choice:
    """Return the scenario of a new task, which runs the workflow or agent `runs` with the request `body`.

    The first of: `pinned` for the next start, `preferred` by the request's Prefer header, `listed` for the id in the
    settings, the scenario named `runs`, a matching one (see `specificity`), the namespace's `default`, `completed`.
    Raises BadRequest for a name that does not exist.
    """
    if pinned is not None:
        return Choice(scenarios.named(pinned, "the pin for the next start", _RESET), "pinned for this start")
    if preferred is not None:
        return Choice(scenarios.named(preferred, "the header Prefer"), f"header Prefer: scenario={preferred}")
    if listed is not None:
        return Choice(scenarios.named(listed, f"'{runs}' of the settings"), "the settings list it for this id")
    if runs in scenarios:
        return Choice(scenarios[runs], "its name equals the workflow_id")
    if matched := best_match(scenarios.matching, runs, body):
        return Choice(matched, "match: " + ", ".join(str(matcher) for matcher in matched.match))
    if default in scenarios or FALLBACK not in scenarios:
        return Choice(scenarios.named(default, "the namespace's default", _RESET), "the default")
    return Choice(scenarios[FALLBACK], f"the default '{default}' does not exist; '{FALLBACK}' stands in")


def knows(scenarios: Catalogue, runs: str) -> bool:
    """Return whether `runs` is the name of a scenario, or fits the workflow_id of a scenario's `match`."""
    if runs in scenarios:
        return True
    named = (matcher for scenario in scenarios.matching for matcher in scenario.match if matcher.path == WORKFLOW_ID)
    return any(_weight(matcher, runs, {}) for matcher in named)


def specificity(matchers: tuple[Matcher, ...], runs: str, body: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return how closely conditions fit a start, greater for closer; None unless all of them hold.

    More conditions are closer than fewer. Of equally many, an exact one (`equals`, a workflow_id without wildcards)
    weighs more than a pattern (glob, `contains`, `regex`), and a pattern more than `exists`.
    """
    weights = [_weight(matcher, runs, body) for matcher in matchers]
    return (len(weights), sum(weights)) if weights and all(weights) else None


def best_match(scenarios: Iterable[Scenario], runs: str, body: Mapping[str, Any]) -> Scenario | None:
    """Return the scenario whose `match` fits closest, or None."""
    fitting = [(fit, scenario) for scenario in scenarios if (fit := specificity(scenario.match, runs, body))]
    # The name decides between equally specific scenarios, so that the order of files never matters.
    return min(fitting, key=lambda pair: (-pair[0][0], -pair[0][1], pair[1].name))[1] if fitting else None


def near_misses(scenarios: Iterable[Scenario], runs: str, body: Mapping[str, Any], most: int = 3) -> list[NearMiss]:
    """Return up to `most` scenarios whose `match` failed by the fewest conditions, the nearest first.

    Of equally many failed conditions, more that hold are nearer, then the name decides. A scenario is not near if it
    has several conditions of which none holds.
    """
    misses = []
    for scenario in scenarios:
        values = [(matcher, _value(matcher, runs, body)) for matcher in scenario.match]
        failed = tuple(each for each in values if not weight(each[0].kind, each[0].wanted, each[1]))
        if 0 < len(failed) < max(len(values), 2):
            misses.append((len(failed), len(failed) - len(values), scenario.name, NearMiss(scenario, failed)))
    return [miss for *_, miss in sorted(misses, key=lambda each: each[:3])[:most]]


def _weight(matcher: Matcher, runs: str, body: Mapping[str, Any]) -> int:
    return weight(matcher.kind, matcher.wanted, _value(matcher, runs, body))


def _value(matcher: Matcher, runs: str, body: Mapping[str, Any]) -> Any:
    return runs if matcher.path == WORKFLOW_ID else look_up(body, matcher.path)


def weight(kind: str, wanted: Any, value: Any) -> int:
    """Return the weight of a condition that holds for a value; 0 where it does not hold."""
    match kind:
        case "exists":
            # Clients that send whole objects write null for what they leave out.
            return _PRESENCE if (value is not MISSING and value is not None) is wanted else _NO
        case "equals":
            return _EXACT if isinstance(value, bool) is isinstance(wanted, bool) and value == wanted else _NO
        case "glob":
            return _EXACT if value in wanted else _PATTERN if _fits(value, wanted) else _NO
        case "contains":
            return _PATTERN if _contains(value, wanted) else _NO
        case _:
            return _PATTERN if isinstance(value, str) and safe_regex.search(wanted, value) else _NO


def look_up(body: Any, path: tuple[str, ...]) -> Any:
    """Return the value at a path of names and, in lists, of indices; MISSING where there is none."""
    value = body
    for part in path:
        if isinstance(value, Mapping):
            value = value.get(part, MISSING)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return MISSING
    return value


def _fits(value: Any, patterns: Iterable[str]) -> bool:
    return isinstance(value, str) and any(fnmatchcase(value, pattern) for pattern in patterns)


def _contains(value: Any, wanted: Any) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list | Mapping) and wanted in value
