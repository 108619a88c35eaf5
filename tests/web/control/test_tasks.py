"""The control API over the whole application, in process, on clocks that stand."""

from typing import Any

import httpx2
import pytest

from tests.web.control.clients import CONTROL, NOW, paused, problem, started


async def test_a_namespace_without_tasks_lists_none(client: httpx2.AsyncClient) -> None:
    assert (await client.get(f"{CONTROL}/tasks")).json() == {"items": [], "total": 0}


async def test_a_list_is_paged_newest_first(client: httpx2.AsyncClient) -> None:
    first, second, third = [await started(client, "completed") for _ in range(3)]

    newest = (await client.get(f"{CONTROL}/tasks", params={"per_page": 2})).json()
    oldest = (await client.get(f"{CONTROL}/tasks", params={"per_page": 2, "page": 2})).json()

    assert [item["id"] for item in newest["items"]] == [third, second]
    assert [item["id"] for item in oldest["items"]] == [first]
    assert newest["total"] == oldest["total"] == 3


@pytest.mark.parametrize(("name", "value"), [("page", "0"), ("per_page", "501"), ("per_page", "many")])
async def test_a_page_beyond_the_bounds_is_refused(client: httpx2.AsyncClient, name: str, value: str) -> None:
    answer = await client.get(f"{CONTROL}/tasks", params={name: value})

    assert problem(answer, 422).startswith(f"query.{name}: Input should be ")


async def test_one_task_comes_with_its_snapshot_and_its_graph(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "approval")

    task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()

    assert task["snapshot"] == (await client.get(f"/v1/tasks/{task_id}")).json()
    assert {"from": "waiting", "to": "expired", "by": "expire", "after": "1d"} in task["graph"]["edges"]
    assert task["graph"]["nodes"][0] == {"id": "pending", "status": "pending", "line": 7}


async def test_a_task_is_seen_again_as_it_was_at_each_entry_of_its_history(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)
    await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "reject", "reason": "No"})

    seen = [(await client.get(f"{CONTROL}/tasks/{task_id}/history/{n}")).json() for n in (1, 3, 4)]

    assert [each["snapshot"]["status"] for each in seen] == ["pending", "paused", "stopped"]
    assert [each["snapshot"]["hitl_request"] is None for each in seen] == [True, False, True]
    assert (seen[2]["cause"], seen[2]["reason"]) == ("reject", "No")
    assert seen[2]["snapshot"] == (await client.get(f"/v1/tasks/{task_id}")).json()


async def test_a_step_that_was_updated_is_seen_as_it_was_left(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)
    update = {"signal": "update", "payload": {"title": "Seven"}}
    await client.post(f"{CONTROL}/tasks/{task_id}/signals", json=update)
    await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "approve"})

    seen = (await client.get(f"{CONTROL}/tasks/{task_id}/history/3")).json()

    assert (seen["snapshot"]["status"], seen["snapshot"]["title"]) == ("paused", "Seven")


async def test_a_history_ends_where_the_task_stands(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)

    answer = await client.get(f"{CONTROL}/tasks/{task_id}/history/4")

    assert "has 3 entries, and no 4" in problem(answer, 404)


async def test_looking_never_counts_as_a_poll(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "polled")

    for _ in range(20):
        await client.get(f"{CONTROL}/tasks")
        await client.get(f"{CONTROL}/tasks/{task_id}")

    task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()
    assert len(task["history"]) == 1
    assert task["signals"] == []


async def test_looking_moves_nothing_on_an_auto_clock(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "approval")
    await client.put(f"{CONTROL}/clock", json={"mode": "auto"})

    await client.get(f"{CONTROL}/tasks/{task_id}")

    assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["step"] == "pending"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("GET", "", None), ("POST", "/signals", {"signal": "approve"}), ("POST", "/skip", {})],
)
async def test_an_unknown_task_is_told_with_its_namespace(
    client: httpx2.AsyncClient, method: str, path: str, body: Any
) -> None:
    answer = await client.request(method, f"{CONTROL}/tasks/t_1{path}?namespace=empty", json=body)
    assert problem(answer, 400)  # the key of this test opens another one

    answer = await client.request(method, f"{CONTROL}/tasks/t_1{path}", json=body)
    assert "has no task 't_1'. GET /__emulator/namespaces lists them all." in problem(answer, 404)


