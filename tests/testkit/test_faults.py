import httpx2
import pytest

from xpander_emulator.testkit import BadRequest, Emulator

BODY = {"input": {"text": "Refund order 1042"}}


def statuses(client: httpx2.Client, times: int) -> list[int]:
    return [client.get("/v1/tasks").status_code for _ in range(times)]


def test_a_fault_strikes_the_next_request(kit: Emulator, client: httpx2.Client) -> None:
    kit.fault("unavailable")

    assert statuses(client, 2) == [503, 200]


def test_a_fault_says_which_requests_it_strikes(kit: Emulator, client: httpx2.Client) -> None:
    kit.fault("rate-limited", operation="getTask", nth=2, times=2, task_status="paused")
    task_id = client.post("/v1/workflows/approval/invoke/async", json=BODY).json()["id"]
    kit.task(task_id).advance(until="paused")

    answers = [client.get(f"/v1/tasks/{task_id}") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
    assert answers[1].headers["retry-after"] == "1"
    assert statuses(client, 1) == [200]


def test_a_fault_may_be_a_mapping_as_in_a_scenario(kit: Emulator, client: httpx2.Client) -> None:
    kit.fault({"status": 503, "headers": {"Retry-After": 2}, "body": {"detail": "Paper jam"}}, times="always")

    answer = client.get("/v1/tasks")

    assert (answer.status_code, answer.headers["retry-after"], answer.json()) == (503, "2", {"detail": "Paper jam"})
    assert statuses(client, 5) == [503] * 5


def test_a_further_fault_is_added_to_the_earlier_ones(kit: Emulator, client: httpx2.Client) -> None:
    kit.fault("unavailable", times=2)
    before = statuses(client, 1)

    kit.fault("server-error", nth=2, times=2)

    assert [str(rule) for rule in kit.faults] == ["unavailable once", "server-error 2 times from request 2 on"]
    assert before + statuses(client, 4) == [503, 503, 500, 500, 200]
    assert len(kit.faults) == 0
    assert repr(kit.faults) == "<ComingFaults: none>"


def test_faults_are_cleared_and_gone_with_a_reset(kit: Emulator, client: httpx2.Client) -> None:
    kit.fault("unavailable", times="always")
    struck = statuses(client, 1)
    kit.faults.clear()
    cleared = statuses(client, 1)
    kit.fault("unavailable", times="always")
    kit.reset()

    assert struck + cleared + statuses(client, 1) == [503, 200, 200]


@pytest.mark.parametrize(
    ("fault", "more", "message"),
    [
        ("rate-limted", {}, r"^fault\.use: there is no fault 'rate-limted'\. Did you mean 'rate-limited'\?$"),
        ("reset", {"operation": "getTsk"}, r"^fault\.operation: the contract has no operation 'getTsk'\. Did you mean"),
        ("reset", {"task_status": "done"}, r"^fault\.task_status: unknown status 'done'"),
        ("reset", {"times": 0}, r"^fault\.times: 'times' takes a whole number from 1"),
        ({"status": 42}, {}, r"^fault\.status: 'status' of a fault takes an HTTP status"),
        ({}, {}, r"^fault: the fault does not say what goes wrong"),
    ],
)
def test_a_wrong_fault_is_refused_and_the_earlier_ones_stay(
    fault: str | dict[str, object], more: dict[str, object], message: str, kit: Emulator
) -> None:
    kit.fault("reset")

    with pytest.raises(BadRequest, match=message):
        kit.fault(fault, **more)  # type: ignore[arg-type]  # wrong on purpose

    assert [rule.fault.name for rule in kit.faults] == ["reset"]
