from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store.codec import strategies
from xpander_emulator.core.faults import BUILT_IN, NO_FAULTS, Fault, FaultRule, PathFault, ScenarioFaults
from xpander_emulator.core.status import Status
from xpander_emulator.store.codec.faults import (
    fault_from_json,
    fault_to_json,
    path_fault_from_json,
    path_fault_to_json,
    rule_from_json,
    rule_to_json,
    scenario_faults_from_json,
    scenario_faults_to_json,
)


def test_a_kind_of_fault_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="'flood' is no kind of fault; there are status, latency"):
        fault_from_json({"name": "x", "kind": "flood"})


@pytest.mark.parametrize("fault", BUILT_IN.values(), ids=lambda fault: fault.name)
def test_every_built_in_fault_comes_back_exactly(fault: Fault) -> None:
    assert fault_from_json(orjson.loads(orjson.dumps(fault_to_json(fault)))) == fault


def through_text(json: Any) -> Any:
    return orjson.loads(orjson.dumps(json))


@given(
    st.builds(ScenarioFaults, st.dictionaries(strategies.words, strategies.faults, max_size=2), strategies.rules),
    strategies.path_faults,
)
def test_the_faults_of_a_scenario_and_of_a_path_come_back_exactly(faults: ScenarioFaults, fault: PathFault) -> None:
    back = scenario_faults_from_json(through_text(scenario_faults_to_json(faults)))

    assert back == faults
    assert list(back.named) == list(faults.named)
    assert path_fault_from_json(through_text(path_fault_to_json(fault))) == fault


def test_a_member_that_has_its_default_is_left_out() -> None:
    assert scenario_faults_to_json(NO_FAULTS) == {}
    assert rule_to_json(FaultRule(BUILT_IN["empty"])) == {"fault": {"name": "empty", "kind": "empty"}}
    assert path_fault_to_json(PathFault(FaultRule(BUILT_IN["empty"]), "ask")) == {
        "rule": {"fault": {"name": "empty", "kind": "empty"}},
        "step": "ask",
    }


def test_a_rule_for_every_request_has_a_count_of_null() -> None:
    always = FaultRule(Fault("busy", "status", 503, (("Retry-After", "1"),)), 2, None, "getTask", Status.PAUSED)

    json = rule_to_json(always)

    assert json == {
        "fault": {"name": "busy", "kind": "status", "status": 503, "headers": [["Retry-After", "1"]]},
        "nth": 2,
        "times": None,
        "operation": "getTask",
        "task_status": "paused",
    }
    assert rule_from_json(json) == always


def test_a_status_that_no_task_has_is_refused() -> None:
    rule = {"fault": {"name": "empty", "kind": "empty"}, "task_status": "asleep"}

    with pytest.raises(ValueError, match="'asleep' is not a valid Status"):
        rule_from_json(rule)
