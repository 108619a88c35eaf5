from typing import Any

import pytest

from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.core.timeline import Fake, Millis, Minted, Step, StepEvent, Template
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.compile import compile_document

from .samples import CONTRACT


def steps(text: str) -> tuple[Step, ...]:
    document = parse_document("scenario: refund\nsteps:\n" + text, "refund.yaml")
    return compile_document(document, CONTRACT).timeline.steps


def told(*lines: str) -> tuple[StepEvent, ...]:
    """Return the events of an executing step."""
    items = "".join(f"      - {line}\n" for line in lines)
    return steps(f"  - status: executing\n    after: 1s\n    events:\n{items}  - {{status: completed}}\n")[0].events


CALL: dict[str, Any] = {
    "request_id": Minted("request", 1),
    "operation_id": "ocr",
    "tool_call_id": Minted("tool_call", 1),
    "graph_node_id": None,
    "tool_name": "ocr",
    "payload": {},
    "reasoning": None,
}


@pytest.mark.parametrize(
    ("line", "event"),
    [
        ("think: Looking", StepEvent(Millis(0), "think", "Looking")),
        ("{think: Looking, at: 200ms}", StepEvent(Millis(200), "think", "Looking")),
        ("{analyze: {title: Sum, n: 1}, at: 1s}", StepEvent(Millis(1000), "analyze", {"title": "Sum", "n": 1})),
        ('think: "{{ input.text }}"', StepEvent(Millis(0), "think", Template("{{ input.text }}"))),
        ('chunk: " "', StepEvent(Millis(0), "chunk", " ")),
        ("plan_updated: {started: true}", StepEvent(Millis(0), "plan_updated", {"started": True})),
        (
            "sub_agent_trigger: researcher",
            StepEvent(Millis(0), "sub_agent_trigger", {"reasoning": None, "agent_id": "researcher"}),
        ),
        (
            "auth_event: {type: token_ready}",
            StepEvent(Millis(0), "auth_event", {"data": None, "type": "token_ready"}),
        ),
        ("task_compactization:", StepEvent(Millis(0), "task_compactization", None)),
        ("inline_card: [1]", StepEvent(Millis(0), "inline_card", [1])),
        ("tool_call_request: ocr", StepEvent(Millis(0), "tool_call_request", CALL)),
    ],
)
def test_an_event_compiles_to_its_data(line: str, event: StepEvent) -> None:
    assert told(line) == (event,)


def test_a_request_may_say_all_that_the_api_has_for_it() -> None:
    [event] = told(
        "tool_call_request: {tool_name: ocr, payload: {page: 1}, operation_id: op-7, graph_node_id: node-3,"
        ' reasoning: {title: "{{ input.text }}", description: To read}}'
    )

    assert event.data == CALL | {
        "payload": {"page": 1},
        "operation_id": "op-7",
        "graph_node_id": "node-3",
        "reasoning": {"title": Template("{{ input.text }}"), "description": "To read"},
    }


def test_a_request_names_the_node_that_its_step_sets() -> None:
    found = steps("""\
  - {status: executing, after: 1s, set: {last_executed_node_id: read}, events: [{tool_call_request: ocr}]}
  - {status: executing, after: 1s, fake: {last_executed_node_id: word}, events: [{tool_call_request: ocr}]}
  - {status: completed}
""")

    nodes = [event.data["graph_node_id"] for step in found for event in step.events if isinstance(event.data, dict)]
    assert nodes == ["read", None]
    assert found[1].sets == {"last_executed_node_id": Fake("word")}


def test_a_result_repeats_its_request_with_the_same_ids() -> None:
    events = told(
        "tool_call_request: ocr",
        "tool_call_result: 249 EUR",
        "tool_call_request: ocr",
        "tool_call_result: {is_error: true}",
    )

    again = CALL | {"request_id": Minted("request", 2), "tool_call_id": Minted("tool_call", 2)}
    assert [event.data for event in events] == [
        CALL,
        CALL | {"result": "249 EUR", "is_error": False},
        again,
        again | {"result": None, "is_error": True},
    ]


