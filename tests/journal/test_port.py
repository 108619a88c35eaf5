import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.entries import entry
from xpander_emulator.clock import Clock
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.core.timeline import Millis
from xpander_emulator.journal.port import MOST_OF_A_BODY, fields_of, truncated


def test_of_a_long_body_the_first_64_kib_are_stored() -> None:
    assert MOST_OF_A_BODY == 65_536
    assert truncated(b"x" * MOST_OF_A_BODY) == b"x" * MOST_OF_A_BODY
    assert len(truncated(b"x" * (MOST_OF_A_BODY + 1))) == MOST_OF_A_BODY


HEADERS = st.lists(st.tuples(st.binary(max_size=3), st.binary(max_size=3)), max_size=4).map(tuple)


@given(HEADERS)
def test_the_headers_of_a_request_come_back_from_its_fields(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    assert entry(request_fields=fields_of(headers)).request_headers == headers


def test_an_entry_is_at_the_instant_of_the_clock_of_its_namespace() -> None:
    scaled = Clock("scaled", Millis(10_000), Millis(500), 60)

    assert entry(time=Millis(1_500), clock=scaled).at == 70_000


def test_the_source_is_the_line_of_the_step_and_none_without_a_step() -> None:
    assert entry(step="waiting", file="approval.yaml", line=13).source == "approval.yaml:13"
    assert entry(file="approval.yaml", line=13).source is None


def test_what_matches_no_operation_or_breaks_the_contract_is_unmatched() -> None:
    violation = Violation(("body", "input"), "Field required", "missing", {}, "an object")

    assert not entry().is_unmatched
    assert entry(operation=None).is_unmatched
    assert entry(violations=(violation,)).is_unmatched


@pytest.mark.parametrize(
    ("kind", "was_sent", "was_readable"),
    [
        (None, True, True),
        ("status", True, True),
        ("latency", True, True),
        ("slow-body", True, True),
        ("cut-stream", True, True),
        ("truncated", True, False),
        ("malformed", True, False),
        ("garbage", True, False),
        ("reset", False, False),
        ("empty", False, False),
    ],
)
def test_a_fault_says_what_of_a_response_the_client_got(kind: str | None, was_sent: bool, was_readable: bool) -> None:
    struck = entry(fault_kind=kind)

    assert (struck.was_sent, struck.was_readable) == (was_sent, was_readable)


def test_a_request_began_its_seconds_before_the_response_and_a_stream_when_it_opened() -> None:
    assert entry(time=Millis(5_000), seconds=0.25).began == 4.75
    assert entry(time=Millis(5_000), seconds=None).began == 5.0
    assert entry(time=Millis(5_000), seconds=3.0, events=7).began == 5.0