async def test_a_signal_that_is_not_waited_for_is_refused_with_those_that_are(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "authorize"})

    assert "is paused at step 'waiting' and does not wait for 'authorize'" in problem(answer, 409)
    assert answer.json()["allowed"] == ["approve", "reject", "expire", "stop"]


async def test_a_second_decision_comes_too_late(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)
    await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "reject"})

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "approve"})

    assert "takes no further signal; 'approve' came too late" in problem(answer, 409)
    assert answer.json()["allowed"] == []


async def test_stop_is_taken_at_any_step_and_told_with_its_giver(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "approval")

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": "stop", "by": "operator"})

    task = answer.json()
    assert (task["status"], task["waits_for"], task["pause"]) == ("stopped", [], None)
    assert (task["history"][-1]["cause"], task["history"][-1]["by"]) == ("stop", "operator")


async def test_an_update_sets_the_status(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "approval")

    answer = await client.post(
        f"{CONTROL}/tasks/{task_id}/signals",
        json={"signal": "update", "payload": {"status": "completed", "result": "Done elsewhere"}},
    )

    assert answer.json()["status"] == "completed"
    assert answer.json()["snapshot"]["result"] == "Done elsewhere"


@pytest.mark.parametrize(
    ("kind", "way"), [("poll", "a client's GET of the task"), ("skip", "POST /__emulator/tasks/{task_id}/skip")]
)
async def test_what_is_no_signal_is_refused_with_the_right_way(client: httpx2.AsyncClient, kind: str, way: str) -> None:
    task_id = await started(client, "approval")

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/signals", json={"signal": kind})

    assert way in problem(answer, 400)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({}, "body.signal: Field required"),
        ({"signal": "two words"}, "body.signal: String should match pattern"),
        ({"signal": "a" * 65}, "body.signal: String should match pattern"),
        ({"signal": "approve", "resaon": "typo"}, "body.resaon: Extra inputs are not permitted"),
        ({"signal": "approve", "payload": []}, "body.payload: Input should be a valid dictionary"),
    ],
)
async def test_a_body_that_breaks_the_contract_is_refused(client: httpx2.AsyncClient, body: Any, told: str) -> None:
    answer = await client.post(f"{CONTROL}/tasks/t_1/signals", json=body)

    assert problem(answer, 422).startswith(told)
    assert answer.json()["violations"]


async def test_null_stands_for_what_is_left_out(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)

    answer = await client.post(
        f"{CONTROL}/tasks/{task_id}/signals",
        json={"signal": "approve", "by": None, "reason": None, "payload": None},
    )

    assert answer.status_code == 200
    assert answer.json()["signals"][-1]["payload"] == {}


@pytest.mark.parametrize("body", [None, {}, {"until": None}])
async def test_without_a_target_it_goes_to_the_next_change(client: httpx2.AsyncClient, body: Any) -> None:
    task_id = await started(client, "approval")

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json=body)

    assert answer.json()["step"] == "extract"


@pytest.mark.parametrize("until", ["paused", "waiting"])
async def test_it_goes_until_a_status_or_a_step(client: httpx2.AsyncClient, until: str) -> None:
    task_id = await started(client, "approval")

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": until})

    assert answer.json()["step"] == "waiting"


async def test_the_clock_of_the_namespace_stays(client: httpx2.AsyncClient) -> None:
    await paused(client)

    assert (await client.get(f"{CONTROL}/clock")).json()["now"] == NOW


async def test_what_needs_a_decision_is_not_reached(client: httpx2.AsyncClient) -> None:
    task_id = await paused(client)

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "paid"})

    assert "cannot get to 'paid' by time alone" in problem(answer, 409)
    assert answer.json()["allowed"] == ["approve", "reject", "expire", "stop"]


async def test_a_finished_task_stands_still(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "completed")
    await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "completed"})

    assert "nothing changes by time" in problem(await client.post(f"{CONTROL}/tasks/{task_id}/skip"), 409)


async def test_an_unknown_target_is_told_with_the_steps(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "approval")

    answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "pausd"})

    assert "'pausd' is neither a status nor a step of scenario 'approval'" in problem(answer, 400)
