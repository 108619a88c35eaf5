"""Every page in a real browser: it looks right, harms nobody, and can be used by everybody."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Emulator, Watch
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

PAGES = (
    *("dashboard", "ended task", "empty dashboard", "journal", "empty journal", "presenter", "report", "docs"),
    *("decision", "consent", "outcome"),
)
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>{{ 7 * 7 }}"
# Swagger UI's own; its colours and its markup are not ours to mend.
THEIRS = ".swagger-ui"


def address(emulator: Emulator, name: str) -> str:
    """Bring about what a page shows, and return its address."""
    alone = {
        "empty dashboard": "",
        "empty journal": "journal",
        "docs": "docs",
        "presenter": "present",
        "report": "report",
    }
    if name in alone:
        return f"{emulator.url}/__emulator/{alone[name]}"
    if name == "journal":
        emulator.http.post("/v1/workflows/approval/invoke/async", json={"input": {"text": 7}})
        return f"{emulator.url}/__emulator/journal#1"
    scenario = "connector_authorization" if name == "consent" else "approval"
    task = emulator.paused(scenario)
    if name == "dashboard":
        return f"{emulator.url}/__emulator/#{task['id']}"
    if name == "ended task":
        emulator.control("POST", f"/tasks/{task['id']}/signals", {"signal": "reject"})
        return f"{emulator.url}/__emulator/#{task['id']}"
    if name == "outcome":
        emulator.control("POST", f"/tasks/{task['id']}/signals", {"signal": "approve", "by": "Ada", "reason": "Fine"})
    return str(task["pause"]["link"])


# What stands on a page once it has all that it shows.
READY = {
    "dashboard": ".decision",
    "ended task": ".result",
    "empty dashboard": ".empty",
    "journal": ".why-list",
    "empty journal": ".empty",
    "presenter": ".diagram",
    "docs": ".opblock",
    "report": "main h1",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone_and_a_screen_and_complains_of_nothing(
    emulator: Emulator, watch: Watch, name: str, scheme: str
) -> None:
    page = watch.page(scheme, width=360)

    page.goto(address(emulator, name))
    page.locator(READY.get(name, "h1")).first.wait_for()

    for width in (360, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious(emulator: Emulator, watch: Watch, name: str, scheme: str) -> None:
    without = THEIRS if name == "docs" else None

    assert watch.serious_violations(address(emulator, name), READY.get(name, "h1"), scheme, without) == []


def test_a_person_rejects_by_keyboard_alone_and_says_why(emulator: Emulator, watch: Watch) -> None:
    task = emulator.paused("approval")
    page = watch.page()
    page.goto(task["pause"]["link"])

    for text in ("Over the budget", "Ada"):
        page.keyboard.press("Tab")
        page.keyboard.type(text)
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading")).to_have_text("Rejected")
    entry = emulator.task(task["id"])["history"][-1]
    assert (entry["status"], entry["by"], entry["reason"]) == ("stopped", "Ada", "Over the budget")


def test_a_form_is_taken_under_a_name_that_the_browser_does_not_trust(emulator: Emulator, watch: Watch) -> None:
    task = emulator.paused("approval")
    page = watch.page()

    page.goto(task["pause"]["link"].replace("127.0.0.1", "emulator.test"))
    page.get_by_role("button", name="Approve").click()

    expect(page.get_by_role("heading")).to_have_text("Approved")


def test_consent_in_a_second_window_leads_back_to_the_application(emulator: Emulator, watch: Watch) -> None:
    task = emulator.paused("connector_authorization")
    first = watch.page()
    first.goto(f"{emulator.url}/__emulator/")
    link, back = task["pause"]["link"], f"{emulator.url.replace('127.0.0.1', 'emulator.test')}/__emulator/docs"
    second = watch.page()

    second.goto(f"{link}?redirect_uri={back}&state=x1")
    second.get_by_role("button", name="Allow").click()
    second.wait_for_url(f"{back}?code=emulated&state=x1")

    expect(first.locator(".row")).to_contain_text("executing")


def test_the_window_of_a_consent_is_closed_and_opened_again(emulator: Emulator, watch: Watch) -> None:
    task = emulator.paused("connector_authorization")
    page = watch.page()
    page.goto(task["pause"]["link"])

    page.get_by_role("button", name="Close the window").click()

    expect(page.get_by_role("status")).to_contain_text("the task still waits")
    page.get_by_role("button", name="Sign in as the wrong user").click()
    expect(page.get_by_role("heading")).to_have_text("Access was denied")


def test_hostile_texts_are_texts_on_every_page(emulator: Emulator, watch: Watch) -> None:
    task = emulator.paused("approval", HOSTILE, id="<img src=x onerror=alert(4)>")
    page = watch.page()

    page.goto(task["pause"]["link"])
    expect(page.locator(".content")).to_have_text(HOSTILE)
    page.get_by_label("Comment").fill(HOSTILE)
    page.get_by_label("Your name").fill(HOSTILE)
    page.get_by_role("button", name="Approve").click()

    expect(page.locator("blockquote")).to_have_text(HOSTILE)
    assert page.locator("img, svg, script").count() == 0


def test_the_contract_is_tried_out_on_the_page(emulator: Emulator, watch: Watch) -> None:
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/docs")

    page.locator("#operations-Workflows-invokeWorkflowAsync .opblock-summary-control").click()
    operation = page.locator("#operations-Workflows-invokeWorkflowAsync")
    operation.get_by_placeholder("workflow_id").fill("approval")
    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table tbody .response-col_status").first).to_contain_text("200")
    assert emulator.control("GET", "/tasks")["total"] == 1


def test_a_token_is_typed_once_and_the_address_is_clean_afterwards(watch: Watch) -> None:
    watch.forgive("401 (Unauthorized)")
    page = watch.page()
    with ThreadedServer(Settings(port=0, token="s3cret", log_level="error")) as server:
        page.goto(f"{server.base_url}/__emulator/")
        page.get_by_label("Token").fill("s3cret")
        page.get_by_role("button", name="Continue").click()

        expect(page.get_by_role("heading", name="No task yet")).to_be_visible()
        assert page.url == f"{server.base_url}/__emulator/"
        # It would ask a server that has stopped for further events.
        page.close()
