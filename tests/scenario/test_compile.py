import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.scenario.samples import CONTRACT, compiled
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.core.replay import Turn, replay, skip_to_change
from xpander_emulator.core.signals import Signal
from xpander_emulator.core.status import TERMINAL, TRANSITIONS, Status, may_follow
from xpander_emulator.core.timeline import After, Fake, Millis, Pause, Polls, Step, SubTask, Template, Timeline, Wait
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.compile import compile_document, load_scenarios
from xpander_emulator.scenario.durations import as_text
from xpander_emulator.scenario.selection import Matcher

REFUND = """\
scenario: refund
description: A refund waits for a manager, then pays out.
match:
  workflow_id: ["refund-*", payout]
  input.text: {contains: refund, exists: true}
  output_format: text
steps:
  - status: pending
    after: 300ms
  - id: extract
    status: executing
    set: {internal_status: Reading the invoice, payload_extension: {to: "{{ fake.name }}"}}
    fake: {worker_id: uuid4}
    polls: 2
  - id: approval
    status: paused
    hitl: {wait_node_id: manager, title: "Refund for {{ fake.name }}"}
    on: {approve: pay, reject: denied, expire: {after: 24h, goto: expired}}
  - {id: pay, status: executing, after: 1s..3s, sub_tasks: [{workflow_id: completed, input: {text: Pay}}]}
  - {status: completed, result: {paid: true}}
  - {id: denied, status: stopped, result: "Denied: {{ signal.reason }}"}
  - {id: expired, status: error, result: Nobody answered}
"""


def test_the_whole_language_compiles_to_a_timeline() -> None:
    scenario = compiled(REFUND)

    assert scenario.description == "A refund waits for a manager, then pays out."
    assert scenario.source == "refund.yaml"
    assert scenario.match == (
        Matcher(("workflow_id",), "glob", ("refund-*", "payout")),
        Matcher(("input", "text"), "contains", "refund"),
        Matcher(("input", "text"), "exists", True),
        Matcher(("output_format",), "equals", "text"),
    )
    extracted = {
        "internal_status": "Reading the invoice",
        "payload_extension": {"to": Template("{{ fake.name }}")},
        "worker_id": Fake("uuid4"),
    }
    pause = Pause(
        "hitl", "hitl_request", {"wait_node_id": "manager"}, {"title": Template("Refund for {{ fake.name }}")}
    )
    sub_task = SubTask("completed", {"input": {"text": "Pay"}})
    day = Millis(86_400_000)
    assert scenario.timeline == Timeline(
        "refund",
        (
            Step("pending", Status.PENDING, After(Millis(300), Millis(300), 1), line=8),
            Step("extract", Status.EXECUTING, Polls(2, 2), extracted, line=10),
            Step("approval", Status.PAUSED, Wait({"approve": 3, "reject": 5}, After(day, day, 6)), {}, pause, line=15),
            Step("pay", Status.EXECUTING, After(Millis(1000), Millis(3000), 4), {}, None, (sub_task,), line=19),
            Step("completed", Status.COMPLETED, None, {"result": {"paid": True}}, line=20),
            Step("denied", Status.STOPPED, None, {"result": Template("Denied: {{ signal.reason }}")}, line=21),
            Step("expired", Status.ERROR, None, {"result": "Nobody answered"}, line=22),
        ),
        "refund.yaml",
    )


def test_keys_that_begin_with_x_are_the_authors_own() -> None:
    scenario = compiled("""\
scenario: refund
x-tokens: &tokens {prompt_tokens: 1, completion_tokens: 2, total_tokens: 3}
steps:
  - {status: completed, set: {tokens: *tokens}}
""")

    assert scenario.timeline.steps[0].sets == {
        "tokens": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    }


def test_without_a_contract_any_property_may_be_set() -> None:
    document = parse_document("scenario: x\nsteps: [{status: completed, set: {anything: [1]}}]", "x.yaml")

    assert compile_document(document, None).timeline.steps[0].sets == {"anything": [1]}


