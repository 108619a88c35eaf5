"""Starts a refund and polls until its decision."""

import time

import httpx

RUNNING = ("pending", "executing")


class Refunds:
    """Refunds by a workflow of xpander.ai."""

    def __init__(self, http: httpx.Client, pause: float = 1.0) -> None:
        self._http = http
        self._pause = pause

    def start(self, order: str) -> str:
        """Start the refund of an order, and return the id of its task."""
        answer = self._http.post("/v1/workflows/refund/invoke/async", json={"input": {"text": order}})
        answer.raise_for_status()
        return str(answer.json()["id"])

    def outcome(self, task_id: str) -> str:
        """Return the status in which a refund has ended."""
        while True:
            answer = self._http.get(f"/v1/tasks/{task_id}")
            answer.raise_for_status()
            status = str(answer.json()["status"])
            if status not in RUNNING:
                return status
            time.sleep(self._pause)
