"""The runner gives the rules what they need: the entries, and the histories of tasks that were shown paused."""

import pytest

from tests.web.api_client import Api, api
from xpander_emulator.report.conduct_runner import ConductRunner

pytestmark = pytest.mark.anyio


async def findings(client: Api, *, waived: tuple[str, ...] = (), followed: bool = False) -> list[tuple[str, str]]:
    engine = client.app.engine
    entries = [*reversed(await engine.journal.newest(client.namespace))]
    runner = ConductRunner(engine, client.app.contract, waived)
    return [(each.rule, each.where) for each in await runner.run(client.namespace, entries, followed=followed)]


async def see_a_pause(client: Api, workflow: str) -> str:
    task = await client.start(workflow)
    await client.advance(2_000)
    assert (await client.task(task["id"]))["status"] == "paused"
    return str(task["id"])


async def test_a_finding_has_the_namespace_of_its_requests() -> None:
    client = api()
    task_id = await see_a_pause(client, "approval")
    await client.app.engine.signal(client.namespace, task_id, "approve")

    assert await findings(client) == [("takes-paused-for-the-end", client.namespace)]


async def test_a_waived_rule_finds_nothing() -> None:
    client = api()
    task_id = await see_a_pause(client, "approval")
    await client.app.engine.signal(client.namespace, task_id, "approve")

    assert await findings(client, waived=("takes-paused-for-the-end",)) == []


async def test_a_deleted_task_has_no_history_and_no_finding() -> None:
    client = api()
    task_id = await see_a_pause(client, "approval")
    await client.app.engine.signal(client.namespace, task_id, "approve")
    await client.app.engine.delete(client.namespace, task_id)

    assert await findings(client) == []


@pytest.mark.parametrize(("followed", "rules"), [(False, ["never-follows-auth-url"]), (True, [])])
async def test_an_opened_consent_page_counts_as_followed(followed: bool, rules: list[str]) -> None:
    client = api()
    await see_a_pause(client, "connector_authorization")

    assert [rule for rule, _ in await findings(client, followed=followed)] == rules
