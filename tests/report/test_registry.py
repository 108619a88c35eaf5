from typing import Any

import pytest

from tests.web.api_client import Api, api
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.conduct import Finding
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

HOST = {"host": "localhost"}

pytestmark = pytest.mark.anyio


async def naive(client: Api, workflow: str = "approval") -> str:
    """Start a task, see it paused, and never look again; somebody approves it."""
    task = await client.start(workflow)
    await client.advance(2_000)
    await client.task(task["id"])
    await client.app.engine.signal(client.namespace, task["id"], "approve")
    return str(task["id"])


async def rules(client: Api) -> list[str]:
    return [finding.rule for finding in await client.app.reports.conduct.of(client.namespace)]


async def test_a_finding_names_its_requests_its_task_and_its_namespace() -> None:
    client = api()
    task_id = await naive(client)

    assert await client.app.reports.conduct.of(client.namespace) == [
        Finding(
            "takes-paused-for-the-end",
            "error",
            "No read after the first paused answer; the task is executing by now.",
            (2,),
            task_id,
            client.namespace,
        )
    ]


async def test_a_client_that_reads_on_has_no_findings() -> None:
    client = api()
    await client.task(await naive(client))

    assert await rules(client) == []


@pytest.mark.parametrize("scopes", [["tasks"], ["journal"], ["clock"], ["tasks", "journal", "clock", "pins", "faults"]])
async def test_a_journal_is_judged_once_before_a_reset_deletes_it(scopes: list[str]) -> None:
    client = api()
    await naive(client)

    await client.app.engine.reset(client.namespace, scopes)
    await client.app.engine.reset(client.namespace, scopes)

    assert await rules(client) == ["takes-paused-for-the-end"]


async def test_a_reset_of_pins_judges_nothing_twice() -> None:
    client = api()
    await naive(client)

    await client.app.engine.reset(client.namespace, ["pins"])

    assert await rules(client) == ["takes-paused-for-the-end"]


async def test_tasks_of_equal_ids_after_a_reset_are_others() -> None:
    client = api(clock="auto")
    for _ in range(3):
        task = await client.start("completed")
        while (await client.task(task["id"]))["status"] != "completed":
            pass
        await client.app.engine.reset(client.namespace, ["tasks"])

    assert await rules(client) == []


async def test_a_deleted_task_has_no_findings() -> None:
    client = api()
    task_id = await naive(client)
    await client.app.engine.delete(client.namespace, task_id)

    assert await rules(client) == []


async def test_findings_are_read_by_namespace_and_together() -> None:
    one = api("one")
    two = Api(one.app, "two")
    await naive(one)
    await naive(two)
    await one.app.engine.reset(one.namespace)
    conduct = one.app.reports.conduct

    assert sorted(finding.where for finding in await conduct.of_all()) == sorted([one.namespace, two.namespace])

    await conduct.delete(two.namespace)
    assert [finding.where for finding in await conduct.of_all()] == [one.namespace]

    await conduct.delete_all()
    assert await conduct.of_all() == []


async def test_deleted_findings_do_not_return_and_later_ones_do() -> None:
    client = api()
    await naive(client)
    await client.app.reports.conduct.delete(client.namespace)

    await naive(client)

    assert await rules(client) == ["takes-paused-for-the-end"]


async def test_a_rule_that_the_settings_waive_finds_nothing() -> None:
    client = api(waive=("takes-paused-for-the-end",))
    await naive(client)

    assert await rules(client) == []


def test_an_unknown_rule_is_refused_at_the_start() -> None:
    with pytest.raises(BadRequest, match=r"^waive: no rule is called 'polls'"):
        create_app(Settings(waive=("polls",)))


async def test_a_lost_answer_makes_two_tasks_of_one_intent() -> None:
    client = api()
    body: dict[str, Any] = {"input": {"text": "Refund"}}
    path = "/v1/workflows/approval/invoke/async"

    await client.http.post(path, json=body, headers={"prefer": "fault=malformed"})
    await client.http.post(path, json=body)

    assert await rules(client) == ["invokes-twice-for-one-intent"]


async def test_an_auth_url_that_nobody_follows_is_a_finding_of_a_whole_run() -> None:
    client = api()
    task = await client.start("connector_authorization")
    await client.advance(5_000)
    shown = await client.task(task["id"])
    await client.task(task["id"])

    assert shown["pending_eca_request"]["auth_url"]
    assert await rules(client) == ["never-follows-auth-url"]

    assert (await client.http.get(shown["pending_eca_request"]["auth_url"], headers=HOST)).status_code == 200
    assert await rules(client) == []


async def test_an_auth_url_that_was_followed_before_a_reset_is_not_followed_after_it() -> None:
    client = api()
    for is_opened in (True, False):
        task = await client.start("connector_authorization")
        await client.advance(5_000)
        shown = await client.task(task["id"])
        await client.task(task["id"])
        if is_opened:
            await client.http.get(shown["pending_eca_request"]["auth_url"], headers=HOST)
            await client.app.engine.reset(client.namespace)

    assert await rules(client) == ["never-follows-auth-url"]


async def test_an_auth_url_is_followed_by_a_signal_too() -> None:
    client = api()
    task = await client.start("connector_authorization")
    await client.advance(5_000)
    await client.task(task["id"])

    await client.app.engine.signal(client.namespace, task["id"], "authorize")
    await client.task(task["id"])
    assert await rules(client) == []
