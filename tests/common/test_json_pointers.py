"""JSON Pointers: the examples of RFC 6901, and laws over any parts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from xpander_emulator.common import json_pointers

# RFC 6901, 5 and 6.
DOCUMENT: dict[str, Any] = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}
POINTERS = [
    ("", DOCUMENT, "#"),
    ("/foo", ["bar", "baz"], "#/foo"),
    ("/foo/0", "bar", "#/foo/0"),
    ("/", 0, "#/"),
    ("/a~1b", 1, "#/a~1b"),
    ("/c%d", 2, "#/c%25d"),
    ("/e^f", 3, "#/e%5Ef"),
    ("/g|h", 4, "#/g%7Ch"),
    ("/i\\j", 5, "#/i%5Cj"),
    ('/k"l', 6, "#/k%22l"),
    ("/ ", 7, "#/%20"),
    ("/m~0n", 8, "#/m~0n"),
]


@pytest.mark.parametrize(("pointer", "value", "fragment"), POINTERS)
def test_a_pointer_of_the_rfc_leads_to_its_value(pointer: str, value: Any, fragment: str) -> None:
    assert json_pointers.look_up(DOCUMENT, pointer) == value
    assert json_pointers.as_fragment(pointer) == fragment
    assert json_pointers.from_reference(fragment) == pointer


@examples(200)
@given(st.lists(st.text()))
def test_parts_that_are_joined_can_be_split_again(parts: list[str]) -> None:
    assert json_pointers.split(json_pointers.join(*parts)) == tuple(parts)


@pytest.mark.parametrize("pointer", ["/bar", "/foo/2", "/foo/-1", "/foo/x", "/foo/0/b", "foo", "#foo"])
def test_a_pointer_to_nothing_is_a_lookup_error(pointer: str) -> None:
    with pytest.raises(LookupError):
        json_pointers.look_up(DOCUMENT, pointer)

    assert not json_pointers.exists(DOCUMENT, pointer)


def test_references_are_followed_to_the_last_place_that_exists() -> None:
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/c"}, "c": {"type": "string"}, "d": {"$ref": "#/e"}}

    assert json_pointers.target(document, "/a") == "/c"
    assert json_pointers.target(document, "/c") == "/c"
    assert json_pointers.target(document, "/d") == "/d"


def test_a_reference_beside_other_keywords_is_not_followed() -> None:
    document: dict[str, Any] = {"a": {"$ref": "#/b", "title": "A"}, "b": {}}

    assert json_pointers.target(document, "/a") == "/a"


def test_references_in_a_circle_have_no_target() -> None:
    document = {"a": {"$ref": "#/b"}, "b": {"$ref": "#/a"}}

    assert json_pointers.target(document, "/a") is None


@pytest.mark.parametrize(
    ("pointer", "suggestion"),
    [
        ("/components/schemas/Taks", ". Did you mean '#/components/schemas/Task'?"),
        ("/component/schemas/Task", ". Did you mean '#/components/schemas/Task'?"),
        ("/components/schemas/Zebra", ""),
        ("/components/schemas/Task", ""),
    ],
)
def test_a_pointer_to_nothing_gets_the_nearest_one(pointer: str, suggestion: str) -> None:
    document: dict[str, Any] = {"components": {"schemas": {"Task": {}}}}

    assert json_pointers.nearest(document, pointer) == suggestion


@pytest.mark.parametrize(
    ("schema", "is_self_contained"),
    [
        ({"$ref": "#"}, True),
        ({"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {}}}, True),
        ({"allOf": [{"$ref": "#/allOf/1"}, {}]}, True),
        ({"$ref": "#/components/schemas/Task"}, False),
        ({"type": "string"}, False),
    ],
)
def test_a_self_contained_schema_refers_to_parts_of_itself(schema: Any, is_self_contained: bool) -> None:
    assert json_pointers.is_self_contained(schema) is is_self_contained
