import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.errors import BadRequest
from xpander_emulator.journal.expected_count import ExpectedCount, count_text, dropped_text

COUNTS = st.none() | st.integers(0, 5)


@pytest.mark.parametrize(
    ("times", "at_least", "at_most", "least", "most", "text"),
    [
        (None, None, None, 1, None, "at least 1"),
        (3, None, None, 3, 3, "exactly 3"),
        (0, None, None, 0, 0, "exactly 0"),
        (None, 2, None, 2, None, "at least 2"),
        (None, 0, None, 0, None, "any number"),
        (None, None, 4, 0, 4, "at most 4"),
        (None, None, 0, 0, 0, "exactly 0"),
        (None, 2, 4, 2, 4, "at least 2 and at most 4"),
        (None, 2, 2, 2, 2, "exactly 2"),
    ],
)
def test_three_arguments_say_how_many_requests_are_expected(
    times: int | None, at_least: int | None, at_most: int | None, least: int, most: int | None, text: str
) -> None:
    expected = ExpectedCount.of(times, at_least, at_most)

    assert expected == ExpectedCount(least, most)
    assert str(expected) == text


@pytest.mark.parametrize(
    ("times", "at_least", "at_most", "message"),
    [
        (1, 1, None, "--times says exactly how many; leave out --at-least and --at-most."),
        (1, None, 0, "--times says exactly how many; leave out --at-least and --at-most."),
        (None, 3, 2, "--at-least 3 and --at-most 2 leave no number."),
    ],
)
def test_arguments_that_leave_no_number_are_refused_as_they_are_written(
    times: int | None, at_least: int | None, at_most: int | None, message: str
) -> None:
    with pytest.raises(BadRequest, match=f"^{message}$"):
        ExpectedCount.of(times, at_least, at_most, lambda name: "--" + name.replace("_", "-"))


@given(COUNTS, COUNTS, COUNTS, st.integers(0, 6))
def test_a_count_holds_where_each_argument_allows_it(
    times: int | None, at_least: int | None, at_most: int | None, count: int
) -> None:
    try:
        expected = ExpectedCount.of(times, at_least, at_most)
    except BadRequest:
        assert (times is not None and (at_least, at_most) != (None, None)) or (
            at_least is not None and at_most is not None and at_most < at_least
        )
        return

    if (times, at_least, at_most) == (None, None, None):
        assert expected.holds(count) == (count >= 1)
    else:
        allowed = (times in (None, count), at_least is None or count >= at_least, at_most is None or count <= at_most)
        assert expected.holds(count) == all(allowed)


def test_the_number_of_matches_is_told_and_nothing_more_where_nothing_is_near() -> None:
    assert count_text(1, "exactly 2", [], 0) == "1 request fits, wanted exactly 2."
    assert count_text(0, "at least 1", [], 0) == "0 requests fit, wanted at least 1."


def test_near_misses_are_told_with_each_difference_and_dropped_requests_at_the_end() -> None:
    near_misses = [
        {
            "id": 7,
            "method": "POST",
            "path": "/v1/tasks",
            "differences": [{"told": "status: wanted 200, got 404"}, {"told": "body.a: wanted 1"}],
        },
        {"id": 3, "method": "GET", "path": "/v1/tasks/t", "differences": []},
    ]

    assert count_text(2, "exactly 1", near_misses, 12_345) == (
        "2 requests fit, wanted exactly 1.\n"
        "Nearly:\n"
        "  request 7, POST /v1/tasks:\n"
        "    status: wanted 200, got 404\n"
        "    body.a: wanted 1\n"
        "  request 3, GET /v1/tasks/t:\n"
        "12,345 older requests are no longer stored and were not looked at."
    )


def test_nothing_is_told_of_dropped_requests_where_none_was_dropped() -> None:
    assert dropped_text(0) == ""
