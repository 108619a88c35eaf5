from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.store.codec.members import changed_members, known_members


@dataclass(frozen=True)
class Record:
    name: str
    count: int = 3
    tags: tuple[str, ...] = ()
    values: dict[str, int] = field(default_factory=dict)


class Row(NamedTuple):
    name: str
    size: int = 3
    note: str | None = "none"


MEMBERS = ("name", "count", "tags", "values")


def test_members_that_have_their_defaults_are_left_out() -> None:
    assert changed_members(Record("a"), ("count", "tags", "values")) == {}
    assert changed_members(Record("a", 3, ("x",), {}), ("count", "tags", "values")) == {"tags": ("x",)}
    assert changed_members(Row("a", note=None), ("size", "note")) == {"note": None}


def test_a_member_without_a_default_is_always_written() -> None:
    assert changed_members(Record(""), ("name", "count")) == {"name": ""}
    assert changed_members(Row(""), ("name", "size")) == {"name": ""}


def test_members_come_in_the_order_of_the_names_and_no_other_is_written() -> None:
    record = Record("a", 4, ("x",), {"n": 1})

    assert list(changed_members(record, ("values", "count"))) == ["values", "count"]


def test_unknown_members_of_an_object_are_left_aside() -> None:
    assert known_members({"count": 4, "later": True}, MEMBERS) == {"count": 4}


RECORDS = st.builds(
    Record,
    st.text(max_size=2),
    st.integers(2, 4),
    st.lists(st.text(max_size=1), max_size=2).map(tuple),
    st.dictionaries(st.text(max_size=1), st.integers(), max_size=2),
)
ROWS = st.builds(Row, st.text(max_size=2), st.integers(2, 4), st.sampled_from(["none", None, "x"]))


@given(RECORDS | ROWS)
def test_a_record_comes_back_from_its_changed_members(record: Any) -> None:
    names = MEMBERS if isinstance(record, Record) else Row._fields

    assert record.__class__(**known_members(changed_members(record, names), names)) == record
