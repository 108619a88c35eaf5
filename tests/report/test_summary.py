import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.values import counted, coverage
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.coverage import COUNTED, merge
from xpander_emulator.report.summary import Tally, summarize


def test_steps_transitions_signals_and_faults_count_and_statuses_do_not() -> None:
    summary = counted(
        "step a", "step b", "transition a → b (go)", "signal go", "fault slow", "status pending", "status failed",
        reached=("step a", "status pending", "fault slow"),
    )  # fmt: skip

    assert summary.all == Tally(2, 5)
    assert summary.of_kind("status") == Tally(1, 2)
    assert {kind: summary.rows[0].missing(kind) for kind in COUNTED} == {
        "step": ["b"], "transition": ["a → b (go)"], "signal": ["go"], "fault": [],
    }  # fmt: skip


def test_only_started_scenarios_count_unless_some_are_named() -> None:
    started = coverage("step a", "step b", reached=("step a",))
    never = coverage("step c", scenario="other")
    both = merge([started, never])

    assert (summarize(both).all, summarize(both).known) == (Tally(1, 2), 2)
    assert summarize(both, ["other"]).all == Tally(0, 1)
    assert summarize(both, ["refund", "other"]).all == Tally(1, 3)


def test_an_unknown_scenario_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(BadRequest) as caught:
        summarize(coverage("step a"), ["refnud"])

    assert caught.value.message == "No scenario is called 'refnud'. Did you mean 'refund'?"


def test_items_beyond_the_scenario_count_nowhere() -> None:
    summary = counted("step a", reached=("step a", "transition a → failed (update)"))

    assert summary.all == Tally(1, 1)
    assert summary.rows[0].beyond == ("transition a → failed (update)",)


def test_answers_of_the_contract_stand_apart() -> None:
    summary = counted("step a", "answer getTask 200", "answer getTask 404", reached=("step a", "answer getTask 200"))

    assert summary.all == Tally(1, 1)
    assert summary.answer_tally == Tally(1, 2)


@given(st.integers(0, 2_000), st.integers(1, 2_000))
def test_a_percentage_is_never_rounded_up(reached: int, more: int) -> None:
    tally = Tally(reached, reached + more)

    assert tally.percent < 100
    assert tally.is_at_least(tally.percent)
    assert not tally.is_at_least(100)


def test_a_hundred_percent_is_every_item() -> None:
    assert Tally(7, 7).percent == 100
    assert Tally(7, 7).is_at_least(100)


def test_a_threshold_is_compared_with_the_exact_share() -> None:
    assert Tally(2, 3).percent == 66.6
    assert Tally(2, 3).is_at_least(66.66)
    assert not Tally(2, 3).is_at_least(66.67)
