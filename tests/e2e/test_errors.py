"""What the SDK raises: `ModuleException` with the status and the body as it was sent, and its own traps."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from conftest import WELCOME, Emulator, Point
from httpx_sse import SSEError
from xpander_sdk import Agents, Configuration, ModuleException, Task, Tasks
from xpander_sdk.modules.events.utils.generic import get_events_root
from xpander_sdk.modules.tasks.models.task import AgentExecutionInput

NOBODY = "no-such-id"


def unknown() -> Task:
    """Return a task that the server has never heard of."""
    return Task(
        id=NOBODY,
        agent_id="completed",
        organization_id="o",
        input=AgentExecutionInput(text="Hi"),
        created_at="2026-01-01T00:00:00Z",
        events_streaming=True,
        configuration=Configuration(),
    )


CALLS: dict[str, Callable[[], Awaitable[Any]]] = {
    "get": lambda: Tasks().aget(NOBODY),
    "load": lambda: Task.aload(NOBODY),
    "reload": lambda: unknown().areload(),
    "update": lambda: Tasks().aupdate(NOBODY, result="x"),
    "save": lambda: unknown().asave(),
    "stop": lambda: Tasks().astop(NOBODY),
    "stop itself": lambda: unknown().astop(),
    "activity log": lambda: unknown().aget_activity_log(),
    "agent": lambda: Agents().aget(NOBODY),
}
FOR_ANY_ID: dict[str, Callable[[], Awaitable[Any]]] = {
    "create": lambda: Tasks().acreate(agent_id="completed", prompt="Hi"),
    "list": lambda: Tasks().alist("completed"),
    "list of a user": lambda: Tasks().alist_user_tasks("ada"),
    "agents": lambda: Agents().alist(),
    "report": lambda: Task.areport_external_task(agent_id="completed", input="Hi", result="x"),
}


@pytest.mark.parametrize("call", CALLS)
async def test_an_unknown_id_is_a_404_with_the_body_as_it_was_sent(auto: Emulator, call: str) -> None:
    with pytest.raises(ModuleException) as refused:
        await CALLS[call]()

    noun = "Agent" if call == "agent" else "Task"
    assert refused.value.status_code == 404
    assert json.loads(refused.value.description) == {"detail": f"{noun} not found"}


@pytest.mark.parametrize("call", [*CALLS, *FOR_ANY_ID])
async def test_a_key_that_is_not_welcome_is_a_401(point: Point, call: str) -> None:
    point("locked", "another-key")

    with pytest.raises(ModuleException) as refused:
        await (CALLS | FOR_ANY_ID)[call]()

    assert refused.value.status_code == 401
    assert json.loads(refused.value.description) == {"detail": "Invalid or missing API key"}


@pytest.mark.parametrize("call", FOR_ANY_ID)
async def test_a_key_that_is_welcome_is_let_in(point: Point, call: str) -> None:
    point("locked", WELCOME)

    assert await FOR_ANY_ID[call]() is not None


async def test_the_stream_of_a_wrong_key_is_no_stream_to_the_sdk(point: Point) -> None:
    point("locked", "another-key")

    with pytest.raises(SSEError, match="application/json"):
        await anext(unknown().aevents())


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"output_format": "html"}, ["body", "output_format"]),
        ({"title": 7}, ["body", "title"]),
        ({"output_schema": "not a schema"}, ["body", "output_schema"]),
        ({"tool_call_payload_extension": [1]}, ["body", "payload_extension"]),
    ],
)
async def test_a_request_that_breaks_the_contract_is_a_422_that_says_where(
    auto: Emulator, wrong: dict[str, Any], place: list[str]
) -> None:
    with pytest.raises(ModuleException) as refused:
        await Tasks().acreate(agent_id="completed", prompt="Hi", **wrong)

    assert refused.value.status_code == 422
    assert [each["loc"] for each in json.loads(refused.value.description)["detail"]] == [place]


async def test_a_filter_with_an_unknown_status_is_a_422(auto: Emulator) -> None:
    with pytest.raises(ModuleException) as refused:
        await Tasks().alist("completed", {"status": "running"})

    assert refused.value.status_code == 422


async def test_metrics_without_tokens_never_leave_the_sdk(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi")
    task.tokens = None

    with pytest.raises(ModuleException, match="tokens must be provided"):
        await task.areport_metrics()


async def test_a_server_that_is_not_there_is_a_500_of_the_sdks_own(
    auto: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XPANDER_BASE_URL", "http://127.0.0.1:1")

    with pytest.raises(ModuleException, match="Failed to list tasks") as refused:
        await Tasks(Configuration()).alist("completed")

    assert refused.value.status_code == 500


# What the SDK makes of a base URL; docs/clients.md warns of each


@pytest.mark.parametrize(
    ("base", "rest", "events"),
    [
        ("http://127.0.0.1:4020", "http://127.0.0.1:4020", "http://127.0.0.1:4020/org"),
        ("127.0.0.1:4020", "https://127.0.0.1:4020", "https://127.0.0.1:4020/org"),
        ("http://127.0.0.1:9016", "http://127.0.0.1:9016/org", "http://127.0.0.1:9016/org"),
        ("http://127.0.0.1:8085", "http://127.0.0.1:8085", "http://localhost:9016/org"),
        ("http://agent-controller.test:4020", "http://agent-controller.test:4020/org", None),
        ("http://127.0.0.1:4020/", "http://127.0.0.1:4020/", "http://127.0.0.1:4020//org"),
    ],
)
def test_what_the_sdk_makes_of_a_base_url(
    monkeypatch: pytest.MonkeyPatch, base: str, rest: str, events: str | None
) -> None:
    monkeypatch.setenv("XPANDER_BASE_URL", base)
    monkeypatch.setenv("XPANDER_ORGANIZATION_ID", "org")

    assert Configuration().get_full_url() == rest
    assert get_events_root(Configuration()) == (events or rest)


async def test_without_a_configuration_the_variables_are_read_once(auto: Emulator, point: Point) -> None:
    first = Tasks()
    await first.acreate(agent_id="completed", prompt="mine", existing_task_id="mine")

    with pytest.MonkeyPatch.context() as later:
        later.setenv("XPANDER_API_KEY", "another-key")
        kept, fresh = Tasks(), Tasks(Configuration())

        assert kept is first
        assert (await kept.aget("mine")).id == "mine"
        assert await fresh.alist("completed") == []


async def test_a_task_of_the_sdk_cannot_be_printed(auto: Emulator) -> None:
    task = await Tasks().acreate(agent_id="completed", prompt="Hi")

    with pytest.raises(RecursionError):
        str(task)
