"""The dashboard: what a person sees of tasks, does to them, and does to the clock."""

import re
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.browser.conftest import Emulator, Json, Watch
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)><svg onload=alert(3)>{{ 7 * 7 }}"


@pytest.fixture
def page(emulator: Emulator, watch: Watch) -> Page:
    """The dashboard of a server without tasks."""
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/")
    expect(page.get_by_role("heading", name="No task yet")).to_be_visible()
    return page


def test_what_to_do_first_is_for_the_contract_that_is_served(page: Page, watch: Watch) -> None:
    spec = Path(__file__).parents[1] / "any_api" / "rendering_jobs.yaml"
    with ThreadedServer(Settings(port=0, spec=spec, log_level="error")) as server:
        other = watch.page()
        for path, heading in (("/", "No task yet"), ("/journal", "No request yet")):
            with other.expect_response("**/__emulator/info"):
                other.goto(f"{server.base_url}/__emulator{path}")
            expect(other.get_by_role("heading", name=heading)).to_be_visible()
            expect(other.locator(".curl")).to_have_count(0)
        other.close()

    expect(page.locator(".curl")).to_contain_text("/v1/workflows/approval/invoke/async")


STATE = ".task-head .status"


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def test_a_scenario_goes_from_the_page_to_its_pause_and_approved_to_its_end(page: Page) -> None:
    press(page, "Start “approval”")
    expect(page.locator(STATE)).to_have_text("pending")

    page.get_by_role("button", name="Next change in").click()
    expect(page.locator(STATE)).to_have_text("executing")
    page.get_by_role("button", name="Next change in").click()
    expect(page.get_by_role("region", name="Waiting for a person")).to_be_visible()
    press(page, "Approve")
    expect(page.locator(STATE)).to_have_text("executing")
    press(page, "Skip to the next change")

    expect(page.locator(STATE)).to_have_text("completed")
    expect(page.locator(".result")).to_contain_text("was approved and paid out")


def test_a_waiting_task_is_the_first_thing_seen_and_is_decided_with_one_click(emulator: Emulator, watch: Watch) -> None:
    waiting = emulator.paused("approval")
    emulator.started("completed")
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/")

    expect(page.locator(".row").first).to_contain_text("paused")
    press(page, "Approve")

    expect(page.locator(STATE)).to_have_text("executing")
    assert emulator.task(waiting["id"])["history"][-1]["by"] == "dashboard"


def test_a_rejection_is_shown_with_its_reason(page: Page, emulator: Emulator) -> None:
    emulator.paused("approval")
    page.get_by_label("Reason").fill("Over the budget")

    press(page, "Reject")

    expect(page.locator(STATE)).to_have_text("stopped")
    expect(page.locator(".result")).to_contain_text("was rejected: Over the budget.")
    expect(page.locator(".timeline")).to_contain_text("Rejected by dashboard: Over the budget")


def test_access_is_allowed_on_the_consent_page_in_a_second_window(page: Page, emulator: Emulator, watch: Watch) -> None:
    emulator.paused("connector_authorization")
    expect(page.get_by_role("region", name="Waiting for a credential")).to_contain_text("drive.readonly")

    with page.expect_popup() as opened:
        page.get_by_role("link", name="Open the page that its owner gets").click()
    consent = watch.watched(opened.value)
    consent.get_by_role("button", name="Allow").click()

    expect(consent.get_by_role("heading")).to_have_text("Access was given")
    expect(page.locator(STATE)).to_have_text("executing")


def test_a_pause_expires_by_the_clock(page: Page, emulator: Emulator) -> None:
    emulator.paused("approval")
    expect(page.get_by_role("button", name="Next change in 1 d")).to_be_visible()

    press(page, "+1 d")
    press(page, "+1 d")

    expect(page.locator(STATE)).to_have_text("error")
    expect(page.locator(".clock")).to_contain_text("2026-01-03")


def test_a_task_that_a_program_starts_appears_by_itself_and_is_said(page: Page, emulator: Emulator) -> None:
    emulator.started("completed")
    expect(page.locator(".row")).to_have_count(1)

    emulator.paused("approval")

    expect(page.locator(".row")).to_have_count(2)
    expect(page.get_by_role("status").filter(has_text="is waiting for somebody")).to_contain_text("Refund for")
    expect(page).to_have_title(re.compile(r"^\(1 waiting\) Tasks"))


def test_only_what_is_legal_can_be_done(page: Page, emulator: Emulator) -> None:
    actions = page.locator(".decision button, .moves button")
    emulator.started("completed")
    expect(actions).to_have_text(["Skip to the next change", "Stop"])

    press(page, "Stop")

    expect(page.locator(STATE)).to_have_text("stopped")
    expect(actions).to_have_count(0)


def test_a_task_is_skipped_to_a_step_of_its_own(page: Page, emulator: Emulator) -> None:
    emulator.started("approval")

    page.get_by_label("Skip until").select_option("waiting")

    expect(page.get_by_role("region", name="Waiting for a person")).to_be_visible()


