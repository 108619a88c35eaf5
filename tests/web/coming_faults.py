"""Faults of coming requests and of scenarios, and polls that meet them."""

from pathlib import Path
from typing import Any

import httpx2

from tests.web.api_client import Api, Json


def story(folder: Path, text: str) -> Path:
    """Return a file with a story that is called `told`."""
    file = folder / "told.yaml"
    file.write_text(f"scenario: told\n{text}\n", encoding="utf-8")
    return file


async def polls(api: Api, task_id: str, times: int) -> list[int]:
    return [(await api.http.get(f"/v1/tasks/{task_id}")).status_code for _ in range(times)]


async def put(api: Api, *faults: Any) -> httpx2.Response:
    headers = {"host": "localhost"}
    return await api.http.put("/__emulator/faults", json={"faults": faults}, headers=headers)


async def coming(api: Api, *faults: Any) -> list[Json]:
    answer = await put(api, *faults)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])
