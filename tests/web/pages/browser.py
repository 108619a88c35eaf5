"""A browser, which knows the pages and the emulator that tests share."""

import httpx2

from tests.web.api_client import shared
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

HOST = "http://127.0.0.1:4020"
PAGE = {"accept": "text/html,application/xhtml+xml"}


def browser(**choices: object) -> httpx2.AsyncClient:
    """Return a browser; without choices, one of the emulator that tests share."""
    app = create_app(Settings(**{"clock": "manual", **choices})) if choices else shared("manual")  # type: ignore[arg-type]
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=HOST, headers=PAGE)
