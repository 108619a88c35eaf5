import httpx2

from tests.web.control.clients import CONTROL, client_of, problem
from xpander_emulator.web.app import Application


async def test_a_story_is_started_by_its_name(client: httpx2.AsyncClient, key: str) -> None:
    request = {"input": {"text": "Refund order 7"}, "title": "Seven"}

    task = (await client.post(f"{CONTROL}/tasks", json={"scenario": "approval", "request": request})).json()

    assert (task["scenario"], task["runs"], task["status"]) == ("approval", "approval", "pending")
    assert task["snapshot"]["input"]["text"] == "Refund order 7"
    assert (await client.get(f"/v1/tasks/{task['id']}")).json()["title"] == "Seven"


async def test_a_start_without_a_request_takes_the_example_of_the_contract(client: httpx2.AsyncClient) -> None:
    task = (await client.post(f"{CONTROL}/tasks", json={"scenario": "completed"})).json()

    assert task["snapshot"]["input"]["text"] == "Run the full analysis pipeline"


async def test_a_start_needs_no_key_and_leaves_what_is_pinned(app: Application) -> None:
    async with client_of(app) as client:
        query = {"namespace": "chosen"}
        await client.post(f"{CONTROL}/scenarios/next", json={"scenario": "failed"}, params=query)

        task = (await client.post(f"{CONTROL}/tasks", json={"scenario": "approval"}, params=query)).json()

        assert task["scenario"] == "approval"
        assert (await client.get(f"{CONTROL}/scenarios", params=query)).json()["upcoming"] == ["failed"]


async def test_a_request_that_breaks_the_contract_starts_nothing(client: httpx2.AsyncClient) -> None:
    sent = {"scenario": "approval", "request": {"input": {"text": 7}}}

    answer = await client.post(f"{CONTROL}/tasks", json=sent)

    assert problem(answer, 422).startswith("body.request.input.text: ")
    assert (await client.get(f"{CONTROL}/tasks")).json()["total"] == 0


async def test_an_unknown_story_is_not_started(client: httpx2.AsyncClient) -> None:
    answer = await client.post(f"{CONTROL}/tasks", json={"scenario": "aproval"})

    assert "Did you mean 'approval'?" in problem(answer, 404)


async def test_the_id_of_a_live_task_is_not_started_again(client: httpx2.AsyncClient) -> None:
    sent = {"scenario": "approval", "request": {"input": {"text": "Refund"}, "id": "one"}}
    await client.post(f"{CONTROL}/tasks", json=sent)

    answer = await client.post(f"{CONTROL}/tasks", json=sent)

    assert "Task 'one' is pending" in problem(answer, 409)
