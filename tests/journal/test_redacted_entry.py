import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.samples import ours
from tests.journal.entries import entry, redaction
from xpander_emulator.common.redaction import PROPERTIES, REDACTED, may_hold_credentials
from xpander_emulator.contract.model import Credential, Operation
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.journal.codec import from_record, to_record
from xpander_emulator.journal.port import Entry, fields_of
from xpander_emulator.journal.redacted_entry import Redaction, _redacted

MARK = "the-mark-of-a-secret"
NAMES = st.sampled_from(["input", "text", "user_token", "loc"])
SECRETS = st.builds(
    lambda name, value: {name: value},
    st.sampled_from(sorted(PROPERTIES)),
    st.sampled_from([MARK, [MARK], {"a": MARK}, {"text": [{"b": MARK}]}]),
)
BODIES = st.recursive(
    st.one_of(SECRETS, st.sampled_from([None, 7, "", "hello"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(NAMES, inner, max_size=3),
        st.builds(lambda left, right: {**left, **right}, st.dictionaries(NAMES, inner, max_size=2), SECRETS),
    ),
    max_leaves=6,
)


@given(body=BODIES)
def test_no_secret_of_a_body_is_shown_however_deep(body: Any) -> None:
    raw = orjson.dumps(body)

    shown = redaction().body(raw, len(raw))

    assert MARK not in json.dumps(shown)
    assert MARK not in raw.decode() or REDACTED in json.dumps(shown)


@given(body=BODIES, cut=st.integers(0, 200))
def test_no_secret_of_a_body_that_was_cut_is_shown(body: Any, cut: int) -> None:
    raw = orjson.dumps({"first": "seen", "rest": body}) + b" "

    shown = redaction().body(raw[:-1][: len(raw) - 1 - min(cut, len(raw) - 2)], len(raw))

    assert isinstance(shown, str)
    assert MARK not in shown


@given(body=st.recursive(st.one_of(st.none(), st.text(max_size=5), st.integers(-9, 9)), st.lists))
def test_a_body_without_secrets_is_shown_as_it_is(body: Any) -> None:
    raw = orjson.dumps(body)

    assert redaction().body(raw, len(raw)) == body


def test_a_secret_that_is_not_there_is_shown_as_not_there() -> None:
    assert redaction().body(b'{"user_oidc_token": null}', 25) == {"user_oidc_token": None}


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"", None),
        (b"plain \xff text", "plain \ufffd text"),
        (b"a=1&user_oidc_token=abc&b=2", f"a=1&user_oidc_token {REDACTED}"),
        (b'{"user_tokens": {"a": "b"}', f'{{"user_tokens {REDACTED}'),
        (b"[" * 600 + b"]" * 600, "[" * 600 + "]" * 600),
    ],
)
def test_what_is_no_json_is_shown_as_text_up_to_a_secret(raw: bytes, shown: str | None) -> None:
    assert redaction().body(raw, len(raw)) == shown


@pytest.mark.parametrize("name", ["x-api-key", "authorization", "cookie", "set-cookie", "Authorization"])
def test_headers_that_open_doors_are_not_shown(name: str) -> None:
    assert redaction().headers([(name.encode(), b"abc"), (b"accept", b"a"), (b"accept", b"b")]) == {
        name.lower(): REDACTED,
        "accept": "a, b",
    }


def test_every_credential_of_the_contract_is_not_shown() -> None:
    operation: Operation = ours().operations[0]
    asks = (
        (Credential("query", "access_key"), Credential("header", "x-secret")),
        (Credential("cookie", "session"),),
    )
    secretive = Redaction((type(operation)(**{**_fields(operation), "security": asks}),))

    assert secretive.query(b"access_key=abc&page=1&page=2") == {"access_key": REDACTED, "page": ["1", "2"]}
    assert secretive.headers([(b"x-secret", b"abc")]) == {"x-secret": REDACTED}


def _fields(operation: Operation) -> dict[str, Any]:
    return {name: getattr(operation, name) for name in Operation.__slots__}


