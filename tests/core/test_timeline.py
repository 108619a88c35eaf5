import pytest

from xpander_emulator.core.faults import BUILT_IN, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.status import TERMINAL, Status
from xpander_emulator.core.timeline import (
    After,
    Millis,
    Polls,
    Step,
    SubTask,
    Timeline,
    Wait,
    exits,
    with_one_fault,
)

END = Step("end", Status.COMPLETED)
BUSY = FaultRule(BUILT_IN["unavailable"])
SLOW = FaultRule(BUILT_IN["slow"], nth=2)


def after(goto: int) -> After:
    return After(Millis(1), Millis(2), goto)


@pytest.mark.parametrize(
    ("leave", "leads"),
    [
        (after(1), {"after": 1}),
        (Polls(2, 1), {"polls": 1}),
        (Wait({"approve": 1, "reject": 2}), {"approve": 1, "reject": 2}),
        (Wait({"approve": 1}, after(3)), {"approve": 1, "expire": 3}),
    ],
)
def test_the_exits_of_a_step_say_where_each_leads(leave: After | Polls | Wait, leads: dict[str, int]) -> None:
    assert exits(Step("a", Status.PAUSED, leave)) == leads


def test_an_end_has_no_exits() -> None:
    assert exits(END) == {}


@pytest.mark.parametrize("status", Status)
def test_a_step_has_an_exit_unless_its_status_is_an_end(status: Status) -> None:
    leave = None if status in TERMINAL else after(0)
    Step("a", status, leave)

    with pytest.raises(ValueError, match=r"^step 'a': a terminal status is left by nothing, any other by one thing$"):
        Step("a", status, after(0) if leave is None else None)


def test_a_timeline_has_a_step() -> None:
    with pytest.raises(ValueError, match=r"^timeline 'empty' has no step$"):
        Timeline("empty", ())


def test_a_step_is_found_by_its_id() -> None:
    timeline = Timeline("two", (Step("begin", Status.PENDING, after(1)), END))

    assert [timeline.find(each) for each in ("begin", "end", "other")] == [0, 1, None]


def test_sub_tasks_are_listed_with_the_step_that_starts_them() -> None:
    first, second = SubTask("a"), SubTask("b", {"title": "B"})
    steps = (
        Step("begin", Status.PENDING, after(1)),
        Step("run", Status.EXECUTING, after(2), sub_tasks=(first, second)),
    )

    assert Timeline("parent", (*steps, END)).sub_tasks == ((1, first), (1, second))


@pytest.mark.parametrize(
    ("rules", "of_step", "goes_wrong"), [((), (), False), ((BUSY,), (), True), ((), (BUSY,), True)]
)
def test_a_timeline_goes_wrong_if_any_rule_may_strike(
    rules: tuple[FaultRule, ...], of_step: tuple[FaultRule, ...], goes_wrong: bool
) -> None:
    step = Step("begin", Status.PENDING, after(1), faults=of_step)

    assert Timeline("t", (step, END), faults=ScenarioFaults(rules=rules)).goes_wrong is goes_wrong


def test_one_fault_replaces_all_rules_of_scenario_and_steps() -> None:
    begin = Step("begin", Status.PENDING, after(1), faults=(BUSY,))
    timeline = Timeline("t", (begin, END), faults=ScenarioFaults({"busy": BUSY.fault}, (BUSY,)))

    in_step = with_one_fault(timeline, PathFault(SLOW, "begin"))
    anywhere = with_one_fault(timeline, PathFault(SLOW))

    assert (in_step.faults.rules, in_step.steps[0].faults) == ((), (SLOW,))
    assert (anywhere.faults.rules, anywhere.steps[0].faults) == ((SLOW,), ())
    assert in_step.faults.named == timeline.faults.named
