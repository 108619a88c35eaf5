from pathlib import Path

import httpx2
import pytest

from tests.web.api_client import Api, Json, api
from xpander_emulator.report.coverage_json import from_json

pytestmark = pytest.mark.anyio


async def control(client: Api, method: str, path: str, **query: str) -> httpx2.Response:
    return await client.http.request(method, f"http://localhost/__emulator{path}", params=query)


async def found(client: Api, method: str, path: str, **query: str) -> Json:
    return dict(client.ok(await control(client, method, path, **query)))


async def test_coverage_is_told_of_a_namespace_and_of_all() -> None:
    client = api()
    await Api(client.app, "other").start("failed")
    await client.start("approval")

    mine = from_json(await found(client, "GET", "/coverage"), "server")
    everybody_s = from_json(await found(client, "GET", "/coverage", all="true"), "server")

    assert mine == client.app.reports.coverage.of(client.namespace)
    assert mine.started == {"approval"}
    assert everybody_s.started == {"approval", "failed"}


async def test_coverage_stays_through_a_reset_and_goes_when_it_is_forgotten() -> None:
    client = api()
    await client.start("approval")
    client.ok(await control(client, "POST", "/reset"))

    assert from_json(await found(client, "GET", "/coverage"), "server").started == {"approval"}
    assert from_json(await found(client, "DELETE", "/coverage"), "server").started == set()
    await client.start("approval")
    assert from_json(await found(client, "DELETE", "/coverage", all="true"), "server").started == set()


@pytest.mark.parametrize("path", ["/coverage", "/conduct"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_a_report_says_that_several_workers_serve(tmp_path: Path, method: str, path: str) -> None:
    one = api()
    several = api(workers=3, store=f"sqlite:{tmp_path / 'tasks.db'}")

    alone, among = await control(one, method, path), await control(several, method, path)

    assert "x-emulator-workers" not in alone.headers
    assert (among.status_code, among.headers["x-emulator-workers"]) == (200, "3")
    await several.app.close()


async def test_conduct_is_told_of_a_namespace_and_of_all_and_forgotten() -> None:
    client = api()
    other = Api(client.app, "other")
    await client.start("approval", verbose=True)
    await other.start("approval", verbose=True)

    assert (await found(client, "GET", "/conduct"))["items"] == [
        {
            "rule": "sends-fields-the-contract-lacks",
            "severity": "note",
            "message": "invokeWorkflowAsync does not declare verbose.",
            "task_id": None,
            "requests": [1],
            "where": client.namespace,
        }
    ]
    assert len((await found(client, "GET", "/conduct", all="true"))["items"]) == 2
    assert (await found(client, "DELETE", "/conduct"))["items"] == []
    assert len((await found(client, "GET", "/conduct", all="true"))["items"]) == 1
    assert (await found(client, "DELETE", "/conduct", all="true"))["items"] == []


async def test_the_control_api_meets_nothing_and_is_not_judged() -> None:
    client = api()
    for _ in range(20):
        await control(client, "GET", "/tasks")

    assert client.app.reports.coverage.of_all().reached == frozenset()
    assert await client.app.reports.conduct.of_all() == []


async def test_another_word_than_true_or_false_is_refused() -> None:
    assert (await control(api(), "GET", "/coverage", all="maybe")).status_code == 422
