import re
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from xpander_emulator.testkit import DEFAULTS, BadRequest, Emulator, NotFound, NotVerified, running

BODY = {"input": {"text": "Refund order 1042"}}


@pytest.fixture
def task_id(kit: Emulator, client: httpx2.Client) -> str:
    """The task of a client that has sent a start, three polls, a wrong path and a body that breaks the contract."""
    task_id = str(client.post("/v1/workflows/approval/invoke/async", json=BODY).json()["id"])
    for _ in range(3):
        client.get(f"/v1/tasks/{task_id}")
    client.get(f"/v1/task/{task_id}")
    client.post("/v1/workflows/approval/invoke/async", json={"inputs": {}})
    return task_id


def test_requests_are_a_sequence_oldest_first(kit: Emulator, task_id: str) -> None:
    assert len(kit.requests) == 6
    assert [each.id for each in kit.requests] == [1, 2, 3, 4, 5, 6]
    assert [each.status for each in kit.requests[1:4]] == [200, 200, 200]
    assert (kit.requests[0].operation, kit.requests[-1].id) == ("invokeWorkflowAsync", kit.requests.last.id)
    assert repr(kit.requests) == "<Requests: 6>"
    assert repr(kit.requests[4]) == f"<Request 5: GET /v1/task/{task_id} 404>"


def test_a_request_has_its_response_and_the_reasons_for_it(kit: Emulator, task_id: str) -> None:
    request = kit.requests[3]

    assert (request.method, request.path, request.operation) == ("GET", f"/v1/tasks/{task_id}", "getTask")
    assert (request.task_id, request.scenario, request.step, request.task_status) == (
        *(task_id, "approval", "waiting", "paused"),
    )
    assert request.source == "scenarios/approval.yaml:14"
    assert request.answer["status"] == "paused"
    assert request.answer_headers["x-emulator-request"] == "4"
    assert (request.fault, request.events, request.violations) == (None, None, ())
    assert kit.requests[0].body == BODY
    assert kit.requests[0].headers["x-api-key"] == "[redacted]"
    assert kit.requests[0].at <= request.at
    assert kit.requests[0].began <= kit.requests[0].ended <= request.ended
    assert any("is the operation getTask" in sentence for sentence in request.explanation)


def test_unmatched_requests_and_violations_are_listed(kit: Emulator, task_id: str) -> None:
    assert [each.id for each in kit.requests.unmatched] == [5, 6]
    assert kit.requests[5].violations == ("body.input: Field required",)


def test_requests_are_searched_and_counted_by_criteria(kit: Emulator, task_id: str) -> None:
    assert kit.requests.count() == 6
    assert kit.requests.count(operation="getTask", status=200) == 3
    assert kit.requests.count(body={"input.text": {"contains": "1042"}}) == 1
    assert [each.task_status for each in kit.requests.find(path="/v1/tasks/*")] == ["executing", "paused", "paused"]
    assert kit.requests.find(method="delete") == ()


def test_the_last_of_no_requests_is_not_found(kit: Emulator) -> None:
    with pytest.raises(NotFound, match=rf"^No request came with this test's key, '{re.escape(kit.api_key)}'\."):
        _ = kit.requests.last


def test_the_right_number_of_requests_is_verified(kit: Emulator, task_id: str) -> None:
    kit.verify(operation="invokeWorkflowAsync", body={"input.text": "Refund order 1042"})
    kit.verify(operation="invokeWorkflowAsync", times=1, status=200)
    kit.verify(operation="getTask", at_least=2, at_most=3)
    kit.verify(operation="stopTask", times=0)


def test_a_missing_request_is_reported_with_those_that_nearly_match(kit: Emulator, task_id: str) -> None:
    with pytest.raises(AssertionError) as refused:
        kit.verify(operation="invokeWorkflowAsync", times=1, body={"input.text": "Refund order 1043"})

    assert type(refused.value) is NotVerified
    assert str(refused.value).splitlines() == [
        "0 requests fit, wanted exactly 1.",
        "Nearly:",
        "  request 6, POST /v1/workflows/approval/invoke/async:",
        '    wanted that body.input.text equals "Refund order 1043", found nothing',
        "  request 1, POST /v1/workflows/approval/invoke/async:",
        '    wanted that body.input.text equals "Refund order 1043", found "Refund order 1042"',
    ]


