import re

import pytest

from tests.testkit.clients import BODY
from xpander_emulator.testkit import Emulator, NotFound


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
