"""A namespace as one document: it comes out the same, and goes in whole or not at all."""

import json
from typing import Any

import httpx2
import pytest

from tests.web.api_client import Api, Json, api
from xpander_emulator.settings import Settings
from xpander_emulator.store.codec.timelines import FORMAT
from xpander_emulator.web.app import create_app

CONTROL = {"host": "127.0.0.1"}


async def exported(client: Api) -> bytes:
    answer = await client.http.get("/__emulator/export", headers=CONTROL)
    assert answer.status_code == 200, answer.text
    return answer.content


async def restored(client: Api, document: Any, **query: str) -> httpx2.Response:
    return await client.http.post("/__emulator/import", json=document, params=query, headers=CONTROL)


async def lived_in(client: Api) -> list[Json]:
    """Fill a namespace with tasks in all kinds of places, and return them."""
    first = await client.start("approval", "Größe 42")
    await client.start("sub_agents")
    await client.start("tool_calls", id="mine")
    await client.advance(100_000)
    await client.http.post(f"/hitl/{first['id']}/approve", json={"reason": "fine"})
    await client.http.post("/__emulator/scenarios/next", json={"scenario": "failed"}, headers=CONTROL)
    await client.start("completed")
    pinned = {"scenario": "approval", "path": "approval-reject", "times": 2}
    await client.http.post("/__emulator/scenarios/next", json=pinned, headers=CONTROL)
    await client.start("completed")
    fault = {"status": 429, "headers": {"Retry-After": "1"}, "body": {"error": ["slow down"]}, "latency": "1ms"}
    faults = [
        {**fault, "operation": "listTasks", "nth": 900, "times": "always"},
        {"use": "reset", "task_status": "failed", "nth": 900},
    ]
    await client.http.put("/__emulator/faults", json={"faults": faults}, headers=CONTROL)
    return [await client.task(task_id) for task_id in await client.listed()]


@pytest.mark.parametrize("clock", ["manual", "auto"])
async def test_an_export_is_the_same_after_an_import_elsewhere(clock: str) -> None:
    client = api(clock=clock)
    await lived_in(client)
    document = await exported(client)

    other = api("another key", clock=clock, seed=1)
    answer = await restored(other, json.loads(document))

    assert answer.status_code == 200, answer.text
    assert answer.json() == {"namespace": other.namespace, "tasks": len(json.loads(document)["tasks"])}
    assert await exported(other) == document == await exported(client)


async def test_a_demo_looks_the_same_elsewhere() -> None:
    client = api()
    tasks = await lived_in(client)

    other = api("another key", start=Settings().start.replace(year=2030))
    await restored(other, json.loads(await exported(client)))

    there = [await other.task(task_id) for task_id in await other.listed()]
    assert [task["id"] for task in there] == [task["id"] for task in tasks]
    assert [json.dumps(task).replace(other.namespace, client.namespace) for task in there] == [
        json.dumps(task) for task in tasks
    ]


async def test_a_task_on_a_path_goes_on_along_it_elsewhere() -> None:
    client, other = api(), api("another key")
    pinned = {"scenario": "approval", "path": "approval-reject", "times": 2}
    await client.http.post("/__emulator/scenarios/next", json=pinned, headers=CONTROL)
    task = await client.start("completed")
    await restored(other, json.loads(await exported(client)))

    for each in (client, other):
        for _ in range(3):
            await each.advance(100_000)
            await each.task(task["id"])

    assert (await other.task(task["id"]))["status"] == "stopped"
    for each in (client, other):
        assert [pin.path for pin in (await each.app.engine.pins(each.namespace)).upcoming] == ["approval-reject"]


async def test_faults_strike_elsewhere_as_they_would_have_here() -> None:
    client, other = api(), api("another key")
    task = await client.start("flaky")
    rules = {"faults": [{"status": 503, "operation": "listTasks", "nth": 2}]}
    await client.http.put("/__emulator/faults", json=rules, headers=CONTROL)

    await restored(other, json.loads(await exported(client)))

    assert [(await other.http.get("/v1/tasks")).status_code for _ in range(3)] == [200, 503, 200]
    statuses = [
        [(await each.http.get(f"/v1/tasks/{task['id']}")).status_code for _ in range(6)] for each in (client, other)
    ]
    assert statuses[0] == statuses[1]
    assert set(statuses[0]) > {200}


async def test_a_real_clock_goes_on_from_the_instant_of_the_export() -> None:
    client = api(clock="real")
    task = await client.start("slow")
    document = json.loads(await exported(client))
    document["clock"]["now"] = "2026-01-01T00:00:00Z"

    other = api(clock="real")
    await restored(other, document)

    clock = (await other.http.get("/__emulator/clock", headers=CONTROL)).json()
    assert (clock["mode"], clock["now"][:10]) == ("real", "2026-01-01")
    assert (await other.task(task["id"]))["status"] == "pending"


