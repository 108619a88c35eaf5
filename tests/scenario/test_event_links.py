from tests.scenario.samples import CALL, events_of, steps
from xpander_emulator.core.timeline import Fake, Minted


def test_a_request_names_the_node_that_its_step_sets() -> None:
    compiled = steps("""\
  - {status: executing, after: 1s, set: {last_executed_node_id: read}, events: [{tool_call_request: ocr}]}
  - {status: executing, after: 1s, fake: {last_executed_node_id: word}, events: [{tool_call_request: ocr}]}
  - {status: completed}
""")

    nodes = [event.data["graph_node_id"] for step in compiled for event in step.events if isinstance(event.data, dict)]
    assert nodes == ["read", None]
    assert compiled[1].sets == {"last_executed_node_id": Fake("word")}


def test_a_result_repeats_its_request_with_the_same_ids() -> None:
    events = events_of(
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
    events = events_of(
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


def test_a_result_may_stand_in_a_later_step_if_every_path_has_sent_the_request() -> None:
    compiled = steps("""\
  - {status: executing, after: 1s, events: [{tool_call_request: ocr}]}
  - {id: ask, status: paused, on: {approve: yes-step, reject: no-step}}
  - {id: yes-step, status: executing, after: 1s, goto: both}
  - {id: no-step, status: executing, after: 1s}
  - {id: both, status: executing, after: 1s, events: [{tool_call_result: 249 EUR}]}
  - {status: completed}
""")

    assert compiled[4].events[0].data == CALL | {"result": "249 EUR", "is_error": False}


def test_a_path_back_requests_and_answers_under_the_same_ids_again() -> None:
    compiled = steps("""\
  - {id: read, status: executing, after: 1s, events: [{tool_call_request: ocr}]}
  - {id: show, status: executing, after: 1s, events: [{tool_call_result: 249 EUR}]}
  - {id: ask, status: paused, on: {approve: paid, reject: read}}
  - {id: paid, status: completed}
""")

    assert compiled[1].events[0].data == CALL | {"result": "249 EUR", "is_error": False}


def test_a_request_above_is_nearer_than_one_below_that_a_path_has_visited() -> None:
    compiled = steps("""\
  - {id: start, status: executing, after: 1s, goto: later}
  - {id: read, status: executing, after: 1s, goto: paid, events: [{tool_call_request: crm}, {tool_call_result: {}}]}
  - {id: later, status: executing, after: 1s, goto: read, events: [{tool_call_request: ocr}]}
  - {id: paid, status: completed}
""")

    assert isinstance(compiled[1].events[1].data, dict)
    assert compiled[1].events[1].data["tool_name"] == "crm"


def test_an_update_of_the_plan_sends_the_plan_as_it_was_set_last() -> None:
    compiled = steps("""\
  - {status: pending, after: 1s, set: {deep_planning: {started: false}}}
  - {status: executing, after: 1s, events: [{plan_updated: null}]}
  - {status: executing, after: 1s, set: {deep_planning: {started: true}}, events: [{plan_updated: null}]}
  - {status: completed, events: [{plan_updated: null}]}
""")

    assert [step.events[0].data for step in compiled[1:]] == [{"started": False}, {"started": True}, {"started": True}]


def test_paths_that_set_the_same_plan_agree_on_it() -> None:
    compiled = steps("""\
  - {id: ask, status: paused, on: {approve: first, reject: second}}
  - {id: first, status: executing, after: 1s, goto: sent, set: {deep_planning: {started: true}}}
  - {id: second, status: executing, after: 1s, set: {deep_planning: {started: true}}}
  - {id: sent, status: completed, events: [{plan_updated: null}]}
""")

    assert compiled[3].events[0].data == {"started": True}
