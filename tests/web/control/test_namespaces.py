from typing import Any

import httpx2
import pytest

from tests.web.control.clients import CONTROL, NOW, client_of, problem, started
from xpander_emulator.web.app import Application
from xpander_emulator.web.auth import derived_namespace


async def test_without_a_body_everything_is_reset(client: httpx2.AsyncClient) -> None:
    await client.put(f"{CONTROL}/scenarios/default", json={"scenario": "slow"})
    await client.post(f"{CONTROL}/clock/advance", json={"by": "1h"})
    await started(client, "approval")

    answer = await client.post(f"{CONTROL}/reset")

    assert answer.json() == {"reset": ["tasks", "journal", "clock", "pins", "faults"]}
    assert (await client.get(f"{CONTROL}/tasks")).json()["total"] == 0
    assert (await client.get(f"{CONTROL}/clock")).json()["now"] == NOW
    assert (await client.get(f"{CONTROL}/scenarios")).json()["default"] == "completed"


async def test_a_scope_leaves_the_rest(client: httpx2.AsyncClient) -> None:
    await client.put(f"{CONTROL}/scenarios/default", json={"scenario": "slow"})
    await started(client, "approval")

    answer = await client.post(f"{CONTROL}/reset", json={"scope": ["pins"]})

    assert answer.json() == {"reset": ["pins"]}
    assert (await client.get(f"{CONTROL}/tasks")).json()["total"] == 1


async def test_the_clock_takes_the_tasks_along(client: httpx2.AsyncClient) -> None:
    answer = await client.post(f"{CONTROL}/reset", json={"scope": ["clock"]})

    assert answer.json() == {"reset": ["tasks", "clock"]}


@pytest.mark.parametrize("scope", [["everything"], [], "tasks"])
async def test_an_unknown_scope_is_refused(client: httpx2.AsyncClient, scope: Any) -> None:
    problem(await client.post(f"{CONTROL}/reset", json={"scope": scope}), 422)


async def test_other_namespaces_stay(client: httpx2.AsyncClient, key: str) -> None:
    await started(client, "approval", f"{key}-other")

    await client.post(f"{CONTROL}/reset")

    other = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": f"{key}-other"})
    assert other.json()["total"] == 1


async def test_an_unknown_one_is_empty(app: Application) -> None:
    async with client_of(app) as client:
        answer = await client.get(f"{CONTROL}/tasks", params={"namespace": "nobody.was-here_1"})

    assert answer.json() == {"items": [], "total": 0}


async def test_a_list_tells_names_and_clocks_and_no_key(client: httpx2.AsyncClient, key: str) -> None:
    await started(client, "approval")
    await client.post(f"{CONTROL}/clock/advance", json={"by": "30s"})

    answer = await client.get(f"{CONTROL}/namespaces")

    [own] = [item for item in answer.json()["items"] if item["name"] == derived_namespace(key)]
    assert own["tasks"] == 1
    assert own["clock"] == {"mode": "manual", "now": "2026-01-01T00:00:30.000000Z", "scale": None}
    assert key not in answer.text
