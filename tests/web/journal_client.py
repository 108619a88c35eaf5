"""The journal of a client, read by the control API."""

from typing import Any

import httpx2

from tests.web.api_client import Api


async def control(client: Api, path: str, body: Any = None, /, **query: str) -> Any:
    """Return the answer of the control API, which is 200."""
    method = "GET" if body is None else "POST"
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=client.app), base_url="http://127.0.0.1:4020"
    ) as http:
        answer = await http.request(
            method, f"/__emulator{path}", params={"namespace": client.namespace, **query}, json=body
        )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(client: Api, /, **query: str) -> list[dict[str, Any]]:
    return list((await control(client, "/requests", **query))["items"])


async def sentences(client: Api, number: int) -> list[str]:
    return list((await control(client, f"/requests/{number}"))["explanation"])