def test_an_authors_own_signal_carries_what_is_written(page: Page, emulator: Emulator) -> None:
    task = emulator.paused("paused_by_webhook")
    page.get_by_text("Payload").click()
    page.get_by_label("Payload, as JSON").fill('{"amount": 12')
    name = page.locator(".decision .answers button").first
    name.click()
    expect(page.get_by_role("alert")).to_have_text("The payload is not JSON.")

    page.get_by_label("Payload, as JSON").fill('{"amount": 12}')
    name.click()

    expect(page.locator(".decision")).to_have_count(0)
    assert emulator.task(task["id"])["signals"][-1]["payload"] == {"amount": 12}


def test_the_way_is_marked_in_the_diagram_and_described_to_screen_readers(page: Page, emulator: Emulator) -> None:
    emulator.paused("approval")

    expect(page.locator(".node.now")).to_contain_text("waiting")
    expect(page.locator(".node.now")).to_contain_text("+1.1 s")
    expect(page.locator(".node.passed")).to_have_count(2)
    expect(page.locator(".edge.taken")).to_have_count(2)
    expect(page.get_by_role("img", name="Now at waiting, paused. It came through pending, extract.")).to_be_visible()


def test_a_past_step_is_seen_again_with_what_it_changed(page: Page, emulator: Emulator) -> None:
    emulator.paused("approval")
    seen = page.get_by_role("region", name="What the client sees")
    expect(seen).to_contain_text("Changed with this step: status, internal_status")
    expect(seen.locator("mark").first).to_contain_text('"status": "paused"')

    page.locator(".timeline button").first.click()

    expect(seen).to_contain_text('"status": "pending"')
    expect(seen).to_contain_text("at pending")
    press(page, "Back to now")
    expect(seen).to_contain_text('"status": "paused"')


def test_a_scenario_is_started_with_a_form_made_of_the_contract(page: Page, emulator: Emulator) -> None:
    press(page, "Choose a scenario")
    dialogue = page.get_by_role("dialog")
    dialogue.get_by_label("Scenario").select_option("completed")
    dialogue.get_by_label("input.text").fill("Order 7")
    dialogue.get_by_text("more fields").click()
    dialogue.get_by_label("title", exact=True).fill("Seven")
    dialogue.get_by_label("output_format").select_option("json")
    dialogue.get_by_label("events_streaming").select_option("true")
    dialogue.get_by_role("button", name="Write it as JSON").click()
    expect(dialogue.get_by_label("The request")).to_have_value(re.compile('"title": "Seven"'))
    dialogue.get_by_role("button", name="Back to the fields").click()

    dialogue.get_by_role("button", name="Start", exact=True).click()

    expect(page.locator(".task-head h2")).to_have_text("Completed")
    task = emulator.control("GET", "/tasks")["items"][0]
    snapshot = emulator.task(task["id"])["snapshot"]
    assert snapshot["input"]["text"] == "Order 7"
    assert (snapshot["title"], snapshot["output_format"], snapshot["events_streaming"]) == ("Seven", "json", True)


def test_a_request_that_breaks_the_contract_is_refused_in_the_form(page: Page, watch: Watch) -> None:
    watch.forgive("422 (Unprocessable")
    press(page, "Choose a scenario")
    dialogue = page.get_by_role("dialog")
    dialogue.get_by_role("button", name="Write it as JSON").click()
    dialogue.get_by_label("The request").fill('{"input": {"text": 7}}')

    dialogue.get_by_role("button", name="Start", exact=True).click()

    expect(dialogue.get_by_role("alert")).to_contain_text("body.request.input.text")


def test_the_clock_goes_at_the_scale_that_is_set(page: Page, emulator: Emulator) -> None:
    page.get_by_label("Clock mode").select_option("scaled")
    page.get_by_label("Seconds in one second").fill("600")
    page.get_by_label("Seconds in one second").press("Enter")
    expect(page.get_by_label("Seconds in one second")).to_have_value("600")
    press(page, "Start “approval”")

    expect(page.get_by_role("region", name="Waiting for a person")).to_be_visible()
    assert emulator.control("GET", "/clock")["scale"] == 600


def test_a_duration_is_cut_to_two_units(page: Page) -> None:
    script = "values => import('/__emulator/pages/words.mjs').then(({duration}) => values.map(duration))"

    assert page.evaluate(script, [299, 1_100, 61_000, 7_199_000, 86_400_000]) == [
        *("299 ms", "1.1 s", "1 min 1 s", "1 h 59 min", "1 d"),
    ]


def test_a_refusal_is_shown(page: Page, watch: Watch) -> None:
    watch.forgive("400 (Bad Request)")
    page.get_by_label("Another duration").fill("soon")
    page.get_by_label("Another duration").press("Enter")

    expect(page.get_by_role("alert")).to_contain_text("soon")


def test_everything_goes_by_keyboard(emulator: Emulator, watch: Watch) -> None:
    emulator.paused("approval")
    emulator.paused("connector_authorization")
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/")
    page.get_by_role("listbox").focus()

    page.keyboard.press("ArrowDown")
    expect(page.locator(".row[aria-selected=true]")).to_contain_text("Refund for")
    expect(page.get_by_role("region", name="Waiting for a person")).to_be_visible()
    page.get_by_label("Reason").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")

    expect(page.locator(STATE)).to_have_text("executing")


