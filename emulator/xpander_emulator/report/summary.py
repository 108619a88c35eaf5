"""Summary: coverage counted, over the scenarios that were started or those that somebody names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.report.coverage import ANSWER, COUNTED, KINDS, Coverage, Item

_LAST: Final = float("inf")


class Tally(NamedTuple):
    """How many of how many were reached."""

    reached: int
    total: int

    @property
    def percent(self) -> float:
        """The share in percent, rounded down to a tenth, so that 100 is all of it; 100 of nothing."""
        return self.reached * 1_000 // self.total / 10 if self.total else 100.0

    def is_at_least(self, percent: float) -> bool:
        """Tell whether the exact share is that much."""
        return self.reached * 100 >= percent * self.total


@dataclass(frozen=True, slots=True)
class Row:
    """One scenario.

    tallies: by kind, those of COUNTED and the statuses.
    items:   what it has, in the order of its file, each with whether it was reached; the statuses are left out.
    beyond:  what was reached that is not in its story.
    """

    scenario: str
    file: str
    tallies: Mapping[str, Tally]
    items: tuple[tuple[Item, bool], ...]
    beyond: tuple[str, ...]

    @property
    def missing(self) -> tuple[Item, ...]:
        """What was never reached."""
        return tuple(item for item, is_reached in self.items if not is_reached)

    @property
    def all(self) -> Tally:
        """Everything that counts."""
        return added(self.tallies[kind] for kind in COUNTED)


@dataclass(frozen=True, slots=True)
class Summary:
    """Coverage counted.

    known:   how many scenarios there are; `rows` are those that count.
    answers: of the contract, which do not count into the percentage.
    """

    rows: tuple[Row, ...]
    known: int
    answers: tuple[tuple[Item, bool], ...]

    @property
    def all(self) -> Tally:
        """Everything that counts, of all rows."""
        return added(row.all for row in self.rows)

    def of_kind(self, kind: str) -> Tally:
        """One kind, of all rows."""
        return added(row.tallies[kind] for row in self.rows)

    @property
    def answers_met(self) -> Tally:
        """The answers of the contract."""
        return Tally(sum(is_reached for _, is_reached in self.answers), len(self.answers))


def summary(coverage: Coverage, scenarios: Sequence[str] = ()) -> Summary:
    """Count over these scenarios, or over those that were started where none is named.

    Raises BadRequest for a name that no scenario has.
    """
    known = sorted({item.scenario for item in coverage.declared if item.kind != ANSWER})
    unknown = next((name for name in scenarios if name not in known), None)
    if unknown is not None:
        raise BadRequest(f"No scenario is called '{unknown}'{did_you_mean(unknown, known) or '.'}")
    wanted = set(scenarios) or coverage.started
    by_scenario: dict[str, list[Item]] = {"": [], **{name: [] for name in known}}
    for item in {*coverage.declared, *coverage.reached}:
        by_scenario.setdefault(item.scenario, []).append(item)
    rows = tuple(_row(coverage, name, by_scenario[name]) for name in known if name in wanted)
    return Summary(rows, len(known), _in_order(coverage, by_scenario[""], ANSWER))


def added(tallies: Iterable[Tally]) -> Tally:
    """Return tallies added up."""
    every = list(tallies)
    return Tally(sum(each.reached for each in every), sum(each.total for each in every))


def _row(coverage: Coverage, name: str, items: Sequence[Item]) -> Row:
    declared = {kind: _in_order(coverage, items, kind) for kind in KINDS}
    tallies = {kind: Tally(sum(met for _, met in found), len(found)) for kind, found in declared.items()}
    beyond = sorted(f"{item.kind} {item.name}" for item in items if item not in coverage.declared)
    counted = tuple(pair for kind in COUNTED for pair in declared[kind])
    return Row(name, coverage.files.get(name, ""), tallies, counted, tuple(beyond))


def _in_order(coverage: Coverage, items: Iterable[Item], kind: str) -> tuple[tuple[Item, bool], ...]:
    declared = [item for item in items if item.kind == kind and item in coverage.declared]
    declared.sort(key=lambda item: (coverage.declared[item] or _LAST, item.name))
    return tuple((item, item in coverage.reached) for item in declared)