def test_a_result_answers_the_nearest_unanswered_request_or_that_of_its_tool() -> None:
    events = told(
        "tool_call_request: ocr",
        "tool_call_request: crm",
        "tool_call_request: crm",
        "tool_call_result: {tool_name: ocr, result: first}",
        "tool_call_result: third",
        "tool_call_result: second",
    )

    results = [event.data for event in events if isinstance(event.data, dict) and "result" in event.data]
    assert [(result["result"], result["request_id"].number) for result in results] == [
        ("first", 1),
        ("third", 3),
        ("second", 2),
    ]


def test_a_result_may_stand_in_a_later_step_where_every_way_has_told_the_request() -> None:
    found = steps("""\
  - {status: executing, after: 1s, events: [{tool_call_request: ocr}]}
  - {id: ask, status: paused, on: {approve: yes-step, reject: no-step}}
  - {id: yes-step, status: executing, after: 1s, goto: both}
  - {id: no-step, status: executing, after: 1s}
  - {id: both, status: executing, after: 1s, events: [{tool_call_result: 249 EUR}]}
  - {status: completed}
""")

    assert found[4].events[0].data == CALL | {"result": "249 EUR", "is_error": False}


def test_a_way_back_asks_and_answers_under_the_same_ids_again() -> None:
    found = steps("""\
  - {id: read, status: executing, after: 1s, events: [{tool_call_request: ocr}]}
  - {id: show, status: executing, after: 1s, events: [{tool_call_result: 249 EUR}]}
  - {id: ask, status: paused, on: {approve: paid, reject: read}}
  - {id: paid, status: completed}
""")

    assert found[1].events[0].data == CALL | {"result": "249 EUR", "is_error": False}


def test_a_request_above_is_nearer_than_one_that_the_story_comes_back_from() -> None:
    found = steps("""\
  - {id: start, status: executing, after: 1s, goto: later}
  - {id: read, status: executing, after: 1s, goto: paid, events: [{tool_call_request: crm}, {tool_call_result: {}}]}
  - {id: later, status: executing, after: 1s, goto: read, events: [{tool_call_request: ocr}]}
  - {id: paid, status: completed}
""")

    assert isinstance(found[1].events[1].data, dict)
    assert found[1].events[1].data["tool_name"] == "crm"


def test_an_update_of_the_plan_tells_the_plan_as_it_was_set_last() -> None:
    found = steps("""\
  - {status: pending, after: 1s, set: {deep_planning: {started: false}}}
  - {status: executing, after: 1s, events: [{plan_updated: null}]}
  - {status: executing, after: 1s, set: {deep_planning: {started: true}}, events: [{plan_updated: null}]}
  - {status: completed, events: [{plan_updated: null}]}
""")

    assert [step.events[0].data for step in found[1:]] == [{"started": False}, {"started": True}, {"started": True}]


def test_ways_that_set_the_same_plan_agree_on_it() -> None:
    found = steps("""\
  - {id: ask, status: paused, on: {approve: first, reject: second}}
  - {id: first, status: executing, after: 1s, goto: told, set: {deep_planning: {started: true}}}
  - {id: second, status: executing, after: 1s, set: {deep_planning: {started: true}}}
  - {id: told, status: completed, events: [{plan_updated: null}]}
""")

    assert found[3].events[0].data == {"started": True}


def test_a_step_streams_the_result_that_the_next_one_sets() -> None:
    found = steps("""\
  - {status: executing, after: 1s..2s, stream: words, goto: paid}
  - {id: paid, status: completed, fake: {result: sentence}}
""")

    assert [step.streams_result for step in found] == [True, False]


def test_without_a_contract_a_plan_is_not_checked() -> None:
    text = "scenario: x\nsteps: [{status: completed, events: [{plan_updated: {anything: 1}}]}]"

    timeline = compile_document(parse_document(text, "x.yaml"), None).timeline

    assert timeline.steps[0].events == (StepEvent(Millis(0), "plan_updated", {"anything": 1}),)


def test_a_mistake_in_one_event_hides_none_in_another() -> None:
    with pytest.raises(InvalidFiles) as refused:
        told("thought: Looking", "chunk: 1", "tool_call_result: 249 EUR")

    assert len(refused.value.diagnostics) == 3
