"""JSON whose integers stay exact."""

import json
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.common.json_codec import dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**300), 10**300) | st.integers(-(2**65), 2**65) | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(VALUES)
def test_what_is_written_is_read_as_it_was(value: object) -> None:
    read = loads(dumps(value))

    assert read == value
    assert json.dumps(read) == json.dumps(value)


@pytest.mark.parametrize("number", [2**64 - 1, 2**64, -(2**63), -(2**63) - 1, 10**40])
def test_an_integer_at_the_edge_of_64_bits_and_beyond_is_exact(number: int) -> None:
    assert loads(f'{{"n": {number}}}') == {"n": number}
    assert dumps({"n": number}) == b'{"n":%d}' % number


def test_what_is_nested_too_deep_for_the_standard_library_is_read() -> None:
    assert loads("[" * 1000 + "1" * 19 + "]" * 1000) is not None


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ValueError, match="infinity"):
        loads("1" + "0" * 320)


def test_a_written_text_occupies_no_more_memory_than_its_length() -> None:
    value = {f"property_{number}": "a value of some length" for number in range(40)}
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]

    texts = [dumps(value) for _ in range(200)]

    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert taken < 1.1 * sum(map(len, texts)) + 4_096
