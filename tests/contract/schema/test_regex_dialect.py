"""Patterns with Unicode properties, as ECMA-262 has them."""

import re
import unicodedata
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.contract.samples import contract_of, contract_with
from tests.profiles import examples
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.regex_dialect import compiles, readable, without_properties
from xpander_emulator.contract.schema.validation import find_violations, judge
from xpander_emulator.errors import InvalidFiles

CATEGORIES = ["L", "Lu", "Ll", "Lo", "M", "N", "Nd", "P", "Pd", "S", "Sc", "Z", "Zs", "C", "Cc"]
AT = "/components/schemas/S"


@given(st.sampled_from(CATEGORIES), st.characters())
@examples(300)
def test_a_property_is_what_unicode_says_it_is(category: str, character: str) -> None:
    # Python and the regex library may know characters of different releases of Unicode.
    assume(unicodedata.category(character) != "Cn")
    has_it = unicodedata.category(character).startswith(category)

    assert matches(rf"^\p{{{category}}}$", character) is has_it
    assert matches(rf"^\P{{{category}}}$", character) is not has_it
    assert matches(rf"^[\p{{{category}}}]$", character) is has_it
    assert matches(rf"^[^\p{{{category}}}]$", character) is not has_it


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        (r"^\p{Letter}+$", "Zoë", True),
        (r"^\p{General_Category=Uppercase_Letter}$", "É", True),
        (r"^\p{gc=Lu}$", "é", False),
        (r"^\p{LC}$", "ª", False),
        (r"^[\p{L}\p{Nd}_-]+$", "naïve-1_٣", True),
        (r"^\\p{3}$", r"\ppp", True),
        (r"^[[\p{Ll}]$", "[", True),
        (r"^[\]\p{Ll}]$", "]", True),
    ],
)
def test_names_classes_and_escapes_are_read_as_written(pattern: str, text: str, wanted: bool) -> None:
    assert matches(pattern, text) is wanted


def test_a_pattern_without_properties_is_left_as_it_is() -> None:
    assert without_properties(r"^\d[p{L}]$") == r"^\d[p{L}]$"
    assert readable(r"^\d[p{L}]$") == r"^\d[p{L}]$"


@pytest.mark.parametrize(
    ("pattern", "text", "wanted"),
    [
        (r"^\p{Script=Greek}+$", "αβγ", True),
        (r"^\p{Script=Greek}+$", "abc", False),
        (r"^\p{sc=Cyrl}$", "ж", True),
        (r"^\P{Emoji}$", "😀", False),
        (r"^\p{ASCII_Hex_Digit}+$", "c0ffee", True),
    ],
)
def test_scripts_and_binary_properties_are_known(pattern: str, text: str, wanted: bool) -> None:
    assert compiles(pattern)
    assert matches(pattern, text) is wanted


def test_a_pattern_that_is_wrong_beside_its_property_does_not_compile() -> None:
    assert not compiles(r"(\p{L}")
    assert not compiles(r"\p{Script=Greek}(")
    assert not compiles(r"\p{Nope}")


# --- in a contract ---

NAMES = contract_with(
    S={
        "type": "object",
        "properties": {"name": {"type": "string", "pattern": r"^\p{Lu}[\p{L}\- ]*$"}},
        "patternProperties": {r"^x-\p{Ll}+$": {"type": "integer"}},
        "additionalProperties": False,
        "required": ["name"],
    }
)


def test_a_value_is_held_against_a_pattern_with_properties() -> None:
    is_right = judge(NAMES, AT, strict=True)

    assert is_right({"name": "Žofie Nová", "x-è": 1})
    assert not is_right({"name": "žofie"})
    assert not is_right({"name": "A", "x-è": "1"})
    assert not is_right({"name": "A", "y": 1})


def test_a_violation_names_the_pattern_as_the_contract_has_it() -> None:
    (found,) = find_violations(NAMES, AT, {"name": "5"}, ("body",))

    assert found.msg == r"String should match pattern '^\p{Lu}[\p{L}\- ]*$'"
    assert found.context == {"pattern": r"^\p{Lu}[\p{L}\- ]*$"}


PIECES = st.sampled_from(
    [r"\p{L}", r"\p{Lu}", r"\P{L}", r"\p{Nd}", r"\p{Sc}", r"\p{Han}", r"[\p{L}\d_]", r"[^\p{L}]", r"\d", "a", r"\s"]
)
PATTERNS = st.lists(st.tuples(PIECES, st.sampled_from(["", "+", "{2,4}", "?"])).map("".join), min_size=1, max_size=4)


@given(PATTERNS.map(lambda pieces: f"^{''.join(pieces)}$"), st.integers(0, 1000))
@examples(100)
def test_a_value_is_made_of_any_pattern_with_properties(pattern: str, key: int) -> None:
    contract = contract_with(S={"type": "string", "pattern": pattern})

    value = generate(contract, {"$ref": f"#{AT}"}, key)

    assert judge(contract, AT)(value)
    assert judge(contract, AT, strict=True)(value)
    assert re.search(readable(pattern), value)
    assert generate(contract, {"$ref": f"#{AT}"}, key) == value


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "pattern": r"^\p{Script=Greek}+$"},
        {"allOf": [{"pattern": r"^\p{Script=Greek}+$"}, {"pattern": "^.{3}$"}], "type": "string"},
        {
            "type": "object",
            "required": ["id"],
            "properties": {"id": {"type": "integer"}},
            "patternProperties": {r"^\p{Script=Greek}$": {"type": "string"}},
            "additionalProperties": False,
            "minProperties": 3,
        },
    ],
)
def test_a_value_of_a_script_is_made(schema: dict[str, Any]) -> None:
    contract = contract_with(S=schema)

    value = generate(contract, {"$ref": f"#{AT}"}, 1)

    assert judge(contract, AT, strict=True)(value)


def test_a_file_with_such_patterns_is_served_and_one_with_an_unknown_property_is_refused() -> None:
    text = r"""
        paths: {}
        components:
          schemas:
            A: {type: string, pattern: '^\p{Lu}$'}
            B: {type: string, pattern: '^\p{Script=Greek}$'}
        """

    assert contract_of(text).warnings == ()
    with pytest.raises(InvalidFiles, match=r"api.yaml:8:32: .*Nope"):
        contract_of(text.replace("Script=Greek", "Nope"))
