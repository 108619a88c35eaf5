"""Tasks told oddly: legal whatever the key, or marked as beyond the contract."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import catalogue, contract
from tests.web.api_client import api
from tests.web.test_sse import events_of
from xpander_emulator.contract.request.message_validation import ResponseChecker
from xpander_emulator.contract.schema.validation import judge
from xpander_emulator.core.replay import Turn, replay
from xpander_emulator.core.timeline import Millis
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.engine.render.variations import FUTURE_EVENT, FUTURE_STATUS
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.store.port import Task

BODY = {"input": {"text": "Hello"}}
TASK = "/components/schemas/AgentExecution"
RENDERER = TaskRenderer(
    contract(),
    "00000000-0000-4000-8000-000000000000",
    Millis(0),
    lambda task_state: "http://emulator/consent",
    lambda provider, key, pointer: f"<{provider}>",
    nasty=True,
)
REQUESTS = (b'{"input": {"text": "Hi"}}', b'{"input": {"text": "Hi", "user": {"email": "a@b.example"}}, "title": "T"}')


def task_state(name: str, request: bytes, key: int, now: int) -> TaskState:
    turn = Turn(catalogue()[name].timeline, name, request, key, Millis(0))
    return TaskState("ns", Task("t1", 0, (turn,)), turn, 0, Millis(now), replay(turn, Millis(now)))


@given(
    st.sampled_from(sorted(catalogue())),
    st.sampled_from(REQUESTS),
    st.integers(0, 2**64 - 1),
    st.integers(0, 200_000_000),
)
def test_whatever_is_odd_about_a_task_the_contract_allows_it(name: str, request: bytes, key: int, now: int) -> None:
    here = task_state(name, request, key, now)
    whole = RENDERER.task(here)

    told = RENDERER.vary(here, whole)

    assert judge(contract(), TASK, strict=True)(told.body)
    assert told == RENDERER.vary(here, whole)
    assert told.beyond == ""
    # What the story and the emulator say of a task is told as it is.
    facts = [name for name in ("id", "status", "created_at", "input", "result") if whole[name] is not None]
    assert {name: told.body[name] for name in facts if name != "input"} == {
        name: whole[name] for name in facts if name != "input"
    }
    assert whole["input"].items() <= told.body["input"].items()


def test_each_kind_of_oddity_comes_up() -> None:
    odd = [dict(RENDERER.vary(here, RENDERER.task(here)).body) for key in range(40) if (here := _completed(key))]
    plain = RENDERER.task(_completed(0))
    texts = {value for body in odd for value in body.values() if isinstance(value, str)}

    assert any(name not in body for body in odd for name in plain)
    assert any(
        plain[name] is not None and value is None for body in odd for name, value in body.items() if name in plain
    )
    assert any("unheard_of" in body for body in odd)
    assert any(len(text) > 4_000 for text in texts)
    assert any(char > "\uffff" for text in texts for char in text)
    assert any("\u202e" in text for text in texts)
    assert any("\u0351" in text for text in texts)


def _completed(key: int) -> TaskState:
    return task_state("completed", REQUESTS[0], key, 60_000)


async def test_a_nasty_server_answers_legally_and_each_read_alike() -> None:
    client = api(nasty=True, strict=True)
    checker = ResponseChecker(client.app.contract, strict=True)
    [read] = [each for each in client.app.contract.operations if each.id == "getTask"]
    tasks = [await client.start("completed") for _ in range(10)]

    bodies = [await client.task(task["id"]) for task in tasks]

    assert bodies == [await client.task(task["id"]) for task in tasks]
    assert all(checker.check(read, 200, "application/json", body) == () for body in bodies)
    assert len({frozenset(body) for body in bodies}) > 1
    assert len(await client.listed()) == 10


async def test_a_nasty_server_streams_what_it_answers() -> None:
    client = api(nasty=True, clock="auto")

    answer = await client.http.post("/v1/workflows/completed/invoke/stream", json=BODY)

    last = events_of(answer.text)[-1]
    assert last["type"] == "task_finished"
    assert last["data"] == await client.task(last["task_id"])


async def test_two_nasty_servers_of_one_seed_are_nasty_alike() -> None:
    first, again, other = api(nasty=True), api(nasty=True), api(nasty=True, seed=2)

    bodies = [await client.start() for client in (first, again, other)]

    assert bodies[0] == bodies[1]
    assert set(bodies[0]) != set(bodies[2]) or bodies[0] != bodies[2]


async def test_the_future_has_a_status_that_the_contract_does_not_know() -> None:
    client = api(future=True, strict=True)
    task = await client.start()
    await client.advance(1_000)

    answer = await client.http.get(f"/v1/tasks/{task['id']}")
    await client.advance(10_000)
    ended = await client.http.get(f"/v1/tasks/{task['id']}")

    assert answer.json()["status"] == FUTURE_STATUS
    assert answer.headers["x-emulator-beyond-contract"] == f"status {FUTURE_STATUS}"
    assert ended.json()["status"] == "completed"
    assert "x-emulator-beyond-contract" not in ended.headers


async def test_the_future_has_an_event_that_the_contract_does_not_know() -> None:
    client = api(future=True, clock="auto")

    answer = await client.http.post("/v1/workflows/completed/invoke/stream", json=BODY)

    told: list[dict[str, Any]] = events_of(answer.text)
    assert answer.headers["x-emulator-beyond-contract"] == f"event {FUTURE_EVENT}"
    assert [event["type"] for event in told][:2] == ["task_created", FUTURE_EVENT]
    assert told[-1]["type"] == "task_finished"


@pytest.mark.parametrize("choices", [{"nasty": True}, {"future": True}])
async def test_a_contract_whose_tasks_do_not_live_is_served_as_ever(choices: dict[str, Any], tmp_path: Path) -> None:
    spec = tmp_path / "pets.json"
    pets = {"get": {"operationId": "pets", "responses": {"200": {"description": "Pets"}}}}
    spec.write_text(json.dumps({"openapi": "3.1.0", "info": {"title": "P", "version": "1"}, "paths": {"/pets": pets}}))

    answer = await api("key", spec=spec, **choices).http.get("/pets")

    assert answer.status_code == 200
