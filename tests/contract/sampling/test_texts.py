"""Texts: by format, by pattern, or by the name of the property."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.samples import contract_with
from tests.profiles import examples
from xpander_emulator.common.keyed_hash import uuid4
from xpander_emulator.contract.sampling.texts import LONGEST, longer, text, word
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.formats import CHECKS

EMPTY = contract_with()


def test_a_property_s_name_chooses_what_a_text_says() -> None:
    names = ("email", "contact_email", "timezone", "auth_url", "worker_id", "first_name")
    schema = {"properties": {name: {"type": "string"} for name in names}}

    value = generate(EMPTY, schema, 1)

    assert "@" in value["email"]
    assert "@" in value["contact_email"]
    assert "/" in value["timezone"]
    assert value["auth_url"].startswith("http")
    assert value["worker_id"] == uuid4(1, "/worker_id")
    assert value["first_name"].isalpha()


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_text_of_a_format_satisfies_it(name: str) -> None:
    for key in range(5):
        made = text({"format": name}, key, "/x")

        assert made is not None
        assert CHECKS[name](made)


@pytest.mark.parametrize("schema", [{"minLength": 3, "maxLength": 2}, {"minLength": LONGEST + 1}, {"pattern": "(?!)"}])
def test_a_text_that_cannot_be_is_none(schema: dict[str, Any]) -> None:
    assert text(schema, 1, "/x") is None


@examples(100)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 1000))
def test_a_text_has_a_length_within_the_bounds(shortest: int, more: int, key: int) -> None:
    made = text({"minLength": shortest, "maxLength": shortest + more}, key, "/title")

    assert made is not None
    assert shortest <= len(made) <= shortest + more


def test_an_item_of_a_list_is_named_by_the_list() -> None:
    assert "@" in str(text({}, 1, "/emails/0"))


def test_a_text_may_go_on_where_its_pattern_allows_it() -> None:
    assert longer("x-", "^x-", 1, "/a") == ("x-", f"x-{word(1, '/a')}")
    assert longer("x", "^x$", 1, "/a") == ("x",)
