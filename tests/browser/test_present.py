"""The presenter mode: scenarios on a projector and on a phone, by keyboard alone."""

from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Emulator, Watch
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


@pytest.fixture
def page(emulator: Emulator, watch: Watch) -> Page:
    """The presenter mode on a projector, at its first scenario."""
    httpx2.post(f"{emulator.url}/__emulator/reset?namespace=presenter").raise_for_status()
    page = watch.page()
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{emulator.url}/__emulator/present")
    expect(page.locator(".diagram")).to_be_visible()
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def test_a_scenario_is_shown_and_decided_by_keyboard(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("A refund waits for a manager")
    press(page, "+", "+", "+", "+", "Space")
    expect(page.locator(".asked")).to_contain_text("Order 1042: refund 249.00 EUR")
    expect(page.locator(".side").first).to_contain_text('"wait_node_id": "manager-approval"')

    press(page, "a")

    expect(page.locator(".end")).to_have_text("completed")
    expect(page.locator(".sides")).to_contain_text("Approved by presenter")


def test_scenarios_are_turned_and_everything_goes_back_to_the_start(page: Page, emulator: Emulator) -> None:
    press(page, "Space")
    expect(page.locator(".node.now")).to_be_visible()
    press(page, "ArrowRight", "PageDown")
    expect(page.get_by_role("heading", level=1)).to_have_text("First a decision, then a credential")
    press(page, "ArrowLeft")
    expect(page.get_by_role("heading", level=1)).to_have_text("A workflow asks for access")

    press(page, "0")

    expect(page.get_by_role("heading", level=1)).to_have_text("A refund waits for a manager")
    expect(page.get_by_role("button", name="Start", exact=False).first).to_be_visible()
    listed = httpx2.get(f"{emulator.url}/__emulator/tasks?namespace=presenter").raise_for_status()
    assert listed.json()["total"] == 0


def test_a_task_that_waits_is_taken_up_again_after_a_reload(page: Page) -> None:
    press(page, "Space", "s")
    press(page, "s")
    expect(page.locator(".asked")).to_be_visible()

    page.reload()

    expect(page.locator(".asked")).to_be_visible()


def test_the_keys_are_listed(page: Page) -> None:
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("Everything back to the start")

    press(page, "Escape")

    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("number", range(5))
def test_every_scenario_fits_a_projector_and_a_phone(page: Page, number: int) -> None:
    press(page, *["ArrowRight"] * number, "+", "+", "+", "+", "+", "Space")
    expect(page.locator(".asked, .end")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollHeight") <= 720
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_a_presenter_goes_on_when_the_server_is_back(watch: Watch) -> None:
    watch.forgive("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "404 (Not Found)")
    page = watch.page()
    with ThreadedServer(Settings(port=0, log_level="critical")) as server:
        port = int(server.base_url.rpartition(":")[2])
        page.goto(f"{server.base_url}/__emulator/present")
        page.get_by_role("button", name="Start").first.click()
        expect(page.locator(".asked")).to_be_visible()
    expect(page.locator(".lost")).to_be_visible()

    with ThreadedServer(Settings(port=port, log_level="critical")):
        expect(page.locator(".lost")).to_have_count(0, timeout=15_000)
        expect(page.locator(".begin")).to_be_visible()
        page.keyboard.press("Space")

        expect(page.locator(".asked")).to_be_visible()


def test_a_playlist_of_ones_own_is_shown(watch: Watch, tmp_path: Path) -> None:
    shows = tmp_path / "shows.yaml"
    shows.write_text("title: Ours\nstories: [{scenario: failed, title: '<b>It fails</b>'}]\n", encoding="utf-8")
    page = watch.page()

    with ThreadedServer(Settings(port=0, playlist=shows, log_level="error")) as server:
        page.goto(f"{server.base_url}/__emulator/present")

        expect(page.get_by_role("heading", level=1)).to_have_text("<b>It fails</b>")
        expect(page.locator(".count")).to_have_text("1 / 1")
        # It would ask a server that has stopped for further events.
        page.close()
