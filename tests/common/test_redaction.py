import json
import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.common.redaction import (
    PROPERTIES,
    REDACTED,
    credentials_in,
    is_credential,
    may_hold_credentials,
    sentence_without,
    text_without_credentials,
    without_credentials,
)

VALUES = st.recursive(
    st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "text", "token", "Password", *PROPERTIES]), inner, max_size=3),
    ),
    max_leaves=8,
)


WAYS: tuple[Callable[[str], str], ...] = (
    str,
    str.upper,
    lambda letter: f"\\u{ord(letter):04x}",
    lambda letter: f"%{ord(letter):02X}",
)
AROUND = ('"', "'", ":", "=", " ", ",", "{", "}", "\\", "%", "name=", "null", '":null,', '": null}', "\u0130", "\u00e9")


@st.composite
def written_names(draw: st.DrawFn) -> str:
    """The name of a credential with its letters written in several ways."""
    name = draw(st.sampled_from(sorted(PROPERTIES)))
    letter = draw(st.sampled_from(name))
    return name.replace(letter, draw(st.sampled_from(WAYS))(letter)).replace("k", draw(st.sampled_from("k\u212a")))


CREDENTIALS = st.builds(str.__add__, written_names(), st.sampled_from(("=x", ': "x"', '":"x"', '":null,', "")))
TEXTS = st.lists(st.one_of(CREDENTIALS, st.sampled_from(AROUND), st.text(max_size=3)), max_size=4).map("".join)


@given(text=TEXTS)
def test_a_text_that_holds_no_credential_at_a_glance_holds_none(text: str) -> None:
    assert may_hold_credentials(text) or text_without_credentials(text) == text


@given(value=VALUES, as_ascii=st.booleans())
def test_a_value_that_holds_no_credential_at_a_glance_holds_none(value: Any, as_ascii: bool) -> None:
    text = json.dumps(value, ensure_ascii=as_ascii)

    assert may_hold_credentials(text) or without_credentials(value) == value


@pytest.mark.parametrize(
    ("text", "may"),
    [
        ("", False),
        ('{"id":"1","user_tokens":null,"user_oidc_token" : null}', False),
        ('{"user_tokens":nullish}', True),
        ('{"user_tokens":null,"other":{"user_tokens":{}}}', True),
        ("Refund order 1042 with the usual token.", False),
        ('{"X-API-KEY":"abc"}', True),
        ('{"api_\u212aey":"abc"}', True),
        ('{"pass\\u0077ord":"abc"}', True),
        ("pass%77ord=abc", True),
    ],
)
def test_most_texts_hold_no_credential_at_a_glance(text: str, may: bool) -> None:
    assert may_hold_credentials(text) is may


@given(value=VALUES)
def test_hiding_twice_is_hiding_once_and_leaves_no_credential(value: Any) -> None:
    hidden = without_credentials(value)

    assert without_credentials(hidden) == hidden
    assert set(credentials_in(hidden)) <= {REDACTED}


@given(value=VALUES)
def test_a_value_without_credentials_stays_as_it_is(value: Any) -> None:
    names = json.dumps(value).lower()

    assert any(name in names for name in PROPERTIES) or without_credentials(value) == value


def test_a_credential_that_is_null_is_shown_as_null() -> None:
    assert without_credentials({"password": None, "API_KEY": 7}) == {"password": None, "API_KEY": REDACTED}


@pytest.mark.parametrize(
    ("name", "is_one"), [("user_tokens", True), ("Authorization", True), ("token", False), ("tokens", False)]
)
def test_a_name_shows_whether_it_has_a_credential(name: str, is_one: bool) -> None:
    assert is_credential(name) is is_one


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("I lost my password, and an api_key too.", "I lost my password, and an api_key too."),
        ('{"password": "abc"', f'{{"password {REDACTED}'),
        ('{"the passwords": 1, "PASSWORD" : "abc"', f'{{"the passwords": 1, "PASSWORD {REDACTED}'),
        ('{"p\\u0061ssword": "abc"', f'{{"password {REDACTED}'),
        ("a=1&client_secret=abc", f"a=1&client_secret {REDACTED}"),
        ("a=1&user%5Ftokens=abc", f"a=1&user_tokens {REDACTED}"),
        ("Authorization: Bearer abc", f"Authorization {REDACTED}"),
        (r"{\"api_key\": \"abc\"}", rf"{{\"api_key {REDACTED}"),
        ('form-data; name="id_token"\r\n\r\nabc', f'form-data; name="id_token {REDACTED}'),
        ("x-api-key=abc, password=def", f"x-api-key {REDACTED}"),
        ('{"user_tokens": null, "text": "abc', '{"user_tokens": null, "text": "abc'),
        ('{"user_tokens": null, "user_tokens": "abc', f'{{"user_tokens": null, "user_tokens {REDACTED}'),
        ("\u0130\u0130\u0130\u0130\u0130\u0130\u0130\u0130 password=abc", f"{8 * chr(0x130)} password {REDACTED}"),
        (r'{"text": "100%25 of \u0041"', r'{"text": "100%25 of \u0041"'),
    ],
)
def test_a_text_ends_behind_the_first_name_that_a_value_follows(text: str, shown: str) -> None:
    assert text_without_credentials(text) == shown


def test_one_character_alone_has_a_lower_case_of_another_length() -> None:
    assert [chr(code) for code in range(sys.maxunicode + 1) if len(chr(code).lower()) != 1] == ["\u0130"]


def test_a_sentence_loses_the_longest_texts_first_and_never_short_ones() -> None:
    value = {"user_tokens": {"a": "secret", "b": "secret-and-more", "c": "of"}, "text": "lack"}

    assert sentence_without("'secret-and-more' or secret, for lack of it", credentials_in(value)) == (
        f"'{REDACTED}' or {REDACTED}, for lack of it"
    )
