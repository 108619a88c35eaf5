from typing import Any

import pytest

from tests.contract.samples import contract_with
from xpander_emulator.contract.sampling.fitting import Fitting
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.errors import EmulatorError

PROPERTIES = {"id": {"type": "string"}, "total": {"type": "integer", "const": 7}}


def fitting(**schema: Any) -> Fitting:
    contract = contract_with(Task=schema)
    return Fitting(contract, SchemaView(contract.document, contract.document["components"]["schemas"]["Task"]))


def test_a_required_property_that_is_missing_is_generated() -> None:
    fit = fitting(properties=PROPERTIES, required=["id", "total"])

    assert fit({"id": "a", "more": 1}, 1) == {"id": "a", "more": 1, "total": 7}


def test_a_closed_schema_loses_the_properties_that_it_does_not_name() -> None:
    fit = fitting(properties=PROPERTIES, required=["total"], additionalProperties=False)

    assert fit({"id": "a", "more": 1}, 1) == {"id": "a", "total": 7}


def test_of_alternatives_the_first_decides() -> None:
    first, second = {"properties": {"one": {"const": 1}}, "required": ["one"]}, {"required": ["two"]}

    assert fitting(oneOf=[first, second])({}, 1) == {"one": 1}


def test_a_generated_property_follows_from_the_key_and_the_place() -> None:
    fit = fitting(properties={"id": {"type": "string", "format": "uuid"}}, required=["id"])

    assert fit({}, 1, "/items/0") == fit({}, 1, "/items/0")
    assert fit({}, 1, "/items/0") != fit({}, 1, "/items/1") != fit({}, 2, "/items/1")


def test_a_required_property_without_a_value_is_an_error_that_names_it() -> None:
    with pytest.raises(EmulatorError, match=r"^no value could be made for /items/0/id: 'false' was not met"):
        fitting(properties={"id": False}, required=["id"])({}, 1, "/items/0")
