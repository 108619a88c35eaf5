from dataclasses import replace
from pathlib import Path

import httpx2

from tests.testkit.clients import BODY, start
from xpander_emulator.testkit import DEFAULTS, Emulator, Task, running


def test_the_report_shows_each_task_with_its_history(kit: Emulator, approval: Task) -> None:
    approval.advance(until="paused").approve(by="manager", reason="Fine")

    (title, text), _ = kit.report()

    assert title == "Tasks of the emulator"
    assert text.splitlines() == [
        f"Task {approval.id} (workflow approval, scenario approval)",
        f"is executing at step 'pay', {approval.source}; waits for stop; changes by itself at {_next_change(kit)}",
        f"  {approval.history[0].at:%Y-%m-%dT%H:%M:%S.%fZ}  pending    pending  start",
        f"  {approval.history[1].at:%Y-%m-%dT%H:%M:%S.%fZ}  executing  extract  after",
        f"  {approval.history[2].at:%Y-%m-%dT%H:%M:%S.%fZ}  paused     waiting  after",
        f"  {approval.history[3].at:%Y-%m-%dT%H:%M:%S.%fZ}  executing  pay      approve by manager Fine",
    ]


def _next_change(kit: Emulator) -> str:
    headers = {"x-api-key": kit.api_key}
    listed = httpx2.get(f"{kit.base_url}/__emulator/tasks", headers=headers).json()["items"]
    return str(listed[0]["next_change"])


def test_the_report_of_many_tasks_shows_the_newest(kit: Emulator, client: httpx2.Client) -> None:
    for _ in range(22):
        start(client)

    (_, text), _ = kit.report()

    assert text.startswith("(The 2 oldest tasks are left out.)\n\nTask ")
    assert text.count("scenario completed") == 20


def test_the_report_of_a_client_with_another_key_says_where_its_tasks_are(kit: Emulator) -> None:
    with httpx2.Client(base_url=kit.base_url, headers={"x-api-key": "local"}) as client:
        start(client)
        (_, text), (_, requests) = kit.report()
        client.post("/__emulator/reset")

    assert text.startswith(f"No task was started with this test's key, '{kit.api_key}'. There are tasks of other keys")
    assert "by namespace: default (1)" in text
    assert requests.startswith(
        f"No request came with this test's key, '{kit.api_key}'. There are requests of other keys"
    )
    assert "default (1)" in requests


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
