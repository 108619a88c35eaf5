"""Clients of an emulator, as a user's test would have them."""

from typing import Final

import httpx2

from xpander_emulator.testkit import Emulator

BODY: Final = {"input": {"text": "Refund order 1042"}}


def client_of(kit: Emulator) -> httpx2.Client:
    """Return a client without sockets, which needs no closing."""
    return httpx2.Client(transport=kit.transport(), base_url=kit.base_url, headers={"x-api-key": kit.api_key})


def start(client: httpx2.Client, workflow: str = "any") -> str:
    """Start a task and return its id."""
    return str(client.post(f"/v1/workflows/{workflow}/invoke/async", json=BODY).json()["id"])
