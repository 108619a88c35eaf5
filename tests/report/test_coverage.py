from hypothesis import given

from tests.contract.samples import ours
from tests.report.values import coverages
from xpander_emulator.core.faults import BUILT_IN, FaultRule, ScenarioFaults
from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import After, Millis, Pause, Polls, Step, Timeline, Wait
from xpander_emulator.report.coverage import (
    Coverage,
    Item,
    Move,
    answer_item,
    declared_by_contract,
    declared_by_scenarios,
    merge,
    reached_by_moves,
)

DAY = Millis(86_400_000)
REFUND = Timeline(
    "refund",
    (
        Step("pending", Status.PENDING, After(Millis(1), Millis(1), 1), line=3, faults=(FaultRule(BUILT_IN["slow"]),)),
        Step("read", Status.EXECUTING, Polls(2, 2), line=5),
        Step("waiting", Status.PAUSED, Wait({"approve": 3}, After(DAY, DAY, 4)), pause=Pause("hitl", "x", {}), line=7),
        Step("paid", Status.COMPLETED, line=9),
        Step("expired", Status.ERROR, line=11),
    ),
    "scenarios/refund.yaml",
    ScenarioFaults(rules=(FaultRule(BUILT_IN["unavailable"], operation="getTask"),)),
)


def names(coverage: Coverage, kind: str) -> dict[str, int]:
    return {item.name: line for item, line in coverage.declared.items() if item.kind == kind}


def reached(*moves: Move) -> set[tuple[str, str]]:
    return {(item.kind, item.name) for item in reached_by_moves(REFUND, moves)}


def test_a_scenario_declares_its_steps_exits_signals_and_faults_each_with_its_line() -> None:
    declared = declared_by_scenarios([REFUND])

    assert names(declared, "step") == {"pending": 3, "read": 5, "waiting": 7, "paid": 9, "expired": 11}
    assert names(declared, "transition") == {
        "pending → read (after)": 3,
        "read → waiting (polls)": 5,
        "waiting → paid (approve)": 7,
        "waiting → expired (expire)": 7,
    }
    assert names(declared, "signal") == {"approve": 7, "expire": 7, "stop": 0}
    assert names(declared, "fault") == {"slow at pending": 3, "unavailable": 0}
    assert names(declared, "status") == {"pending": 3, "executing": 5, "paused": 7, "completed": 9, "error": 11}
    assert declared.files == {"refund": "scenarios/refund.yaml"}
    assert declared.reached == frozenset()


def test_a_scenario_that_starts_at_its_end_cannot_be_stopped() -> None:
    assert names(declared_by_scenarios([Timeline("done", (Step("done", Status.COMPLETED),))]), "signal") == {}


def test_a_history_reaches_each_step_and_the_transition_into_it() -> None:
    items = reached(
        Move(-1, 0, "start", "pending"), Move(0, 1, "after", "executing"), Move(1, 2, "polls", "paused"),
        Move(2, 3, "approve", "completed"),
    )  # fmt: skip

    assert {name for kind, name in items if kind == "step"} == {"pending", "read", "waiting", "paid"}
    assert ("transition", "read → waiting (polls)") in items
    assert ("transition", "waiting → paid (approve)") in items
    assert {name for kind, name in items if kind == "signal"} == {"approve"}


def test_a_step_that_counts_polls_and_is_skipped_is_left_by_polls() -> None:
    assert ("transition", "read → waiting (polls)") in reached(Move(1, 2, "skip", "paused"))


def test_an_expiry_is_a_signal_from_any_source() -> None:
    assert ("signal", "expire") in reached(Move(2, 4, "expire", "error"))


def test_a_stop_reaches_the_signal_and_no_step() -> None:
    items = reached(Move(2, 2, "stop", "stopped"))

    assert items == {("status", "stopped"), ("signal", "stop"), ("transition", "waiting → stopped (stop)")}


def test_an_update_is_beyond_the_scenario() -> None:
    items = reached(Move(2, 2, "update", "failed"))

    assert items == {("status", "failed"), ("transition", "waiting → failed (update)")}
    assert not items & {(item.kind, item.name) for item in declared_by_scenarios([REFUND]).declared}


def test_the_contract_declares_every_status_of_every_operation() -> None:
    declared = declared_by_contract(ours().operations)

    assert names(declared, "answer")["getTask 404"] == ours().operation("getTask").line
    assert len(declared.declared) == sum(len(operation.responses) for operation in ours().operations)


def test_an_answer_has_the_name_that_the_contract_declares() -> None:
    operation = ours().operation("getTask")

    assert answer_item(operation, 404) == Item("", "answer", "getTask 404")
    assert answer_item(operation, 418).name == "getTask 418"


def test_files_and_lines_of_two_versions_of_a_scenario_are_merged() -> None:
    older = Timeline("refund", (Step("pending", Status.PENDING, Polls(1, 1), line=2), Step("old", Status.FAILED)), "a")

    both = merge([declared_by_scenarios([REFUND]), declared_by_scenarios([older])])

    assert names(both, "step")["pending"] == 2
    assert {"old", "paid"} <= set(names(both, "step"))
    assert both.files == {"refund": "a"}


@given(coverages, coverages, coverages)
def test_merging_is_associative(one: Coverage, two: Coverage, three: Coverage) -> None:
    assert merge([merge([one, two]), three]) == merge([one, merge([two, three])]) == merge([one, two, three])


@given(coverages, coverages)
def test_merging_is_commutative(one: Coverage, two: Coverage) -> None:
    assert merge([one, two]) == merge([two, one])


@given(coverages)
def test_merging_is_idempotent_and_nothing_changes_nothing(one: Coverage) -> None:
    assert merge([one, one]) == merge([one, Coverage()]) == one
