import asyncio

import httpx2
import pytest
from starlette.types import Message

from tests.testkit.clients import BODY
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.testkit import Emulator, Task


async def test_an_async_client_without_sockets_reads_the_same_tasks(kit: Emulator, approval: Task) -> None:
    transport = httpx2.ASGITransport(app=kit.asgi)
    headers = {"x-api-key": kit.api_key}
    async with httpx2.AsyncClient(transport=transport, base_url=kit.base_url, headers=headers) as client:
        first = await client.get(f"/v1/tasks/{approval.id}")
        waited = asyncio.ensure_future(client.post("/v1/workflows/completed/invoke", json=BODY))
        streamed = await client.post("/v1/workflows/streaming_answer/invoke/stream", json=BODY)

        assert first.json()["status"] == "executing"
        assert (await waited).json()["status"] == "completed"
        assert '"type":"task_finished"' in streamed.text
    assert approval.status == "executing"


async def test_a_request_without_sockets_that_is_cancelled_ends_on_the_server_too(kit: Emulator) -> None:
    kit.clock.set("manual")
    transport = httpx2.ASGITransport(app=kit.asgi)
    async with httpx2.AsyncClient(transport=transport, base_url=kit.base_url) as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.post("/v1/workflows/approval/invoke", json=BODY, headers={"x-api-key": kit.api_key})

    store = kit._namespace.engine.store
    assert isinstance(store, MemoryStore)
    assert kit.tasks[0].status == "pending"
    assert not store.notifications.subscribed_keys


async def test_messages_are_received_and_sent_in_the_loop_of_the_caller(kit: Emulator) -> None:
    loops = []

    async def receive() -> Message:
        loops.append(asyncio.get_running_loop())
        return {"type": "http.request", "body": b'{"input": {"text": "Hi"}}'}

    async def send(message: Message) -> None:
        loops.append(asyncio.get_running_loop())

    path, headers = "/v1/workflows/completed/invoke/async", [(b"x-api-key", kit.api_key.encode())]
    scope = {"type": "http", "scheme": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
    await kit.asgi(scope, receive, send)

    assert len(kit.tasks) == 1
    assert loops == [asyncio.get_running_loop()] * 3
