import pytest

from tests.scenario.samples import step_mistakes, steps
from xpander_emulator.core.timeline import SubTask, Template


def with_sub_tasks(value: str, status: str = "executing, after: 1s") -> str:
    return f"  - {{status: {status}, sub_tasks: {value}}}\n" + ("  - {status: completed}\n" if "," in status else "")


def test_a_sub_task_has_an_id_and_the_body_of_a_start() -> None:
    [step, _] = steps(
        with_sub_tasks("[{workflow_id: a}, {workflow_id: b, input: {text: '{{ input.text }}'}, title: B}]")
    )

    assert step.sub_tasks == (
        SubTask("a", {"input": {"text": ""}}),
        SubTask("b", {"input": {"text": Template("{{ input.text }}")}, "title": "B"}),
    )


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (with_sub_tasks("[]"), "'sub_tasks' takes a list such as [{workflow_id: completed}], found []"),
        (with_sub_tasks("[{agent_id: a}]"), "unknown key 'agent_id'; write 'workflow_id' instead"),
        (with_sub_tasks("[{title: A}]"), "'workflow_id' is missing; write for instance 'workflow_id: completed'"),
        (
            with_sub_tasks("[{workflow_id: '{{ now }}'}]"),
            "'workflow_id' takes a fixed id; templates stand in the request",
        ),
        (with_sub_tasks("[{workflow_id: a, title: 7}]"), "'title' takes a string, found 7; write \"7\" in quotes"),
        (
            with_sub_tasks("[{workflow_id: a}]", "completed"),
            "a step with the status completed is an end and starts nothing",
        ),
    ],
)
def test_a_mistake_in_a_sub_task_is_reported(text: str, mistake: str) -> None:
    [reported] = step_mistakes(text)

    assert reported.partition(": ")[2].startswith(mistake)
