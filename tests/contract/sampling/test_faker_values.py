import json

import pytest

from xpander_emulator.contract.sampling.faker_values import fake, providers
from xpander_emulator.errors import BadRequest


def test_every_provider_gives_json_that_depends_on_key_and_place_alone() -> None:
    for name in providers():
        value = fake(name, 1, "/x")

        json.dumps(value, allow_nan=False)
        assert fake(name, 1, "/x") == value


def test_dates_lie_within_2026() -> None:
    for key in range(20):
        assert fake("date_time", key, "").startswith("2026-")
        assert fake("date_time", key, "").endswith("Z")
        assert fake("date", key, "").startswith("2026-")


def test_an_unknown_provider_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadRequest, match=r"^unknown Faker provider 'frist_name'. Did you mean 'first_name'\?$"):
        fake("frist_name", 1, "")


def test_providers_that_read_the_clock_or_have_no_json_are_not_offered() -> None:
    assert {"name", "email", "uuid4", "sentence", "timezone", "user_agent", "date"} <= providers()
    assert not {"binary", "past_date", "profile", "pyset", "seed_instance", "random_element_"} & providers()
