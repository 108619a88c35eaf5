import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest

from tests.web.api_client import Api, api
from xpander_emulator.store.memory import MemoryStore

BODY = {"input": {"text": "Hello"}}


async def invoke(client: Api, workflow: str, wait: float | None = None, **body: Any) -> httpx2.Response:
    headers = {} if wait is None else {"prefer": f"wait={wait}"}
    return await client.http.post(f"/v1/workflows/{workflow}/invoke", json=BODY | body, headers=headers)


def sleepers(client: Api) -> int:
    store = client.app.engine.store
    assert isinstance(store, MemoryStore)
    return len([key for key in store.notifications._subscriptions if key[0] == client.namespace])


async def until(is_so: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if is_so():
            return
        await asyncio.sleep(0)
    pytest.fail("it never came to that")


async def while_it_waits(client: Api, workflow: str, act: Callable[[], Awaitable[object]]) -> httpx2.Response:
    """Return what a waiting call is answered when something is done meanwhile."""
    call = asyncio.ensure_future(invoke(client, workflow, id="waited-for"))
    await until(lambda: sleepers(client) > 0)
    await act()
    return await call


@pytest.mark.parametrize(
    ("workflow", "status"),
    [
        ("completed", "completed"),
        ("failed", "failed"),
        ("error", "error"),
        ("polled", "completed"),
        ("slow", "completed"),
    ],
)
async def test_on_an_auto_clock_a_call_is_answered_with_the_end(auto: Api, workflow: str, status: str) -> None:
    before = time.monotonic()

    answer = await invoke(auto, workflow)

    assert Api.ok(answer)["status"] == status
    assert answer.headers["x-emulator-step"] == status
    assert "preference-applied" not in answer.headers
    assert time.monotonic() - before < 5  # `slow` takes thirty seconds and more of its own time


@pytest.mark.parametrize("workflow", ["approval", "connector_authorization", "paused_by_webhook"])
async def test_a_call_that_meets_a_pause_is_answered_with_the_paused_task(auto: Api, workflow: str) -> None:
    assert Api.ok(await invoke(auto, workflow))["status"] == "paused"


async def test_an_agent_is_waited_for_in_the_same_way(auto: Api) -> None:
    task = Api.ok(await auto.http.post("/v1/agents/completed/invoke", json=BODY))

    assert (task["status"], task["is_orchestration"]) == ("completed", False)


async def test_a_sub_tasks_end_is_in_the_answer(auto: Api) -> None:
    task = Api.ok(await invoke(auto, "sub_agents"))

    assert len(task["sub_executions"]) == 2
    assert task["finished_sub_executions"] == task["sub_executions"]


async def test_on_a_fast_clock_a_call_waits_for_the_end() -> None:
    client = api(clock="scaled", scale=100_000)

    assert Api.ok(await invoke(client, "completed"))["status"] == "completed"


@pytest.mark.parametrize("wait", [0, 0.01])
async def test_a_preferred_wait_bounds_a_call_and_is_told(manual: Api, wait: float) -> None:
    answer = await invoke(manual, "completed", wait=wait)

    assert Api.ok(answer)["status"] == "pending"
    assert answer.headers["preference-applied"] == f"wait={wait}"
    assert sleepers(manual) == 0


async def test_a_wait_that_was_not_needed_changes_nothing(auto: Api) -> None:
    answer = await invoke(auto, "completed", wait=5)

    assert Api.ok(answer)["status"] == "completed"
    assert answer.headers["preference-applied"] == "wait=5"


async def test_on_a_clock_that_stands_a_call_is_answered_with_the_present_task_in_the_end(
    manual: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.engine.engine.MANUAL_WAIT_SECONDS", 0.01)

    assert Api.ok(await invoke(manual, "completed"))["status"] == "pending"


async def test_advancing_the_clock_answers_a_call(manual: Api) -> None:
    answer = await while_it_waits(manual, "completed", lambda: manual.advance(2_000))

    assert Api.ok(answer)["status"] == "completed"
    assert sleepers(manual) == 0


async def test_a_stop_answers_a_call(manual: Api) -> None:
    answer = await while_it_waits(manual, "completed", lambda: manual.http.post("/v1/tasks/waited-for/stop"))

    assert Api.ok(answer)["status"] == "stopped"


async def test_a_skip_answers_a_call(manual: Api) -> None:
    answer = await while_it_waits(
        manual, "approval", lambda: manual.app.engine.skip(manual.namespace, "waited-for", "paused")
    )

    assert Api.ok(answer)["status"] == "paused"


@pytest.mark.parametrize("act", ["delete", "reset"])
async def test_a_task_that_vanishes_while_it_is_waited_for_is_not_found(manual: Api, act: str) -> None:
    async def vanish() -> None:
        if act == "delete":
            await manual.http.delete("/v1/tasks/waited-for")
        else:
            await manual.app.engine.reset(manual.namespace)

    answer = await while_it_waits(manual, "completed", vanish)

    assert (answer.status_code, answer.json()) == (404, {"detail": "Task not found"})
    assert sleepers(manual) == 0


async def test_many_calls_wait_at_once_and_are_answered_together(manual: Api) -> None:
    calls = [asyncio.ensure_future(invoke(manual, "completed", id=f"t{place}")) for place in range(20)]
    await until(lambda: sleepers(manual) == 21)  # each task, and the namespace

    await manual.advance(2_000)

    answers = await asyncio.gather(*calls)
    assert {Api.ok(answer)["status"] for answer in answers} == {"completed"}
    assert sleepers(manual) == 0


async def test_a_client_that_hangs_up_frees_its_wait_and_leaves_its_task() -> None:
    client = api()
    sent, gone = [], asyncio.Event()
    body: dict[str, Any] = {"type": "http.request", "body": b'{"input": {}, "id": "left"}', "more_body": False}
    received = iter([body])

    async def receive() -> dict[str, Any]:
        if (message := next(received, None)) is not None:
            return message
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    call = asyncio.ensure_future(client.app(scope("/v1/workflows/completed/invoke"), receive, send))
    await until(lambda: sleepers(client) > 0)
    gone.set()
    await call

    assert sent == []
    assert sleepers(client) == 0
    assert (await client.task("left"))["status"] == "pending"


def scope(path: str) -> dict[str, Any]:
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "scheme": "http",
        "server": ("127.0.0.1", 4020),
        "headers": [(b"x-api-key", b"key"), (b"content-type", b"application/json")],
    }


async def test_on_an_auto_clock_a_task_that_waits_while_it_executes_is_returned_at_once(auto: Api) -> None:
    answer = await asyncio.wait_for(auto.http.post("/v1/workflows/external_worker/invoke", json={"input": {}}), 2)

    assert answer.json()["status"] == "executing"
