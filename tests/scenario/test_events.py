import pytest

from tests.scenario.samples import CALL, events_of, step_mistakes, steps
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.core.timeline import Millis, StepEvent, Template
from xpander_emulator.scenario.compile import compile_document


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
    assert events_of(line) == (event,)


def test_a_request_may_have_all_data_of_the_api() -> None:
    [event] = events_of(
        "tool_call_request: {tool_name: ocr, payload: {page: 1}, operation_id: op-7, graph_node_id: node-3,"
        ' reasoning: {title: "{{ input.text }}", description: To read}}'
    )

    assert event.data == CALL | {
        "payload": {"page": 1},
        "operation_id": "op-7",
        "graph_node_id": "node-3",
        "reasoning": {"title": Template("{{ input.text }}"), "description": "To read"},
    }


def test_a_step_streams_the_result_that_the_next_one_sets() -> None:
    compiled = steps("""\
  - {status: executing, after: 1s..2s, stream: words, goto: paid}
  - {id: paid, status: completed, fake: {result: sentence}}
""")

    assert [step.streams_result for step in compiled] == [True, False]


def test_without_a_contract_a_plan_is_not_checked() -> None:
    text = "scenario: x\nsteps: [{status: completed, events: [{plan_updated: {anything: 1}}]}]"

    timeline = compile_document(parse_document(text, "x.yaml"), None).timeline

    assert timeline.steps[0].events == (StepEvent(Millis(0), "plan_updated", {"anything": 1}),)


def test_a_mistake_in_one_event_hides_none_in_another() -> None:
    events = "[{thought: Looking}, {chunk: 1}, {tool_call_result: 249 EUR}]"

    reported = step_mistakes(f"  - {{status: completed, events: {events}}}\n")

    assert [line.partition(": ")[2] for line in reported] == [
        "unknown event 'thought'; write 'think'",
        "'chunk' takes text, found 1",
        "the result answers no 'tool_call_request'; write one before it, on every path that leads here",
    ]
