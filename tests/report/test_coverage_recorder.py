import gc
from timeit import repeat

import pytest

from tests.journal.entries import entry
from tests.web.api_client import Api, api
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.report.coverage_recorder import MOST_NAMESPACES, CoverageRegister
from xpander_emulator.scenario.paths import paths
from xpander_emulator.scenario.selection import Catalogue
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

pytestmark = pytest.mark.anyio


def met(found: Coverage, kind: str, scenario: str = "approval") -> set[str]:
    return {item.name for item in found.reached if item.kind == kind and item.scenario == scenario}


def covered(client: Api) -> Coverage:
    return client.app.reports.coverage.of(client.namespace)


async def test_a_client_has_met_what_came_before_what_it_was_shown() -> None:
    client = api()
    task = await client.start("approval")
    await client.advance(2_000)

    await client.task(task["id"])

    assert met(covered(client), "step") == {"pending", "extract", "waiting"}
    assert met(covered(client), "transition") == {"pending → extract (after)", "extract → waiting (after)"}
    assert met(covered(client), "status") == {"pending", "executing", "paused"}
    assert met(covered(client), "answer", "") == {"invokeWorkflowAsync 200", "getTask 200"}


async def test_what_happens_unseen_is_not_met() -> None:
    client = api()
    task = await client.start("approval")
    await client.advance(2_000)
    await client.app.engine.signal(client.namespace, task["id"], "approve")
    await client.listed()

    assert met(covered(client), "step") == {"pending"}

    await client.task(task["id"])
    assert met(covered(client), "signal") == {"approve"}
    assert "pay" in met(covered(client), "step")


async def test_a_stop_by_the_client_is_met_by_its_answer() -> None:
    client = api()
    task = await client.start("approval")

    client.ok(await client.http.post(f"/v1/tasks/{task['id']}/stop"))

    assert met(covered(client), "signal") == {"stop"}
    assert met(covered(client), "status") == {"pending", "stopped"}


async def test_a_stream_meets_all_that_had_happened_at_its_end() -> None:
    client = api(clock="auto")
    task = await client.start("completed")

    async with client.http.stream(
        "POST", "/v1/workflows/completed/invoke/stream", json={"input": {"text": "Hi"}}
    ) as answer:
        await answer.aread()

    assert task["status"] == "pending"
    assert "completed" in met(covered(client), "status", "completed")
    assert "invokeWorkflowStream 200" in met(covered(client), "answer", "")


async def test_faults_of_a_story_are_met_when_they_strike_and_the_steps_behind_them_when_they_are_shown() -> None:
    client = api()
    task = await client.start("flaky")

    answer = await client.http.get(f"/v1/tasks/{task['id']}")

    assert answer.status_code == 503
    assert met(covered(client), "fault", "flaky") == {"unavailable at pending"}
    assert "getTask 503" in {item.name for item in covered(client).reached}


async def test_an_answer_that_cannot_be_read_meets_its_status_alone() -> None:
    client = api()
    task = await client.start("approval")
    await client.advance(500)

    await client.http.get(f"/v1/tasks/{task['id']}", headers={"prefer": "fault=garbage"})

    assert met(covered(client), "step") == {"pending"}
    assert "getTask 200" in met(covered(client), "answer", "")


async def test_a_fault_that_a_client_asks_for_is_no_story_s() -> None:
    client = api()
    task = await client.start("approval")

    answer = await client.http.get(f"/v1/tasks/{task['id']}", headers={"prefer": "fault=unavailable"})

    assert answer.status_code == 503
    assert not any(item.kind == "fault" for item in covered(client).reached)


async def test_a_reset_takes_nothing_away_and_equal_ids_are_looked_at_anew() -> None:
    client = api()
    ids = []
    for signal in ("approve", "reject"):
        task = await client.start("approval")
        await client.advance(2_000)
        await client.app.engine.signal(client.namespace, task["id"], signal)
        await client.task(task["id"])
        ids.append(task["id"])
        await client.app.engine.reset(client.namespace)

    assert ids[0] == ids[1]
    assert met(covered(client), "signal") == {"approve", "reject"}


async def test_namespaces_are_told_apart_and_together() -> None:
    one = api("one")
    two = Api(one.app, "two")
    await one.start("approval")
    await two.start("failed")

    assert covered(one).started == {"approval"}
    assert covered(two).started == {"failed"}
    assert one.app.reports.coverage.of_all().started == {"approval", "failed"}

    one.app.reports.coverage.forget(one.namespace)
    assert one.app.reports.coverage.of_all().started == {"failed"}

    one.app.reports.coverage.forget_all()
    assert one.app.reports.coverage.of_all().started == set()


async def test_every_scenario_and_every_answer_is_declared_before_anything_is_met() -> None:
    client = api()

    found = covered(client)

    assert {item.scenario for item in found.declared} == {"", *client.app.engine.catalogue}
    assert found.reached == frozenset()


async def test_a_story_that_is_replaced_still_counts_for_the_tasks_that_played_it() -> None:
    client = api()
    await client.start("approval")
    client.app.engine.adopt(Catalogue([client.app.engine.scenario("failed")]))

    assert covered(client).started == {"approval"}
    assert {item.scenario for item in covered(client).declared} == {"", "approval", "failed"}


def test_what_old_namespaces_met_is_kept_for_the_whole() -> None:
    register = CoverageRegister(lambda: (), create_app(Settings()).contract.operations)
    register.observe("first", entry(operation="getTask"), None)
    for number in range(MOST_NAMESPACES):
        register.observe(str(number), entry(operation="listTasks", status=200), None)

    assert register.of("first").reached == frozenset()
    assert {item.name for item in register.of_all().reached} == {"getTask 200", "listTasks 200"}


def timelines_of(story: str) -> int:
    gc.collect()
    return sum(isinstance(each, Timeline) and each.name == story for each in gc.get_objects())


async def test_timelines_of_single_starts_are_let_go_and_what_was_met_in_them_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("xpander_emulator.report.coverage_recorder.MOST_TIMELINES", 10)
    monkeypatch.setattr("xpander_emulator.report.coverage_recorder._MOST_TASKS", 10)
    client = api(max_tasks=1)
    path = next(path for path in paths(client.app.engine.scenario("flaky").timeline) if path.fault is not None)
    before = timelines_of("flaky")
    await client.app.engine.pin_next(client.namespace, "flaky", 100, path)
    for _ in range(100):
        await client.start()
    await client.start("failed")

    assert timelines_of("flaky") - before <= 20
    assert covered(client).started == {"flaky", "failed"}
    assert covered(client) == client.app.reports.coverage.of_all()


async def test_an_answer_that_is_nothing_new_costs_next_to_nothing() -> None:
    client = api()
    task = await client.start("approval")
    [noted] = await client.app.engine.journal.newest(client.namespace)
    task_state = await client.app.engine.task_states.get(client.namespace, task["id"])
    observe, namespace = client.app.reports.coverage.observe, client.namespace

    best = min(repeat(lambda: observe(namespace, noted, task_state), number=2_000, repeat=20)) / 2_000

    # 0.4 µs on an idle machine of 2025; a bound that a busy one keeps too.
    assert best < 5e-6
