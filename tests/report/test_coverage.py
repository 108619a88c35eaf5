from hypothesis import given

from tests.contract.samples import ours
from tests.report.values import coverages
from xpander_emulator.core.faults import BUILT_IN, FaultRule, ScenarioFaults
from xpander_emulator.core.task import Status
from xpander_emulator.core.timeline import After, Millis, Pause, Polls, Step, Timeline, Wait
from xpander_emulator.report.coverage import (
    Coverage,
    Item,
    Move,
    answer_met,
    merged,
    moves_met,
    of_contract,
    of_scenarios,
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
    "stories/refund.yaml",
    ScenarioFaults(rules=(FaultRule(BUILT_IN["unavailable"], operation="getTask"),)),
)


def names(found: Coverage, kind: str) -> dict[str, int]:
    return {item.name: line for item, line in found.declared.items() if item.kind == kind}


def met(*moves: Move) -> set[tuple[str, str]]:
    return {(item.kind, item.name) for item in moves_met(REFUND, moves)}


def test_a_story_declares_its_steps_exits_signals_and_faults_each_with_its_line() -> None:
    found = of_scenarios([REFUND])

    assert names(found, "step") == {"pending": 3, "read": 5, "waiting": 7, "paid": 9, "expired": 11}
    assert names(found, "transition") == {
        "pending → read (after)": 3,
        "read → waiting (polls)": 5,
        "waiting → paid (approve)": 7,
        "waiting → expired (expire)": 7,
    }
    assert names(found, "signal") == {"approve": 7, "expire": 7, "stop": 0}
    assert names(found, "fault") == {"slow at pending": 3, "unavailable": 0}
    assert names(found, "status") == {"pending": 3, "executing": 5, "paused": 7, "completed": 9, "error": 11}
    assert found.files == {"refund": "stories/refund.yaml"}
    assert found.reached == frozenset()


def test_a_story_that_is_born_ended_cannot_be_stopped() -> None:
    assert names(of_scenarios([Timeline("done", (Step("done", Status.COMPLETED),))]), "signal") == {}


def test_a_history_meets_each_step_with_the_way_that_led_there() -> None:
    found = met(
        Move(-1, 0, "start", "pending"), Move(0, 1, "after", "executing"), Move(1, 2, "polls", "paused"),
        Move(2, 3, "approve", "completed"),
    )  # fmt: skip

    assert {name for kind, name in found if kind == "step"} == {"pending", "read", "waiting", "paid"}
    assert ("transition", "read → waiting (polls)") in found
    assert ("transition", "waiting → paid (approve)") in found
    assert {name for kind, name in found if kind == "signal"} == {"approve"}


def test_a_step_that_counts_polls_and_is_skipped_has_been_left_by_polls() -> None:
    assert ("transition", "read → waiting (polls)") in met(Move(1, 2, "skip", "paused"))


def test_an_expiry_is_a_signal_whoever_gave_it() -> None:
    assert ("signal", "expire") in met(Move(2, 4, "expire", "error"))


def test_a_stop_meets_the_signal_and_no_step() -> None:
    found = met(Move(2, 2, "stop", "stopped"))

    assert found == {("status", "stopped"), ("signal", "stop"), ("transition", "waiting → stopped (stop)")}


def test_an_update_lies_beyond_the_story() -> None:
    found = met(Move(2, 2, "update", "failed"))

    assert found == {("status", "failed"), ("transition", "waiting → failed (update)")}
    assert not found & {(item.kind, item.name) for item in of_scenarios([REFUND]).declared}


def test_the_contract_declares_every_status_of_every_operation() -> None:
    found = of_contract(ours().operations)

    assert names(found, "answer")["getTask 404"] == ours().operation("getTask").line
    assert len(found.declared) == sum(len(operation.responses) for operation in ours().operations)


def test_an_answer_is_called_as_the_contract_declares_it() -> None:
    operation = ours().operation("getTask")

    assert answer_met(operation, 404) == Item("", "answer", "getTask 404")
    assert answer_met(operation, 418).name == "getTask 418"


def test_the_files_and_lines_of_two_versions_of_a_story_are_joined() -> None:
    older = Timeline("refund", (Step("pending", Status.PENDING, Polls(1, 1), line=2), Step("old", Status.FAILED)), "a")

    found = merged([of_scenarios([REFUND]), of_scenarios([older])])

    assert names(found, "step")["pending"] == 2
    assert {"old", "paid"} <= set(names(found, "step"))
    assert found.files == {"refund": "a"}


@given(coverages, coverages, coverages)
def test_merging_is_associative(one: Coverage, two: Coverage, three: Coverage) -> None:
    assert merged([merged([one, two]), three]) == merged([one, merged([two, three])]) == merged([one, two, three])


@given(coverages, coverages)
def test_merging_is_commutative(one: Coverage, two: Coverage) -> None:
    assert merged([one, two]) == merged([two, one])


@given(coverages)
def test_merging_is_idempotent_and_nothing_changes_nothing(one: Coverage) -> None:
    assert merged([one, one]) == merged([one, Coverage()]) == one
