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
_FORGET: Final = "; `xpander-emulator reset --scope pins` forgets the choice"

MISSING: Final = object()
_EXACT, _PATTERN, _PRESENCE, _NO = 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition of a scenario's `match`.

    path:   the dotted path of a field of the request, or WORKFLOW_ID for what is invoked.
    kind:   `glob` (any of several), `equals`, `contains`, `regex` or `exists`.
    wanted: patterns for `glob`, true or false for `exists`, else the value or text to compare with.
    """

    path: tuple[str, ...]
    kind: str
    wanted: Any

    def __str__(self) -> str:
        wanted = " or ".join(self.wanted) if self.kind == "glob" else self.wanted
        return f"{'.'.join(self.path)} {self.kind} {wanted}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """A scenario as a new task takes it. `source` is its file as a user names it."""

    name: str
    description: str
    match: tuple[Matcher, ...]
    timeline: Timeline
    source: str


class Choice(NamedTuple):
    """The scenario that a new task takes; `reason` says in words why this one."""

    scenario: Scenario
    reason: str


@dataclass(frozen=True, slots=True)
class NearMiss:
    """A scenario that was not taken: the conditions of its `match` that did not hold, each with what was found.

    What is found is MISSING where the request lacks the field.
    """

    scenario: Scenario
    failed: tuple[tuple[Matcher, Any], ...]


class Catalogue(Mapping[str, Scenario]):
    """The scenarios by name, in the order given; of two with the same name the later one stays."""

    __slots__ = ("_by_name", "_matching")

    def __init__(self, scenarios: Iterable[Scenario]) -> None:
        self._by_name = {scenario.name: scenario for scenario in scenarios}
        self._matching = tuple(scenario for scenario in self._by_name.values() if scenario.match)

    def __getitem__(self, name: str) -> Scenario:
        return self._by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_name)

    def __len__(self) -> int:
        return len(self._by_name)

    @property
    def matching(self) -> tuple[Scenario, ...]:
        """The scenarios that say by `match` when they are taken."""
        return self._matching

    def named(self, name: str, by: str, right: str = "") -> Scenario:
        """Return the scenario of that name. Raises BadRequest, saying `by` whom it was asked for, and what is right."""
        if name not in self._by_name:
            raise BadRequest(
                f"{by} asks for the scenario '{name}', which is not there{_hint(name, self._by_name)}{right}"
            )
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
    """Return the scenario that a task takes which runs `runs` with the request `body`.

    The first of: pinned for the next start, named by the request's Prefer header, `listed` for the id in the settings,
    equal in name to `runs`, matching (see `specificity`), the namespace's default, `completed`.
    Raises BadRequest for a name that is not there.
    """
    if pinned is not None:
        return Choice(scenarios.named(pinned, "the pin for the next start", _FORGET), "pinned for this start")
    if preferred is not None:
        return Choice(scenarios.named(preferred, "the header Prefer"), f"header Prefer: scenario={preferred}")
    if listed is not None:
        return Choice(scenarios.named(listed, f"'{runs}' of the settings"), "the settings list it for this id")
    if runs in scenarios:
        return Choice(scenarios[runs], "its name equals the workflow_id")
    if matched := best_match(scenarios.matching, runs, body):
        return Choice(matched, "match: " + ", ".join(str(matcher) for matcher in matched.match))
    if default in scenarios or FALLBACK not in scenarios:
        return Choice(scenarios.named(default, "the namespace's default", _FORGET), "the default")
    return Choice(scenarios[FALLBACK], f"the default '{default}' is not there; '{FALLBACK}' stands in")


def knows(scenarios: Catalogue, runs: str) -> bool:
    """Tell whether `runs` is the name of a scenario, or one that a scenario's match names by its workflow_id."""
    if runs in scenarios:
        return True
    named = (matcher for scenario in scenarios.matching for matcher in scenario.match if matcher.path == WORKFLOW_ID)
    return any(_weight(matcher, runs, {}) for matcher in named)


