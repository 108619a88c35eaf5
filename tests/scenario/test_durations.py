import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.core.timeline import Millis
from xpander_emulator.scenario.durations import (
    LONGEST,
    NotADuration,
    as_text,
    parse_duration,
    parse_range,
    range_as_text,
)


@pytest.mark.parametrize(
    ("text", "millis"),
    [
        ("300ms", 300),
        ("2s", 2_000),
        ("5m", 300_000),
        ("24h", 86_400_000),
        ("1d", 86_400_000),
        ("1h30m", 5_400_000),
        ("1.5s", 1_500),
        ("0.29s", 290),
        ("0s", 0),
        ("1d2h3m4s5ms", 93_784_005),
    ],
)
def test_a_length_of_time_is_read(text: str, millis: int) -> None:
    assert parse_duration(text) == millis


@given(st.integers(0, LONGEST))
def test_a_length_written_and_read_again_is_the_same(length: int) -> None:
    assert parse_duration(as_text(Millis(length))) == length


@given(st.integers(0, LONGEST), st.integers(0, LONGEST))
def test_a_range_written_and_read_again_is_the_same(one: int, other: int) -> None:
    low, high = sorted((Millis(one), Millis(other)))

    assert parse_range(range_as_text(low, high)) == (low, high)


@given(st.text(max_size=12))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    try:
        read, reason = parse_duration(text), ""
    except NotADuration as error:
        read, reason = Millis(0), str(error)

    assert 0 <= read <= LONGEST
    assert not reason or text.strip() in reason


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (2, "2 has no unit; write '2s' or '2ms'"),
        (True, "true is not a length of time"),
        ("2 Seconds", "write '2s'"),
        ("1h and 30m", "write '1h30m'"),
        ("30m1h", "'30m1h' is not a length of time; write for instance"),
        (["1s"], "a list or mapping is not a length of time"),
    ],
)
def test_what_is_no_length_of_time_is_refused_with_what_to_type(wrong: object, message: str) -> None:
    with pytest.raises(NotADuration) as refused:
        parse_duration(wrong)

    assert message in str(refused.value)