def test_another_namespace_is_chosen_and_named_in_the_address(page: Page, emulator: Emulator) -> None:
    other = httpx2.Client(base_url=emulator.url, headers={"x-api-key": "another"})
    with other:
        other.post("/v1/workflows/completed/invoke/async", json={"input": {"text": "Hi"}}).raise_for_status()
    name = next(each["name"] for each in emulator.control("GET", "/namespaces")["items"] if each["tasks"])

    page.get_by_label("Namespace").focus()
    page.get_by_label("Namespace").select_option(name)

    expect(page.locator(".row")).to_have_count(1)
    assert page.url.endswith(f"?namespace={name}")


def test_a_reset_asks_once_and_leaves_nothing(page: Page, emulator: Emulator) -> None:
    emulator.started("completed")

    press(page, "Reset")
    press(page, "Delete its tasks and journal, reset its clock")

    expect(page.get_by_role("heading", name="No task yet")).to_be_visible()


def test_a_task_that_is_gone_gives_way_to_another(page: Page, emulator: Emulator, watch: Watch) -> None:
    # The page may ask for the task that it has just listed while the reset deletes it.
    watch.forgive("404 (Not Found)")
    press(page, "Start “approval”")
    expect(page.locator(STATE)).to_have_text("pending")

    emulator.control("POST", "/reset")
    expect(page.get_by_role("heading", name="No task yet")).to_be_visible()
    emulator.started("completed")

    expect(page.locator(".task-head h2")).to_have_text("Completed")


def test_hostile_texts_are_texts(emulator: Emulator, watch: Watch) -> None:
    emulator.paused("approval", HOSTILE, id="<img src=x onerror=alert(4)>", title=HOSTILE)
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/")

    expect(page.locator(".decision .content")).to_have_text(HOSTILE)
    expect(page.locator(".json")).to_contain_text("<img src=x onerror=alert(2)>")
    page.get_by_label("Reason").fill(HOSTILE)
    press(page, "Reject")

    expect(page.locator(".timeline q")).to_have_text(HOSTILE)
    assert page.locator("main img, main script, [onload], [onerror]").count() == 0


def many(emulator: Emulator, count: int) -> list[Json]:
    return [emulator.http.post("/__emulator/tasks", json={"scenario": "completed"}).json() for _ in range(count)]


SCROLL = """async () => {
  const rows = document.querySelector(".rows");
  for (let frame = 1; frame <= 60; frame += 1) {
    rows.scrollTop = (rows.scrollHeight * frame) / 60;
    await new Promise(requestAnimationFrame);
  }
}"""


def worked(session: CDPSession) -> float:
    """Return for how many ms of its own time, whatever else the machine does, the page has worked so far."""
    metrics = {each["name"]: each["value"] for each in session.send("Performance.getMetrics")["metrics"]}
    return 1000 * float(metrics["ScriptDuration"] + metrics["LayoutDuration"] + metrics["RecalcStyleDuration"])


def test_a_thousand_tasks_stay_fluid(emulator: Emulator, watch: Watch) -> None:
    many(emulator, 1000)
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/")
    expect(page.get_by_role("heading", name="1000 tasks")).to_be_visible()

    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    before = worked(session)

    page.evaluate(SCROLL)

    assert page.locator(".row").count() < 40
    assert (worked(session) - before) / 60 < 16
    emulator.paused("approval")
    expect(page.locator(".badge")).to_have_text("1 waiting")
    page.get_by_role("listbox").focus()
    page.keyboard.press("End")
    expect(page.locator(".row[aria-selected=true]")).to_have_attribute("aria-posinset", "1001")


@pytest.fixture
def restarted(watch: Watch) -> tuple[Page, int]:
    """A page whose server has just gone, and the port at which it was."""
    watch.forgive(
        "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE", "ERR_CONNECTION_RESET"
    )
    page = watch.page()
    with ThreadedServer(Settings(port=0, clock="manual", log_level="critical")) as server:
        page.goto(f"{server.base_url}/__emulator/")
        press(page, "Start “approval”")
        expect(page.locator(".row")).to_have_count(1)
        port = int(server.base_url.rpartition(":")[2])
    return page, port


def test_a_page_that_lost_its_server_says_so_and_goes_on_when_it_is_back(restarted: tuple[Page, int]) -> None:
    page, port = restarted
    expect(page.locator(".lost")).to_contain_text("The server does not answer.")
    press(page, "Stop")
    expect(page.get_by_role("alert")).to_contain_text("Nothing was sent")

    with ThreadedServer(Settings(port=port, clock="manual", log_level="critical")) as server:
        emulator = Emulator(server.base_url)
        with emulator.http:
            emulator.paused("connector_authorization")

            expect(page.get_by_role("region", name="Waiting for a credential")).to_be_visible(timeout=15_000)
            expect(page.locator(".lost")).to_have_count(0)
