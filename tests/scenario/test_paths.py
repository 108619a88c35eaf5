from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.core.strategies import timelines
from tests.engines import make_engine, start, stories
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
STORIES = stories()
BUILT_IN = [path for scenario in STORIES.values() for path in paths(scenario.timeline)]
NOW = Millis(1_000_000)


def timeline(name: str, *steps: Step) -> Timeline:
    return Timeline(name, steps)


def after(goto: int, low: int = 100) -> After:
    return After(Millis(low), Millis(low), goto)


# A draft that may be sent back for a revision.
REVISED = timeline(
    "draft",
    Step("write", Status.EXECUTING, after(1)),
    Step("review", Status.PAUSED, Wait({"revise": 0, "approve": 2}, after(3))),
    Step("done", Status.COMPLETED),
    Step("late", Status.ERROR),
)


def ids(story: Timeline, max_turns: int = 1) -> list[str]:
    return [path.id for path in paths(story, max_turns=max_turns)]


def test_the_paths_of_an_approval_are_its_decisions_its_expiry_and_its_stops() -> None:
    found = {path.id: (path.steps[-1], path.end.value) for path in paths(STORIES["approval"].timeline)}

    assert found == {
        "approval-approve": ("paid", "completed"),
        "approval-reject": ("rejected", "stopped"),
        "approval-expire": ("expired", "error"),
        "stop-while-pending": ("pending", "stopped"),
        "stop-while-executing": ("extract", "stopped"),
        "stop-while-paused": ("waiting", "stopped"),
    }


