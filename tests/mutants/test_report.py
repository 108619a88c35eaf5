from pathlib import Path

import pytest

from tests.mutants.mutations import Mutant
from tests.mutants.report import (
    ENDLESS,
    KILLED,
    SURVIVED,
    Listed,
    Result,
    as_toml,
    killed_by_now,
    killed_percent,
    read_list,
    table,
    unlisted,
)

LIMIT = Mutant("engine.py", "", "NumberReplacer", "MOST: Final = 4", "MOST: Final = 5")
LOOP = Mutant("core/replay.py", "_Fold.take", "AddNot", """if kind == 'a' and "b":""", "if not (True):", nth=2)


def result(mutant: Mutant, outcome: str, room: str = "core") -> Result:
    return Result(room, mutant, outcome, 1.5)


def test_a_mutant_that_was_not_killed_is_new_unless_the_list_says_just_that_of_it() -> None:
    listed = [Listed(LIMIT, SURVIVED, "a bound"), Listed(LOOP, SURVIVED, "a mistake: it is endless")]

    assert unlisted([result(LIMIT, SURVIVED), result(LOOP, KILLED)], listed) == []
    assert unlisted([result(LOOP, ENDLESS)], listed) == [result(LOOP, ENDLESS)]
    assert unlisted([result(LIMIT, SURVIVED)], []) == [result(LIMIT, SURVIVED)]


def test_a_survivor_that_is_killed_by_now_is_named() -> None:
    listed = [Listed(LIMIT, SURVIVED, "a bound"), Listed(LOOP, ENDLESS, "it waits for itself")]

    assert killed_by_now([result(LIMIT, KILLED), result(LOOP, KILLED)], listed) == [LIMIT]


def test_the_table_counts_by_room_and_an_endless_mutant_as_noticed() -> None:
    results = [result(LIMIT, KILLED), result(LOOP, ENDLESS), result(LIMIT, SURVIVED), result(LIMIT, KILLED, "store")]

    assert killed_percent(results) == 75
    assert [line.split() for line in table(results).splitlines()[1:]] == [
        ["core", "3", "1", "1", "1", "66.7", "%", "4"],
        ["store", "1", "1", "0", "0", "100.0", "%", "2"],
        ["all", "4", "2", "1", "1", "75.0", "%", "6"],
    ]


@pytest.mark.parametrize(("mutant", "outcome"), [(LIMIT, SURVIVED), (LOOP, ENDLESS)])
def test_what_is_printed_of_a_new_survivor_can_be_put_into_the_list(
    tmp_path: Path, mutant: Mutant, outcome: str
) -> None:
    path = tmp_path / "survivors.toml"
    path.write_text(as_toml(result(mutant, outcome)), encoding="utf-8")

    assert read_list(path) == [Listed(mutant, outcome, "")]


def test_every_mutant_of_the_list_has_a_reason_and_stands_there_once() -> None:
    listed = read_list(Path(__file__).parent / "survivors.toml")

    assert [each.mutant for each in listed if not each.reason.strip()] == []
    assert len({each.mutant for each in listed}) == len(listed)
