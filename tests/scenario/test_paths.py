from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.strategies import timelines
from tests.engines import catalogue, make_engine, start
from tests.profiles import examples
from xpander_emulator.core.faults import BUILT_IN as BUILT_IN_FAULTS
from xpander_emulator.core.faults import Fault, FaultRule, ScenarioFaults
from xpander_emulator.core.moves_by_reading import move_signals, next_move, on_read, on_wait
from xpander_emulator.core.replay import Snapshot, Turn, replay, skip_to_change
from xpander_emulator.core.signals import POLL, Signal
from xpander_emulator.core.status import TERMINAL, Status
from xpander_emulator.core.timeline import After, Millis, Polls, Step, Timeline, Wait, exits, with_one_fault
from xpander_emulator.engine.stream import follow
from xpander_emulator.errors import BadRequest, NotFound
from xpander_emulator.scenario.paths import MAX_PATHS, ScenarioPath, as_json, as_text, path_of, paths

many = examples(1_000)
SCENARIOS = catalogue()
BUILT_IN = [path for scenario in SCENARIOS.values() for path in paths(scenario.timeline)]
NOW = Millis(1_000_000)


def make_timeline(name: str, *steps: Step) -> Timeline:
    return Timeline(name, steps)


def after(goto: int, low: int = 100) -> After:
    return After(Millis(low), Millis(low), goto)


# A draft that may be sent back for a revision.
REVISED = make_timeline(
    "draft",
    Step("write", Status.EXECUTING, after(1)),
    Step("review", Status.PAUSED, Wait({"revise": 0, "approve": 2}, after(3))),
    Step("done", Status.COMPLETED),
    Step("late", Status.ERROR),
)


def ids(timeline: Timeline, max_turns: int = 1) -> list[str]:
    return [path.id for path in paths(timeline, max_turns=max_turns)]


def test_the_paths_of_an_approval_are_its_decisions_its_expiry_and_its_stops() -> None:
    ends = {path.id: (path.steps[-1], path.end.value) for path in paths(SCENARIOS["approval"].timeline)}

    assert ends == {
        "approval-approve": ("paid", "completed"),
        "approval-reject": ("rejected", "stopped"),
        "approval-expire": ("expired", "error"),
        "stop-while-pending": ("pending", "stopped"),
        "stop-while-executing": ("extract", "stopped"),
        "stop-while-paused": ("waiting", "stopped"),
    }


def test_each_decision_stands_in_the_id_and_each_pause_is_stopped_in() -> None:
    assert ids(SCENARIOS["two_approvals"].timeline) == [
        "two_approvals-approve-approve",
        "two_approvals-approve-reject",
        "two_approvals-approve-expire",
        "two_approvals-reject",
        "two_approvals-expire",
        "stop-while-pending",
        "stop-while-executing",
        "stop-while-paused-manager",
        "stop-while-paused-finance",
    ]


def test_a_scenario_without_decisions_has_one_path_of_its_name() -> None:
    assert ids(SCENARIOS["completed"].timeline) == ["completed", "stop-while-pending", "stop-while-executing"]


def test_a_path_has_its_steps_and_the_visit_of_each_decision() -> None:
    path = path_of(SCENARIOS["approval"].timeline, "approval-reject")

    assert path.steps == ("pending", "extract", "waiting", "rejected")
    assert [(move.visit, move.step, move.kind) for move in path.moves] == [(2, "waiting", "reject")]


def test_a_decision_that_leads_back_is_made_once_on_the_shortest_path() -> None:
    assert ids(REVISED) == [
        *("draft-approve", "draft-expire", "draft-revise-approve"),
        *("stop-while-executing", "stop-while-paused"),
    ]


def test_max_turns_lets_a_path_come_through_a_step_more_often() -> None:
    assert ids(REVISED, max_turns=3)[:6] == [
        *("draft-revise-revise-approve", "draft-revise-revise-expire", "draft-revise-approve"),
        *("draft-revise-expire", "draft-approve", "draft-expire"),
    ]


def test_a_decision_after_which_nothing_ends_is_stopped_in_the_end() -> None:
    endless = make_timeline(
        "round",
        Step("work", Status.EXECUTING, after(1)),
        Step("ask", Status.PAUSED, Wait({"again": 0})),
        Step("done", Status.COMPLETED),
    )

    assert ids(endless) == ["round-again-stop", "stop-while-executing", "stop-while-paused"]


