"""What a server keeps in memory: nothing of a task that is gone, and never more than its bounds."""

import asyncio
import gc
import tracemalloc
import weakref
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from typing import Any

import pytest

from tests.engines import contract
from tests.web.api_client import Api, api
from xpander_emulator.engine.views import View
from xpander_emulator.web import sse
from xpander_emulator.web.sse import StreamResponse

EVENT = "/components/schemas/TaskUpdateEvent"
SCOPE = {"type": "http", "asgi": {"version": "3.0"}, "path": "/stream", "method": "GET", "headers": []}
MIB = 1024 * 1024


@pytest.fixture
def uncollected() -> Iterator[None]:
    """Nothing looks for circles of references: what is in one stays."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def kept_answers(client: Api) -> int:
    gc.collect()
    return sum(isinstance(each, View) and each.task_state.namespace == client.namespace for each in gc.get_objects())


async def reset(client: Api, ids: list[str]) -> None:
    await client.app.engine.reset(client.namespace, ["tasks"])


async def delete(client: Api, ids: list[str]) -> None:
    for task_id in ids:
        await client.http.delete(f"/v1/tasks/{task_id}")


async def start_others(client: Api, ids: list[str]) -> None:
    for _ in ids:
        await client.start("approval")


@pytest.mark.parametrize("let_go", [reset, delete, start_others])
async def test_the_answers_of_a_task_go_with_it(let_go: Callable[[Api, list[str]], Awaitable[None]]) -> None:
    client = api(max_tasks=20)
    ids = [(await client.start("approval"))["id"] for _ in range(20)]
    for task_id in ids:
        await client.task(task_id)
    kept = kept_answers(client)

    await let_go(client, ids)

    assert (kept, kept_answers(client)) == (20, 0)


async def test_an_answer_that_is_rendered_anew_takes_the_place_of_its_task(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("xpander_emulator.engine.views._MOST", 2)
    client = api()
    ids = [(await client.start("approval"))["id"] for _ in range(2)]
    for task_id in ids:
        await client.task(task_id)

    await client.advance(2_000)
    await client.task(ids[1])

    assert kept_answers(client) == 2


async def test_the_bodies_that_were_checked_go_with_their_tasks() -> None:
    client = api()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(24):
        await client.task((await client.start("approval", f"{number}{'x' * MIB}"))["id"])
    await client.app.engine.reset(client.namespace)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert after - before < 20 * MIB


async def turns_of_the_loop() -> None:
    """Let everything happen that waits for nothing but its turn."""
    for _ in range(20):
        await asyncio.sleep(0)


async def forever() -> Any:
    # No variable holds the future: from Python 3.13 on it would hold its frame, by the exception that ends it.
    await asyncio.get_running_loop().create_future()


async def taken(message: Any) -> None:
    pass


async def untaken(message: Any) -> None:
    if "body" in message:
        await forever()


async def told(count: int) -> AsyncGenerator[Mapping[str, Any], None]:
    """So many events, and then silence."""
    for _ in range(count):
        yield {"type": "chunk", "task_id": "t", "organization_id": "o", "time": "2026-01-01T00:00:00Z", "data": "x"}
    if count > 1:
        await forever()


async def hung_up() -> Any:
    await turns_of_the_loop()
    return {"type": "http.disconnect"}


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(
    ("count", "receive", "send"),
    [
        pytest.param(1, forever, taken, id="it has ended"),
        pytest.param(2, hung_up, taken, id="the client has hung up"),
        pytest.param(2, forever, untaken, id="the client has read nothing"),
    ],
)
async def test_a_stream_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch, count: int, receive: Any, send: Any
) -> None:
    monkeypatch.setattr(sse, "SEND_SECONDS", 0.02)
    events = told(count)
    kept = weakref.ref(events)
    response = StreamResponse(events, contract(), EVENT)
    del events

    await response.stream(SCOPE, receive, send, ())
    del response
    # What was not read to its end is closed by the event loop.
    await turns_of_the_loop()

    assert kept() is None
