"""Counts coverage, over the scenarios that were started or over scenarios that a user names."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from xpander_emulator.errors import BadRequest, did_you_mean
from xpander_emulator.report.coverage import ANSWER, COUNTED, KINDS, Coverage, Item

_LAST: Final = float("inf")


class Tally(NamedTuple):
    """How many items of how many were reached."""

    reached: int
    total: int

    @property
    def percent(self) -> float:
        """The share in percent, rounded down to a tenth, so that 100 means every item; 100 where there is none."""
        return self.reached * 1_000 // self.total / 10 if self.total else 100.0

    def is_at_least(self, percent: float) -> bool:
        """Return whether the exact share is at least `percent`."""
        return self.reached * 100 >= percent * self.total


@dataclass(frozen=True, slots=True)
class Row:
    """The counts of one scenario.

    tallies: by kind, those of COUNTED and the statuses.
    items:   in the order of the file, each with whether it was reached; without the statuses.
    beyond:  what was reached and is not declared by the scenario.
    """

    scenario: str
    file: str
    tallies: Mapping[str, Tally]
    items: tuple[tuple[Item, bool], ...]
    beyond: tuple[str, ...]

    @property
    def all(self) -> Tally:
        """The tally of all items that count."""
        return _total(self.tallies[kind] for kind in COUNTED)

    def missing(self, kind: str) -> list[str]:
        """Return the names of the items of a kind that were never reached."""
        return [item.name for item, is_reached in self.items if item.kind == kind and not is_reached]


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of a coverage.

    known:   how many scenarios there are; `rows` are those that count.
    answers: of the contract, which do not count into the percentage.
    """

    rows: tuple[Row, ...]
    known: int
    answers: tuple[tuple[Item, bool], ...]

    @property
    def all(self) -> Tally:
        """The tally of all items that count, of all rows."""
        return _total(row.all for row in self.rows)

    def of_kind(self, kind: str) -> Tally:
        """Return the tally of one kind, of all rows."""
        return _total(row.tallies[kind] for row in self.rows)

    @property
    def answer_tally(self) -> Tally:
        """The tally of the contract's answers."""
        return _tally(self.answers)


def summarize(coverage: Coverage, scenarios: Sequence[str] = ()) -> Summary:
    """Return the counts over `scenarios`, or over the scenarios that were started where none is named.

    Raises BadRequest for a name that no scenario has.
    """
    known = sorted({item.scenario for item in coverage.declared if item.kind != ANSWER})
    unknown = next((name for name in scenarios if name not in known), None)
    if unknown is not None:
        raise BadRequest(f"No scenario is called '{unknown}'{did_you_mean(unknown, known) or '.'}")
    counted = set(scenarios) or coverage.started
    by_scenario: dict[str, list[Item]] = {"": [], **{name: [] for name in known}}
    for item in {*coverage.declared, *coverage.reached}:
        by_scenario.setdefault(item.scenario, []).append(item)
    rows = tuple(_row(coverage, name, by_scenario[name]) for name in known if name in counted)
    return Summary(rows, len(known), _in_order(coverage, by_scenario[""], ANSWER))


def _row(coverage: Coverage, name: str, items: Sequence[Item]) -> Row:
    declared = {kind: _in_order(coverage, items, kind) for kind in KINDS}
    tallies = {kind: _tally(pairs) for kind, pairs in declared.items()}
    beyond = sorted(f"{item.kind} {item.name}" for item in items if item not in coverage.declared)
    counted = tuple(pair for kind in COUNTED for pair in declared[kind])
    return Row(name, coverage.files.get(name, ""), tallies, counted, tuple(beyond))


def _in_order(coverage: Coverage, items: Iterable[Item], kind: str) -> tuple[tuple[Item, bool], ...]:
    declared = [item for item in items if item.kind == kind and item in coverage.declared]
    declared.sort(key=lambda item: (coverage.declared[item] or _LAST, item.name))
    return tuple((item, item in coverage.reached) for item in declared)


def _tally(items: Sequence[tuple[Item, bool]]) -> Tally:
    return Tally(sum(is_reached for _, is_reached in items), len(items))


def _total(tallies: Iterable[Tally]) -> Tally:
    every = list(tallies)
    return Tally(sum(each.reached for each in every), sum(each.total for each in every))
