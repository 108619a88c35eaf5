"""The `Prefer` header, read as RFC 7240 says."""

import pytest

from xpander_emulator.contract.request.prefer import Preferences, parse_prefer
from xpander_emulator.errors import BadRequest


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ([], Preferences()),
        (["code=404"], Preferences(code=404)),
        (["code=404, example=a"], Preferences(code=404, example="a")),
        (["code=404", "code=500"], Preferences(code=404)),
        (["Code=404"], Preferences(code=404)),
        (['example="a, b; c"'], Preferences(example="a, b; c")),
        (["dynamic"], Preferences(dynamic=True)),
        (["dynamic=TRUE; x=1"], Preferences(dynamic=True)),
        (["dynamic=false"], Preferences()),
        (["seed=-3, scenario = approval"], Preferences(seed=-3, scenario="approval")),
        (["wait=10"], Preferences(wait=10.0)),
        (["respond-async, return=minimal"], Preferences(ignored=("respond-async", "return"))),
        ([""], Preferences()),
    ],
)
def test_preferences_are_read_as_rfc_7240_says(values: list[str], wanted: Preferences) -> None:
    assert parse_prefer(values) == wanted


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("code=4x4", "Prefer: code=4x4: a status from 100 to 599 was expected"),
        ("code=999", "Prefer: code=999: a status from 100 to 599 was expected"),
        ("dynamic=maybe", "Prefer: dynamic=maybe: true or false was expected"),
        ("seed=x", "Prefer: seed=x: a whole number was expected"),
        ("wait=soon", "Prefer: wait=soon: a number of seconds was expected"),
        ("wait=-1", "Prefer: wait=-1: a number of seconds was expected"),
        ("wait=inf", "Prefer: wait=inf: a number of seconds was expected"),
    ],
)
def test_a_preference_that_cannot_be_is_refused(value: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        parse_prefer([value])

    assert refused.value.message == message
