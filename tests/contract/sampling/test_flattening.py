"""A flat schema has its references and `allOf` laid into it, and one choice of each alternative."""

from typing import Any

import pytest

from xpander_emulator.contract.sampling.attempts import ENOUGH, Choices, Position, SamplingFailed
from xpander_emulator.contract.sampling.flattening import Flattener
from xpander_emulator.contract.sampling.merging import CONTAINS, DISCRIMINATED

DOCUMENT = {
    "components": {
        "schemas": {
            "Id": {"type": "string", "title": "An id"},
            "Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}]},
            "Cat": {"properties": {"lives": {"type": "integer"}}},
        }
    }
}
HERE = Position("/a", 1)
CAT = {"$ref": "#/components/schemas/Cat"}


def flat(schema: Any, number: int = 0) -> Any:
    return Flattener(DOCUMENT).flat(schema, HERE, Choices(number))[0]


def test_a_reference_is_replaced_and_what_is_beside_it_wins() -> None:
    schema, trail = Flattener(DOCUMENT).flat({"$ref": "#/components/schemas/Id", "title": "Mine"}, HERE, Choices(0))

    assert schema == {"type": "string", "title": "Mine"}
    assert trail == ("#/components/schemas/Id",)


def test_all_parts_of_all_of_are_merged() -> None:
    assert flat({"allOf": [{"minimum": 1}, {"allOf": [{"minimum": 3}, True]}], "maximum": 9}) == {
        "maximum": 9,
        "minimum": 3,
    }


@pytest.mark.parametrize(("number", "kind"), [(0, "string"), (1, "integer"), (2, "null"), (3, "string")])
def test_each_number_takes_another_alternative_and_null_comes_last(number: int, kind: str) -> None:
    schema = {"anyOf": [{"type": "null"}, {"type": "string"}, {"type": "integer"}]}

    assert flat(schema, number) == {"type": kind}


def test_where_enough_is_made_null_comes_first() -> None:
    deep = Position("/a", 1, depth=ENOUGH + 1)

    schema, _ = Flattener(DOCUMENT).flat({"anyOf": [{"type": "string"}, {"type": "null"}]}, deep, Choices(0))

    assert schema == {"type": "null"}


@pytest.mark.parametrize(
    ("number", "side"),
    [(0, {"required": ["a"], "minProperties": 1}), (1, {"not": {"required": ["a"]}, "maxProperties": 0})],
)
def test_a_condition_holds_for_one_number_and_not_for_the_next(number: int, side: dict[str, Any]) -> None:
    schema = {"if": {"required": ["a"]}, "then": {"minProperties": 1}, "else": {"maxProperties": 0}}

    assert flat(schema, number) == side


def test_a_dependent_schema_is_laid_in_where_its_property_is_required() -> None:
    schema = {"required": ["a"], "dependentSchemas": {"a": {"minProperties": 2}, "b": {"minProperties": 9}}}

    assert flat(schema)["minProperties"] == 2


def test_contains_and_its_bounds_are_one_entry() -> None:
    schema = {"contains": {"const": 1}, "minContains": 2, "maxContains": 3}

    assert flat(schema) == {CONTAINS: [({"const": 1}, 2, 3)]}
    assert flat({"allOf": [schema, {"contains": True}]})[CONTAINS] == [(True, 1, None), ({"const": 1}, 2, 3)]


def test_a_discriminator_names_the_alternative() -> None:
    schema = {"oneOf": [CAT], "discriminator": {"propertyName": "kind", "mapping": {"meows": "Cat"}}}

    assert flat(schema)["properties"]["kind"] == {DISCRIMINATED: "meows"}


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        (False, "false"),
        ({"allOf": [{"type": "string"}, False]}, "false"),
        ({"$ref": "#/components/schemas/Nowhere"}, "$ref"),
        ({"$ref": "#/components/schemas/Loop"}, "$ref"),
    ],
)
def test_a_schema_that_cannot_be_satisfied_names_place_and_keyword(schema: Any, keyword: str) -> None:
    with pytest.raises(SamplingFailed) as refused:
        flat(schema)

    assert (refused.value.pointer, refused.value.keyword) == ("/a", keyword)