async def test_a_namespace_with_tasks_is_only_replaced_when_that_is_asked_for() -> None:
    client, source = api(), api()
    await client.start(id="mine")
    await source.start(id="other")
    document = json.loads(await exported(source))

    answer = await restored(client, document)

    assert answer.status_code == 409
    assert answer.json()["detail"].startswith(f"Namespace '{client.namespace}' has 1 tasks. Replace them")
    assert await client.listed() == ["mine"]
    assert (await restored(client, document, replace="true")).status_code == 200
    assert await client.listed() == ["other"]


def changed(document: Any, path: str, value: Any) -> Any:
    """Change one place of a document; `*` is the first member, a function makes the new value of the old."""
    *way, last = [int(part) if part.isdecimal() else part for part in path.split(".")]
    place = document
    for part in way:
        place = place[next(iter(place)) if part == "*" else part]
    place[last] = value(place.get(last)) if callable(value) else value
    return document


def with_base64(turn: dict[str, Any], request: str) -> dict[str, Any]:
    return {name: value for name, value in turn.items() if name != "request"} | {"request_base64": request}


STEP = "timelines.*.steps.0"
TURN = "tasks.0.turns.0"
BACKWARDS = [{"at": 9**9, "kind": "stop"}, {"at": 3, "kind": "stop"}]


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (
            "format",
            1,
            "The file is in format 1; this version of the emulator reads format 2. Import it with the version",
        ),
        (f"{TURN}.timeline", "gone", "tasks[0]: follows the timeline 'gone', which the file does not hold."),
        ("tasks", lambda tasks: tasks * 2, "Two tasks have the id 'mine'."),
        ("ordinals", 0, "Task 'mine' has the ordinal 0; they are unique and below 0."),
        (f"{STEP}.leave", {"after": [0, 0, 99]}, "leads to none of its"),
        (f"{STEP}.leave", {"after": [0, 0, 0]}, "never rest"),
        (f"{STEP}.leave", {"after": [9, 0, 1]}, "has a delay that is no range of time"),
        (f"{STEP}.status", "completed", "is no timeline: step 'pending': a terminal status is left by nothing"),
        (f"{STEP}.sets", {"result": {"$secret": 1}}, "'$secret' is no special value of a timeline"),
        (f"{TURN}.signals", BACKWARDS, "tasks[0]: the signals of turn 1 are not in the order of their instants."),
        (f"{TURN}.request", "no JSON", "tasks[0]: the request of turn 1 is no JSON object."),
        (f"{TURN}.request", "[]", "tasks[0]: the request of turn 1 is no JSON object."),
        (f"{TURN}.request", '{"a":' * 600 + "0" + "}" * 600, "tasks[0]: the request of turn 1 is no JSON object."),
        (f"{STEP}.sets", {"title": {"$template": "{{ [1].index(2) }}"}}, "Task 'mine' cannot be shown: "),
        (f"{TURN}.request_base64", "e30=", "tasks[0]: each turn has `request` or `request_base64`, and not both."),
        ("tasks.0.turns", lambda turns: [with_base64(turns[0], "?")], "tasks[0]: is no task: "),
        ("clock.now", "2016-12-31T23:59:60Z", "clock.now: '2016-12-31T23:59:60Z' is no instant"),
        ("tasks.0.follows", ["mine", 0, 0], "Task 'mine' cannot follow turn 1 of 'mine'."),
    ],
)
async def test_a_document_that_does_not_fit_is_refused_and_changes_nothing(path: str, value: Any, told: str) -> None:
    client = api()
    await client.start(id="mine")
    before = await exported(client)

    answer = await restored(client, changed(json.loads(before), path, value), replace="true")

    assert answer.status_code == 400, answer.text
    assert told in answer.json()["detail"]
    assert await exported(client) == before


async def test_a_document_of_another_shape_is_told_every_mistake() -> None:
    answer = await restored(api(), {"format": FORMAT, "tasks": [{"id": 7}]})

    assert answer.status_code == 422
    assert {"clock", "pins", "ordinals", "timelines"} <= {each["loc"][-1] for each in answer.json()["violations"]}


@pytest.mark.parametrize("found", [1, 3, -7])
async def test_a_document_of_another_format_is_refused_by_that_alone(found: int) -> None:
    answer = await restored(api(), {"format": found, "tasks": "unlike any of ours"})

    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        f"The file is in format {found}; this version of the emulator reads format 2. "
        "Import it with the version that exported it."
    )


@pytest.mark.parametrize("document", [[], {}, {"format": "2"}, {"format": None}, {"format": 2}])
async def test_what_says_no_format_is_told_every_mistake(document: Any) -> None:
    assert (await restored(api(), document)).status_code == 422


async def test_more_tasks_than_the_server_keeps_are_refused() -> None:
    source, small = api(), Api(create_app(Settings(clock="manual", max_tasks=1)))
    await source.start()
    await source.start()

    answer = await restored(small, json.loads(await exported(source)))

    assert answer.status_code == 409
    assert "more than the 1 that --max-tasks allows" in answer.json()["detail"]