def specificity(matchers: tuple[Matcher, ...], runs: str, body: Mapping[str, Any]) -> tuple[int, int] | None:
    """Return how closely conditions fit, to be compared; None unless all of them hold.

    More conditions go before fewer. Among as many, an exact one (`equals`, a workflow_id without wildcards)
    weighs more than a pattern (glob, `contains`, `regex`), and a pattern more than `exists`.
    """
    weights = [_weight(matcher, runs, body) for matcher in matchers]
    return (len(weights), sum(weights)) if weights and all(weights) else None


def best_match(scenarios: Iterable[Scenario], runs: str, body: Mapping[str, Any]) -> Scenario | None:
    """Return the scenario whose `match` fits closest, or None."""
    fitting = [(fit, scenario) for scenario in scenarios if (fit := specificity(scenario.match, runs, body))]
    # Equally specific ones are told apart by name, so that the order of files never matters.
    return min(fitting, key=lambda pair: (-pair[0][0], -pair[0][1], pair[1].name))[1] if fitting else None


def near_misses(scenarios: Iterable[Scenario], runs: str, body: Mapping[str, Any], most: int = 3) -> list[NearMiss]:
    """Return the scenarios whose `match` failed by the fewest conditions, the nearest first.

    Of as many failed conditions, more held ones are nearer; the rest is told apart by name. One of which none of
    several conditions holds is not near.
    """
    missed = []
    for scenario in scenarios:
        found = [(matcher, _found(matcher, runs, body)) for matcher in scenario.match]
        failed = tuple(each for each in found if not weight(each[0].kind, each[0].wanted, each[1]))
        if 0 < len(failed) < max(len(found), 2):
            missed.append((len(failed), len(failed) - len(found), scenario.name, NearMiss(scenario, failed)))
    return [miss for *_, miss in sorted(missed, key=lambda each: each[:3])[:most]]


def _weight(matcher: Matcher, runs: str, body: Mapping[str, Any]) -> int:
    return weight(matcher.kind, matcher.wanted, _found(matcher, runs, body))


def _found(matcher: Matcher, runs: str, body: Mapping[str, Any]) -> Any:
    return runs if matcher.path == WORKFLOW_ID else look_up(body, matcher.path)


def weight(kind: str, wanted: Any, found: Any) -> int:
    """Return how much a condition weighs that holds for what is found; 0 where it does not hold."""
    match kind:
        case "exists":
            # Clients that send whole objects write null for what they leave out.
            return _PRESENCE if (found is not MISSING and found is not None) is wanted else _NO
        case "equals":
            return _EXACT if _is_same(found, wanted) else _NO
        case "glob":
            return _EXACT if found in wanted else _PATTERN if _fits(found, wanted) else _NO
        case "contains":
            return _PATTERN if _contains(found, wanted) else _NO
        case _:
            return _PATTERN if isinstance(found, str) and safe_regex.search(wanted, found) else _NO


def look_up(body: Any, path: tuple[str, ...]) -> Any:
    """Return what stands at a path of names and, in lists, of indices; MISSING where nothing does."""
    found = body
    for part in path:
        if isinstance(found, Mapping):
            found = found.get(part, MISSING)
        elif isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        else:
            return MISSING
    return found


def _is_same(found: Any, wanted: Any) -> bool:
    return isinstance(found, bool) is isinstance(wanted, bool) and bool(found == wanted)


def _fits(found: Any, patterns: Iterable[str]) -> bool:
    return isinstance(found, str) and any(fnmatchcase(found, pattern) for pattern in patterns)


def _contains(found: Any, wanted: Any) -> bool:
    if isinstance(found, str):
        return isinstance(wanted, str) and wanted in found
    return isinstance(found, list | Mapping) and wanted in found


def _hint(name: str, known: Mapping[str, Scenario]) -> str:
    return did_you_mean(name, [*known]) or f"; known ones are {', '.join(known) or 'none'}"
