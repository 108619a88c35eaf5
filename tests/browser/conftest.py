"""A real browser, whose pages report every error. `make browser` runs these tests."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, sync_playwright

from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

AXE = (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    # A name that leads here, of a machine that a browser does not trust as it does this one.
    "--host-resolver-rules=MAP emulator.test 127.0.0.1",
]
Json = dict[str, Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.exit("No Chromium was found. Install it (Debian: apt-get install chromium) or name it by CHROMIUM.", 2)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Emulator:
    """A served emulator and its client."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.http = httpx2.Client(base_url=url, headers={"x-api-key": "local"})

    def started(self, scenario: str, text: str = "Refund order 1042", **body: Any) -> str:
        """Start a task and return its id."""
        answer = self.http.post(f"/v1/workflows/{scenario}/invoke/async", json={"input": {"text": text}, **body})
        return str(answer.raise_for_status().json()["id"])

    def paused(self, scenario: str, text: str = "Refund order 1042", **body: Any) -> Json:
        """Start a task, take it to its pause, and return it."""
        task_id = self.started(scenario, text, **body)
        return self.control("POST", f"/tasks/{task_id}/skip", {"until": "paused"})

    def task(self, task_id: str) -> Json:
        return self.control("GET", f"/tasks/{task_id}")

    def control(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = self.http.request(method, f"/__emulator{path}", json=body)
        return dict(answer.raise_for_status().json())


@pytest.fixture(scope="session")
def server() -> Iterator[ThreadedServer]:
    settings = Settings(port=0, clock="manual", log_level="error", allow_hosts=("emulator.test",))
    with ThreadedServer(settings) as server:
        yield server


@pytest.fixture
def emulator(server: ThreadedServer) -> Iterator[Emulator]:
    """The emulator, at its beginning."""
    emulator = Emulator(server.base_url)
    with emulator.http:
        emulator.control("POST", "/reset")
        yield emulator


class Watch:
    """Opens windows, and collects what went wrong in them."""

    def __init__(self, browser: Browser, own: set[str]) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self._own = own
        self._wrong: list[str] = []
        self._forgiven: tuple[str, ...] = ()

    @property
    def wrong(self) -> list[str]:
        """What went wrong, but for what was forgiven."""
        return [each for each in self._wrong if not any(part in each for part in self._forgiven)]

    def forgive(self, *parts: str) -> None:
        """Let complaints that hold one of these texts pass."""
        self._forgiven += parts

    def page(self, scheme: Any = "light", width: int = 1280, **choices: Any) -> Page:
        """Return a new window of a browser that nobody has used before."""
        size: Any = {"width": width, "height": 800}
        context = self._browser.new_context(color_scheme=scheme, viewport=size, locale="en-GB", **choices)
        self._contexts.append(context)
        context.on("request", lambda request: self._look(request.url))
        return self.watched(context.new_page())

    def watched(self, page: Page) -> Page:
        """Collect the errors of a window, and the dialogues that a hostile text would open."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._wrong.append(str(error)))
        page.on("dialog", self._dismiss)
        return page

    def serious_violations(self, address: str, ready: str, scheme: str, without: str | None) -> list[str]:
        """Return what axe finds serious on a page; it adds styles of its own to it, which the page's policy forbids."""
        page = self.page(scheme, width=360, bypass_csp=True)
        page.goto(address)
        page.locator(ready).first.wait_for()
        page.evaluate(AXE)
        result = page.evaluate(
            "what => axe.run(what)", {"exclude": [[without]]} if without else {"include": [["html"]]}
        )
        serious = [each for each in result["violations"] if each["impact"] in ("serious", "critical")]
        return [f"{each['id']}: {node['html'][:120]}" for each in serious for node in each["nodes"]]

    def close(self) -> None:
        for context in self._contexts:
            context.close()

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._wrong.append(message.text)

    def _dismiss(self, dialog: Dialog) -> None:
        self._wrong.append(f"a dialogue: {dialog.message}")
        dialog.dismiss()

    def _look(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in self._own:
            self._wrong.append(f"a request to {url}")


@pytest.fixture
def watch(browser: Browser) -> Iterator[Watch]:
    """Windows; the test fails when a console complains, a dialogue opens or a request goes to another server."""
    watch = Watch(browser, {"127.0.0.1", "emulator.test"})
    yield watch
    watch.close()
    assert watch.wrong == []
