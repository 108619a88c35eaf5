import json
import urllib.request
from collections.abc import Iterator

import pytest

from tests.cli.conftest import Run
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


def start(url: str, scenario: str, key: str) -> str:
    """Start a task as a client does, and return its id."""
    headers = {"content-type": "application/json", "x-api-key": key}
    request = urllib.request.Request(
        f"{url}/v1/workflows/{scenario}/invoke/async", b'{"input": {"text": "Refund"}}', headers, method="POST"
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        return str(json.load(response)["id"])


@pytest.fixture
def url(shared: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EMULATOR_URL", shared)
    return shared


@pytest.fixture
def own_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Give the URL of a server of this test alone."""
    with ThreadedServer(Settings(port=0, clock="manual")) as server:
        monkeypatch.setenv("EMULATOR_URL", server.base_url)
        yield server.base_url


def test_tasks_are_listed_newest_first(run: Run, url: str) -> None:
    first, second = start(url, "approval", "lists"), start(url, "completed", "lists")

    lines = run("tasks", "list", "--key", "lists").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["ID", second, first]
    assert lines[2].split()[1:3] == ["pending", "approval"]


def test_a_scenario_is_started_by_its_name(run: Run, url: str) -> None:
    started = run("tasks", "start", "approval", "--text", "Refund order 7", "--namespace", "starts")
    shown = json.loads(run("tasks", "show", "last", "--namespace", "starts", "-o", "json").stdout)

    assert "pending (step pending" in started.stdout
    assert shown["snapshot"]["input"]["text"] == "Refund order 7"


def test_a_start_takes_a_whole_request(run: Run, url: str) -> None:
    request = '{"input": {"text": "Refund"}, "title": "Seven"}'

    run("tasks", "start", "approval", "--request", request, "--namespace", "whole")

    shown = json.loads(run("tasks", "show", "last", "--namespace", "whole", "-o", "json").stdout)
    assert shown["snapshot"]["title"] == "Seven"


def test_a_start_by_text_and_by_request_is_refused(run: Run, url: str) -> None:
    done = run("tasks", "start", "approval", "--text", "Refund", "--request", "{}")

    assert done.exit_code == 2
    assert "--text and --request both set the request; keep one." in done.stderr


def test_a_task_is_skipped_to_its_pause_and_approved(run: Run, url: str) -> None:
    task = start(url, "approval", "approves")

    skipped = run("tasks", "skip", task, "--until", "paused", "--key", "approves")
    approved = run("tasks", "approve", "last", "--by", "manager", "--key", "approves", "-o", "json")

    assert skipped.stdout.startswith(f"{task}  paused (step ")
    assert "waits for" in skipped.stdout
    assert json.loads(approved.stdout)["status"] == "executing"
    assert json.loads(approved.stdout)["history"][-1]["by"] == "manager"


def test_a_rejection_carries_its_reason_into_the_history(run: Run, url: str) -> None:
    task = start(url, "approval", "rejects")
    run("tasks", "skip", task, "--until", "paused", "--key", "rejects")

    run("tasks", "reject", task, "--reason", "Over budget", "--key", "rejects")

    lines = run("tasks", "show", task, "--key", "rejects").stdout.splitlines()
    assert lines[1].split() == ["Status", "stopped"]
    assert lines[-1].split()[1:4] == ["stopped", "rejected", "reject"]
    assert lines[-1].endswith("Over budget")


def test_a_waiting_task_is_shown_with_the_link_to_answer_it(run: Run, url: str) -> None:
    task = start(url, "approval", "links")
    run("tasks", "skip", task, "--until", "paused", "--key", "links")

    shown = run("tasks", "show", task, "--key", "links").stdout

    [link] = [line.split()[1] for line in shown.splitlines() if line.startswith("Link ")]
    assert link.startswith(f"{url}/__emulator/decision/")


@pytest.mark.parametrize(("verb", "status"), [("authorize", "executing"), ("deny", "failed"), ("expire", "error")])
def test_a_wait_for_a_credential_ends_by_each_signal(run: Run, url: str, verb: str, status: str) -> None:
    task = start(url, "connector_authorization", verb)
    run("tasks", "skip", task, "--until", "paused", "--key", verb)

    result = run("tasks", verb, task, "--key", verb, "-o", "json")

    assert json.loads(result.stdout)["status"] == status


def test_an_authors_own_signal_may_carry_a_payload(run: Run, url: str) -> None:
    task = start(url, "paused_by_webhook", "signals")
    run("tasks", "skip", task, "--until", "paused", "--key", "signals")

    result = run(
        "tasks", "signal", task, "webhook_received", "--payload", '{"parcel": 7}', "--key", "signals", "-o", "json"
    )

    assert json.loads(result.stdout)["signals"][-1]["payload"] == {"parcel": 7}


def test_a_payload_that_is_no_json_is_wrong_usage(run: Run, url: str) -> None:
    task = start(url, "paused_by_webhook", "payloads")

    result = run("tasks", "signal", task, "webhook_received", "--payload", "{parcel}", "--key", "payloads")

    assert result.exit_code == 2
    assert "Invalid value for '--payload': is not JSON" in result.stderr


def test_a_task_is_stopped(run: Run, url: str) -> None:
    task = start(url, "slow", "stops")

    assert run("tasks", "stop", task, "--key", "stops").stdout.startswith(f"{task}  stopped")


def test_a_signal_that_is_not_awaited_is_refused_with_those_that_are(run: Run, url: str) -> None:
    task = start(url, "connector_authorization", "refuses")
    run("tasks", "skip", task, "--until", "paused", "--key", "refuses")

    result = run("tasks", "approve", task, "--key", "refuses")

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")
    assert "authorize" in result.stderr
    assert result.stdout == ""


def test_the_beginning_of_an_id_is_enough(run: Run, url: str) -> None:
    task = start(url, "completed", "prefixes")

    assert run("tasks", "show", task[:6], "--key", "prefixes").stdout.split()[:2] == ["Task", task]


def test_a_beginning_that_several_ids_share_is_refused(run: Run, url: str) -> None:
    for _ in range(2):
        start(url, "completed", "ambiguous")

    result = run("tasks", "show", "", "--key", "ambiguous")

    assert result.exit_code == 1
    assert "begins the ids of 2 tasks" in result.stderr


def test_a_task_that_is_not_there_is_refused(run: Run, url: str) -> None:
    start(url, "completed", "absent")

    assert run("tasks", "show", "nothing", "--key", "absent").exit_code == 1
    assert "No task 'nothing' under this key." in run("tasks", "show", "nothing", "--key", "absent").stderr
    assert "There is no task under this key yet." in run("tasks", "show", "last", "--key", "empty").stderr


def test_the_key_of_the_environment_chooses_the_namespace(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    task = start(url, "completed", "environment")
    monkeypatch.setenv("XPANDER_API_KEY", "environment")

    assert task in run("tasks", "list").stdout


def test_a_key_and_a_namespace_at_once_are_refused(run: Run, url: str) -> None:
    result = run("tasks", "list", "--key", "a", "--namespace", "b")

    assert result.exit_code == 2
    assert "--key and --namespace both choose the namespace; keep one." in result.stderr


def test_without_a_key_the_only_namespace_with_tasks_is_used(run: Run, own_url: str) -> None:
    task = start(own_url, "approval", "my-key")

    listed = run("tasks", "list")
    shown = run("tasks", "show", "last")

    assert task in listed.stdout
    assert listed.stderr.startswith("Using the namespace 'ns-")
    assert task in shown.stdout
    assert "my-key" not in listed.stderr


def test_without_a_key_the_namespace_of_the_task_is_used(run: Run, own_url: str) -> None:
    start(own_url, "approval", "local")
    start(own_url, "approval", "one")
    task = start(own_url, "approval", "two")

    assert task in run("tasks", "show", task).stdout


def test_a_task_in_two_namespaces_is_ambiguous(run: Run, own_url: str) -> None:
    start(own_url, "approval", "one")
    start(own_url, "approval", "two")

    result = run("tasks", "approve", "last")

    assert result.exit_code == 1
    assert "'last' is in several namespaces: " in result.stderr
    assert "Choose one with --namespace." in result.stderr
