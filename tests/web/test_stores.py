"""The API over stores that live outside this process, and what a client is told while one cannot be used."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.engines import start as task_start
from tests.redis_server import RedisServer, messages
from tests.web.api_client import Api
from tests.web.listening import listening
from xpander_emulator.engine.stream import follow
from xpander_emulator.settings import Settings
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore
from xpander_emulator.web.app import create_app

CONTROL = {"host": "127.0.0.1"}
BODY = {"input": {"text": "Hi"}}


@pytest.fixture(params=["sqlite", "redis"])
async def two(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Api, Api]]:
    """Two servers over one store."""
    redis_url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    choice = redis_url or f"sqlite:{tmp_path / 'tasks.db'}"
    clients = [Api(create_app(Settings(clock="manual", store=choice))) for _ in range(2)]
    yield clients[0], clients[1]
    for client in clients:
        await client.app.close()


@pytest.fixture
async def two_on_redis(redis_url: str) -> AsyncIterator[tuple[Api, Api]]:
    """Two servers over one Redis."""
    clients = [Api(create_app(Settings(clock="manual", store=redis_url))) for _ in range(2)]
    yield clients[0], clients[1]
    for client in clients:
        await client.app.close()


async def test_two_servers_over_one_store_answer_the_same(two: tuple[Api, Api]) -> None:
    one, other = two
    task = await one.start("approval")
    assert await other.task(task["id"]) == await one.task(task["id"]) == task

    await other.advance(10_000)
    assert (await one.task(task["id"]))["status"] == "paused"
    assert await other.task(task["id"]) == await one.task(task["id"])

    await one.http.post(f"/hitl/{task['id']}/approve", json={})
    await one.advance(10_000)
    assert (await other.task(task["id"]))["status"] == "completed"
    assert await one.listed() == await other.listed() == [task["id"]]

    await other.http.delete(f"/v1/tasks/{task['id']}")
    assert (await one.http.get(f"/v1/tasks/{task['id']}")).status_code == 404


async def test_an_answer_that_was_kept_is_not_given_once_another_server_has_written(two: tuple[Api, Api]) -> None:
    one, other = two
    task = await one.start("external_worker")
    for client in (one, other, one, other):
        await client.task(task["id"])

    for title in ("first", "second"):
        await other.app.engine.signal(other.namespace, task["id"], "update", payload={"title": title})
        assert (await one.task(task["id"]))["title"] == title
    await one.app.engine.reset(one.namespace)
    await one.start("completed", id=task["id"])

    assert (await other.task(task["id"]))["title"] is None
    assert (await other.task(task["id"]))["agent_id"] == "completed"


async def test_sub_tasks_and_streams_are_the_same_over_both(two: tuple[Api, Api]) -> None:
    one, other = two
    task = await one.start("sub_agents")
    await one.advance(100_000)

    assert (await other.task(task["id"])) == (await one.task(task["id"]))
    assert len((await other.http.get(f"/v1/tasks/{task['id']}/thread/full")).json()) > 1


async def test_a_waiting_call_hears_what_another_server_was_told(two: tuple[Api, Api]) -> None:
    one, other = two
    body = {**BODY, "id": "waited-for"}
    call = asyncio.ensure_future(one.http.post("/v1/workflows/external_worker/invoke", json=body))
    async with asyncio.timeout(20):
        while (await other.http.get("/v1/tasks/waited-for")).status_code == 404:
            await asyncio.sleep(0)
        payload = {"status": "completed", "result": "Done"}
        await other.app.engine.signal(other.namespace, "waited-for", "update", payload=payload)
        answer = await call

    assert Api.ok(answer)["result"] == "Done"


async def test_pins_with_a_path_are_taken_once_over_both_and_the_task_goes_along_it(two: tuple[Api, Api]) -> None:
    one, other = two
    pinned = {"scenario": "approval", "path": "approval-reject", "times": 2}
    await one.http.post("/__emulator/scenarios/next", json=pinned, headers=CONTROL)

    tasks = [await client.start("completed") for client in (other, one, other)]

    assert [task["agent_id"] for task in tasks] == ["completed"] * 3
    for client in (one, other, one, other, one, other):
        await client.advance(100_000)
        shown = [(await client.task(task["id"]))["status"] for task in tasks]
    assert shown == ["stopped", "stopped", "completed"]


async def test_faults_strike_as_often_as_they_should_whichever_server_is_asked(two: tuple[Api, Api]) -> None:
    one, other = two
    task = await one.start("completed")
    rules = {"faults": [{"status": 503, "operation": "getTask", "nth": 2, "times": 2}]}
    assert (await other.http.put("/__emulator/faults", json=rules, headers=CONTROL)).status_code == 200

    statuses = [(await each.http.get(f"/v1/tasks/{task['id']}")).status_code for each in (one, other, one, other, one)]

    assert statuses == [200, 503, 503, 200, 200]
    kept = (await one.http.get("/__emulator/faults", headers=CONTROL)).json()
    assert kept == (await other.http.get("/__emulator/faults", headers=CONTROL)).json()
    assert [each["met"] for each in kept["items"]] == [5]


async def test_the_faults_of_a_story_are_counted_over_both(two: tuple[Api, Api]) -> None:
    task = await two[0].start("flaky")

    statuses = [(await each.http.get(f"/v1/tasks/{task['id']}")).status_code for each in two * 3]

    alone = Api(create_app(Settings(clock="manual")))
    task = await alone.start("flaky")
    assert statuses == [(await alone.http.get(f"/v1/tasks/{task['id']}")).status_code for _ in range(6)]
    assert set(statuses) > {200}


async def test_the_journal_is_one_over_both_and_outlives_them(two: tuple[Api, Api]) -> None:
    one, other = two
    task = await one.start("completed")
    for each in (other, one, other):
        await each.task(task["id"])
    for each in two:
        await each.app.engine.journal.newest("any")

    found = [(await each.http.get("/__emulator/requests", headers=CONTROL)).json() for each in two]

    assert found[0] == found[1]
    assert found[0]["total"] == 4
    assert len({item["id"] for item in found[0]["items"]}) == 4
    await one.app.engine.reset(one.namespace, ["journal"])
    assert (await other.http.get("/__emulator/requests", headers=CONTROL)).json()["items"] == []


async def test_whoever_follows_one_server_is_told_when_another_has_done_something(two: tuple[Api, Api]) -> None:
    one, other = two
    async with listening(one.app, "/__emulator/events", {"x-api-key": one.http.headers["x-api-key"]}) as listener:
        assert (await listener.event())["type"] == "stale"
        await one.start("completed")
        assert [event["type"] for event in await listener.events(2)] == ["birth", "request"]

        await other.start("approval")

        assert (await listener.event())["type"] == "stale"


async def test_a_start_by_the_control_api_of_another_server_is_heard(two: tuple[Api, Api]) -> None:
    one, other = two
    async with listening(one.app, "/__emulator/events", {"x-api-key": one.http.headers["x-api-key"]}) as listener:
        assert (await listener.event())["type"] == "stale"

        for act in ("start", "signal", "skip"):
            await by_control(other, act, "of-another")

            assert (act, (await listener.event())["type"]) == (act, "stale")


async def test_an_import_is_heard_on_the_same_server_and_on_another(two: tuple[Api, Api]) -> None:
    one, other = two
    await by_control(one, "start", "of-another")
    document = Api.ok(await one.http.get("/__emulator/export", headers=CONTROL))
    key = {"x-api-key": one.http.headers["x-api-key"]}
    path = "/__emulator/events"
    async with listening(one.app, path, key) as here, listening(other.app, path, key) as there:
        for listener in (here, there):
            assert (await listener.event())["type"] == "stale"

        Api.ok(await one.http.post("/__emulator/import?replace=true", json=document, headers=CONTROL))

        for listener in (here, there):
            assert (await listener.event())["type"] == "stale"


async def by_control(client: Api, act: str, task_id: str) -> None:
    """Start, signal or skip a task by the control API, which the journal does not record."""
    path = f"/__emulator/tasks/{task_id}"
    match act:
        case "start":
            request = {"scenario": "approval", "request": {**BODY, "id": task_id}}
            answer = await client.http.post("/__emulator/tasks", json=request, headers=CONTROL)
        case "signal":
            update = {"signal": "update", "payload": {"title": "New"}}
            answer = await client.http.post(f"{path}/signals", json=update, headers=CONTROL)
        case _:
            answer = await client.http.post(f"{path}/skip", json={}, headers=CONTROL)
    assert answer.is_success, answer.text


async def test_the_server_tells_what_kind_of_store_it_has(two: tuple[Api, Api]) -> None:
    info = (await two[0].http.get("/__emulator/info", headers=CONTROL)).json()

    assert info["store"] in ("sqlite", "redis")


def told(answer: httpx2.Response, problem: bool = False) -> str:
    """Return what a client is told that is to come again."""
    assert answer.status_code == 503, answer.text
    assert answer.headers["retry-after"] == "1"
    if problem:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["type"] == "urn:xpander-emulator:store-unavailable"
    else:
        assert list(answer.json()) == ["detail"]
    return str(answer.json()["detail"])


@pytest.fixture
async def on_file(tmp_path: Path) -> AsyncIterator[Api]:
    client = Api(create_app(Settings(clock="manual", store=f"sqlite:{tmp_path / 'tasks.db'}")))
    yield client
    await client.app.close()


def connection(client: Api) -> sqlite3.Connection:
    store = client.app.engine.store
    assert isinstance(store, SqliteStore)
    return store.database.connection


async def start(client: Api, **body: Any) -> httpx2.Response:
    return await client.http.post("/v1/workflows/approval/invoke/async", json={**BODY, **body})


async def test_a_full_disk_is_told_and_serving_goes_on_once_there_is_room(on_file: Api) -> None:
    first = await on_file.start("approval")
    [(pages,)] = connection(on_file).execute("PRAGMA page_count")
    connection(on_file).execute(f"PRAGMA max_page_count = {pages}")

    refused = [await start(on_file, id=f"t{number}", input={"text": "x" * 3000}) for number in range(9)]
    full = [answer for answer in refused if answer.status_code != 200]
    assert full
    assert all("is full: no space is left for it" in told(answer) for answer in full)
    assert await on_file.task(first["id"]) == first
    signal = {"signal": "update", "payload": {"title": "x" * 9000}}
    path = f"/__emulator/tasks/{first['id']}/signals"
    assert "is full" in told(await on_file.http.post(path, json=signal, headers=CONTROL), problem=True)
    kept = await on_file.listed()
    assert len(kept) == 1 + len(refused) - len(full)

    connection(on_file).execute("PRAGMA max_page_count = 1000000")
    assert Api.ok(await on_file.http.post(path, json=signal, headers=CONTROL))["snapshot"]["title"] == "x" * 9000
    await on_file.start("approval", id="later")
    assert await on_file.listed() == ["later", *kept]


async def test_a_read_only_file_is_told_and_serving_goes_on_once_it_is_writable(on_file: Api) -> None:
    first = await on_file.start("approval")
    connection(on_file).execute("PRAGMA query_only = 1")

    assert "is read-only. Make it writable" in told(await start(on_file))
    reset = await on_file.http.post("/__emulator/reset", headers=CONTROL)
    assert "is read-only" in told(reset, problem=True)
    assert await on_file.task(first["id"]) == first

    connection(on_file).execute("PRAGMA query_only = 0")
    assert (await start(on_file, id="later")).status_code == 200
    assert await on_file.listed() == ["later", first["id"]]


async def test_a_locked_file_is_waited_for_and_then_told(
    on_file: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.store.sqlite.database.PATIENCE_SECONDS", 0.05)
    first = await on_file.start("approval")
    locker = sqlite3.connect(tmp_path / "tasks.db", isolation_level=None)
    locker.execute("BEGIN IMMEDIATE")

    assert "is locked by another process" in told(await start(on_file))
    assert await on_file.task(first["id"]) == first

    monkeypatch.setattr("xpander_emulator.store.sqlite.database.PATIENCE_SECONDS", 20)
    waits = asyncio.Event()
    # The statement is traced before it is found that the file is locked, and no other turn of the loop lies between.
    connection(on_file).set_trace_callback(lambda _: waits.set())
    patient = asyncio.ensure_future(start(on_file, id="later"))
    await asyncio.wait_for(waits.wait(), 20)
    assert await on_file.task(first["id"]) == first
    locker.execute("ROLLBACK")
    locker.close()
    assert (await patient).status_code == 200
    assert await on_file.listed() == ["later", first["id"]]


async def test_a_full_disk_in_earnest_is_told(tmp_path: Path) -> None:
    """A file system of half a MiB, where this user may mount one."""
    mount = await asyncio.create_subprocess_exec(
        *("mount", "-t", "tmpfs", "-o", "size=512k", "none", str(tmp_path)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if await mount.wait():
        pytest.skip("no file system can be mounted here")
    client = Api(create_app(Settings(clock="manual", store=f"sqlite:{tmp_path / 'tasks.db'}")))
    try:
        answers = [await start(client, id=f"t{number}", input={"text": "x" * 9000}) for number in range(40)]
        taken = [number for number, answer in enumerate(answers) if answer.status_code == 200]
        refused = [answer for answer in answers if answer.status_code != 200]

        assert refused
        assert all("is full" in told(answer) for answer in refused)
        assert sorted(await client.listed(per_page=50)) == sorted(f"t{number}" for number in taken)
    finally:
        await client.app.close()
        await (await asyncio.create_subprocess_exec("umount", str(tmp_path))).wait()


async def test_a_poll_is_two_questions_what_there_is_and_its_number(redis_url: str) -> None:
    client = Api(create_app(Settings(clock="manual", store=redis_url)))
    task = await client.start("approval")
    # Nothing of the journal is left to be written.
    await client.app.engine.journal.newest(client.namespace)
    assert isinstance(client.app.engine.store, RedisStore)
    pipeline = client.app.engine.store.database.pipeline
    before = await messages(pipeline)

    await client.task(task["id"])

    assert await messages(pipeline) - before == 2 + 1
    await client.app.close()


@pytest.fixture
def own_redis() -> Iterator[RedisServer]:
    with RedisServer(durable=True) as server:
        yield server


async def test_redis_that_goes_away_is_told_and_serving_goes_on_once_it_is_back(own_redis: RedisServer) -> None:
    client = Api(create_app(Settings(clock="manual", store=own_redis.url)))
    first = await client.start("approval")
    body = {**BODY, "id": "waiting"}
    waiting = asyncio.ensure_future(client.http.post("/v1/workflows/external_worker/invoke", json=body))
    async with asyncio.timeout(20):
        while (await client.http.get("/v1/tasks/waiting")).status_code == 404:
            await asyncio.sleep(0)

    own_redis.kill()

    assert "does not answer" in told(await waiting)
    for answer in (await start(client), await client.http.get(f"/v1/tasks/{first['id']}")):
        assert f"The store unix://{own_redis.socket} does not answer" in told(answer)
    assert "does not answer" in told(await client.http.get("/__emulator/ready", headers=CONTROL), problem=True)
    assert (await client.http.get("/__emulator/health", headers=CONTROL)).status_code == 200

    own_redis.start()
    assert await client.task(first["id"]) == first
    assert (await start(client, id="later")).status_code == 200
    assert (await client.http.get("/__emulator/ready", headers=CONTROL)).status_code == 200
    assert set(await client.listed()) == {first["id"], "waiting", "later"}
    await client.app.close()


async def test_after_a_flush_old_tasks_are_unknown_lists_empty_and_new_starts_work(
    two_on_redis: tuple[Api, Api], running_redis: RedisServer
) -> None:
    one, other = two_on_redis
    task = await one.start("approval", id="before")
    await one.advance(10_000)
    for client in (one, other):
        assert (await client.task("before"))["status"] == "paused"
    running_redis.flush()

    for client in (other, one):
        path = "/__emulator/tasks/before"
        signals = {"signal": "approve"}
        unknown = [
            await client.http.get("/v1/tasks/before"),
            await client.http.delete("/v1/tasks/before"),
            await client.http.get("/v1/tasks/before/thread/full"),
            await client.http.post("/hitl/before/approve", json={}),
            await client.http.get(path, headers=CONTROL),
            await client.http.post(f"{path}/signals", json=signals, headers=CONTROL),
            await client.http.post(f"{path}/skip", json={}, headers=CONTROL),
        ]
        assert {answer.status_code for answer in unknown} == {404}
        listed = Api.ok(await client.http.get("/__emulator/tasks", headers=CONTROL))
        assert (await client.listed(), listed["total"]) == ([], 0)
        assert (await client.http.get("/__emulator/ready", headers=CONTROL)).status_code == 200
    again = await other.start("approval", id="before")
    assert (again["status"], again["created_at"]) == (task["status"], task["created_at"])
    assert await one.task("before") == await other.task("before") == again


REQUESTS: tuple[tuple[str, str, Any], ...] = (
    ("GET", "/v1/tasks/known", None),
    ("GET", "/v1/tasks", None),
    ("GET", "/v1/tasks/known/thread/full", None),
    ("DELETE", "/v1/tasks/known", None),
    ("POST", "/hitl/known/approve", {}),
    ("POST", "/v1/workflows/sub_agents/invoke/async", BODY),
    ("POST", "/v1/workflows/sub_agents/invoke/stream", BODY),
    ("POST", "/v1/workflows/completed/invoke", BODY),
    ("POST", "/v1/workflows/completed/invoke/async", {**BODY, "id": "ended"}),
    ("POST", "/__emulator/tasks", {"scenario": "sub_agents"}),
    ("POST", "/__emulator/tasks/known/signals", {"signal": "approve"}),
    ("POST", "/__emulator/tasks/known/skip", {}),
    ("POST", "/__emulator/clock/advance", {"by": "1s"}),
    ("POST", "/__emulator/reset", {}),
    ("POST", "/__emulator/scenarios/next", {"scenario": "completed"}),
    ("PUT", "/__emulator/faults", {"faults": [{"status": 503, "operation": "getTask"}]}),
    ("GET", "/__emulator/tasks", None),
    ("GET", "/__emulator/tasks/known", None),
    ("GET", "/__emulator/requests", None),
    ("GET", "/__emulator/export", None),
)


@pytest.mark.parametrize(("method", "path", "body"), REQUESTS, ids=[f"{each[0]} {each[1]}" for each in REQUESTS])
async def test_a_flush_between_any_two_questions_of_a_request_is_never_a_defect_of_ours(
    redis_url: str, running_redis: RedisServer, method: str, path: str, body: Any
) -> None:
    client = Api(create_app(Settings(clock="auto", store=redis_url, max_tasks=2)))
    assert isinstance(client.app.engine.store, RedisStore)
    there = client.app.engine.store.database.client
    ask, asked, flush_at = there.execute_command, 0, 0

    async def execute_command(*command: Any) -> Any:
        nonlocal asked
        asked += 1
        if asked == flush_at:
            await ask("FLUSHALL")
        return await ask(*command)

    there.execute_command = execute_command
    for number in range(1, 100):
        running_redis.flush()
        await client.start("completed", id="ended")
        await client.task("ended")
        await client.start("approval", id="known")
        asked, flush_at = 0, number

        answer = await client.http.request(method, path, json=body, headers=CONTROL)

        assert answer.status_code in (200, 204, 404, 409, 503), (number, answer.text)
        if asked < number:
            break
        flush_at = 0
        assert (await client.http.get("/v1/tasks", headers=CONTROL)).status_code == 200
    else:
        pytest.fail("more questions than were tried")
    await client.app.close()


@pytest.mark.parametrize("loss", ["a flush", "a restart without data"])
async def test_what_waits_or_streams_while_redis_loses_its_data_ends_and_followers_read_all_again(
    loss: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xpander_emulator.store.redis.channel._LINGER_SECONDS", 0.01)
    with RedisServer() as server:
        client = Api(create_app(Settings(clock="manual", store=server.url)))
        await client.start("external_worker", id="old")
        key = {"x-api-key": client.http.headers["x-api-key"]}
        async with listening(client.app, "/__emulator/events", key) as follower:
            assert (await follower.event())["type"] == "stale"
            waiting = [
                asyncio.ensure_future(client.http.post("/v1/workflows/external_worker/invoke", json=BODY)),
                asyncio.ensure_future(client.http.post("/v1/workflows/external_worker/invoke/stream", json=BODY)),
            ]
            async with asyncio.timeout(20):
                # Both tasks and their namespace.
                while len(await client.listed()) < 3 or listeners(client) < 4:
                    await asyncio.sleep(0)
                if loss == "a flush":
                    server.flush()
                else:
                    server.kill()
                    server.start()
                waited, streamed = await asyncio.gather(*waiting)
                while (await follower.event())["type"] != "stale":
                    pass

        assert waited.status_code in (404, 503), waited.text
        assert "task_created" in streamed.text
        assert "task_finished" not in streamed.text
        assert (await client.start("completed", id="old"))["agent_id"] == "completed"
        await client.app.close()


async def test_a_stream_of_a_task_that_was_lost_tells_nothing_of_the_next_one_of_its_id(
    two_on_redis: tuple[Api, Api], running_redis: RedisServer
) -> None:
    engine = two_on_redis[0].app.engine
    view = await engine.start("ns", task_start("external_worker", id="same"))
    before = await engine.task_states.get("ns", "same")
    events = follow(engine, view.task_state)
    assert (await anext(events))["type"] == "task_created"
    running_redis.flush()
    again = await engine.start("ns", task_start("external_worker", id="same"))
    assert again.body == view.body

    assert await engine.task_states.has_moved(before)
    async with asyncio.timeout(5):
        assert [event async for event in events] == []


def listeners(client: Api) -> int:
    """Return how many tasks and namespaces are listened to in a server."""
    store = client.app.engine.store
    assert isinstance(store, RedisStore)
    return store.notifications.subscribed_keys


async def test_redis_without_memory_left_is_told(own_redis: RedisServer) -> None:
    import redis

    client = Api(create_app(Settings(clock="manual", store=own_redis.url)))
    first = await client.start("approval")
    with redis.Redis.from_url(own_redis.url) as there:
        there.config_set("maxmemory", 1)
        refused = await start(client)
        assert "refuses: " in told(refused)
        assert await client.task(first["id"]) == first
        there.config_set("maxmemory", 0)

    assert (await start(client)).status_code == 200
    await client.app.close()
