"""Answers that go wrong on purpose: by a client's wish, by the control API, by the story of a task."""

from pathlib import Path

import pytest

from tests.web.api_client import Api, api
from tests.web.coming_faults import coming, polls, story
from tests.web.test_sse import events_of
from xpander_emulator.core.faults import BUILT_IN
from xpander_emulator.web.fault_injection import BrokenConnection

BODY = {"input": {"text": "Hello"}}
STREAM = "/v1/workflows/completed/invoke/stream"


async def events_in_journal(api: Api) -> int:
    """Return how many events the newest answer had, as the journal tells it."""
    answer = await api.http.get("/__emulator/requests", headers={"host": "localhost"})
    return int(answer.json()["items"][0]["events"])


# By a client's wish


@pytest.mark.parametrize(
    ("name", "status", "retry_after", "detail"),
    [
        ("rate-limited", 429, "1", "Too Many Requests"),
        ("server-error", 500, None, "Internal Server Error"),
        ("unavailable", 503, "1", "Service Unavailable"),
    ],
)
async def test_a_preferred_error_says_what_it_is(
    manual: Api, name: str, status: int, retry_after: str | None, detail: str
) -> None:
    task = await manual.start()

    answer = await manual.http.get(f"/v1/tasks/{task['id']}", headers={"Prefer": f"fault={name}"})

    assert answer.status_code == status
    assert answer.json() == {"detail": detail}
    assert answer.headers.get("retry-after") == retry_after
    assert answer.headers["x-emulator-fault"] == name
    assert answer.headers["preference-applied"] == f"fault={name}"
    assert answer.headers["x-ratelimit-limit"] == "100"


async def test_a_start_that_is_refused_starts_nothing(manual: Api) -> None:
    refused = await manual.http.post(
        "/v1/workflows/completed/invoke/async", json=BODY, headers={"Prefer": "fault=unavailable"}
    )

    assert refused.status_code == 503
    assert await manual.listed() == []


async def test_a_malformed_body_is_json_that_ends_in_the_middle(manual: Api) -> None:
    task = await manual.start()

    answer = await manual.http.get(f"/v1/tasks/{task['id']}", headers={"Prefer": "fault=malformed"})

    assert answer.status_code == 200
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.text.startswith('{"id":"')
    with pytest.raises(ValueError, match=r"Unterminated string|Expecting"):
        answer.json()


async def test_garbage_is_no_text(manual: Api) -> None:
    answer = await manual.http.get("/v1/tasks", headers={"Prefer": "fault=garbage"})

    assert answer.content.startswith(b"\xff\xfe")
    assert answer.headers["content-type"] == "application/json"


async def test_an_invalid_request_meets_no_fault(manual: Api) -> None:
    answer = await manual.http.post(
        "/v1/workflows/completed/invoke/async", json={}, headers={"Prefer": "fault=unavailable"}
    )

    assert answer.status_code == 422
    assert "x-emulator-fault" not in answer.headers


async def test_an_error_of_ours_can_be_spoiled_too(manual: Api) -> None:
    answer = await manual.http.get("/v1/tasks/none", headers={"Prefer": "fault=malformed"})

    assert (answer.status_code, answer.content) == (404, b'{"detail":"Ta')


@pytest.mark.parametrize("name", ["reset", "empty", "truncated"])
async def test_a_client_without_a_connection_is_told_what_would_have_broken(manual: Api, name: str) -> None:
    task = await manual.start()

    with pytest.raises(BrokenConnection, match=f"^The fault '{name}' breaks the connection here. A client in the same"):
        await manual.http.get(f"/v1/tasks/{task['id']}", headers={"Prefer": f"fault={name}"})


async def test_a_start_whose_answer_is_lost_has_started_its_task_all_the_same(manual: Api) -> None:
    with pytest.raises(ConnectionError):
        await manual.http.post("/v1/workflows/completed/invoke/async", json=BODY, headers={"Prefer": "fault=reset"})

    assert len(await manual.listed()) == 1


@pytest.mark.parametrize(
    ("preference", "message"),
    [
        ("fault=resett", "Prefer: fault=resett: there is no such fault. Did you mean 'reset'?"),
        ("fault=duplicate-event", "Prefer: fault=duplicate-event: listTasks streams no events that it could spoil"),
    ],
)
async def test_a_fault_that_cannot_be_is_refused(manual: Api, preference: str, message: str) -> None:
    answer = await manual.http.get("/v1/tasks", headers={"Prefer": preference})

    assert (answer.status_code, answer.json()) == (400, {"detail": message})


