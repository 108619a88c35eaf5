from typing import Any

import pytest

from tests.contract.samples import ours
from tests.engines import catalogue
from tests.journal.entries import entry, redaction
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.journal.search import conditions, near_misses
from xpander_emulator.web.control.explain import Explainer

EXPLAINER = Explainer(ours(), redaction())
TASK: dict[str, Any] = {
    "task_id": "t_1",
    "turn": 1,
    "runs": "approval",
    "scenario": "approval",
    "step": "pending",
    "file": "scenarios/approval.yaml",
    "line": 7,
    "task_status": "pending",
}


def explanation(**facts: Any) -> list[str]:
    details = EXPLAINER.details(entry(**facts), "ns", catalogue())
    return list(details["explanation"])


def test_a_start_is_explained_by_its_operation_its_scenario_and_its_step() -> None:
    assert explanation(**TASK, chosen="the id 'approval' is its name") == [
        "POST /v1/workflows/approval/invoke/async is the operation invokeWorkflowAsync"
        " (POST /v1/workflows/{workflow_id}/invoke/async).",
        "It is in the journal of the namespace 'ns'.",
        "Task t_1 (turn 1) plays the scenario 'approval', chosen because: the id 'approval' is its name.",
        "The answer 200 comes from the step 'pending' (pending) of 'approval', scenarios/approval.yaml:7.",
    ]


def test_a_path_that_no_operation_matches_is_explained_by_the_nearest() -> None:
    sentences = explanation(operation=None, method="GET", path="/v1/task/t_1", status=404)

    assert sentences[0].startswith(
        "No operation matches GET /v1/task/t_1. Nearest: GET /v1/tasks/{task_id} (differs at 'task') or "
    )
    assert sentences[-1] == "The answer is 404."


def test_a_request_without_an_accepted_key_is_explained() -> None:
    unauthorized = entry(status=401)._replace(body=b'{"detail": "Invalid or missing API key"}', size=40)

    sentences = EXPLAINER.details(unauthorized, "ns", catalogue())["explanation"]

    assert sentences[1:] == [
        "It is in the journal of the namespace 'ns', because it had no accepted key.",
        "The answer is 401: Invalid or missing API key.",
    ]


def test_each_violation_is_a_sentence() -> None:
    violation = Violation(("body", "input"), "Field required", "missing", {}, "an object")

    assert "It breaks the contract at body.input: Field required." in explanation(violations=(violation,), status=422)


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"seconds": None, "events": 2}, "It is a stream, which goes on."),
        ({"events": 1}, "It is a stream, which ended after 1 event."),
        ({"events": 4}, "It is a stream, which ended after 4 events."),
        ({"fault": "slow", "fault_kind": "latency", "seconds": None}, "The fault 'slow' was played."),
        (
            {"fault": "cut-stream", "fault_kind": "cut-stream", "seconds": None},
            "The fault 'cut-stream' is to strike one of its events.",
        ),
        (
            {"headers": [(b"preference-applied", b"wait=2, a=b")]},
            "Applied of the header Prefer: wait=2, a=b.",
        ),
        ({"request_fields": (b"prefer", b"dance")}, "Unknown in the header Prefer, and ignored: dance."),
        ({"headers": [(b"x-emulator-warning", b"ignored")]}, "The answer warns: ignored."),
    ],
)
def test_what_is_special_about_a_request_is_a_sentence(facts: dict[str, Any], sentence: str) -> None:
    assert sentence in explanation(**facts)


def test_a_summary_has_the_times_of_both_clocks_and_no_credential() -> None:
    summary = EXPLAINER.summary(entry(3, **TASK, query=b"page=1"))

    assert (summary["id"], summary["ms"], summary["query"]) == (3, 250.0, {"page": "1"})
    assert (summary["at"], summary["time"]) == ("1970-01-01T00:00:00.000000Z", "1970-01-01T00:00:01.000000Z")
    assert summary["source"] == "scenarios/approval.yaml:7"


def test_a_body_that_was_cut_says_so() -> None:
    details = EXPLAINER.details(entry(request_body=b"ab", request_size=3), "ns", catalogue())

    assert (details["request"]["size"], details["request"]["cut"]) == (3, True)
    assert (details["answer"]["size"], details["answer"]["cut"]) == (0, False)


def test_remarks_are_about_what_went_wrong_alone() -> None:
    assert EXPLAINER.remarks(entry(**TASK), catalogue()) == []
    assert EXPLAINER.remarks(entry(**TASK, fault="unavailable", fault_kind="status"), catalogue()) == [
        "The fault 'unavailable' was played."
    ]


@pytest.mark.parametrize(
    ("criteria", "sentence"),
    [
        ({"status": 201}, "wanted that status equals 201, found 200"),
        ({"path": "/v2/*"}, 'wanted that path matches "/v2/*", found "/v1/workflows/approval/invoke/async"'),
        ({"body": {"a": {"exists": True}}}, "wanted that body.a is there, found nothing"),
        ({"body": {"text": {"contains": "z"}}}, 'wanted that body.text contains "z", found "x"'),
        ({"body": {"text": {"regex": "^z"}}}, 'wanted that body.text matches "^z", found "x"'),
    ],
)
def test_a_near_miss_says_what_was_wanted_and_what_came(criteria: dict[str, Any], sentence: str) -> None:
    [miss] = near_misses([entry(body={"text": "x"})], conditions(criteria), redaction())

    [difference] = EXPLAINER.near_miss(miss)["differences"]
    assert difference["told"] == sentence


def test_a_long_value_is_cut_in_a_sentence() -> None:
    [miss] = near_misses([entry(body={"text": "x" * 200})], conditions({"body": {"text": "y"}}), redaction())

    [difference] = EXPLAINER.near_miss(miss)["differences"]
    assert difference["told"].endswith(f'found "{"x" * 99}…')
