import httpx2
import pytest

from tests.web.control.clients import CONTROL, NOW, client_of, started
from xpander_emulator import __version__
from xpander_emulator.web.app import Application
from xpander_emulator.web.auth import derived_namespace


@pytest.mark.parametrize(("path", "status"), [("health", "ok"), ("ready", "ready")])
async def test_probes_need_no_key_and_come_under_any_host(app: Application, path: str, status: str) -> None:
    async with client_of(app) as client:
        answer = await client.get(f"{CONTROL}/{path}", headers={"host": "whatever.example"})

    assert answer.status_code == 200
    assert answer.json() == {"status": status}


async def test_info_tells_what_is_served(client: httpx2.AsyncClient, app: Application, key: str) -> None:
    info = (await client.get(f"{CONTROL}/info")).json()

    assert info["name"] == "xpander-emulator"
    assert info["version"] == __version__
    assert info["contract"]["operations"] == len(app.contract.operations)
    assert "approval" in info["scenarios"]
    assert info["default_scenario"] == "completed"
    assert info["seed"] == 1
    assert info["namespace"] == derived_namespace(key)
    assert info["clock"] == {"mode": "manual", "now": NOW, "scale": None}
    assert info["store"] == "memory"
    assert info["limits"] == {
        "max_tasks": 100_000,
        "max_body": 5_242_880,
        "max_connections": 1_000,
        "max_signals": 10_000,
    }


async def test_info_names_the_organization_of_the_tasks(client: httpx2.AsyncClient) -> None:
    task_id = await started(client, "completed")

    info = (await client.get(f"{CONTROL}/info")).json()

    task = (await client.get(f"{CONTROL}/tasks/{task_id}")).json()
    assert task["snapshot"]["organization_id"] == info["organization_id"]


async def test_info_tells_the_seed_only_to_whoever_may_use_the_control_api(guarded: Application) -> None:
    told = {}
    for name, header in {"stranger": None, "wrong": "Bearer wrong", "owner": "Bearer secret"}.items():
        async with client_of(guarded, {"authorization": header} if header else None) as client:
            told[name] = (await client.get(f"{CONTROL}/info")).json()

    assert "seed" not in told["stranger"]
    assert "seed" not in told["wrong"]
    assert told["owner"] == {**told["stranger"], "seed": 1}