def test_a_violation_does_not_tell_the_secret_that_it_is_about() -> None:
    found = (
        Violation(("body", "user_tokens"), "Input should be a valid dictionary", "dict_type", MARK, "a mapping"),
        Violation(("body", "input"), "Field required", "missing", {"user_oidc_token": MARK}, "'input'"),
        Violation(("header", "X-Api-Key"), "Input should be shorter", "string_too_long", MARK, "a shorter one"),
        Violation(("query", "page"), "Input should be greater", "greater_than_equal", "0", "1 or more"),
    )

    shown = redaction().violations(found)

    assert MARK not in json.dumps(shown)
    assert [each["input"] for each in shown] == [REDACTED, {"user_oidc_token": REDACTED}, REDACTED, "0"]


def kept(body: bytes, size: int | None = None) -> Entry:
    whole = len(body) if size is None else size
    return redaction().entry(entry()._replace(request_body=body, request_size=whole, body=body, size=whole))


@given(body=BODIES)
def test_what_is_written_shows_what_is_shown_and_holds_no_secret(body: Any) -> None:
    raw = orjson.dumps(body)

    written = kept(raw)

    assert MARK not in written.request_body.decode() + written.body.decode()
    shown = redaction().body(written.request_body, written.request_size)
    assert shown == redaction().body(raw, len(raw))


@given(body=BODIES, cut=st.integers(1, 200))
def test_no_secret_of_a_body_that_was_cut_is_written(body: Any, cut: int) -> None:
    raw = orjson.dumps({"first": "seen", "rest": body})

    written = kept(raw[:-cut] or b"{", 100_000)

    assert MARK not in written.request_body.decode()
    assert written.request_size == 100_000


@pytest.mark.parametrize("body", [b"", b"plain \xff", b'"\\u0041"', b'{"a":  "\\u0041"}', b"[" * 600 + b"]" * 600])
def test_a_body_without_secrets_is_written_as_it_is(body: bytes) -> None:
    assert (kept(body).request_body, kept(body).request_size) == (body, len(body))


def test_a_secret_whose_name_is_written_with_escapes_is_not_written() -> None:
    assert MARK.encode() not in kept(b'{"user\\u005ftokens": "%b"}' % MARK.encode()).request_body


@given(body=BODIES, is_cut=st.booleans())
def test_a_body_that_is_passed_over_at_a_glance_would_be_written_as_it_is(body: Any, is_cut: bool) -> None:
    raw = orjson.dumps(body)
    text, size = raw.decode(), len(raw) + is_cut

    assert may_hold_credentials(text) or _redacted(raw, text, size) == (raw, size)


@pytest.mark.parametrize(
    "body",
    [
        '{"password": "%s", "password": null}',
        '{"a": {"user_tokens": "%s"}, "a": 1}',
        '{"\\u0061pikey":"%s","apikey":0}',
    ],
)
def test_a_secret_under_a_name_that_stands_twice_is_not_written(body: str) -> None:
    assert MARK.encode() not in kept((body % MARK).encode()).request_body


def test_a_body_that_was_cut_is_written_beyond_a_credential_that_is_null() -> None:
    assert kept(b'{"user_tokens":null,"text":"and so', 100_000).body == b'{"user_tokens":null,"text":"and so'


def test_keys_in_headers_queries_and_violations_are_not_written() -> None:
    about = Violation(("header", "X-Api-Key"), "Input should be shorter", "string_too_long", MARK, "a shorter one")
    headers = [(b"X-API-Key", MARK.encode()), (b"accept", b"a")]

    written = redaction().entry(
        entry(
            query=b"a=1&x-api-key=" + MARK.encode(),
            request_fields=fields_of(headers),
            headers=headers,
            violations=(about,),
        )
    )

    assert MARK not in repr(written)
    assert written.query == b"a=1&x-api-key=%5Bredacted%5D"
    assert written.request_headers == ((b"X-API-Key", b"[redacted]"), (b"accept", b"a"))


def test_an_entry_with_a_fault_of_a_story_comes_back_from_its_record_as_it_was() -> None:
    struck = entry(fault="rate-limited", fault_kind="status", fault_place=("flaky", "reading"))

    assert from_record(to_record(struck)) == struck
