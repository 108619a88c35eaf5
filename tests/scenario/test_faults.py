import pytest

from tests.scenario.samples import CONTRACT, compiled, mistakes
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.core.faults import BUILT_IN, Fault, FaultRule, ScenarioFaults
from xpander_emulator.core.status import Status
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.compile import rules_of
from xpander_emulator.scenario.diagnostics import Diagnostics, Node
from xpander_emulator.scenario.faults import RuleContext, read_rules

STEPS = "steps: [{status: pending, after: 1s, fault: busy}, {status: completed}]\n"


def faulty(text: str) -> str:
    return f"scenario: refund\n{text}\n{STEPS}"


def test_a_scenario_names_faults_and_uses_them_at_steps_and_everywhere() -> None:
    timeline = compiled(
        faulty("faults: {busy: {status: 503}}\nfault: {use: busy, nth: 2, task_status: pending}")
    ).timeline

    busy = Fault("busy", "status", 503)
    assert timeline.faults == ScenarioFaults({"busy": busy}, (FaultRule(busy, nth=2, task_status=Status.PENDING),))
    assert timeline.steps[0].faults == (FaultRule(busy),)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("{status: 429}", Fault("status-429", "status", 429)),
        ("{latency: 1s..2s}", Fault("latency", "latency", low=1000, high=2000)),
        ("{status: 500, latency: 5ms, body: no}", Fault("status-500", "status", 500, body="no", low=5, high=5)),
        ("{status: 429, headers: {Retry-After: 2}}", Fault("status-429", "status", 429, (("Retry-After", "2"),))),
        ("{kind: slow-body, over: 2s}", Fault("slow-body", "slow-body", over=2000)),
        ("{kind: cut-stream, event: 4}", Fault("cut-stream", "cut-stream", event=4)),
        ("reset", BUILT_IN["reset"]),
        ("{use: empty}", BUILT_IN["empty"]),
    ],
)
def test_a_fault_is_read_from_its_name_or_its_keys(value: str, fault: Fault) -> None:
    [rule] = compiled(faulty(f"faults: {{busy: {{status: 503}}}}\nfault: {value}")).timeline.faults.rules

    assert rule == FaultRule(fault)


@pytest.mark.parametrize(
    ("value", "mistake"),
    [
        ("{status: null}", "'status' of a fault takes an HTTP status from 200 to 599, found null"),
        ("{status: true}", "'status' of a fault takes an HTTP status from 200 to 599, found true"),
        ("{kind: latency, latency: 2m}", "'2m' is longer than 1m, the longest real time for a response"),
        ("{use: reset, nth: 0}", "'nth' takes a whole number from 1 to 10000, found 0"),
        ("{use: reset, times: often}", "'times' takes a whole number from 1 to 10000, or always, found 'often'"),
        ("{use: cut-stream, operation: getTask}", "'getTask' sends no events, so that 'cut-stream' never strikes it"),
        ("{status: 503, operation: invokeWorkflowAsync}", "a scenario cannot refuse 'invokeWorkflowAsync'"),
        ("{use: rset}", "there is no fault 'rset'. Did you mean 'reset'?"),
    ],
)
def test_a_mistake_in_a_fault_is_reported(value: str, mistake: str) -> None:
    [reported] = mistakes(faulty(f"faults: {{busy: {{status: 503}}}}\nfault: {value}"))

    assert reported.partition(": ")[2].startswith(mistake)


def test_outside_of_a_scenario_a_fault_may_refuse_a_start() -> None:
    text = "{status: 503, operation: invokeWorkflowAsync, times: always}"
    document = parse_document(text, "body")
    diagnostics = Diagnostics(document, rules_of(CONTRACT))

    rules = read_rules(Node(diagnostics, (), document.value), RuleContext(keys.FAULT_RULE_KEYS, {}, is_scenario=False))

    fault = Fault("status-503", "status", 503)
    assert rules == (FaultRule(fault, times=None, operation="invokeWorkflowAsync"),)
    assert diagnostics.entries == []