def test_too_many_requests_are_reported_with_both_numbers(kit: Emulator, task_id: str) -> None:
    with pytest.raises(NotVerified, match=r"^3 requests fit, wanted at least 1 and at most 2\.$"):
        kit.verify(operation="getTask", at_least=1, at_most=2)


def test_a_verification_without_any_request_says_so(kit: Emulator) -> None:
    with pytest.raises(
        NotVerified, match=r"^0 requests fit, wanted at least 1\.\nNo request came with this test's key"
    ):
        kit.verify(operation="getTask")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operation": "getTsk"}, r"^The contract has no operation 'getTsk'\. Did you mean 'getTask'\?$"),
        ({"operation": "zzz"}, r"no operation 'zzz'; `xpander-emulator routes` lists them\.$"),
        (
            {"oporation": "getTask"},
            r"^'oporation' is no criterion for requests\. Did you mean 'operation'\?$",
        ),
        ({"zzz": 1}, r"; the criteria are operation, method, path, status, task_id, scenario, query, headers, body\.$"),
        ({"times": 1, "at_most": 2}, r"^times says exactly how many; leave out at_least and at_most\.$"),
        ({"at_least": 3, "at_most": 2}, r"^at_least 3 and at_most 2 leave no number\.$"),
        ({"body": {"input.text": {"regex": "("}}}, r"'\(' is no regular expression"),
    ],
)
def test_criteria_that_no_request_can_match_are_refused(
    arguments: dict[str, object], message: str, kit: Emulator
) -> None:
    with pytest.raises(BadRequest, match=message):
        kit.verify(**arguments)  # type: ignore[arg-type]  # wrong on purpose


def test_the_report_shows_requests_and_what_was_wrong_with_them(kit: Emulator, task_id: str) -> None:
    title, text = kit.report()[1]

    assert title == "Requests of the emulator"
    lines = text.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["1", "POST", "/v1/workflows/approval/invoke/async", "200", "approval/pending", "pending"],
        ["2", "GET", f"/v1/tasks/{task_id}", "200", "approval/extract", "executing"],
        ["3-4", "GET", f"/v1/tasks/{task_id}", "200", "approval/waiting", "paused"],
    ]
    assert lines[4].startswith(f"      No operation matches GET /v1/task/{task_id}. Nearest: GET /v1/tasks/{{task_id}}")
    assert lines[6] == "      It breaks the contract at body.input: Field required."


def test_the_report_shows_the_query_and_the_fault_of_a_request(kit: Emulator, client: httpx2.Client) -> None:
    kit.fault("rate-limited", operation="getTask")
    task_id = client.post("/v1/workflows/approval/invoke/async", json=BODY).json()["id"]
    client.get(f"/v1/tasks/{task_id}", params={"page": "1"})

    lines = kit.report()[1][1].splitlines()

    assert "?page=1  429" in lines[-2]
    assert lines[-1] == "      The fault 'rate-limited' was played."


def test_the_report_of_many_requests_shows_the_newest(kit: Emulator, client: httpx2.Client) -> None:
    for number in range(40):
        client.get(f"/v1/tasks/{number}-{'x' * 400}")

    lines = kit.report()[1][1].splitlines()

    assert lines[0] == "(The 10 oldest requests are left out.)"
    assert len(lines) == 31
    assert all(len(line) < 400 for line in lines)


def test_the_report_shows_the_scenario_that_nearly_matched(tmp_path: Path) -> None:
    scenario = tmp_path / "large_refund.yaml"
    scenario.write_text(
        "scenario: large_refund\nmatch: {workflow_id: refund, input.text: {contains: large}}\n"
        "steps: [{status: completed}]\n",
        encoding="utf-8",
    )
    with running(settings=replace(DEFAULTS, scenarios=(scenario,))) as kit:
        client = httpx2.Client(transport=kit.transport(), base_url=kit.base_url, headers={"x-api-key": kit.api_key})
        client.post("/v1/workflows/refund/invoke/async", json=BODY)
        _, remark = kit.report()[1][1].splitlines()

    assert remark.endswith('was not taken: wanted that input.text contains "large", found "Refund order 1042".')
