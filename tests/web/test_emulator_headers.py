import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import make_engine, start
from xpander_emulator.core.faults import BUILT_IN
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.web.emulator_headers import (
    beyond_contract,
    fault_headers,
    preference_applied,
    request_number,
    source_headers,
    warning_header,
)


async def test_the_scenario_the_step_and_its_line_are_named() -> None:
    view = await make_engine().start("namespace", start("approval"))

    assert source_headers(view.task_state) == (
        (b"x-emulator-scenario", b"approval"),
        (b"x-emulator-step", b"pending"),
        (b"x-emulator-source", b"scenarios/approval.yaml:7"),
    )


def test_a_response_has_its_number() -> None:
    assert request_number(12) == (b"x-emulator-request", b"12")


@pytest.mark.parametrize(("preferred", "more"), [(False, ()), (True, ((b"preference-applied", b"fault=unavailable"),))])
def test_a_fault_is_named_and_whether_the_client_preferred_it(
    preferred: bool, more: tuple[tuple[bytes, bytes], ...]
) -> None:
    hit = Hit(BUILT_IN["unavailable"], preferred=preferred)

    assert fault_headers(hit) == ((b"x-emulator-fault", b"unavailable"), *more)


def test_preferences_that_were_applied_are_one_header() -> None:
    assert preference_applied("code=404", "wait=2") == ((b"preference-applied", b"code=404, wait=2"),)
    assert preference_applied() == ()


def test_what_goes_beyond_the_contract_is_named() -> None:
    assert beyond_contract("status archived €") == ((b"x-emulator-beyond-contract", b"status archived ?"),)
    assert beyond_contract("") == ()


@pytest.mark.parametrize(
    ("warning", "sent"),
    [
        ("output_schema: ignored", b"output_schema: ignored"),
        ("a\r\nset-cookie: b", b"a\\r\\nset-cookie: b"),
        ("ü €", b"\\xfc \\u20ac"),
        ("x" * 401, b"x" * 397 + b"..."),
    ],
)
def test_a_warning_is_one_line_of_ascii(warning: str, sent: bytes) -> None:
    assert warning_header(warning) == ((b"x-emulator-warning", sent),)


@given(st.text(min_size=1))
def test_any_warning_is_printable_ascii_of_400_characters_at_most(warning: str) -> None:
    [(_, value)] = warning_header(warning)

    assert value.decode("ascii").isprintable()
    assert 0 < len(value) <= 400


def test_no_warning_has_no_header() -> None:
    assert warning_header("") == ()
