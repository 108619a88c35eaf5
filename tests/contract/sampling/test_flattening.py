"""A flat schema has its references and `allOf` laid into it, and one choice of each alternative."""

from typing import Any

import pytest

from xpander_emulator.contract.sampling.flattening import ENOUGH, Flattener, Spot, Unsatisfied, Way
from xpander_emulator.contract.sampling.merging import WISHES, WORD

DOCUMENT = {
    "components": {
        "schemas": {
            "Id": {"type": "string", "title": "An id"},
            "Loop": {"allOf": [{"$ref": "#/components/schemas/Loop"}]},
            "Cat": {"properties": {"lives": {"type": "integer"}}},
        }
    }
}
SPOT = Spot("/a", 1)
CAT = {"$ref": "#/components/schemas/Cat"}


def flat(schema: Any, number: int = 0) -> Any:
    return Flattener(DOCUMENT).flat(schema, SPOT, Way(number))[0]


def test_a_reference_is_replaced_and_what_is_beside_it_wins() -> None:
    schema, trail = Flattener(DOCUMENT).flat({"$ref": "#/components/schemas/Id", "title": "Mine"}, SPOT, Way(0))

    assert schema == {"type": "string", "title": "Mine"}
    assert trail == ("#/components/schemas/Id",)


def test_all_parts_of_all_of_are_merged() -> None:
    assert flat({"allOf": [{"minimum": 1}, {"allOf": [{"minimum": 3}, True]}], "maximum": 9}) == {
        "maximum": 9,
        "minimum": 3,
    }


@pytest.mark.parametrize(("number", "kind"), [(0, "string"), (1, "integer"), (2, "null"), (3, "string")])
def test_each_way_takes_another_alternative_and_null_comes_last(number: int, kind: str) -> None:
    schema = {"anyOf": [{"type": "null"}, {"type": "string"}, {"type": "integer"}]}

    assert flat(schema, number) == {"type": kind}


def test_where_enough_is_made_null_comes_first() -> None:
    deep = Spot("/a", 1, depth=ENOUGH + 1)

    schema, _ = Flattener(DOCUMENT).flat({"anyOf": [{"type": "string"}, {"type": "null"}]}, deep, Way(0))

    assert schema == {"type": "null"}


@pytest.mark.parametrize(
    ("number", "side"),
    [(0, {"required": ["a"], "minProperties": 1}), (1, {"not": {"required": ["a"]}, "maxProperties": 0})],
)
def test_a_condition_holds_on_one_way_and_not_on_the_other(number: int, side: dict[str, Any]) -> None:
    schema = {"if": {"required": ["a"]}, "then": {"minProperties": 1}, "else": {"maxProperties": 0}}

    assert flat(schema, number) == side


def test_a_dependent_schema_is_laid_in_where_its_property_is_required() -> None:
    schema = {"required": ["a"], "dependentSchemas": {"a": {"minProperties": 2}, "b": {"minProperties": 9}}}

    assert flat(schema)["minProperties"] == 2


def test_contains_and_its_bounds_are_one_wish() -> None:
    schema = {"contains": {"const": 1}, "minContains": 2, "maxContains": 3}

    assert flat(schema) == {WISHES: [({"const": 1}, 2, 3)]}
    assert flat({"allOf": [schema, {"contains": True}]})[WISHES] == [(True, 1, None), ({"const": 1}, 2, 3)]


def test_a_discriminator_names_the_alternative() -> None:
    schema = {"oneOf": [CAT], "discriminator": {"propertyName": "kind", "mapping": {"meows": "Cat"}}}

    assert flat(schema)["properties"]["kind"] == {WORD: "meows"}


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
    with pytest.raises(Unsatisfied) as refused:
        flat(schema)

    assert (refused.value.pointer, refused.value.keyword) == ("/a", keyword)


def test_a_way_beyond_the_last_says_so() -> None:
    options = [{"type": "string"}, {"type": "integer"}]
    ways = [Way(number) for number in range(3)]

    assert [way.pick(options) for way in ways] == [options[0], options[1], options[0]]
    assert [way.is_beyond for way in ways] == [False, False, True]


def test_whether_a_property_is_made_depends_on_key_place_and_name_alone() -> None:
    schema = {"required": ["id"]}
    shown = [Spot("/a", key).shows(schema, "title") for key in range(1000)]

    assert 700 < sum(shown) < 900
    assert shown == [Spot("/a", key).shows({"required": ["id", "x"], "properties": {}}, "title") for key in range(1000)]
    assert all(Spot("/a", key).shows({}, "title") for key in range(100))
    assert not any(Spot("/a", key, lean=True).shows({}, "title") for key in range(100))
