"""Take the screenshots of every page into docs/screenshots: light and dark, wide and narrow.

`make screenshots` runs it. It needs Playwright and a Chromium (CHROMIUM=/path/to/it, else the system's). The clock
stands and the seed is fixed, so that the pictures differ only where the pages do.
"""

import base64
import os
import shutil
import struct
import tempfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx2
from playwright.sync_api import Browser, Page, sync_playwright

from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

OUT: Final = Path(__file__).parents[1] / "docs" / "screenshots"
PORT: Final = 4020  # it stands on the pictures
PROJECTOR: Final = 720
SIZES: Final = {"wide": (1280, 800), "narrow": (390, 844)}
SCHEMES: Final = ("light", "dark")
NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "chrome")
# A machine without a desktop has no `system-ui`; what fontconfig then takes is a serif.
FONTS: Final = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><dir>/usr/share/fonts</dir>
<cachedir>{cache}</cachedir>
<match target="pattern"><test qual="any" name="family"><string>ui-monospace</string></test>
<edit name="family" mode="assign" binding="strong"><string>Liberation Mono</string></edit></match>
<match target="pattern"><edit name="family" mode="append"><string>Liberation Sans</string></edit></match>
</fontconfig>"""
# Return palette and pixels of a PNG, in at most 256 colours: the most frequent ones, all others as the nearest of them.
PALETTE: Final = """async source => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, image.width, image.height).data.buffer);
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const palette = [...counts].sort((one, other) => other[1] - one[1]).slice(0, 256).map(([pixel]) => pixel);
  const parts = (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255];
  const colours = palette.map(parts);
  const places = new Map(palette.map((pixel, index) => [pixel, index]));
  const nearest = (pixel) => {
    const [r, g, b] = parts(pixel);
    const far = colours.map(([x, y, z]) => (x - r) ** 2 + (y - g) ** 2 + (z - b) ** 2);
    return far.indexOf(Math.min(...far));
  };
  const indices = Uint8Array.from(pixels, (pixel) => {
    if (!places.has(pixel)) places.set(pixel, nearest(pixel));
    return places.get(pixel);
  });
  let text = "";
  for (let at = 0; at < indices.length; at += 8192) text += String.fromCharCode(...indices.subarray(at, at + 8192));
  return {width: image.width, height: image.height, colours, indices: btoa(text)};
}"""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shot:
    """A page, and what is on it.

    address: its path, once what it shows has been brought about.
    ready:   what stands on it when it has all that it shows.
    then:    what is done on it first.
    """

    name: str
    address: Callable[[httpx2.Client], str]
    ready: str
    then: Callable[[Page], None] = lambda page: None


def main() -> None:
    """Take every picture anew, and tell how much they weigh."""
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        fonts = Path(folder, "fonts.conf")
        fonts.write_text(FONTS.format(cache=folder), encoding="utf-8")
        path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
        environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-lcd-text"]
        browser = playwright.chromium.launch(executable_path=path, args=arguments, env=environment)
        for shot in SHOTS:
            for scheme in SCHEMES:
                for size in SIZES:
                    take(browser, shot, scheme, size)
        browser.close()
    pictures = sorted(OUT.glob("*.png"))
    print(f"{len(pictures)} pictures, {sum(each.stat().st_size for each in pictures) / 1e6:.2f} MB in {OUT}")


def take(browser: Browser, shot: Shot, scheme: Any, size: str) -> None:
    """Take one picture, of a server of its own."""
    width, height = SIZES[size]
    with ThreadedServer(Settings(port=PORT, clock="manual", log_level="error")) as server:
        with httpx2.Client(base_url=server.base_url) as http:
            address = shot.address(http)
        view: Any = {"width": width, "height": PROJECTOR if shot.name == "present" and size == "wide" else height}
        context = browser.new_context(color_scheme=scheme, viewport=view, locale="en-GB", reduced_motion="reduce")
        page = context.new_page()
        page.goto(f"{server.base_url}{address}")
        shot.then(page)
        page.locator(shot.ready).first.wait_for()
        page.wait_for_timeout(300)
        picture = page.screenshot()
        found = page.context.new_page().evaluate(PALETTE, f"data:image/png;base64,{base64.b64encode(picture).decode()}")
        (OUT / f"{shot.name}-{scheme}-{size}.png").write_bytes(png(found))
        context.close()


def png(found: Json) -> bytes:
    """Return a PNG of pixels that are given as places in a palette."""
    width, height = found["width"], found["height"]
    pixels = base64.b64decode(found["indices"])
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, width * height, width))
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    palette = bytes(part for colour in found["colours"] for part in colour)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, content) for name, content in chunks)


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


# What is brought about


def start(http: httpx2.Client, scenario: str, text: str, until: str = "") -> Json:
    """Start a task, and take it to a status or a step."""
    asked = {"scenario": scenario, "request": {"input": {"text": text}}}
    task = http.post("/__emulator/tasks", json=asked).raise_for_status().json()
    if until:
        task = http.post(f"/__emulator/tasks/{task['id']}/skip", json={"until": until}).raise_for_status().json()
    return dict(task)


def signal(http: httpx2.Client, task: Json, name: str, **told: str) -> None:
    """Give a task a signal."""
    http.post(f"/__emulator/tasks/{task['id']}/signals", json={"signal": name, **told}).raise_for_status()


def several(http: httpx2.Client) -> str:
    """Bring about tasks of every kind, one of which waits for a person; return the page of all."""
    start(http, "retried", "Book a shipment to Lisbon", "completed")
    refund = start(http, "approval", "Refund order 977", "paused")
    signal(http, refund, "reject", by="Manager", reason="Sent twice already")
    start(http, "failed", "Check invoice 31", "failed")
    start(http, "tool_calls", "Read the sensors of hall 4")
    http.post("/__emulator/clock/advance", json={"by": "43m"})
    start(http, "error", "Sync the catalogue", "error")
    start(http, "connector_authorization", "When does our largest contract end?", "paused")
    start(http, "completed", "Summarize the reviews of last week")
    http.post("/__emulator/clock/advance", json={"by": "900ms"})
    start(http, "approval", "Order 1042: refund 249.00 EUR for a late delivery", "paused")
    return "/__emulator/"


def chosen(http: httpx2.Client) -> str:
    """Return the page of the task that waits for a person."""
    several(http)
    waiting = http.get("/__emulator/tasks").json()["items"][0]
    return f"/__emulator/#{waiting['id']}"


def met(http: httpx2.Client) -> str:
    """Bring about requests; return the report on them."""
    asked(http)
    return "/__emulator/report?all=true"


def asked(http: httpx2.Client) -> str:
    """Bring about requests, some of them wrong; return the journal."""
    key = {"x-api-key": "local"}
    invoke = "/v1/workflows/approval/invoke/async"
    text = "Order 1042: refund 249.00 EUR for a late delivery"
    task = http.post(invoke, json={"input": {"text": text}}, headers=key).json()
    http.get(f"/v1/tasks/{task['id']}", headers=key)
    http.get(f"/v1/task/{task['id']}", headers=key)
    http.get("/v1/tasks?per_page=20", headers=key)
    http.post(invoke, json={"input": {"text": 7}, "output_format": "xml"}, headers=key)
    http.post(f"/__emulator/tasks/{task['id']}/skip", json={"until": "paused"})
    http.get(f"/v1/tasks/{task['id']}", headers=key)
    return "/__emulator/journal#5"


def link(scenario: str, text: str) -> Callable[[httpx2.Client], str]:
    """Return what brings about a pause and returns the page that a person is sent."""
    return lambda http: str(start(http, scenario, text, "paused")["pause"]["link"]).partition(f":{PORT}")[2]


def present(page: Page) -> None:
    """Begin the first scenario, and go to its pause."""
    page.get_by_role("button", name="Start").first.click()
    page.locator(".node.now").wait_for()
    for _ in range(2):
        page.keyboard.press("s")
        page.wait_for_timeout(300)


def open_dialogue(page: Page) -> None:
    """Open the dialogue that starts a scenario."""
    page.get_by_role("button", name="Choose a scenario").click()


SHOTS: Final = (
    Shot("tasks", chosen, ".decision"),
    Shot("start", lambda http: "/__emulator/", "dialog .about:not(:empty)", open_dialogue),
    Shot("journal", asked, ".why-list"),
    Shot("present", lambda http: "/__emulator/present", ".asked", present),
    Shot("decision", link("approval", "Order 1042: refund 249.00 EUR for a late delivery"), "h1"),
    Shot("consent", link("connector_authorization", "When does our largest contract end?"), "h1"),
    Shot("report", met, "main table"),
    Shot("contract", lambda http: "/__emulator/docs", ".opblock"),
)

if __name__ == "__main__":
    main()