def test_words_with_hyphens_do_not_make_two_ids_equal() -> None:
    hyphens = make_timeline(
        "a",
        Step("one", Status.PAUSED, Wait({"b-c": 2, "b": 1})),
        Step("two", Status.PAUSED, Wait({"c": 2})),
        Step("end", Status.COMPLETED),
    )

    assert ids(hyphens)[:2] == ["a-b-c", "a-b-c-2"]


def test_nobody_can_stop_or_decide_in_a_step_that_lasts_no_time() -> None:
    hurried = make_timeline(
        "hurried",
        Step("queue", Status.PENDING, after(1, low=0)),
        Step("ask", Status.PAUSED, Wait({"approve": 2}, after(3, low=0))),
        Step("done", Status.COMPLETED),
        Step("late", Status.ERROR),
    )

    assert ids(hurried) == ["hurried-expire"]


def test_each_fault_has_the_first_path_that_visits_its_step() -> None:
    faults = {path.id: path.fault for path in paths(SCENARIOS["flaky"].timeline)}

    assert list(faults) == [
        *("flaky", "stop-while-pending", "stop-while-executing"),
        *("flaky-with-unavailable", "flaky-with-bad-gateway", "flaky-with-server-error"),
    ]
    assert faults["flaky"] is None
    struck = faults["flaky-with-bad-gateway"]
    assert struck is not None
    assert (struck.step, struck.rule.fault.status) == ("sync", 502)


BUSY = BUILT_IN_FAULTS["unavailable"]
WRONG = Timeline(
    "wrong",
    (
        Step("work", Status.EXECUTING, after(1), faults=(FaultRule(BUSY),)),
        Step("ask", Status.PAUSED, Wait({"approve": 2, "reject": 3}), faults=(FaultRule(BUSY, nth=4, times=None),)),
        Step("pay", Status.EXECUTING, after(4)),
        Step("refuse", Status.EXECUTING, after(4), faults=(FaultRule(BUILT_IN_FAULTS["reset"], times=2),)),
        Step("done", Status.COMPLETED),
    ),
    faults=ScenarioFaults(
        {"jam": Fault("jam", "status", 503), "unheard": Fault("unheard", "status", 500)},
        (
            FaultRule(Fault("jam", "status", 503), task_status=Status.PAUSED),
            FaultRule(BUILT_IN_FAULTS["empty"], task_status=Status.ERROR),
        ),
    ),
)


def test_a_fault_at_several_steps_has_a_path_for_each_and_one_that_only_has_a_name_has_one_too() -> None:
    faulty = [path for path in paths(WRONG) if path.fault]

    assert [(path.id, as_text(path).rpartition(", with ")[2]) for path in faulty] == [
        ("wrong-approve-with-unavailable-in-work", "unavailable in work"),
        ("wrong-approve-with-unavailable-in-ask", "unavailable in ask"),
        ("wrong-reject-with-reset", "reset in refuse"),
        ("wrong-approve-with-jam", "jam"),
        ("wrong-approve-with-unheard", "unheard"),
    ]


def test_on_its_path_a_fault_strikes_from_the_first_request_on_and_not_for_ever() -> None:
    rules = {path.id: path.fault.rule for path in paths(WRONG) if path.fault}

    assert [(rule.nth, rule.times) for rule in rules.values()] == [(1, 1), (1, 1), (1, 2), (1, 1), (1, 1)]
    assert rules["wrong-approve-with-jam"].task_status is Status.PAUSED


def test_a_path_with_a_fault_has_the_fault_in_its_json() -> None:
    path = path_of(SCENARIOS["flaky"].timeline, "flaky-with-unavailable")

    assert as_json(path)["fault"] == {"name": "unavailable", "step": "pending"}
    assert as_json(path_of(SCENARIOS["flaky"].timeline, "flaky"))["fault"] is None


def test_too_many_paths_are_refused() -> None:
    choices = {f"choice_{number}": number for number in range(1, 5)}
    pauses = [Step(f"ask_{level}", Status.PAUSED, Wait(dict.fromkeys(choices, level + 1))) for level in range(6)]
    broad = make_timeline("broad", *pauses, Step("done", Status.COMPLETED))

    wanted = rf"^The scenario 'broad' has too many paths to list \({MAX_PATHS:,} is the most\) with max_turns 1; split"
    with pytest.raises(BadRequest, match=wanted):
        paths(broad)
    with pytest.raises(BadRequest, match="with max_turns 2000; lower max_turns"):
        paths(REVISED, max_turns=2_000)
    with pytest.raises(BadRequest, match="1 or more; found 0"):
        paths(REVISED, max_turns=0)


