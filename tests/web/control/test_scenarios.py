from typing import Any

import httpx2
import pytest

from tests.web.control.clients import CONTROL, problem, started
from xpander_emulator.web.app import Application


async def test_the_playlist_comes_with_requests_that_the_contract_takes(client: httpx2.AsyncClient) -> None:
    playlist = (await client.get(f"{CONTROL}/playlist")).json()

    for story in playlist["stories"]:
        sent = {"scenario": story["scenario"], "request": story["request"]}
        assert story["request"]
        assert (await client.post(f"{CONTROL}/tasks", json=sent)).status_code == 200


async def test_all_are_listed_with_what_is_chosen(client: httpx2.AsyncClient, app: Application) -> None:
    listed = (await client.get(f"{CONTROL}/scenarios")).json()

    assert [item["name"] for item in listed["items"]] == list(app.engine.catalogue)
    assert all(item["description"] and item["source"].startswith("scenarios/") for item in listed["items"])
    assert (listed["default"], listed["upcoming"]) == ("completed", [])


async def test_each_is_told_with_steps_and_graph(client: httpx2.AsyncClient, app: Application) -> None:
    for name in app.engine.catalogue:
        answer = await client.get(f"{CONTROL}/scenarios/{name}")

        assert answer.status_code == 200, answer.text
        steps = answer.json()["timeline"]
        assert [step["id"] for step in steps] == [node["id"] for node in answer.json()["graph"]["nodes"]]
        assert steps[-1]["exits"] == []


async def test_a_step_is_told_as_its_author_wrote_it(client: httpx2.AsyncClient) -> None:
    told = (await client.get(f"{CONTROL}/scenarios/approval")).json()

    waiting = next(step for step in told["timeline"] if step["id"] == "waiting")
    assert waiting["pause"]["property"] == "hitl_request"
    assert waiting["pause"]["details"]["title"] == "Refund for {{ fake.name }}"
    assert waiting["exits"][-1] == {"to": "expired", "by": "expire", "after": "1d"}


async def test_a_graph_is_told_for_mermaid(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"{CONTROL}/scenarios/approval", params={"format": "mermaid"})

    assert answer.headers["content-type"] == "text/vnd.mermaid; charset=utf-8"
    assert answer.text.startswith("stateDiagram-v2\n    [*] --> s0\n")


async def test_an_unknown_format_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.get(f"{CONTROL}/scenarios/approval", params={"format": "dot"})

    assert problem(answer, 422) == "query.format: Input should be 'json' or 'mermaid'"


async def test_the_default_is_taken_where_nothing_else_decides(client: httpx2.AsyncClient) -> None:
    answer = await client.put(f"{CONTROL}/scenarios/default", json={"scenario": "slow"})

    assert answer.json() == {"default": "slow", "upcoming": [], "upcoming_paths": []}
    task_id = await started(client, "anything")
    assert (await client.get(f"{CONTROL}/tasks/{task_id}")).json()["scenario"] == "slow"
    assert (await client.get(f"{CONTROL}/info")).json()["default_scenario"] == "slow"


async def test_the_next_starts_take_what_was_chosen_for_them(client: httpx2.AsyncClient) -> None:
    await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "failed", "times": 2})
    answer = await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "error"})

    assert answer.json() == {
        "default": "completed",
        "upcoming": ["failed", "failed", "error"],
        "upcoming_paths": [None, None, None],
    }
    for _ in range(4):
        await started(client, "approval")
    items = (await client.get(f"{CONTROL}/tasks")).json()["items"]
    assert [item["scenario"] for item in reversed(items)] == ["failed", "failed", "error", "approval"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/scenarios/aproval", None),
        ("PUT", "/scenarios/default", {"scenario": "aproval"}),
        ("POST", "/scenarios/next", {"scenario": "aproval"}),
        ("GET", "/scenarios/aproval/paths", None),
    ],
)
async def test_an_unknown_name_is_told_with_the_nearest(
    client: httpx2.AsyncClient, method: str, path: str, body: Any
) -> None:
    answer = await client.request(method, CONTROL + path, json=body)

    assert problem(answer, 404) == "No scenario is called 'aproval'. Did you mean 'approval'?"


async def test_its_paths_are_told_with_their_decisions(client: httpx2.AsyncClient) -> None:
    items = (await client.get(f"{CONTROL}/scenarios/approval/paths")).json()["items"]

    assert [item["id"] for item in items] == [
        *("approval-approve", "approval-reject", "approval-expire"),
        *("stop-while-pending", "stop-while-executing", "stop-while-paused"),
    ]
    assert items[1] == {
        "id": "approval-reject",
        "steps": ["pending", "extract", "waiting", "rejected"],
        "moves": [{"step": "waiting", "signal": "reject"}],
        "end": "stopped",
        "fault": None,
    }


async def test_the_next_start_takes_the_path_that_was_chosen_for_it(client: httpx2.AsyncClient) -> None:
    body = {"scenario": "approval", "path": "approval-reject"}
    answer = await client.post(f"{CONTROL}/scenarios/next", json=body)
    await client.put(f"{CONTROL}/clock", json={"mode": "auto"})
    task_id = await started(client, "anything")

    told = [(await client.get(f"/v1/tasks/{task_id}")).json()["status"] for _ in range(4)]

    assert answer.json()["upcoming_paths"] == ["approval-reject"]
    assert told == ["executing", "paused", "stopped", "stopped"]


async def test_an_unknown_path_is_told_with_the_nearest(client: httpx2.AsyncClient) -> None:
    body = {"scenario": "approval", "path": "approval-rejected"}
    answer = await client.post(f"{CONTROL}/scenarios/next", json=body)

    wanted = "The scenario 'approval' has no path 'approval-rejected'. Did you mean 'approval-reject'?"
    assert problem(answer, 404) == wanted


@pytest.mark.parametrize("times", [0, 1001, 1.5, "2"])
async def test_times_outside_the_contract_are_refused(client: httpx2.AsyncClient, times: Any) -> None:
    answer = await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "slow", "times": times})

    assert problem(answer, 422).startswith("body.times: ")