async def test_a_fault_has_the_shape_that_another_contract_declares(tmp_path: Path) -> None:
    spec = Path(__file__).parents[1] / "any_api" / "rendering_jobs.yaml"
    async with api(spec=spec).http as http:
        answer = await http.get("/jobs/j1", headers={"Prefer": "fault=unavailable"})

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["title"] == "Service Unavailable"


# Streams


async def test_an_event_is_told_twice(auto: Api) -> None:
    answer = await auto.http.post(STREAM, json=BODY, headers={"Prefer": "fault=duplicate-event"})

    told = events_of(answer.text)
    assert [event["type"] for event in told] == ["task_created", *["task_updated"] * 3, "task_finished"]
    assert told[1] == told[2]
    assert answer.headers["x-emulator-fault"] == "duplicate-event"


async def test_an_event_is_told_after_the_one_that_follows_it(auto: Api) -> None:
    whole = events_of((await auto.http.post(STREAM, json=BODY)).text)
    answer = await auto.http.post(STREAM, json=BODY, headers={"Prefer": "fault=out-of-order"})

    told = events_of(answer.text)
    assert [event["data"]["internal_status"] for event in told] == [
        whole[place]["data"]["internal_status"] for place in (0, 2, 1, 3)
    ]


async def test_an_event_that_is_held_back_at_the_end_is_told_last(tmp_path: Path) -> None:
    told = story(tmp_path, "fault: {kind: out-of-order, event: 2}\nsteps: [{status: completed, result: Done}]")
    answer = await api(scenarios=(told,)).http.post("/v1/workflows/told/invoke/stream", json=BODY)

    assert [event["type"] for event in events_of(answer.text)] == ["task_created", "task_finished"]


async def test_a_stream_that_is_refused_is_not_told_as_spoiled(manual: Api) -> None:
    answer = await manual.http.get("/any/agent-execution/none/events", headers={"Prefer": "fault=cut-stream"})

    assert answer.status_code == 404
    assert "x-emulator-fault" not in answer.headers
    assert "preference-applied" not in answer.headers
    item = (await manual.http.get("/__emulator/requests", headers={"host": "localhost"})).json()["items"][0]
    assert item["fault"] is None


@pytest.mark.parametrize("kind", ["cut-stream", "duplicate-event", "out-of-order"])
async def test_a_fault_behind_the_end_of_a_stream_was_not_played(tmp_path: Path, kind: str) -> None:
    told = story(tmp_path, f"fault: {{kind: {kind}, event: 3}}\nsteps: [{{status: completed, result: Done}}]")
    client = api(scenarios=(told,))

    await client.http.post("/v1/workflows/told/invoke/stream", json=BODY)

    item = (await client.http.get("/__emulator/requests", headers={"host": "localhost"})).json()["items"][0]
    assert (item["events"], item["fault"]) == (2, None)


@pytest.mark.parametrize(("name", "sent"), [("duplicate-event", 5), ("out-of-order", 4), ("malformed", 4)])
async def test_the_journal_counts_the_events_that_a_client_has_got(auto: Api, name: str, sent: int) -> None:
    answer = await auto.http.post(STREAM, json=BODY, headers={"Prefer": f"fault={name}"})

    item = (await auto.http.get("/__emulator/requests", headers={"host": "localhost"})).json()["items"][0]
    assert (item["events"], item["fault"]) == (sent, name)
    assert answer.text.count("data: ") == sent


@pytest.mark.parametrize(("name", "sent"), [("cut-stream", 2), ("truncated", 0), ("reset", 0), ("empty", 0)])
async def test_the_journal_counts_the_events_before_a_break(auto: Api, name: str, sent: int) -> None:
    with pytest.raises(BrokenConnection):
        await auto.http.post(STREAM, json=BODY, headers={"Prefer": f"fault={name}"})

    assert await events_in_journal(auto) == sent


async def test_the_streams_of_the_story_break_off_repeat_and_swap_and_then_are_whole(auto: Api) -> None:
    task = await auto.start("broken_stream")
    path = f"/any/agent-execution/{task['id']}/events"

    with pytest.raises(BrokenConnection, match="cut-stream"):
        await auto.http.get(path)
    twice, swapped, whole = [events_of((await auto.http.get(path)).text) for _ in range(3)]

    assert twice[:3] == whole[:3]
    assert twice[3:] == whole[2:]
    assert [swapped[2], swapped[3]] == [whole[3], whole[2]]
    assert whole[-1]["type"] == "task_finished"


