"""What became of the mutants: a table by room, what is listed in survivors.toml, and the exit code."""

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from tests.mutants.mutations import Mutant

KILLED: Final = "killed"
SURVIVED: Final = "survived"
ENDLESS: Final = "endless"
_OF_TESTS: Final = {"failed": KILLED, "passed": SURVIVED, "endless": ENDLESS}


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a mutant: KILLED, SURVIVED, or ENDLESS where a test did not end.

    seconds: of CPU time.
    """

    room: str
    mutant: Mutant
    outcome: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Listed:
    """A mutant in survivors.toml, what is expected of it, and why."""

    mutant: Mutant
    outcome: str
    reason: str


def outcome_of(tests: str) -> str:
    """Return what became of a mutant whose tests `passed`, `failed` or were `endless`."""
    return _OF_TESTS[tests]


def read_list(path: Path) -> list[Listed]:
    """Return what survivors.toml lists."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    return [
        Listed(Mutant(**{name: value for name, value in row.items() if name != "reason"}), outcome, row["reason"])
        for outcome in (SURVIVED, ENDLESS)
        for row in tables.get(outcome, ())
    ]


def unlisted(results: Iterable[Result], listed: Iterable[Listed]) -> list[Result]:
    """Return the mutants that were not killed, and of which the list does not say so."""
    known = {(each.mutant, each.outcome) for each in listed}
    return [each for each in results if each.outcome != KILLED and (each.mutant, each.outcome) not in known]


def killed_by_now(results: Iterable[Result], listed: Iterable[Listed]) -> list[Mutant]:
    """Return the mutants that are listed as survivors, and that the tests kill."""
    known = {each.mutant for each in listed if each.outcome == SURVIVED}
    return [each.mutant for each in results if each.outcome == KILLED and each.mutant in known]


def killed_percent(results: Sequence[Result]) -> float:
    """Return how many of a hundred mutants were noticed; an endless one is one of these."""
    return 100 * sum(each.outcome != SURVIVED for each in results) / len(results)


def table(results: Sequence[Result]) -> str:
    """Return the results by room, and all together."""
    rooms = list(dict.fromkeys(each.room for each in results))
    rows = [_row(room, [each for each in results if each.room == room]) for room in rooms]
    head = f"{'room':<12}{'mutants':>9}{'killed':>9}{'endless':>9}{'survived':>10}{'noticed':>10}{'CPU s':>8}"
    return "\n".join([head, *rows, _row("all", results)])


def _row(name: str, results: Sequence[Result]) -> str:
    killed, endless, survived = (
        sum(each.outcome == outcome for each in results) for outcome in (KILLED, ENDLESS, SURVIVED)
    )
    seconds = sum(each.seconds for each in results)
    noticed = f"{killed_percent(results):.1f} %"
    return f"{name:<12}{len(results):>9}{killed:>9}{endless:>9}{survived:>10}{noticed:>10}{seconds:>8.0f}"


def as_toml(result: Result) -> str:
    """Return a mutant as survivors.toml lists it, its reason left open."""
    rows = [
        f"{name} = {_quoted(value)}" for name, value in asdict(result.mutant).items() if (name, value) != ("nth", 1)
    ]
    return "\n".join([f"[[{result.outcome}]]", *rows, 'reason = ""', ""])


def _quoted(value: str | int) -> str:
    if isinstance(value, int):
        return str(value)
    return f"'{value}'" if "'" not in value else '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
