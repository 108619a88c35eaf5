"""The messages are the same on every version of Python; `.ci/run` runs this on the oldest and the newest."""

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.common.json_syntax import JsonSyntaxError, NotJson, find_syntax_error, read_json

NAME = "Expecting property name enclosed in double quotes"
TEXTS = st.text(alphabet='{}[]",:\\ \n\tu0a1-.etrufalsn\x00é', max_size=12)


@pytest.mark.parametrize(
    ("text", "offset", "reason"),
    [
        ("", 0, "Expecting value"),
        ("nul", 0, "Expecting value"),
        ("[1,]", 3, "Expecting value"),
        ("[1, \n]", 5, "Expecting value"),
        ('{"a": 1,}', 8, NAME),
        ('{"a": [1], }', 11, NAME),
        ("{a: 1}", 1, NAME),
        ('{"a": }', 6, "Expecting value"),
        ('{"a" 1}', 5, "Expecting ':' delimiter"),
        ("[1 2]", 3, "Expecting ',' delimiter"),
        ("1 2", 2, "Extra data"),
        ('"a', 0, "Unterminated string starting at"),
        ('"a\n"', 2, "Invalid control character at"),
        (r'"\x"', 1, r"Invalid \escape"),
        (r'"\u12"', 2, r"Invalid \uXXXX escape"),
        ("\ufeff1", 0, "Unexpected UTF-8 BOM (decode using utf-8-sig)"),
    ],
)
def test_a_syntax_error_has_the_same_place_and_reason_on_every_python(text: str, offset: int, reason: str) -> None:
    assert find_syntax_error(text) == JsonSyntaxError(offset, reason)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="Python 3.13 changed its words; the table above is the oracle")
@given(TEXTS)
def test_the_words_are_those_of_python_before_3_13(text: str) -> None:
    try:
        json.loads(text)
        wanted = None
    except json.JSONDecodeError as error:
        wanted = JsonSyntaxError(error.pos, error.msg)

    assert find_syntax_error(text) == wanted


@given(TEXTS)
def test_a_syntax_error_is_within_its_text_and_never_about_trailing_commas(text: str) -> None:
    error = find_syntax_error(text)

    assert error is None or (0 <= error.offset <= len(text) and "trailing" not in error.reason)


def test_json_is_read() -> None:
    assert read_json('{"a": [1, 2.5, "é", null]}') == {"a": [1, 2.5, "é", None]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1,\n "b": 2,\n}', f"{NAME} at line 3, column 1, found '}}'"),
        ('{"status": }', "Expecting value at line 1, column 12, found '}'"),
        ("[1", "Expecting ',' delimiter at line 1, column 3, found the end"),
        ('["a', "Unterminated string starting at line 1, column 2, found '\"'"),
        ("1" * 5_000, "it has a number with too many digits"),
        ("[" * 100_000, "it is nested too deep"),
    ],
)
def test_a_text_that_is_not_json_is_refused_with_line_and_column(text: str, message: str) -> None:
    with pytest.raises(NotJson) as caught:
        read_json(text)

    assert str(caught.value) == message


def test_a_text_that_is_nested_too_deep_has_no_known_syntax_error() -> None:
    assert find_syntax_error("[" * 100_000) is None
