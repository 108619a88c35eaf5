import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.values import counted, coverage
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.coverage import merged
from xpander_emulator.report.summary import Tally, summary


def test_steps_transitions_signals_and_faults_count_and_statuses_do_not() -> None:
    found = counted(
        "step a", "step b", "transition a → b (go)", "signal go", "fault slow", "status pending", "status failed",
        reached=("step a", "status pending", "fault slow"),
    )  # fmt: skip

    assert found.all == Tally(2, 5)
    assert found.of_kind("status") == Tally(1, 2)
    assert [item.name for item in found.rows[0].missing] == ["b", "a → b (go)", "go"]


def test_only_started_scenarios_count_unless_some_are_named() -> None:
    met = coverage("step a", "step b", reached=("step a",))
    never = coverage("step c", scenario="other")
    both = merged([met, never])

    assert (summary(both).all, summary(both).known) == (Tally(1, 2), 2)
    assert summary(both, ["other"]).all == Tally(0, 1)
    assert summary(both, ["refund", "other"]).all == Tally(1, 3)


def test_an_unknown_scenario_is_told_with_what_was_meant() -> None:
    with pytest.raises(BadRequest) as caught:
        summary(coverage("step a"), ["refnud"])

    assert caught.value.message == "No scenario is called 'refnud'. Did you mean 'refund'?"


def test_what_is_beyond_the_story_counts_nowhere() -> None:
    found = counted("step a", reached=("step a", "transition a → failed (update)"))

    assert found.all == Tally(1, 1)
    assert found.rows[0].beyond == ("transition a → failed (update)",)


def test_answers_of_the_contract_stand_apart() -> None:
    found = counted("step a", "answer getTask 200", "answer getTask 404", reached=("step a", "answer getTask 200"))

    assert found.all == Tally(1, 1)
    assert found.answers_met == Tally(1, 2)


@given(st.integers(0, 2_000), st.integers(1, 2_000))
def test_a_percentage_is_never_more_than_it_is(reached: int, more: int) -> None:
    tally = Tally(reached, reached + more)

    assert tally.percent < 100
    assert tally.is_at_least(tally.percent)
    assert not tally.is_at_least(100)


def test_all_of_it_is_a_hundred() -> None:
    assert Tally(7, 7).percent == 100
    assert Tally(7, 7).is_at_least(100)


def test_a_threshold_is_compared_with_the_exact_share() -> None:
    assert Tally(2, 3).percent == 66.6
    assert Tally(2, 3).is_at_least(66.66)
    assert not Tally(2, 3).is_at_least(66.67)