def test_an_unknown_path_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"'approval' has no path 'approval-rejct'. Did you mean 'approval-reject'\?$"):
        path_of(SCENARIOS["approval"].timeline, "approval-rejct")
    with pytest.raises(NotFound, match=r"; it has completed, stop-while-pending, stop-while-executing$"):
        path_of(SCENARIOS["completed"].timeline, "zzz")


# Laws, over random timelines


def along(timeline: Timeline, path: ScenarioPath, key: int) -> Snapshot:
    """Return the last snapshot of a task that is driven along a path by its moves, by time and by reads."""
    turn = Turn(timeline, "wf", b"{}", key, NOW, plan=path.moves)
    for _ in range(1_000):
        seen = replay(turn, NOW)
        move = next_move(turn, seen)
        if move is not None:
            turn = turn.after(*move_signals(NOW, seen, move))
        elif seen.counts_polls:
            turn = turn.after(Signal(NOW, POLL, seen=len(seen.visits)))
        elif seen.moves_by_itself and (skip := skip_to_change(NOW, seen)):
            turn = turn.after(skip)
        else:
            return seen
    raise AssertionError("The path does not end.")


def steps_of(timeline: Timeline, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the steps that were entered; a stop enters none."""
    return tuple(timeline.steps[visit.step].id for visit in snapshot.visits if visit.cause != "stop")


def reachable(timeline: Timeline) -> set[int]:
    reached, ahead = {0}, [0]
    while ahead:
        for by, target in open_exits(timeline.steps[ahead.pop()]).items():
            if by and target not in reached:
                reached.add(target)
                ahead.append(target)
    return reached


def open_exits(step: Step) -> dict[str, int]:
    """Return the exits that a client or time can take: none by decision in a step that may last no time."""
    return {by: to for by, to in exits(step).items() if by == "expire" or not hurried(step)}


def hurried(step: Step) -> bool:
    """Return whether a step may expire in the instant in which it is entered."""
    return isinstance(step.leave, Wait) and step.leave.expiry is not None and step.leave.expiry.low == 0


@many
@given(timelines(), st.integers(0, 2**64 - 1), st.integers(1, 2))
def test_each_path_leads_through_its_steps_to_its_end(timeline: Timeline, key: int, max_turns: int) -> None:
    for path in paths(timeline, max_turns=max_turns):
        arrived = along(timeline, path, key)

        assert (steps_of(timeline, arrived), arrived.status) == (path.steps, path.end)
        assert path.end in TERMINAL


@many
@given(timelines())
def test_the_ids_of_a_scenario_are_unique(timeline: Timeline) -> None:
    path_ids = ids(timeline)

    assert len(set(path_ids)) == len(path_ids) > 0


@many
@given(timelines())
def test_every_exit_of_every_step_that_can_be_reached_lies_on_a_path(timeline: Timeline) -> None:
    decided = {(move.step, move.kind) for path in paths(timeline) for move in path.moves}
    passed = {pair for path in paths(timeline) for pair in zip(path.steps, path.steps[1:], strict=False)}

    for index in reachable(timeline):
        step = timeline.steps[index]
        for by, target in open_exits(step).items():
            if isinstance(step.leave, Wait):
                assert (step.id, by) in decided
            else:
                assert (step.id, timeline.steps[target].id) in passed


@many
@given(timelines())
def test_every_end_that_can_be_reached_is_the_end_of_a_path(timeline: Timeline) -> None:
    ends = {path.steps[-1] for path in paths(timeline)}

    assert {timeline.steps[index].id for index in reachable(timeline) if timeline.steps[index].leave is None} <= ends


@many
@given(timelines())
def test_every_live_status_that_lasts_is_stopped_in_on_a_path(timeline: Timeline) -> None:
    stopped = {move.step for path in paths(timeline) for move in path.moves if move.kind == "stop"}
    statuses = {step.status for step in timeline.steps if step.id in stopped}
    lasting = [timeline.steps[index] for index in reachable(timeline)]
    lasting = [
        step for step in lasting if isinstance(step.leave, Polls) or (isinstance(step.leave, After) and step.leave.low)
    ]

    assert {step.status for step in lasting} <= statuses


@many
@given(timelines(), st.integers(0, 2**64 - 1))
def test_reads_alone_lead_along_each_path_and_show_each_step_in_which_it_moves(timeline: Timeline, key: int) -> None:
    for path in paths(timeline):
        turn, shown = Turn(timeline, "wf", b"{}", key, NOW, plan=path.moves), set()
        while not (seen := replay(turn, NOW)).is_finished:
            signals = on_read(turn, NOW, seen, auto_clock=True)
            assert signals, "A read of a live task moves it, or notes that it was shown."
            turn = turn.after(*signals)
            shown.add(len(replay(turn, NOW).visits) - 1)

        assert (steps_of(timeline, seen), seen.status) == (path.steps, path.end)
        lasting = {move.visit for move in path.moves if not hurried(timeline.steps[index_of(timeline, move.step)])}
        assert lasting <= shown


@many
@given(timelines(), st.integers(0, 2**64 - 1))
def test_a_waiting_client_is_led_along_each_path(timeline: Timeline, key: int) -> None:
    for path in paths(timeline):
        turn = Turn(timeline, "wf", b"{}", key, NOW, plan=path.moves)
        while signals := on_wait(turn, NOW, seen := replay(turn, NOW), auto_clock=True):
            turn = turn.after(*signals)

        assert (steps_of(timeline, seen), seen.status) == (path.steps, path.end)


rules = st.builds(
    FaultRule,
    st.sampled_from(list(BUILT_IN_FAULTS.values())),
    st.integers(1, 3),
    st.none() | st.integers(1, 3),
    st.none(),
    st.none() | st.sampled_from(list(Status)),
)


@st.composite
def wrong_timelines(draw: st.DrawFn) -> Timeline:
    """A random timeline with faults at any of its steps and in all of it."""
    timeline = draw(timelines())
    steps = tuple(replace(step, faults=tuple(draw(st.lists(rules, max_size=2)))) for step in timeline.steps)
    named = {fault.name: fault for fault in draw(st.lists(st.sampled_from(list(BUILT_IN_FAULTS.values())), max_size=3))}
    return replace(timeline, steps=steps, faults=ScenarioFaults(named, tuple(draw(st.lists(rules, max_size=2)))))


@many
@given(wrong_timelines())
def test_faults_add_paths_and_change_none(timeline: Timeline) -> None:
    without = replace(
        timeline, steps=tuple(replace(step, faults=()) for step in timeline.steps), faults=ScenarioFaults()
    )

    with_faults = paths(timeline)

    assert tuple(path for path in with_faults if path.fault is None) == paths(without)
    assert len({path.id for path in with_faults}) == len(with_faults)
    for path in with_faults:
        assert (path.fault is not None) is ("-with-" in path.id)


@many
@given(wrong_timelines())
def test_every_fault_of_a_step_on_a_path_has_a_path_of_its_own(timeline: Timeline) -> None:
    visited = {step for path in paths(timeline) for step in path.steps}
    struck = [path.fault for path in paths(timeline) if path.fault]
    rules_by_step = [(step.id, rule) for step in timeline.steps if step.id in visited for rule in step.faults]

    for step_id, rule in rules_by_step:
        if rule.task_status in (None, timeline.steps[index_of(timeline, step_id)].status):
            assert (step_id, rule.fault) in [(each.step, each.rule.fault) for each in struck]
    assert set(timeline.faults.named) <= {each.rule.fault.name for each in struck}


@many
@given(wrong_timelines())
def test_a_path_has_one_fault_and_the_steps_of_the_scenario(timeline: Timeline) -> None:
    for path in paths(timeline):
        if path.fault is None:
            continue

        alone = with_one_fault(timeline, path.fault)

        assert [rule for step in alone.steps for rule in step.faults] + [*alone.faults.rules] == [path.fault.rule]
        assert [replace(step, faults=()) for step in alone.steps] == [
            replace(step, faults=()) for step in timeline.steps
        ]


# Through the engine


@pytest.mark.parametrize("clock", ["auto", "manual"])
@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: f"{path.scenario}:{path.id}")
async def test_a_polling_client_is_led_along_every_built_in_path(path: ScenarioPath, clock: str) -> None:
    engine = make_engine(clock=clock)
    timeline = SCENARIOS[path.scenario].timeline
    await engine.pin_next("ns", path.scenario, path=path)
    view = await engine.start("ns", start("anything"))
    statuses = [view.body["status"]]

    for _ in range(40):
        view = await engine.read("ns", view.task_state.task.id)
        statuses.append(view.body["status"])
        if view.task_state.snapshot.is_finished:
            break
        if clock == "manual" and waits_for_time_alone(view.task_state.snapshot, path):
            await engine.skip("ns", view.task_state.task.id)

    assert (steps_of(timeline, view.task_state.snapshot), view.task_state.snapshot.status) == (path.steps, path.end)
    assert {timeline.steps[index_of(timeline, move.step)].status for move in path.moves} <= set(statuses)


def waits_for_time_alone(snapshot: Snapshot, path: ScenarioPath) -> bool:
    return snapshot.moves_by_itself and len(snapshot.visits) - 1 not in {move.visit for move in path.moves}


def index_of(timeline: Timeline, step: str) -> int:
    index = timeline.find(step)
    assert index is not None
    return index


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: f"{path.scenario}:{path.id}")
async def test_a_stream_follows_every_built_in_path_to_its_end(path: ScenarioPath) -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next("ns", path.scenario, path=path)
    view = await engine.start("ns", start("anything"))

    events = [event async for event in follow(engine, view.task_state)]

    statuses = [event["data"]["status"] for event in events if event["type"].startswith("task_")]
    after = await engine.peek("ns", view.task_state.task.id)
    assert statuses[-1] == path.end
    assert steps_of(SCENARIOS[path.scenario].timeline, after.task_state.snapshot) == path.steps
    assert ("paused" in statuses) is any(
        SCENARIOS[path.scenario].timeline.steps[index_of(SCENARIOS[path.scenario].timeline, step)].status
        is Status.PAUSED
        for step in path.steps
    )


async def test_a_call_that_waits_returns_the_pause_and_the_next_read_the_decision() -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next("ns", "approval", path=path_of(SCENARIOS["approval"].timeline, "approval-reject"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id

    waited = await engine.wait("ns", task_id)
    read = await engine.read("ns", task_id)

    assert (waited.body["status"], read.body["status"]) == ("paused", "stopped")


async def test_a_call_that_waits_is_stopped_in_a_step_that_it_does_not_show() -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next("ns", "approval", path=path_of(SCENARIOS["approval"].timeline, "stop-while-executing"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id

    assert (await engine.wait("ns", task_id)).body["status"] == "stopped"


async def test_a_look_by_the_control_api_does_not_make_a_plan_move() -> None:
    engine = make_engine()
    await engine.pin_next("ns", "approval", path=path_of(SCENARIOS["approval"].timeline, "approval-approve"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id
    await engine.skip("ns", task_id, "paused")

    looked = [(await engine.peek("ns", task_id)).body["status"] for _ in range(3)]
    read = [(await engine.read("ns", task_id)).body["status"] for _ in range(2)]

    assert (looked, read) == (["paused"] * 3, ["paused", "executing"])


async def test_a_decision_of_the_test_goes_before_that_of_the_plan() -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next(
        "ns", "two_approvals", path=path_of(SCENARIOS["two_approvals"].timeline, "two_approvals-reject")
    )
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id
    await engine.wait("ns", task_id)

    await engine.signal("ns", task_id, "approve")

    statuses = [(await engine.read("ns", task_id)).body["status"] for _ in range(3)]
    assert statuses == ["paused", "paused", "paused"]


async def test_a_pin_leads_one_start_alone_and_a_further_turn_may_have_its_own() -> None:
    engine = make_engine(clock="auto")
    approval = SCENARIOS["approval"].timeline
    for path_id in ("stop-while-pending", "approval-approve"):
        await engine.pin_next("ns", "approval", path=path_of(approval, path_id))
    ends = []

    for _ in range(3):
        await engine.start("ns", start("approval", id="t"))
        for _ in range(6):
            view = await engine.read("ns", "t")
        ends.append(view.body["status"])
        if not view.task_state.snapshot.is_finished:
            await engine.signal("ns", "t", "stop")

    assert ends == ["stopped", "completed", "paused"]


async def test_on_a_clock_of_real_time_an_expiry_is_not_waited_for() -> None:
    engine = make_engine(clock="real")
    await engine.pin_next("ns", "approval", path=path_of(SCENARIOS["approval"].timeline, "approval-expire"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id
    await engine.skip("ns", task_id, "paused")

    assert [(await engine.read("ns", task_id)).body["status"] for _ in range(2)] == ["paused", "error"]
