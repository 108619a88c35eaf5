"""Starts a task, approves it and polls its end, with a client of Python: requests, urllib3, httpx or aiohttp."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

MOST_READS = 60
# Sends a request, and returns the status and the body of the answer.
Send = Callable[[str, str, dict[str, str], bytes | None], Awaitable[tuple[int, bytes]]]


async def by_requests(use: Callable[[Send], Awaitable[None]]) -> None:
    import requests

    with requests.Session() as session:

        async def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
            answer = session.request(method, url, headers=headers, data=body)
            return answer.status_code, answer.content

        await use(send)


async def by_urllib3(use: Callable[[Send], Awaitable[None]]) -> None:
    import urllib3

    with urllib3.PoolManager() as pool:

        async def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
            answer = pool.request(method, url, headers=headers, body=body, retries=False)
            return answer.status, answer.data

        await use(send)


async def by_httpx(use: Callable[[Send], Awaitable[None]]) -> None:
    import httpx

    async with httpx.AsyncClient() as client:

        async def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
            answer = await client.request(method, url, headers=headers, content=body)
            return answer.status_code, answer.content

        await use(send)


async def by_aiohttp(use: Callable[[Send], Awaitable[None]]) -> None:
    import aiohttp

    async with aiohttp.ClientSession() as session:

        async def send(method: str, url: str, headers: dict[str, str], body: bytes | None) -> tuple[int, bytes]:
            async with session.request(method, url, headers=headers, data=body) as answer:
                return answer.status, await answer.read()

        await use(send)


CLIENTS = {"requests": by_requests, "urllib3": by_urllib3, "httpx": by_httpx, "aiohttp": by_aiohttp}


async def approve(send: Send, url: str, key: str, task: str) -> None:
    statuses: list[str] = []

    async def call(method: str, path: str, data: Any = None) -> Any:
        headers = {"x-api-key": key} | ({} if data is None else {"content-type": "application/json"})
        status, body = await send(method, url + path, headers, None if data is None else json.dumps(data).encode())
        assert status == 200, (status, body)
        return json.loads(body)

    async def poll(status: str) -> None:
        for _ in range(MOST_READS):
            if statuses[-1] == status:
                return
            statuses.append((await call("GET", f"/v1/tasks/{task}"))["status"])

    started = await call("POST", "/v1/workflows/approval/invoke/async", {"id": task, "input": {"text": "Refund"}})
    statuses.append(started["status"])
    await poll("paused")
    await call("POST", f"/__emulator/tasks/{task}/signals", {"signal": "approve"})
    await poll("completed")
    print(*dict.fromkeys(statuses))


library, *arguments = sys.argv[1:]
asyncio.run(CLIENTS[library](lambda send: approve(send, *arguments)))
