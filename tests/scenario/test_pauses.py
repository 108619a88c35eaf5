import pytest

from tests.scenario.samples import step_mistakes, steps
from xpander_emulator.core.timeline import Pause, Template


def test_a_client_sees_the_node_of_hitl_and_people_see_the_rest() -> None:
    [step, _] = steps("""\
  - status: paused
    hitl: {wait_node_id: manager, title: "Refund {{ input.text }}", approve_button_text: Pay}
    on: {approve: completed}
  - {status: completed}
""")

    details = {"title": Template("Refund {{ input.text }}"), "approve_button_text": "Pay"}
    assert step.pause == Pause("hitl", "hitl_request", {"wait_node_id": "manager"}, details)


def test_a_client_sees_the_connector_and_an_address_of_eca() -> None:
    compiled_steps = steps("""\
  - status: paused
    eca: {connector_name: Gmail, auth_url: "https://auth.example.com", scopes: [send]}
    on: {authorize: completed}
  - {status: completed}
""")

    shown = {"connector_name": "Gmail", "auth_url": "https://auth.example.com"}
    assert compiled_steps[0].pause == Pause("eca", "pending_eca_request", shown, {"scopes": ["send"]})


@pytest.mark.parametrize(
    ("step", "mistakes"),
    [
        (
            "status: executing, after: 1s, hitl: {wait_node_id: m}",
            ["'hitl' is for paused steps, and this one is executing"],
        ),
        (
            "status: paused, hitl: {id: m}, on: {approve: completed}",
            [
                "'wait_node_id' is missing; write for instance 'wait_node_id: manager-approval'",
                "unknown key 'id'; write 'wait_node_id' instead",
            ],
        ),
        (
            "status: paused, eca: {connector_name: Gmail}, on: {deny: completed}",
            ["'eca' asks for an answer that 'on' does not take; add 'authorize: step-id'"],
        ),
        (
            "status: paused, eca: {connector_name: Gmail, scopes: send}, on: {authorize: completed}",
            ["'scopes' takes a list of texts, found 'send'"],
        ),
        (
            "status: paused, hitl: {wait_node_id: m}, eca: {connector_name: g}, on: {approve: completed}",
            ["the step has 'hitl' and 'eca'; it waits for one of them, so split it in two"],
        ),
    ],
)
def test_a_mistake_in_a_pause_is_reported(step: str, mistakes: list[str]) -> None:
    reported = step_mistakes(f"  - {{{step}}}\n  - {{status: completed}}\n")

    assert [line.partition(": ")[2] for line in reported] == mistakes
