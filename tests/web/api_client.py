"""A client of the emulated API, in the same process."""

from functools import cache
from typing import Any

import httpx2

from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application, create_app
from xpander_emulator.web.auth import derived_namespace

Json = dict[str, Any]


class Api:
    """The API of one emulator, called with one key."""

    def __init__(self, app: Application, key: str = "key") -> None:
        self.app = app
        self.namespace = derived_namespace(key)
        self.http = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app), base_url="http://emulator", headers={"x-api-key": key}
        )

    async def start(self, workflow: str = "completed", text: str = "Hello", **body: Any) -> Json:
        """Start a task, and return it."""
        answer = await self.http.post(f"/v1/workflows/{workflow}/invoke/async", json={"input": {"text": text}} | body)
        return dict(self.ok(answer))

    async def task(self, task_id: str) -> Json:
        """Poll a task."""
        return dict(self.ok(await self.http.get(f"/v1/tasks/{task_id}")))

    async def listed(self, **query: Any) -> list[str]:
        """Return the ids of the tasks on one page."""
        page = self.ok(await self.http.get("/v1/tasks", params=query))
        return [item["id"] for item in page["items"]]

    async def advance(self, by: int) -> None:
        """Move the clock on by milliseconds."""
        await self.app.engine.advance(self.namespace, by)

    @staticmethod
    def ok(answer: httpx2.Response) -> Any:
        """Return the body of a 200."""
        assert answer.status_code == 200, answer.text
        return answer.json()


def api(key: str = "key", **choices: Any) -> Api:
    """Return a client of an emulator of its own."""
    return Api(create_app(Settings(**{"clock": "manual", **choices})), key)


@cache
def shared(clock: str) -> Application:
    """Return an emulator that tests share, each under a key of its own."""
    return create_app(Settings(clock=clock))  # type: ignore[arg-type]


def prefer(text: str) -> dict[str, str]:
    return {"prefer": text}
