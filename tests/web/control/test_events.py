"""The events of the control API: what is told of what happens, in the form of server-sent events."""

from tests.web.api_client import Api
from tests.web.listening import heard, listening
from xpander_emulator.engine.feed import MAX_RETAINED

EVENTS = "/__emulator/events"


def key_of(api: Api) -> dict[str, str]:
    return {"x-api-key": api.http.headers["x-api-key"]}


async def test_all_that_happens_in_a_namespace_is_told(manual: Api) -> None:
    engine, namespace = manual.app.engine, manual.namespace

    async with listening(manual.app, EVENTS, key_of(manual)) as listener:
        first = await listener.event()
        task = await manual.start("approval")
        await engine.skip(namespace, task["id"], "paused")
        await engine.signal(namespace, task["id"], "approve", by="Ada")
        await engine.advance(namespace, 1)
        await engine.pin_next(namespace, "failed")
        await engine.pin_default(namespace, "failed")
        await engine.delete(namespace, task["id"])
        await engine.reset(namespace, ["pins"])
        told = await listener.events(10)

    assert listener.status == 200
    assert listener.headers[b"content-type"].startswith(b"text/event-stream")
    assert (first["type"], first["data"], first["namespace"]) == ("stale", {}, namespace)
    at = {"task_id": task["id"], "turn": 1, "scenario": "approval"}
    asked = {
        "request": 1,
        "method": "POST",
        "path": "/v1/workflows/approval/invoke/async",
        "status_code": 200,
        "operation": "invokeWorkflowAsync",
        "task_id": task["id"],
    }
    paused = {**at, "step": "waiting", "status": "paused", "signal": "skip", "by": None}
    assert [(event["type"], event["data"]) for event in told] == [
        ("birth", {**at, "step": "pending", "status": "pending"}),
        ("request", asked),
        ("signal", paused),
        ("signal", paused),
        ("signal", {**at, "step": "pay", "status": "executing", "signal": "approve", "by": "Ada"}),
        ("clock", {}),
        ("choices", {}),
        ("choices", {}),
        ("removal", {"task_id": task["id"]}),
        ("reset", {"scope": ["pins"]}),
    ]


async def test_a_further_turn_is_a_birth_too(manual: Api) -> None:
    task = await manual.start("polled", id="again")
    await manual.app.engine.skip(manual.namespace, task["id"], "completed")

    async with listening(manual.app, EVENTS, key_of(manual)) as listener:
        await listener.event()
        await manual.start("completed", id="again")
        told = await listener.event()

    assert (told["type"], told["data"]["turn"]) == ("birth", 2)


async def test_a_start_that_takes_a_pinned_story_tells_that_the_choices_have_changed(manual: Api) -> None:
    await manual.app.engine.pin_next(manual.namespace, "failed")

    async with listening(manual.app, EVENTS, key_of(manual)) as listener:
        await listener.event()
        await manual.start()
        told = await listener.events(2)

    assert [event["type"] for event in told] == ["choices", "birth"]


async def test_a_reader_that_comes_again_is_told_what_it_has_missed(manual: Api) -> None:
    [stale] = await heard(manual.app, EVENTS, 1, key_of(manual))
    await manual.start()
    await manual.advance(1)

    told = await heard(manual.app, EVENTS, 3, {**key_of(manual), "last-event-id": stale["id"]})

    assert [event["type"] for event in told] == ["birth", "request", "clock"]


async def test_a_reader_that_comes_too_late_is_told_to_read_all_again(manual: Api) -> None:
    [stale] = await heard(manual.app, EVENTS, 1, key_of(manual))
    for _ in range(MAX_RETAINED + 1):
        await manual.advance(1)

    [told] = await heard(manual.app, EVENTS, 1, {**key_of(manual), "last-event-id": stale["id"]})

    assert told["type"] == "stale"


async def test_a_namespace_is_named_in_the_query_where_no_header_can_be_sent(manual: Api) -> None:
    [told] = await heard(manual.app, f"{EVENTS}?namespace={manual.namespace}", 1)

    assert told["namespace"] == manual.namespace


async def test_events_are_not_told_to_a_page_of_another_origin(manual: Api) -> None:
    answer = await manual.http.get(EVENTS, headers={"host": "127.0.0.1:4020", "origin": "http://elsewhere.example"})

    assert answer.status_code == 403


async def test_two_readers_hear_the_same(manual: Api) -> None:
    async with (
        listening(manual.app, EVENTS, key_of(manual)) as one,
        listening(manual.app, EVENTS, key_of(manual)) as other,
    ):
        await one.event(), await other.event()
        await manual.start()

        assert await one.event() == await other.event()