def test_files_and_directories_are_read_in_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "c.txt"):
        (tmp_path / name).write_text(f"scenario: {name[0]}\nsteps: [{{status: completed}}]\n", encoding="utf-8")
    extra = tmp_path / "c.txt"

    scenarios = load_scenarios([tmp_path, extra], CONTRACT)

    assert [scenario.name for scenario in scenarios] == ["a", "b", "c"]


def test_a_missing_file_is_reported_with_the_others(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("scenario: a\nsteps: [{status: done}]\n", encoding="utf-8")

    with pytest.raises(InvalidFiles) as refused:
        load_scenarios([tmp_path / "none.yaml", tmp_path], CONTRACT)

    assert "none.yaml:1:1: cannot be read: No such file or directory" in refused.value.message
    assert "a.yaml:2:18: unknown status 'done'; write 'completed'" in refused.value.message


def test_a_circle_with_scenarios_loaded_before_is_reported(tmp_path: Path) -> None:
    def starting(name: str, other: str) -> Path:
        file = tmp_path / f"{name}.yaml"
        work = f"{{status: executing, after: 1s, sub_tasks: [{{workflow_id: {other}}}]}}"
        file.write_text(f"scenario: {name}\nsteps: [{work}, {{status: completed}}]\n", encoding="utf-8")
        return file

    before = load_scenarios([starting("a", "b")], CONTRACT)

    with pytest.raises(InvalidFiles, match="the scenarios b → a → b start each other without end"):
        load_scenarios([starting("b", "a")], CONTRACT, beside=before)


NAMES = [f"s{number}" for number in range(6)]
PIECES: list[list[dict[str, Any]]] = [
    [{"think": "Looking at {{ input.text }}"}],
    [{"analyze": {"payload": {"input": {"title": "Sum"}}}}, {"chunk": " "}],
    [{"tool_call_request": "ocr"}, {"tool_call_result": "249 EUR"}],
    [{"tool_call_request": "ocr"}, {"tool_call_request": "crm"}, {"tool_call_result": {"tool_name": "ocr"}}],
    [{"plan_updated": {"started": True, "tasks": []}}],
    [{"sub_agent_trigger": "researcher"}, {"auth_event": {"type": "token_ready"}}],
    [{"task_compactization": None}, {"inline_card": {"title": "{{ fake.name }}"}}],
]
SIGNALS = st.sampled_from(["approve", "reject", "authorize", "deny", "called_back"])


@st.composite
def events_within(draw: st.DrawFn, longest: int) -> list[dict[str, Any]]:
    """Draw valid events, the last of them `longest` ms after the entry of the step at most."""
    events = [dict(event) for piece in draw(st.lists(st.sampled_from(PIECES), max_size=3)) for event in piece]
    offsets = sorted(draw(st.lists(st.integers(0, longest), min_size=len(events), max_size=len(events))))
    return [event | {"at": as_text(Millis(at))} for event, at in zip(events, offsets, strict=True)]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a valid scenario: each step goes on to the next, and waiting ones may lead anywhere that is allowed."""
    statuses = [Status.PENDING]
    for _ in range(draw(st.integers(0, 4))):
        before = statuses[-1]
        onward = [status for status in Status if status not in TERMINAL and may_follow(before, status)]
        statuses.append(draw(st.sampled_from(onward)))
    last = draw(st.sampled_from(sorted(TERMINAL & TRANSITIONS[statuses[-1]])))
    statuses.append(last)
    return {
        "scenario": "random",
        "steps": [draw(step_of(index, statuses)) for index in range(len(statuses))],
    }


@st.composite
def step_of(draw: st.DrawFn, index: int, statuses: list[Status]) -> dict[str, Any]:
    status = statuses[index]
    step: dict[str, Any] = {"id": NAMES[index], "status": status.value, "set": {"internal_status": f"step {index}"}}
    if status in TERMINAL:
        return step | {"result": draw(st.sampled_from(["done", "{{ input.text }}", {"n": 1}]))}
    if events := draw(events_within(5_000)):
        step["events"] = events
    way = "on" if status is Status.PAUSED else draw(st.sampled_from(["after", "polls", "on"]))
    if way == "after":
        length = draw(st.integers(0, 5_000))
        step["events"] = draw(events_within(length)) or [{"chunk": "."}]
        if statuses[index + 1] in TERMINAL and draw(st.booleans()):
            step["stream"] = "words"
        return step | {"after": as_text(Millis(length))}
    if way == "polls":
        return step | {"polls": draw(st.integers(1, 3))}
    allowed = [NAMES[other] for other, after in enumerate(statuses) if may_follow(status, after)]
    on: dict[str, Any] = draw(st.dictionaries(SIGNALS, st.sampled_from(allowed), max_size=3))
    on[draw(SIGNALS)] = NAMES[index + 1]
    if draw(st.booleans()):
        on["expire"] = {"after": draw(st.sampled_from(["5s", "2h", "1d"])), "goto": NAMES[index + 1]}
    return step | {"on": on}


@given(documents(), st.integers(0, 2**64 - 1))
@examples(200)
def test_a_valid_scenario_compiles_and_can_be_played_to_its_end(document: dict[str, Any], key: int) -> None:
    timeline = compile_document(parse_document(json.dumps(document), "random.yaml"), CONTRACT).timeline
    turn, now = Turn(timeline, "random", b"{}", key, Millis(0)), Millis(0)

    for _ in range(2 * len(timeline.steps)):
        snapshot = replay(turn, now)
        if snapshot.is_finished:
            break
        skip = skip_to_change(now, snapshot) if snapshot.moves_by_itself else None
        onward = snapshot.visits[-1].step + 1
        leave = snapshot.step.leave
        kind = next((kind for kind, to in leave.on.items() if to == onward), "") if isinstance(leave, Wait) else ""
        turn = turn.after(skip or Signal(now, kind, seen=len(snapshot.visits)))

    snapshot = replay(turn, now)
    assert snapshot.is_finished
    assert [timeline.steps[visit.step].id for visit in snapshot.visits] == [step.id for step in timeline.steps]
    for before, after in zip(snapshot.visits, snapshot.visits[1:], strict=False):
        assert may_follow(before.status, after.status)


@given(documents())
@examples(100)
def test_every_result_repeats_an_earlier_request_with_its_ids(document: dict[str, Any]) -> None:
    steps = compile_document(parse_document(json.dumps(document), "random.yaml"), CONTRACT).timeline.steps
    unanswered: list[Any] = []
    requests: list[Any] = []

    for event in (event for step in steps for event in step.events):
        if event.type == "tool_call_request":
            unanswered.append(event.data)
            requests.append(event.data)
        if event.type == "tool_call_result" and isinstance(event.data, dict):
            unanswered.remove({name: event.data[name] for name in event.data if name not in ("result", "is_error")})

    assert len({request["request_id"] for request in requests}) == len(requests)
    for draft, step in zip(document["steps"], steps, strict=True):
        assert [event.type for event in step.events] == [next(iter(item)) for item in draft.get("events", [])]
        assert sorted(event.offset for event in step.events) == [event.offset for event in step.events]
        assert step.streams_result == ("stream" in draft)


@given(documents(), st.data())
@examples(100)
def test_a_scenario_broken_anywhere_is_refused_at_a_place_in_its_file(document: dict[str, Any], data: Any) -> None:
    step = data.draw(st.sampled_from(document["steps"]))
    key = data.draw(st.sampled_from(sorted(step)))
    step[key] = data.draw(st.sampled_from([None, 3.5, [], [{}], "{{ oops", "no such step"]))
    text = json.dumps(document, indent=1)

    try:
        compile_document(parse_document(text, "random.yaml"), CONTRACT)
    except InvalidFiles as error:
        for diagnostic in error.diagnostics:
            assert 1 <= diagnostic.line <= len(text.splitlines())
            assert diagnostic.message
