from typing import Any

import orjson
import pytest
from hypothesis import given

from tests.store.codec import strategies
from xpander_emulator.core.timeline import (
    Fake,
    Minted,
    Template,
)
from xpander_emulator.store.codec.scenario_values import (
    members_from_json,
    members_to_json,
    value_from_json,
    value_to_json,
)


@given(strategies.values)
def test_a_value_comes_back_exactly(value: object) -> None:
    back = value_from_json(orjson.loads(orjson.dumps(value_to_json(value))))

    assert back == value
    assert repr(back) == repr(value)


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan"), 2**53, -(2**64), 10**30, True, -0.0])
def test_a_number_that_json_does_not_hold_comes_back_exactly(number: float) -> None:
    assert repr(value_from_json(orjson.loads(orjson.dumps(value_to_json([number]))))) == repr([number])


def test_a_special_value_that_is_never_written_is_refused() -> None:
    with pytest.raises(ValueError, match=r"'\$secret' is no special value of a timeline"):
        value_from_json({"$secret": 1})


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (Template("{{ now }}"), {"$template": "{{ now }}"}),
        (Fake("name"), {"$fake": "name"}),
        (Minted("request", 2), {"$minted": ["request", 2]}),
        ((1, "a"), {"$tuple": [1, "a"]}),
        (2**53, {"$int": "9007199254740992"}),
        (2**53 - 1, 9007199254740991),
        (True, True),
        (float("-inf"), {"$float": "-inf"}),
        ({"$fake": "mine"}, {"$object": {"$fake": "mine"}}),
        ({"$fake": "mine", "b": [None]}, {"$fake": "mine", "b": [None]}),
    ],
)
def test_a_special_value_is_an_object_of_one_member_and_any_other_stays(value: Any, json: Any) -> None:
    assert value_to_json(value) == json
    assert value_from_json(json) == value


@given(strategies.members)
def test_named_values_come_back_in_their_order(values: dict[str, Any]) -> None:
    back = members_from_json(orjson.loads(orjson.dumps(members_to_json(values))))

    assert list(back.items()) == list(values.items())
    assert members_from_json(None) == {}
