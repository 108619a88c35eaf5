"""Clients of the control API over the whole application, in process, on clocks that stand."""

from collections.abc import Mapping
from typing import Any, Final

import httpx2

from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application

BASE: Final = "http://127.0.0.1:4020"
CONTROL: Final = "/__emulator"
NOW: Final = "2026-01-01T00:00:00.000000Z"
SETTINGS: Final = Settings(clock="manual")


def client_of(app: Application, headers: Mapping[str, str] | None = None) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url=BASE, headers=headers)


async def started(client: httpx2.AsyncClient, workflow_id: str, key: str = "", **body: Any) -> str:
    """Start a task by the emulated API and return its id."""
    answer = await client.post(
        f"/v1/workflows/{workflow_id}/invoke/async",
        json={"input": {"text": "A refund"}, **body},
        headers={"x-api-key": key} if key else {},
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["id"])


async def paused(client: httpx2.AsyncClient) -> str:
    """Start a task and take it to its pause."""
    task_id = await started(client, "approval")
    answer = await client.post(f"{CONTROL}/tasks/{task_id}/skip", json={"until": "paused"})
    assert answer.status_code == 200, answer.text
    return task_id


def problem(answer: httpx2.Response, status: int) -> str:
    """Return what a problem says, once it is one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:xpander-emulator:")
    return str(body["detail"])
