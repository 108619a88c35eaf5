from pathlib import Path

from tests.web.api_client import Api, api
from tests.web.coming_faults import coming, polls, story


async def test_a_fault_waits_for_a_status_of_the_task(manual: Api) -> None:
    task = await manual.start("approval")
    await coming(manual, {"status": 503, "task_status": "paused", "times": "always"})

    assert await polls(manual, task["id"], 1) == [200]
    await manual.app.engine.skip(manual.namespace, task["id"], "paused")
    assert await polls(manual, task["id"], 1) == [503]
    assert await manual.listed() == [task["id"]]


async def test_another_namespace_meets_none_of_it(manual: Api) -> None:
    other = Api(manual.app, "another key")
    task = await other.start()
    await coming(manual, {"status": 503, "times": "always"})

    assert await polls(other, task["id"], 1) == [200]


async def test_a_step_has_faults_of_its_own(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        """steps:
  - {status: pending, after: 1s}
  - {status: executing, after: 1s, fault: [{status: 503}, {status: 500, nth: 3}]}
  - {status: completed}""",
    )
    client = api(scenarios=(told,))
    task = await client.start("told")

    assert await polls(client, task["id"], 2) == [200, 200]
    await client.advance(1_000)
    assert await polls(client, task["id"], 4) == [503, 200, 500, 200]
    await client.advance(1_000)
    assert await polls(client, task["id"], 2) == [200, 200]


async def test_each_task_and_each_turn_of_it_counts_for_itself(manual: Api) -> None:
    one, two = await manual.start("rate_limited", id="one"), await manual.start("rate_limited")
    assert await polls(manual, one["id"], 3) == [200, 429, 429]
    assert await polls(manual, two["id"], 2) == [200, 429]
    await manual.advance(10_000)

    await manual.start("rate_limited", id="one")

    assert await polls(manual, one["id"], 4) == [200, 429, 429, 200]


async def test_a_named_operation_is_struck_and_no_other(tmp_path: Path) -> None:
    told = story(
        tmp_path,
        "fault: {status: 503, operation: stopTask}\nsteps: [{status: pending, after: 1s}, {status: completed}]",
    )
    client = api(scenarios=(told,))
    task = await client.start("told")

    assert await polls(client, task["id"], 1) == [200]
    assert (await client.http.post(f"/v1/tasks/{task['id']}/stop")).status_code == 503
    assert (await client.http.post(f"/v1/tasks/{task['id']}/stop")).json()["status"] == "stopped"
