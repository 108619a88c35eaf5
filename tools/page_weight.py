"""Measure the pages: how many bytes a browser fetches that has none of them, and when it first shows something.

`make page-weight` prints the table of docs/pages.md. It needs Playwright and a Chromium, as `make screenshots` does.
"""

import os
import shutil
from statistics import median
from typing import Any, Final

from playwright.sync_api import Browser, sync_playwright

from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
PAGES: Final = {"Tasks": "/", "Journal": "/journal", "Present": "/present", "Contract": "/docs"}
TIMES: Final = 7
FIRST_PAINT: Final = """() => new Promise((done) => new PerformanceObserver((list) => {
  const found = list.getEntriesByName("first-contentful-paint")[0];
  if (found) done(found.startTime);
}).observe({type: "paint", buffered: true}))"""


def main() -> None:
    """Print the table."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    settings = Settings(port=0, clock="manual", log_level="error")
    with ThreadedServer(settings) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        print("| page | requests | fetched, packed | first paint |\n| --- | --- | --- | --- |")
        for name, page in PAGES.items():
            found = [measured(browser, f"{server.base_url}/__emulator{page}") for _ in range(TIMES)]
            requests, fetched, painted = (median(each[part] for each in found) for part in range(3))
            print(f"| {name} | {requests:.0f} | {fetched / 1000:.0f} kB | {painted:.0f} ms |")
        browser.close()


def measured(browser: Browser, address: str) -> tuple[int, int, float]:
    """Return requests for files, their bytes on the wire, and the ms to the first paint, in an empty browser."""
    context = browser.new_context()
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    sizes: list[int] = []

    def hear(event: Any) -> None:
        sizes.append(event["encodedDataLength"])

    session.on("Network.loadingFinished", hear)
    page.goto(address)
    painted = float(page.evaluate(FIRST_PAINT))
    page.wait_for_timeout(400)
    context.close()
    return len(sizes), sum(sizes), painted


if __name__ == "__main__":
    main()
