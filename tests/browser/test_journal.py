"""The journal on a page, and what can be taken from it: a curl, a test, a scenario."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Emulator, Json, Watch
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.scenario.load import load_spec

INVOKE = "/v1/workflows/approval/invoke/async"


@pytest.fixture
def page(emulator: Emulator, watch: Watch) -> Page:
    """The journal of a server that has received no request."""
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/journal")
    expect(page.get_by_role("heading", name="No request yet")).to_be_visible()
    return page


def test_a_request_appears_by_itself_with_the_reason_for_its_answer(page: Page, emulator: Emulator) -> None:
    emulator.started("approval")

    expect(page.locator(".request")).to_have_count(1)
    expect(page.get_by_text("chosen because: its name equals the workflow_id")).to_be_visible()
    page.get_by_role("link", name="Its task").click()
    expect(page.locator(".task-head h2")).to_have_text("Approval")


def test_what_is_wrong_is_explained_and_listed(page: Page, emulator: Emulator) -> None:
    emulator.started("approval")
    emulator.http.post(INVOKE, json={"input": {"text": 7}})
    emulator.http.get("/v1/task/1")
    # Two of the three might be there first, and would be taken for the two wrong ones.
    expect(page.locator(".request")).to_have_count(3)

    page.get_by_label("Wrong ones only").check()

    expect(page.locator(".request")).to_have_count(2)
    page.locator(".request").nth(0).click()
    expect(page.locator(".detail")).to_contain_text("GET /v1/tasks/{task_id}")
    page.locator(".request").nth(1).click()
    expect(page.locator(".broken")).to_contain_text("body.input.text: Input should be a valid string")


def test_no_key_is_shown(page: Page, emulator: Emulator) -> None:
    emulator.http.get("/v1/tasks", headers={"authorization": "Bearer secret-of-mine"})
    page.get_by_text("headers").first.click()

    expect(page.locator(".detail")).to_contain_text("[redacted]")
    assert "secret-of-mine" not in page.content()


def test_a_text_is_copied(page: Page, emulator: Emulator) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    emulator.started("approval")

    page.get_by_role("button", name="Copy as curl").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl -X POST '{emulator.url}{INVOKE}'")


# What is taken from an entry


def taken(page: Page, name: str, *arguments: Any) -> str:
    """Return what a function of copy_formats.mjs makes of its arguments."""
    script = (
        "([name, values]) => import('/__emulator/pages/copy_formats.mjs').then((module) => module[name](...values))"
    )
    return str(page.evaluate(script, [name, arguments]))


def entry(emulator: Emulator, number: int) -> Json:
    return emulator.control("GET", f"/requests/{number}")


def test_a_curl_asks_the_same_with_the_key_of_the_environment(page: Page, emulator: Emulator) -> None:
    text = 'It\'s "new"; $HOME `id` \\ \n zwölf'
    emulator.http.post(INVOKE, json={"input": {"text": text}}, headers={"prefer": "scenario=completed"})

    curl = taken(page, "asCurl", entry(emulator, 1), emulator.url)
    subprocess.run(
        ["bash", "-c", curl],
        check=True,
        capture_output=True,
        env={**os.environ, "XPANDER_API_KEY": "local"},
        timeout=20,
    )

    first, second = entry(emulator, 1), entry(emulator, 2)
    assert '-H "x-api-key: $XPANDER_API_KEY"' in curl
    assert (second["request"]["body"], second["scenario"]) == (first["request"]["body"], "completed")
    assert first["request"]["body"] == {"input": {"text": text}}


def test_a_pytest_test_passes_for_what_was_answered(page: Page, emulator: Emulator, tmp_path: Path) -> None:
    task = emulator.paused("approval")
    emulator.http.get(f"/v1/tasks/{task['id']}")
    emulator.control("POST", f"/tasks/{task['id']}/signals", {"signal": "reject", "by": "Ada", "reason": 'Too "much"'})
    emulator.http.get(f"/v1/tasks/{task['id']}")
    emulator.http.get("/v1/tasks/nope")
    emulator.http.post(INVOKE, json={"input": {"text": None, "files": [], "user": {"is_super_admin": True}}})
    seen = emulator.task(task["id"])

    for number in range(1, 6):
        request_entry = entry(emulator, number)
        about = seen if request_entry["task_id"] == task["id"] else None
        test = taken(page, "asPytest", request_entry, about).replace("import httpx\n", "import httpx2 as httpx\n")
        (tmp_path / f"test_{number}.py").write_text(test, encoding="utf-8")
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", "-c", os.devnull]
    done = subprocess.run([*run, str(tmp_path)], capture_output=True, text=True, timeout=60, check=False)

    assert "5 passed" in done.stdout, done.stdout + done.stderr
    text = (tmp_path / "test_3.py").read_text(encoding="utf-8")
    assert '.advance(until="waiting").reject(by="Ada", reason="Too \\"much\\"")' in text


@pytest.mark.parametrize(
    ("scenario", "signals"),
    [
        ("approval", ["approve"]),
        ("approval", ["reject"]),
        ("approval_then_authorization", ["approve", "deny"]),
        ("retried", []),
        ("paused_by_webhook", []),
    ],
)
def test_a_scenario_goes_as_the_task_went(
    page: Page, emulator: Emulator, tmp_path: Path, scenario: str, signals: list[str]
) -> None:
    task_id = emulator.started(scenario, "{{ 7 * 7 }}")
    for signal in signals:
        emulator.control("POST", f"/tasks/{task_id}/skip", {"until": "paused"})
        emulator.control("POST", f"/tasks/{task_id}/signals", {"signal": signal})
    task = emulator.task(task_id)
    while task["next_change"] and not set(task["waits_for"]) - {"stop"}:
        task = emulator.control("POST", f"/tasks/{task_id}/skip", {})

    path = tmp_path / "copy.yaml"
    path.write_text(taken(page, "asScenario", task), encoding="utf-8")
    [copied] = load_scenarios([path], load_spec(None))

    assert [step.id for step in copied.timeline.steps][: len(task["history"])] == [
        visit["step"] for visit in task["history"]
    ]
    assert scenario in str(copied.match)


def test_a_value_is_written_as_python_writes_it(page: Page) -> None:
    value = {"a": [True, None, 1.5, 'x"y\\z\n'], "b": {}}

    assert eval(taken(page, "python", value)) == json.loads(json.dumps(value))
