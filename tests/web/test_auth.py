import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.web.api_client import Api, api, shared
from xpander_emulator.settings import DEFAULT_KEY, DEFAULT_NAMESPACE, Settings
from xpander_emulator.web.auth import Keys, Unauthorized

MISSING = {"detail": "Invalid or missing API key"}


@pytest.mark.parametrize("path", ["/v1/tasks", "/v1/tasks/any", "/v1/workflows", "/v1/agents/approval"])
@pytest.mark.parametrize("key", [None, "", "k" * 1_025])
async def test_a_request_without_a_proper_key_is_unauthorized(manual: Api, path: str, key: str | None) -> None:
    del manual.http.headers["x-api-key"]

    answer = await manual.http.get(path, headers={} if key is None else {"x-api-key": key})

    assert (answer.status_code, answer.json()) == (401, MISSING)
    assert "x-ratelimit-limit" not in answer.headers


async def test_health_needs_no_key(manual: Api) -> None:
    del manual.http.headers["x-api-key"]

    answer = await manual.http.get("/health")

    assert (answer.status_code, answer.json()) == (200, "ok")


async def test_only_the_keys_that_are_named_are_welcome() -> None:
    client = api("good", api_keys=(("good", None),))

    assert (await client.http.get("/v1/tasks")).status_code == 200
    assert (await client.http.get("/v1/tasks", headers={"x-api-key": "bad"})).json() == MISSING
    assert (await client.http.get("/v1/tasks", headers={"x-api-key": DEFAULT_KEY})).status_code == 401


async def test_keys_that_name_a_namespace_share_its_tasks() -> None:
    one = api("one", api_keys=(("one", "team"), ("two", "team"), ("three", None)))
    two, three = Api(one.app, "two"), Api(one.app, "three")

    task = await one.start()

    assert await two.listed() == [task["id"]]
    assert await three.listed() == []
    assert list(await one.app.engine.store.namespaces()) == ["team"]


def test_a_namespace_never_tells_its_key() -> None:
    keys = Keys(Settings())

    assert keys.namespace("secret-key").startswith("ns-")
    assert "secret" not in keys.namespace("secret-key")
    assert keys.namespace(DEFAULT_KEY) == DEFAULT_NAMESPACE


def test_without_a_default_key_the_first_named_one_opens_the_default_namespace() -> None:
    keys = Keys(Settings(api_keys=(("a", "first"), ("b", None))))

    assert keys.default == "first"
    with pytest.raises(Unauthorized, match=r"^Invalid or missing API key$"):
        keys.namespace("c")


async def test_a_key_does_not_see_touch_or_meet_the_tasks_of_another(manual: Api) -> None:
    other = Api(manual.app, f"somebody else than {manual.namespace}")
    task = await manual.start("approval", id="shared-id")

    for method, path in [
        ("GET", "/v1/tasks/shared-id"),
        ("POST", "/v1/tasks/shared-id/stop"),
        ("DELETE", "/v1/tasks/shared-id"),
        ("GET", "/v1/tasks/shared-id/thread"),
        ("GET", "/v1/tasks/shared-id/thread/full"),
    ]:
        answer = await other.http.request(method, path)
        assert (answer.status_code, answer.json()) == (404, {"detail": "Task not found"})
    assert await other.listed() == []
    assert (await other.start("completed", id="shared-id"))["agent_id"] == "completed"
    assert await manual.task("shared-id") == task


ACTS = st.sampled_from(["completed", "approval", "sub_agents", "advance", "skip", "approve", "stop", "delete", "list"])


async def act(client: Api, what: str, ids: list[str]) -> object:
    """Do one thing as a client would, and return all that it learns from it."""
    engine, path = client.app.engine, f"/v1/tasks/{ids[-1] if ids else 'none'}"
    match what:
        case "advance":
            await client.advance(700)
            return None
        case "skip" | "approve":
            if ids and what in (await engine.peek(client.namespace, ids[-1])).task_state.snapshot.waits_for:
                await engine.signal(client.namespace, ids[-1], what)
            return (await client.http.get(path)).content
        case "stop":
            return (await client.http.post(f"{path}/stop")).content
        case "delete":
            if ids:
                await client.http.delete(path)
                ids.pop()
            return (await client.http.get(path)).content
        case "list":
            return (await client.http.get("/v1/tasks")).content
    task = await client.start(what)
    ids.append(task["id"])
    return task


async def play(clients: list[Api], acts: list[tuple[int, str]]) -> list[list[object]]:
    """Return what each of the clients learns, from a fresh start."""
    for client in clients:
        await client.app.engine.reset(client.namespace)
    learnt: list[list[object]] = [[] for _ in clients]
    ids: list[list[str]] = [[] for _ in clients]
    for who, what in acts:
        learnt[who].append(await act(clients[who], what, ids[who]))
    return learnt


@examples(25)
@given(acts=st.lists(st.tuples(st.integers(0, 1), ACTS), max_size=12))
def test_two_keys_learn_the_same_as_if_each_were_alone(acts: list[tuple[int, str]]) -> None:
    async def check() -> None:
        clients = [Api(shared("manual"), "left"), Api(shared("manual"), "right")]

        together = await play(clients, acts)

        for who in (0, 1):
            alone = await play(clients, [each for each in acts if each[0] == who])
            assert alone[who] == together[who]

    asyncio.run(check())


async def test_with_known_only_an_unknown_id_starts_nothing() -> None:
    client = api(known_only=True)
    body = {"input": {"text": "Hello"}}

    workflow = await client.http.post("/v1/workflows/unknown/invoke/async", json=body)
    agent = await client.http.post("/v1/agents/unknown/invoke", json=body)

    assert (workflow.status_code, workflow.json()) == (404, {"detail": "Workflow not found"})
    assert (agent.status_code, agent.json()) == (404, {"detail": "Agent not found"})
    assert (await client.start("approval"))["status"] == "pending"
    assert await client.listed() != []


async def test_by_default_any_id_starts_a_task_though_it_is_in_no_catalogue(manual: Api) -> None:
    task = await manual.start("3f0a7c52-9d1e-4b68-a7f3-6c2e8d915b04")
    answer = await manual.http.get("/v1/workflows/3f0a7c52-9d1e-4b68-a7f3-6c2e8d915b04")

    assert task["agent_id"] == "3f0a7c52-9d1e-4b68-a7f3-6c2e8d915b04"
    assert (answer.status_code, answer.json()) == (404, {"detail": "Workflow not found"})
