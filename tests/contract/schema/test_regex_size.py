import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from xpander_emulator.contract.schema.regex_size import MAX_PARENTHESES, TOO_LARGE, size


@pytest.mark.parametrize(
    ("pattern", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("(ab){3}", 10),
        ("(ab){2,}", 8),
        ("(ab){2,5}", 9),
        ("a{1000}", 1001),
        ("(a{100}){100}", 10_201),
        (r"\p{L}", 105),
        (r"\P{Lu}\p{L}", 211),
        ("(?=aaaaaaaaaa){2}", 23),
        ("(", 1),
        ("[a-z]{3}", 8),
    ],
)
def test_the_size_of_a_pattern_has_its_counts_written_out(pattern: str, count: int) -> None:
    assert size(pattern) == count


@pytest.mark.parametrize("pattern", ["a{999999}" * 3, "((a{9999}){9999}){9999}", "(" * 51 + ")" * 51])
def test_a_pattern_that_cannot_be_compiled_is_too_large(pattern: str) -> None:
    assert size(pattern) > 1_000_000


def test_nesting_beyond_the_bound_is_never_parsed() -> None:
    assert size("(" * MAX_PARENTHESES + ")" * MAX_PARENTHESES) < TOO_LARGE
    assert size("(" * (MAX_PARENTHESES + 1) + ")" * (MAX_PARENTHESES + 1)) == TOO_LARGE
    assert size("()" * 100) < TOO_LARGE
    assert size(r"\(" * 100) < TOO_LARGE


@examples(200)
@given(st.text("ab(){}[]|*+?\\^.,0123456789p{L}", max_size=30))
def test_any_text_has_a_size_of_its_length_at_least(pattern: str) -> None:
    assert len(pattern) <= size(pattern) <= TOO_LARGE


@examples(100)
@given(st.integers(0, 200), st.integers(0, 200))
def test_a_repeat_multiplies_what_is_inside(outer: int, inner: int) -> None:
    written = max(1, outer) * (1 + 1 + max(1, inner)) + 1

    assert size(f"(a{{{inner}}}){{{outer}}}") == max(written, len(f"(a{{{inner}}}){{{outer}}}"))
