import gc
from timeit import repeat

import pytest

from tests.journal.entries import entry
from tests.web.api_client import Api, api
from xpander_emulator.core.timeline import Timeline
from xpander_emulator.report.coverage import Coverage
from xpander_emulator.report.coverage_recorder import MOST_NAMESPACES, CoverageRecorder
from xpander_emulator.scenario.paths import paths
from xpander_emulator.scenario.selection import Catalogue
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

pytestmark = pytest.mark.anyio


def reached(coverage: Coverage, kind: str, scenario: str = "approval") -> set[str]:
    return {item.name for item in coverage.reached if item.kind == kind and item.scenario == scenario}


def covered(client: Api) -> Coverage:
    return client.app.reports.coverage.of(client.namespace)


async def test_a_client_reaches_the_steps_before_the_one_it_was_shown() -> None:
    client = api()
    task = await client.start("approval")
    await client.advance(2_000)

    await client.task(task["id"])

    assert reached(covered(client), "step") == {"pending", "extract", "waiting"}
    assert reached(covered(client), "transition") == {"pending → extract (after)", "extract → waiting (after)"}
    assert reached(covered(client), "status") == {"pending", "executing", "paused"}
    assert reached(covered(client), "answer", "") == {"invokeWorkflowAsync 200", "getTask 200"}


async def test_steps_that_no_client_was_shown_are_not_reached() -> None:
    client = api()
    task = await client.start("approval")
    await client.advance(2_000)
    await client.app.engine.signal(client.namespace, task["id"], "approve")
    await client.listed()

    assert reached(covered(client), "step") == {"pending"}

    await client.task(task["id"])
    assert reached(covered(client), "signal") == {"approve"}
    assert "pay" in reached(covered(client), "step")


async def test_a_stop_by_the_client_is_reached_by_its_answer() -> None:
    client = api()
    task = await client.start("approval")

    client.ok(await client.http.post(f"/v1/tasks/{task['id']}/stop"))

    assert reached(covered(client), "signal") == {"stop"}
    assert reached(covered(client), "status") == {"pending", "stopped"}


async def test_a_stream_reaches_everything_before_its_end() -> None:
    client = api(clock="auto")
    task = await client.start("completed")

    async with client.http.stream(
        "POST", "/v1/workflows/completed/invoke/stream", json={"input": {"text": "Hi"}}
    ) as answer:
        await answer.aread()

    assert task["status"] == "pending"
    assert "completed" in reached(covered(client), "status", "completed")
    assert "invokeWorkflowStream 200" in reached(covered(client), "answer", "")


async def test_faults_of_a_scenario_are_reached_when_they_are_injected() -> None:
    client = api()
    task = await client.start("flaky")

    answer = await client.http.get(f"/v1/tasks/{task['id']}")

    assert answer.status_code == 503
    assert reached(covered(client), "fault", "flaky") == {"unavailable at pending"}
    assert "getTask 503" in {item.name for item in covered(client).reached}


async def test_an_unreadable_answer_reaches_its_status_alone() -> None:
    client = api()
    task = await client.start("approval")
    await client.advance(500)

    await client.http.get(f"/v1/tasks/{task['id']}", headers={"prefer": "fault=garbage"})

    assert reached(covered(client), "step") == {"pending"}
    assert "getTask 200" in reached(covered(client), "answer", "")


async def test_a_fault_that_a_client_asks_for_belongs_to_no_scenario() -> None:
    client = api()
    task = await client.start("approval")

    answer = await client.http.get(f"/v1/tasks/{task['id']}", headers={"prefer": "fault=unavailable"})

    assert answer.status_code == 503
    assert not any(item.kind == "fault" for item in covered(client).reached)


async def test_a_reset_deletes_no_coverage_and_equal_ids_are_recorded_again() -> None:
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
    assert reached(covered(client), "signal") == {"approve", "reject"}


async def test_namespaces_are_recorded_separately_and_together() -> None:
    one = api("one")
    two = Api(one.app, "two")
    await one.start("approval")
    await two.start("failed")

    assert covered(one).started == {"approval"}
    assert covered(two).started == {"failed"}
    assert one.app.reports.coverage.of_all().started == {"approval", "failed"}

    one.app.reports.coverage.delete(one.namespace)
    assert one.app.reports.coverage.of_all().started == {"failed"}

    one.app.reports.coverage.delete_all()
    assert one.app.reports.coverage.of_all().started == set()


async def test_every_scenario_and_answer_is_declared_before_any_is_reached() -> None:
    client = api()

    coverage = covered(client)

    assert {item.scenario for item in coverage.declared} == {"", *client.app.engine.catalogue}
    assert coverage.reached == frozenset()


async def test_a_replaced_scenario_still_counts_for_its_tasks() -> None:
    client = api()
    await client.start("approval")
    client.app.engine.adopt(Catalogue([client.app.engine.scenario("failed")]))

    assert covered(client).started == {"approval"}
    assert {item.scenario for item in covered(client).declared} == {"", "approval", "failed"}


def test_old_namespaces_still_count_for_the_whole_server() -> None:
    recorder = CoverageRecorder(lambda: (), create_app(Settings()).contract.operations)
    recorder.record("first", entry(operation="getTask"), None)
    for number in range(MOST_NAMESPACES):
        recorder.record(str(number), entry(operation="listTasks", status=200), None)

    assert recorder.of("first").reached == frozenset()
    assert {item.name for item in recorder.of_all().reached} == {"getTask 200", "listTasks 200"}


def timelines_of(scenario: str) -> int:
    gc.collect()
    return sum(isinstance(each, Timeline) and each.name == scenario for each in gc.get_objects())


async def test_timelines_of_single_starts_are_released_and_their_coverage_is_not(
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


async def test_an_answer_that_reaches_nothing_new_costs_microseconds() -> None:
    client = api()
    task = await client.start("approval")
    [entry_of_start] = await client.app.engine.journal.newest(client.namespace)
    task_state = await client.app.engine.task_states.get(client.namespace, task["id"])
    record, namespace = client.app.reports.coverage.record, client.namespace

    best = min(repeat(lambda: record(namespace, entry_of_start, task_state), number=2_000, repeat=20)) / 2_000

    # 0.4 µs on an idle machine of 2025; the bound holds on a busy machine too.
    assert best < 5e-6
