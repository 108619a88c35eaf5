"""The keywords of a schema: what is wrong is what the metaschema finds, and the keyword is named."""

from typing import Any

import pytest
from hypothesis import assume, given

from tests.contract.sampling.test_values import STRANGE
from tests.profiles import examples
from xpander_emulator.contract.schema.keywords import wrong_keyword
from xpander_emulator.contract.schema.schema_graph import reachable_schemas
from xpander_emulator.contract.schema.validation import find_schema_violations

Schema = dict[str, Any]


@given(STRANGE)
@examples(400)
def test_what_is_wrong_with_a_schema_is_what_the_metaschema_finds(schema: Schema) -> None:
    def within(node: Any) -> bool:
        # A reference makes a schema of what the metaschema takes for data.
        return "$ref" in node or any(map(within, _nodes(node))) if isinstance(node, dict) else False

    assume(not within(schema))
    ours = any(wrong_keyword(spot.schema) is not None for spot in reachable_schemas(schema, schema))

    assert ours is bool(find_schema_violations(schema))


def _nodes(node: dict[str, Any]) -> list[Any]:
    found = list(node.values())
    return [*found, *(each for part in found if isinstance(part, list) for each in part)]


@pytest.mark.parametrize(
    ("schema", "keyword"),
    [
        (True, None),
        ({}, None),
        ("string", ""),
        ({"title": "T", "type": "strin"}, "type"),
        ({"type": ["string", "string"]}, "type"),
        ({"type": []}, "type"),
        ({"required": "a"}, "required"),
        ({"multipleOf": 0}, "multipleOf"),
        ({"minLength": -1}, "minLength"),
        ({"minLength": 1.5}, "minLength"),
        ({"minLength": 2.0}, None),
        ({"maximum": True}, "maximum"),
        ({"pattern": "("}, "pattern"),
        ({"patternProperties": {"(": True}}, "patternProperties"),
        ({"properties": []}, "properties"),
        ({"allOf": []}, "allOf"),
        ({"items": "a"}, "items"),
        ({"discriminator": {}}, "discriminator"),
        ({"discriminator": {"propertyName": "kind", "mapping": {"a": "#/A"}}}, None),
        ({"dependentRequired": {"a": ["b", "b"]}}, "dependentRequired"),
        ({"of-our-own": object()}, None),
        ({"\x00contains": []}, "\x00contains"),
    ],
)
def test_the_first_keyword_with_a_wrong_value_is_named(schema: Any, keyword: str | None) -> None:
    assert wrong_keyword(schema) == keyword


def test_schemas_within_a_schema_are_not_looked_at() -> None:
    assert wrong_keyword({"properties": {"a": {"type": "strin"}}, "not": {"multipleOf": 0}}) is None
