import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.entries import entry, redaction
from xpander_emulator.errors import BadRequest
from xpander_emulator.journal.port import Entry
from xpander_emulator.journal.search import CONDITIONS, conditions, matching, near_misses


def found(entries: list[Entry], **criteria: Any) -> list[int]:
    return [each.ordinal for each in matching(entries, conditions(criteria), redaction())]


def differing(entries: list[Entry], **criteria: Any) -> list[tuple[int, list[str]]]:
    near = near_misses(entries, conditions(criteria), redaction())
    return [(miss.entry.ordinal, [each.condition.field for each in miss.differences]) for miss in near]


WORDS = st.sampled_from(["a", "b", "ab", ""])
SCALARS = st.one_of(st.none(), st.booleans(), st.integers(0, 2), WORDS)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(WORDS, inner, max_size=2)),
    max_leaves=4,
)
ASKED = st.one_of(
    VALUES,
    st.fixed_dictionaries({"equals": VALUES}),
    st.fixed_dictionaries({"contains": WORDS}),
    st.fixed_dictionaries({"regex": st.sampled_from(["^a", "b$", ""])}),
    st.fixed_dictionaries({"exists": st.booleans()}),
    st.dictionaries(WORDS, st.fixed_dictionaries({"contains": WORDS}), max_size=2),
)
ENTRIES = st.builds(
    entry,
    body=VALUES,
    method=st.sampled_from(["GET", "POST"]),
    status=st.sampled_from([200, 404]),
    path=st.sampled_from(["/a", "/a/b"]),
    scenario=st.sampled_from([None, "approval"]),
)
CRITERIA = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["get", "POST"]),
        "status": st.sampled_from([200, 404]),
        "path": st.sampled_from(["/a", "/a/*", "*"]),
        "scenario": st.just("approval"),
        "body": ASKED,
    },
)
_ABSENT = object()


def contains(sent: Any, wanted: Any) -> bool:
    """Compare by recursion, where the code under test makes a flat list of conditions."""
    if isinstance(wanted, Mapping) and wanted and set(wanted) <= set(CONDITIONS):
        return all(holds(kind, sent, value) for kind, value in wanted.items())
    if isinstance(wanted, Mapping):
        return isinstance(sent, Mapping) and all(contains(sent.get(key, _ABSENT), wanted[key]) for key in wanted)
    if isinstance(wanted, list):
        return isinstance(sent, list) and len(sent) == len(wanted) and all(map(contains, sent, wanted))
    return holds("equals", sent, wanted)


def holds(kind: str, sent: Any, wanted: Any) -> bool:
    match kind:
        case "equals":
            same_type = isinstance(sent, bool) == isinstance(wanted, bool)
            return sent is not _ABSENT and same_type and bool(sent == wanted)
        case "contains":
            return bool(wanted in sent) if isinstance(sent, str | list | dict) else False
        case "regex":
            return isinstance(sent, str) and re.search(wanted, sent) is not None
    return bool((sent is not _ABSENT and sent is not None) == wanted)


def brute_force(each: Entry, criteria: Mapping[str, Any]) -> bool:
    body = orjson.loads(each.request_body) if each.request_body else None
    plain = {"method": each.method, "status": each.status, "scenario": each.scenario}
    return (
        all(str(criteria[name]).upper() == str(plain[name]).upper() for name in plain if name in criteria)
        and fnmatchcase(each.path, criteria.get("path", "*"))
        and (criteria.get("body") is None or contains(body, criteria["body"]))
    )


@given(entries=st.lists(ENTRIES, max_size=8), criteria=CRITERIA)
def test_what_is_found_is_what_a_brute_force_filter_finds(entries: list[Entry], criteria: dict[str, Any]) -> None:
    assert matching(entries, conditions(criteria), redaction()) == [
        each for each in entries if brute_force(each, criteria)
    ]


@given(entries=st.lists(ENTRIES, max_size=8), criteria=CRITERIA)
def test_a_near_miss_is_never_a_hit_and_tells_every_difference(entries: list[Entry], criteria: dict[str, Any]) -> None:
    wanted = conditions(criteria)
    near = near_misses(entries, wanted, redaction())

    assert all(not brute_force(miss.entry, criteria) for miss in near)
    assert [len(miss.differences) for miss in near] == sorted(len(miss.differences) for miss in near)
    assert len(near) <= 3


def test_a_name_with_dots_is_a_path_in_the_body_and_a_name_in_the_query() -> None:
    sent = [entry(body={"input": {"text": "Refund", "files": ["a"]}}, query=b"filter.name=x&tag=1&tag=2")]

    assert found(sent, body={"input.text": {"contains": "Ref"}, "input.files.0": "a"}) == [1]
    assert found(sent, query={"filter.name": "x", "tag": ["1", "2"]}) == [1]
    assert found(sent, query={"filter": {"name": "x"}}) == []


def test_headers_are_found_in_any_case_and_secrets_by_nobody() -> None:
    sent = [entry(request_fields=(b"idempotency-key", b"7", b"x-api-key", b"local"))]

    assert found(sent, headers={"Idempotency-Key": "7"}) == [1]
    assert found(sent, headers={"Idempotency-Key": {"exists": True}, "Prefer": {"exists": False}}) == [1]
    assert found(sent, headers={"x-api-key": "local"}) == []


def test_an_object_of_the_words_of_conditions_is_compared_by_equals() -> None:
    sent = [entry(body={"filter": {"contains": "x"}})]

    assert found(sent, body={"filter": {"contains": "x"}}) == []
    assert found(sent, body={"filter": {"equals": {"contains": "x"}}}) == [1]


def test_the_nearest_differ_least_and_deepest_inside() -> None:
    sent = [
        entry(1, {"a": 1, "b": 1}, operation="getTask"),
        entry(2, {"a": 2, "b": 1}),
        entry(3, {"a": 2, "b": 2}),
        entry(4, {"a": 2, "b": 2}, operation="getTask"),
    ]

    assert differing(sent, operation="invokeWorkflowAsync", body={"a": 1, "b": 1}) == [
        (2, ["body.a"]),
        (1, ["operation"]),
        (3, ["body.a", "body.b"]),
    ]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"regex": "("}, r"`body\.x`: '\(' is no regular expression"),
        ({"regex": 1}, r"`body\.x`: 'regex' takes a regular expression as text, found 1"),
        ({"exists": "yes"}, r"`body\.x`: 'exists' takes true or false, found 'yes'"),
        ({"contains": [1]}, r"`body\.x`: 'contains' takes a text, a number, true or false, found \[1\]"),
    ],
)
def test_a_condition_that_cannot_be_is_refused(asked: Any, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        conditions({"body": {"x": asked}})
