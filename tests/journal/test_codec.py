"""Entries come back from bytes exactly as they went in."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.entries import entry
from xpander_emulator.clock import Clock
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.timeline import Millis
from xpander_emulator.journal.codec import from_record, to_record
from xpander_emulator.journal.port import Entry, fields_of

latin = st.text(st.characters(max_codepoint=255), max_size=9).map(lambda text: text.encode("latin-1"))
headers = st.lists(st.tuples(latin, latin), max_size=3)
violations = st.builds(
    Violation,
    st.lists(st.sampled_from(["body", "a", 3]), max_size=3).map(tuple),
    *(st.text(max_size=5),) * 2,
    st.none() | st.text(max_size=5) | st.dictionaries(st.text(max_size=2), st.integers(-9, 9), max_size=2),
    st.text(max_size=5),
    st.dictionaries(st.text(max_size=2), st.integers(-9, 9), max_size=2),
)
entries = st.builds(
    lambda told: entry(**told),
    st.fixed_dictionaries(
        {
            "ordinal": st.integers(1, 10**9),
            "epoch": st.integers(0, 10**6),
            "clock": st.builds(Clock, st.sampled_from(["real", "scaled", "manual"]), st.integers(0, 9), st.just(3)),
            "seconds": st.none() | st.floats(0, 9),
            "query": latin,
            "request_fields": headers.map(fields_of),
            "headers": headers,
            "request_body": st.binary(max_size=9),
            "violations": st.lists(violations, max_size=2).map(tuple),
            "fault": st.none() | st.text(max_size=5),
            "events": st.none() | st.integers(0, 9),
            "task_id": st.none() | st.text(max_size=5),
            "task_status": st.none() | st.just("paused"),
            "line": st.integers(0, 9),
        }
    ),
)


@given(entries)
def test_an_entry_comes_back_exactly(told: Entry) -> None:
    back = from_record(to_record(told))

    assert back == told
    assert isinstance(back, Entry)


def test_an_entry_of_another_version_is_left_out() -> None:
    assert from_record(orjson.dumps([2, {"anything": Millis(1)}])) is None