def test_each_decision_stands_in_the_id_and_each_pause_is_stopped_in() -> None:
    assert ids(STORIES["two_approvals"].timeline) == [
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


def test_a_story_without_decisions_has_one_path_of_its_name() -> None:
    assert ids(STORIES["completed"].timeline) == ["completed", "stop-while-pending", "stop-while-executing"]


def test_a_path_tells_its_steps_and_in_which_visit_something_is_decided() -> None:
    path = path_of(STORIES["approval"].timeline, "approval-reject")

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
    endless = timeline(
        "round",
        Step("work", Status.EXECUTING, after(1)),
        Step("ask", Status.PAUSED, Wait({"again": 0})),
        Step("done", Status.COMPLETED),
    )

    assert ids(endless) == ["round-again-stop", "stop-while-executing", "stop-while-paused"]


def test_words_with_hyphens_do_not_make_two_ids_equal() -> None:
    hyphens = timeline(
        "a",
        Step("one", Status.PAUSED, Wait({"b-c": 2, "b": 1})),
        Step("two", Status.PAUSED, Wait({"c": 2})),
        Step("end", Status.COMPLETED),
    )

    assert ids(hyphens)[:2] == ["a-b-c", "a-b-c-2"]


def test_nobody_can_stop_or_decide_in_a_step_that_lasts_no_time() -> None:
    hurried = timeline(
        "hurried",
        Step("queue", Status.PENDING, after(1, low=0)),
        Step("ask", Status.PAUSED, Wait({"approve": 2}, after(3, low=0))),
        Step("done", Status.COMPLETED),
        Step("late", Status.ERROR),
    )

    assert ids(hurried) == ["hurried-expire"]


def test_each_fault_of_a_story_has_the_first_path_that_comes_to_where_it_strikes() -> None:
    found = {path.id: path.fault for path in paths(STORIES["flaky"].timeline)}

    assert list(found) == [
        *("flaky", "stop-while-pending", "stop-while-executing"),
        *("flaky-with-unavailable", "flaky-with-bad-gateway", "flaky-with-server-error"),
    ]
    assert found["flaky"] is None
    struck = found["flaky-with-bad-gateway"]
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
    found = {path.id: path for path in paths(WRONG) if path.fault}

    assert [(name, as_text(path).rpartition(", with ")[2]) for name, path in found.items()] == [
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


def test_a_path_with_a_fault_is_told_as_json() -> None:
    path = path_of(STORIES["flaky"].timeline, "flaky-with-unavailable")

    assert as_json(path)["fault"] == {"name": "unavailable", "step": "pending"}
    assert as_json(path_of(STORIES["flaky"].timeline, "flaky"))["fault"] is None


def test_too_many_paths_are_refused() -> None:
    choices = {f"choice_{number}": number for number in range(1, 5)}
    pauses = [Step(f"ask_{level}", Status.PAUSED, Wait(dict.fromkeys(choices, level + 1))) for level in range(6)]
    broad = timeline("broad", *pauses, Step("done", Status.COMPLETED))

    wanted = rf"^The scenario 'broad' has too many paths to list \({MAX_PATHS:,} is the most\) with max_turns 1; split"
    with pytest.raises(BadRequest, match=wanted):
        paths(broad)
    with pytest.raises(BadRequest, match="with max_turns 2000; lower max_turns"):
        paths(REVISED, max_turns=2_000)
    with pytest.raises(BadRequest, match="1 or more; found 0"):
        paths(REVISED, max_turns=0)


def test_an_unknown_path_is_told_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"'approval' has no path 'approval-rejct'. Did you mean 'approval-reject'\?$"):
        path_of(STORIES["approval"].timeline, "approval-rejct")
    with pytest.raises(NotFound, match=r"; it has completed, stop-while-pending, stop-while-executing$"):
        path_of(STORIES["completed"].timeline, "zzz")


# Laws, over random timelines


def along(story: Timeline, path: ScenarioPath, key: int) -> Snapshot:
    """Return where a task ends that is driven along a path by its moves, by time and by reads."""
    turn = Turn(story, "wf", b"{}", key, NOW, plan=path.moves)
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


def steps_of(story: Timeline, snapshot: Snapshot) -> tuple[str, ...]:
    """Return the steps that were entered; a stop enters none."""
    return tuple(story.steps[visit.step].id for visit in snapshot.visits if visit.cause != "stop")


def reachable(story: Timeline) -> set[int]:
    found, ahead = {0}, [0]
    while ahead:
        for by, target in open_exits(story.steps[ahead.pop()]).items():
            if by and target not in found:
                found.add(target)
                ahead.append(target)
    return found


def open_exits(step: Step) -> dict[str, int]:
    """Return the exits that somebody can take: none by decision where the time is over at once."""
    return {by: to for by, to in exits(step).items() if by == "expire" or not hurried(step)}


def hurried(step: Step) -> bool:
    """Tell whether a step may expire in the instant in which it is entered."""
    return isinstance(step.leave, Wait) and step.leave.expiry is not None and step.leave.expiry.low == 0


@many
@given(timelines(), st.integers(0, 2**64 - 1), st.integers(1, 2))
def test_each_path_leads_through_its_steps_to_its_end(story: Timeline, key: int, max_turns: int) -> None:
    for path in paths(story, max_turns=max_turns):
        arrived = along(story, path, key)

        assert (steps_of(story, arrived), arrived.status) == (path.steps, path.end)
        assert path.end in TERMINAL


@many
@given(timelines())
def test_the_ids_of_a_scenario_are_unique(story: Timeline) -> None:
    found = ids(story)

    assert len(set(found)) == len(found) > 0


@many
@given(timelines())
def test_every_exit_of_every_step_that_can_be_reached_lies_on_a_path(story: Timeline) -> None:
    decided = {(move.step, move.kind) for path in paths(story) for move in path.moves}
    passed = {pair for path in paths(story) for pair in zip(path.steps, path.steps[1:], strict=False)}

    for index in reachable(story):
        step = story.steps[index]
        for by, target in open_exits(step).items():
            if isinstance(step.leave, Wait):
                assert (step.id, by) in decided
            else:
                assert (step.id, story.steps[target].id) in passed


@many
@given(timelines())
def test_every_end_that_can_be_reached_is_the_end_of_a_path(story: Timeline) -> None:
    ends = {path.steps[-1] for path in paths(story)}

    assert {story.steps[index].id for index in reachable(story) if story.steps[index].leave is None} <= ends


@many
@given(timelines())
def test_every_live_status_that_lasts_is_stopped_in_on_a_path(story: Timeline) -> None:
    stopped = {move.step for path in paths(story) for move in path.moves if move.kind == "stop"}
    statuses = {step.status for step in story.steps if step.id in stopped}
    lasting = [story.steps[index] for index in reachable(story)]
    lasting = [
        step for step in lasting if isinstance(step.leave, Polls) or (isinstance(step.leave, After) and step.leave.low)
    ]

    assert {step.status for step in lasting} <= statuses


@many
@given(timelines(), st.integers(0, 2**64 - 1))
def test_reads_alone_lead_along_each_path_and_show_each_step_in_which_it_moves(story: Timeline, key: int) -> None:
    for path in paths(story):
        turn, shown = Turn(story, "wf", b"{}", key, NOW, plan=path.moves), set()
        while not (seen := replay(turn, NOW)).is_finished:
            signals = on_read(turn, NOW, seen, auto_clock=True)
            assert signals, "A read of a live task moves it, or notes that it was shown."
            turn = turn.after(*signals)
            shown.add(len(replay(turn, NOW).visits) - 1)

        assert (steps_of(story, seen), seen.status) == (path.steps, path.end)
        lasting = {move.visit for move in path.moves if not hurried(story.steps[index_of(story, move.step)])}
        assert lasting <= shown


@many
@given(timelines(), st.integers(0, 2**64 - 1))
def test_whoever_waits_is_led_along_each_path(story: Timeline, key: int) -> None:
    for path in paths(story):
        turn = Turn(story, "wf", b"{}", key, NOW, plan=path.moves)
        while signals := on_wait(turn, NOW, seen := replay(turn, NOW), auto_clock=True):
            turn = turn.after(*signals)

        assert (steps_of(story, seen), seen.status) == (path.steps, path.end)


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
    story = draw(timelines())
    steps = tuple(replace(step, faults=tuple(draw(st.lists(rules, max_size=2)))) for step in story.steps)
    named = {fault.name: fault for fault in draw(st.lists(st.sampled_from(list(BUILT_IN_FAULTS.values())), max_size=3))}
    return replace(story, steps=steps, faults=ScenarioFaults(named, tuple(draw(st.lists(rules, max_size=2)))))


@many
@given(wrong_timelines())
def test_faults_add_paths_and_change_none(story: Timeline) -> None:
    without = replace(story, steps=tuple(replace(step, faults=()) for step in story.steps), faults=ScenarioFaults())

    found = paths(story)

    assert tuple(path for path in found if path.fault is None) == paths(without)
    assert len({path.id for path in found}) == len(found)
    for path in found:
        assert (path.fault is not None) is ("-with-" in path.id)


@many
@given(wrong_timelines())
def test_every_fault_of_a_step_that_a_path_comes_to_has_a_path_of_its_own(story: Timeline) -> None:
    met = {step for path in paths(story) for step in path.steps}
    struck = [path.fault for path in paths(story) if path.fault]
    told = [(step.id, rule) for step in story.steps if step.id in met for rule in step.faults]

    for step_id, rule in told:
        if rule.task_status in (None, story.steps[index_of(story, step_id)].status):
            assert (step_id, rule.fault) in [(each.step, each.rule.fault) for each in struck]
    assert set(story.faults.named) <= {each.rule.fault.name for each in struck}


@many
@given(wrong_timelines())
def test_along_its_path_a_story_has_one_fault_and_goes_the_same_way(story: Timeline) -> None:
    for path in paths(story):
        if path.fault is None:
            continue

        alone = with_one_fault(story, path.fault)

        assert [rule for step in alone.steps for rule in step.faults] + [*alone.faults.rules] == [path.fault.rule]
        assert [replace(step, faults=()) for step in alone.steps] == [replace(step, faults=()) for step in story.steps]


# Through the engine


@pytest.mark.parametrize("clock", ["auto", "manual"])
@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: f"{path.scenario}:{path.id}")
async def test_a_polling_client_is_led_along_every_built_in_path(path: ScenarioPath, clock: str) -> None:
    engine = make_engine(clock=clock)
    story = STORIES[path.scenario].timeline
    await engine.pin_next("ns", path.scenario, path=path)
    view = await engine.start("ns", start("anything"))
    told = [view.body["status"]]

    for _ in range(40):
        view = await engine.read("ns", view.task_state.task.id)
        told.append(view.body["status"])
        if view.task_state.snapshot.is_finished:
            break
        if clock == "manual" and waits_for_time_alone(view.task_state.snapshot, path):
            await engine.skip("ns", view.task_state.task.id)

    assert (steps_of(story, view.task_state.snapshot), view.task_state.snapshot.status) == (path.steps, path.end)
    assert {story.steps[index_of(story, move.step)].status for move in path.moves} <= set(told)