async def test_the_stream_of_a_start_meets_the_fault_of_the_story_that_it_starts(auto: Api) -> None:
    with pytest.raises(BrokenConnection, match="cut-stream"):
        await auto.http.post("/v1/workflows/broken_stream/invoke/stream", json=BODY)


# By the control API


async def test_the_next_request_is_struck_once_and_then_all_is_well(manual: Api) -> None:
    task = await manual.start()
    await coming(manual, "unavailable")

    assert await polls(manual, task["id"], 3) == [503, 200, 200]


async def test_a_fault_strikes_the_nth_request_so_many_times(manual: Api) -> None:
    task = await manual.start()
    await coming(manual, {"use": "rate-limited", "nth": 2, "times": 2, "operation": "getTask"})

    assert await manual.listed() == [task["id"]]
    assert await polls(manual, task["id"], 5) == [200, 429, 429, 200, 200]


async def test_several_faults_count_the_same_requests(manual: Api) -> None:
    task = await manual.start()
    await coming(manual, {"status": 429, "times": 2}, {"status": 503, "nth": 2, "times": 2})

    assert await polls(manual, task["id"], 4) == [429, 429, 503, 200]


# By the story of a task


async def test_a_read_that_is_refused_is_none_but_one_whose_answer_is_spoiled_is(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """fault: [{status: 503, nth: 1}, {kind: garbage, nth: 2}]
steps:
  - {status: pending, polls: 2}
  - {status: completed}""",
    )
    client = api(scenarios=(told,))
    task = await client.start("told")

    answers = [await client.http.get(f"/v1/tasks/{task['id']}") for _ in range(4)]

    assert [answer.status_code for answer in answers] == [503, 200, 200, 200]
    assert [answers[2].json()["status"], answers[3].json()["status"]] == ["pending", "completed"]


async def test_on_an_auto_clock_a_refused_poll_does_not_skip(auto: Api) -> None:
    task = await auto.start("flaky")

    answers = [await auto.http.get(f"/v1/tasks/{task['id']}") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [503, 200, 502, 200, 500, 200]
    assert [answer.json()["status"] for answer in answers[1::2]] == ["executing", "executing", "completed"]
    assert answers[2].headers["content-type"] == "text/html"


async def test_a_fault_that_a_story_names_can_be_preferred(manual: Api) -> None:
    task = await manual.start("flaky")

    answer = await manual.http.get(f"/v1/tasks/{task['id']}", headers={"Prefer": "fault=bad-gateway"})

    assert (answer.status_code, answer.text) == (502, "<html><body><h1>502 Bad Gateway</h1></body></html>")


@pytest.mark.parametrize(
    ("fault", "status", "media_type", "body"),
    [
        ("{status: 418, body: [1, 2]}", 418, "application/json", "[1,2]"),
        ("{status: 520, body: Gone}", 520, "text/plain; charset=utf-8", "Gone"),
        ("{status: 599}", 599, "application/json", '{"detail":"Internal Server Error"}'),
        ("{status: 204}", 204, None, ""),
        ("{status: 302, headers: {Location: /elsewhere}, body: ''}", 302, "text/plain; charset=utf-8", ""),
    ],
)
async def test_a_status_has_the_body_that_was_written(
    tmp_path: Path, fault: str, status: int, media_type: str | None, body: str
) -> None:
    told = story(tmp_path, f"steps: [{{status: pending, after: 1s, fault: {fault}}}, {{status: completed}}]")
    client = api(scenarios=(told,))
    task = await client.start("told")

    answer = await client.http.get(f"/v1/tasks/{task['id']}")

    assert (answer.status_code, answer.headers.get("content-type"), answer.text) == (status, media_type, body)
    assert answer.headers["x-emulator-fault"] == f"status-{status}"


async def test_latency_is_drawn_from_the_seed_and_not_from_a_clock(manual: Api) -> None:
    faults = manual.app.engine.faults
    fault = BUILT_IN["slow"]

    drawn = [faults._hit(fault, ordinal, "ns", "", "0").delay for ordinal in range(1, 6)]

    assert drawn == [faults._hit(fault, ordinal, "ns", "", "0").delay for ordinal in range(1, 6)]
    assert len(set(drawn)) > 1
    assert all(1_000 <= delay <= 3_000 for delay in drawn)
