from random import Random

import pytest
from jsonschema import Draft202012Validator

from tests.contract.samples import contract_with
from xpander_emulator.common.safe_regex import matches
from xpander_emulator.contract.sampling.patterns import text_matching, without_lookarounds
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.errors import EmulatorError

EMPTY = contract_with()


def test_a_pattern_that_cannot_be_satisfied_is_named_with_its_place_in_the_contract() -> None:
    contract = contract_with(
        S={"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "pattern": "^(?!)$"}}}
    )

    with pytest.raises(EmulatorError) as refused:
        generate(contract, {"$ref": "#/components/schemas/S"}, 1)

    assert refused.value.message == (
        "no value could be made for /a: 'pattern' was not met (^(?!)$ in #/components/schemas/S); "
        "give the schema an example"
    )


@pytest.mark.parametrize("pattern", ["^[^a-c]{5}$", "^[^ -~]{3}$", r"^[\u0000-\U0010ffff]{5}$", "^[^\\W\\d]{4}$"])
def test_characters_of_large_and_of_negated_classes_are_generated(pattern: str) -> None:
    schema = {"type": "string", "pattern": pattern}

    assert Draft202012Validator(schema).is_valid(generate(EMPTY, schema, 3))


def text(pattern: str, seed: int = 1, shortest: int = 0, longest: int = 100) -> str | None:
    return text_matching(pattern, Random(seed), shortest, longest)


@pytest.mark.parametrize(
    "pattern",
    [
        "^a{3}$",
        "[0-9]+",
        "^(a|bc)+$",
        r"^\d{4}-\d{2}$",
        r"^\p{Lu}{2}$",
        r"^(a)(b)\1$",
        "^(?=.*1)[a-z1]{4}$",
        "^(?!ab)[ab]{2}$",
    ],
)
def test_a_text_matches_its_pattern_and_follows_from_the_seed(pattern: str) -> None:
    for seed in range(5):
        made = text(pattern, seed)

        assert made is not None
        assert matches(pattern, made)
        assert text(pattern, seed) == made


def test_a_text_has_a_length_within_the_bounds() -> None:
    for shortest, longest in [(0, 0), (1, 1), (5, 9), (50, 60)]:
        made = text("^a*$", 1, shortest, longest)

        assert made is not None
        assert shortest <= len(made) <= longest


@pytest.mark.parametrize(("pattern", "longest"), [("^a{5}$", 4), ("(?!)", 100), ("^(?=z)a$", 100)])
def test_a_pattern_without_a_text_gives_none(pattern: str, longest: int) -> None:
    assert text(pattern, longest=longest) is None


@pytest.mark.parametrize(
    ("pattern", "plain"),
    [
        ("^(?=.*[A-Z])[a-z]+(?<!x)$", "^[a-z]+$"),
        ("(?!a(b)c)d(e)", "d(e)"),
        (r"[(?=]\(?a(?<=(a|b))", r"[(?=]\(?a"),
        ("(?:a)", "(?:a)"),
    ],
)
def test_look_arounds_are_removed_with_what_is_inside(pattern: str, plain: str) -> None:
    assert without_lookarounds(pattern) == plain