def waits_for_time_alone(snapshot: Snapshot, path: ScenarioPath) -> bool:
    return snapshot.moves_by_itself and len(snapshot.visits) - 1 not in {move.visit for move in path.moves}


def index_of(story: Timeline, step: str) -> int:
    found = story.find(step)
    assert found is not None
    return found


@pytest.mark.parametrize("path", BUILT_IN, ids=lambda path: f"{path.scenario}:{path.id}")
async def test_a_stream_tells_every_path_of_every_built_in_story_to_its_end(path: ScenarioPath) -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next("ns", path.scenario, path=path)
    view = await engine.start("ns", start("anything"))

    told = [event async for event in follow(engine, view.task_state)]

    statuses = [event["data"]["status"] for event in told if event["type"].startswith("task_")]
    after = await engine.peek("ns", view.task_state.task.id)
    assert statuses[-1] == path.end
    assert steps_of(STORIES[path.scenario].timeline, after.task_state.snapshot) == path.steps
    assert ("paused" in statuses) is any(
        STORIES[path.scenario].timeline.steps[index_of(STORIES[path.scenario].timeline, step)].status is Status.PAUSED
        for step in path.steps
    )


async def test_a_call_that_waits_returns_the_pause_and_the_next_read_the_decision() -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next("ns", "approval", path=path_of(STORIES["approval"].timeline, "approval-reject"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id

    waited = await engine.wait("ns", task_id)
    read = await engine.read("ns", task_id)

    assert (waited.body["status"], read.body["status"]) == ("paused", "stopped")


async def test_a_call_that_waits_is_stopped_in_a_step_that_it_does_not_show() -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next("ns", "approval", path=path_of(STORIES["approval"].timeline, "stop-while-executing"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id

    assert (await engine.wait("ns", task_id)).body["status"] == "stopped"


async def test_who_looks_on_by_the_control_api_does_not_make_a_plan_move() -> None:
    engine = make_engine()
    await engine.pin_next("ns", "approval", path=path_of(STORIES["approval"].timeline, "approval-approve"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id
    await engine.skip("ns", task_id, "paused")

    looked = [(await engine.peek("ns", task_id)).body["status"] for _ in range(3)]
    read = [(await engine.read("ns", task_id)).body["status"] for _ in range(2)]

    assert (looked, read) == (["paused"] * 3, ["paused", "executing"])


async def test_a_decision_of_the_test_goes_before_that_of_the_plan() -> None:
    engine = make_engine(clock="auto")
    await engine.pin_next(
        "ns", "two_approvals", path=path_of(STORIES["two_approvals"].timeline, "two_approvals-reject")
    )
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id
    await engine.wait("ns", task_id)

    await engine.signal("ns", task_id, "approve")

    told = [(await engine.read("ns", task_id)).body["status"] for _ in range(3)]
    assert told == ["paused", "paused", "paused"]


async def test_a_pin_leads_one_start_alone_and_a_further_turn_may_have_its_own() -> None:
    engine = make_engine(clock="auto")
    approval = STORIES["approval"].timeline
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
    await engine.pin_next("ns", "approval", path=path_of(STORIES["approval"].timeline, "approval-expire"))
    task_id = (await engine.start("ns", start("anything"))).task_state.task.id
    await engine.skip("ns", task_id, "paused")

    assert [(await engine.read("ns", task_id)).body["status"] for _ in range(2)] == ["paused", "error"]
