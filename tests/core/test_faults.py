from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.core.faults import BUILT_IN, FaultRule, ScenarioFaults
from xpander_emulator.core.replay import Turn, replay
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Millis, Step, Timeline

RESET = BUILT_IN["reset"]
STEPS = (Step("wait", Status.PENDING, After(Millis(1_000), Millis(1_000), 1)), Step("end", Status.COMPLETED))


@given(st.integers(1, 50), st.integers(1, 50))
def test_a_rule_strikes_as_often_as_it_says_and_in_one_row(nth: int, times: int) -> None:
    rule = FaultRule(RESET, nth, times)

    assert [ordinal for ordinal in range(1, 120) if rule.strikes(ordinal)] == list(range(nth, nth + times))


@given(st.integers(1, 50))
def test_always_has_a_beginning_and_no_end(nth: int) -> None:
    rule = FaultRule(RESET, nth, None)

    assert [ordinal for ordinal in range(1, 120) if not rule.strikes(ordinal)] == list(range(1, nth))


@given(st.integers(1, 9), st.none() | st.integers(1, 9), st.integers(0, 20))
def test_what_is_left_of_a_rule_strikes_as_the_rule_would_have(nth: int, times: int | None, count: int) -> None:
    rule = FaultRule(RESET, nth, times)

    left = rule.after(count)

    struck = [ordinal for ordinal in range(1, 50) if left is not None and left.strikes(ordinal)]
    assert struck == [ordinal for ordinal in range(1, 50) if rule.strikes(count + ordinal)]


def test_the_last_strike_of_a_rule_is_left_until_it_has_struck() -> None:
    rule = FaultRule(RESET, nth=2, times=2)

    assert [rule.after(count) for count in range(4)] == [rule, FaultRule(RESET, 1, 2), FaultRule(RESET, 1, 1), None]


@given(st.integers(0, 5_000))
def test_faults_change_nothing_about_a_task(now: int) -> None:
    whole = Timeline("t", STEPS)
    faulty = replace(whole, steps=(replace(STEPS[0], faults=(FaultRule(RESET),)), STEPS[1]))

    plain, struck = (replay(Turn(timeline, "t", b"{}", 1, Millis(0)), Millis(now)) for timeline in (whole, faulty))

    assert (plain.status, plain.visits, plain.next_change) == (struck.status, struck.visits, struck.next_change)


def test_a_timeline_knows_whether_anything_may_go_wrong() -> None:
    assert not Timeline("t", STEPS).goes_wrong
    assert not Timeline("t", STEPS, faults=ScenarioFaults({"mine": RESET})).goes_wrong
    assert Timeline("t", STEPS, faults=ScenarioFaults(rules=(FaultRule(RESET),))).goes_wrong
    assert Timeline("t", (replace(STEPS[0], faults=(FaultRule(RESET),)), STEPS[1])).goes_wrong


def test_the_built_in_faults_answer_with_these_statuses_and_only_slow_comes_late() -> None:
    assert {name: fault.status for name, fault in BUILT_IN.items() if fault.status} == {
        "rate-limited": 429,
        "server-error": 500,
        "unavailable": 503,
    }
    assert {name: (fault.low, fault.high) for name, fault in BUILT_IN.items() if fault.low or fault.high} == {
        "slow": (1_000, 3_000)
    }
    assert {fault.event for fault in BUILT_IN.values()} == {2}
    assert {name: fault.over for name, fault in BUILT_IN.items() if fault.over} == {"slow-body": 2_000}


def test_three_faults_mean_something_in_a_stream_alone() -> None:
    assert [name for name, fault in BUILT_IN.items() if fault.is_stream_fault] == [
        "cut-stream",
        "duplicate-event",
        "out-of-order",
    ]


def test_a_rule_describes_itself() -> None:
    assert str(FaultRule(RESET)) == "reset once"
    assert str(FaultRule(RESET, 3, None, "getTask", Status.PAUSED)) == (
        "reset always from request 3 on at getTask while paused"
    )
