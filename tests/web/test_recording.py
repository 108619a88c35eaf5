import asyncio
import logging

import pytest

from tests.web.api_client import Api, api
from tests.web.journal_client import control, listed, sentences
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.journal.port import Entry

START = "/v1/workflows/approval/invoke/async"


BODY = {"input": {"text": "Refund order 1042"}}


async def test_every_answer_is_numbered_in_its_namespace_whatever_it_is(manual: Api) -> None:
    asked = [
        ("POST", START, BODY, 200),
        ("GET", "/v1/nothing", None, 404),
        ("GET", "/v1/tasks/unknown", None, 404),
        ("PUT", "/v1/tasks", None, 405),
        ("POST", START, {}, 422),
        ("GET", "/health", None, 200),
    ]

    answers = [await manual.http.request(method, path, json=body) for method, path, body, _ in asked]

    assert [answer.status_code for answer in answers] == [status for *_, status in asked]
    assert [answer.headers["x-emulator-request"] for answer in answers] == ["1", "2", "3", "4", "5", "6"]
    assert [item["status"] for item in await listed(manual)] == [status for *_, status in reversed(asked)]


async def test_equal_runs_give_equal_numbers_and_a_reset_begins_anew() -> None:
    async def run() -> list[str]:
        client = api()
        numbers = []
        for _ in range(2):
            await client.start()
            numbers.append((await client.http.get("/v1/tasks")).headers["x-emulator-request"])
            await control(client, "/reset", {"scope": ["journal"]})
            assert await listed(client) == []
        return numbers

    assert await run() == await run() == ["2", "2"]


async def test_a_request_without_a_welcome_key_stands_in_the_default_namespace() -> None:
    client = api(api_keys=(("mine", "mine"), ("other", "other")))
    default = Api(client.app)
    default.namespace = "mine"

    refused = await client.http.get("/v1/tasks", headers={"x-api-key": "wrong"})

    assert (refused.status_code, refused.headers["x-emulator-request"]) == (401, "1")
    assert [item["status"] for item in await listed(default)] == [401]
    assert (await sentences(default, 1))[1:] == [
        "It is in the journal of the namespace 'mine', because it had no accepted key.",
        "The answer is 401: Invalid or missing API key.",
    ]


async def test_a_stream_is_kept_from_its_beginning_and_counts_its_events(auto: Api) -> None:
    answer = await auto.http.post("/v1/workflows/completed/invoke/stream", json=BODY)

    [item] = await listed(auto)

    assert answer.headers["x-emulator-request"] == "1"
    assert item["events"] == answer.text.count("data: ") == 4
    assert item["ms"] > 0
    assert (await sentences(auto, 1))[-1] == "It is a stream, which ended after 4 events."


async def test_an_open_stream_says_that_it_goes_on(manual: Api) -> None:
    stream = asyncio.ensure_future(manual.http.post("/v1/workflows/approval/invoke/stream", json=BODY))
    while not (kept := await listed(manual)):
        await asyncio.sleep(0)

    assert (kept[0]["ms"], kept[0]["events"]) == (None, 0)
    assert (await sentences(manual, 1))[-1] == "It is a stream, which goes on."
    stream.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stream
    assert (await listed(manual))[0]["ms"] > 0


async def test_the_control_api_and_preflights_are_not_kept() -> None:
    client = api(cors=("https://app.example",))
    asked = {"origin": "https://app.example", "access-control-request-method": "GET"}

    await client.http.options("/v1/tasks", headers=asked)
    await control(client, "/tasks")
    answer = await client.http.get("/v1/tasks", headers={"origin": "https://app.example"})

    exposed = answer.headers["access-control-expose-headers"]
    assert "X-Emulator-Request" in exposed
    assert "X-Emulator-Source" in exposed
    assert answer.headers["x-emulator-request"] == "1"


async def test_observers_are_told_of_every_answer_with_where_its_task_stands() -> None:
    client = api(clock="auto")
    told: list[tuple[str, Entry, TaskState | None]] = []
    client.app.recorder.observers.append(
        lambda namespace, entry, task_state: told.append((namespace, entry, task_state))
    )

    await client.start()
    await client.http.get("/nowhere")
    await client.http.post("/v1/workflows/completed/invoke/stream", json=BODY)

    assert [(namespace, entry.status, entry.events) for namespace, entry, _ in told] == [
        (client.namespace, 200, None),
        (client.namespace, 404, None),
        (client.namespace, 200, 4),
    ]
    statuses = [task_state and task_state.snapshot.status.value for _, _, task_state in told]
    assert statuses == ["pending", None, "completed"]


async def test_a_line_is_logged_for_each_request_and_never_a_key(manual: Api, caplog: pytest.LogCaptureFixture) -> None:
    client = Api(manual.app, "a-secret-key")
    with caplog.at_level(logging.INFO, "xpander_emulator.requests"):
        task = await client.start("approval")
        await client.http.get("/v1/no%0Awhere?token=a-secret-key")

    first, second = caplog.records
    assert first.getMessage().startswith(f"POST {START} 200 ")
    assert first.getMessage().endswith(f" ms  {task['id']}  approval/pending")
    assert second.getMessage().startswith("GET /v1/no%0Awhere 404 ")
    assert "a-secret-key" not in caplog.text


async def test_above_info_nothing_is_logged(manual: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "xpander_emulator.requests"):
        await manual.start()

    assert caplog.records == []
