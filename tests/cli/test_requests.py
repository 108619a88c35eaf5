import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from tests.cli.conftest import Run
from tests.cli.test_tasks import start
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


@pytest.fixture
def url(shared: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("EMULATOR_URL", shared)
    return shared


def ask(url: str, path: str, key: str, body: bytes | None = None) -> int:
    headers = {"x-api-key": key, "content-type": "application/json"}
    request = urllib.request.Request(f"{url}{path}", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_requests_are_listed_newest_first(run: Run, url: str) -> None:
    task = start(url, "approval", "lists")
    ask(url, f"/v1/tasks/{task}", "lists")

    lines = run("requests", "list", "--key", "lists").stdout.splitlines()
    posts = json.loads(run("requests", "list", "--key", "lists", "--method", "POST", "-o", "json").stdout)

    assert [line.split()[0] for line in lines] == ["ID", "2", "1"]
    assert lines[1].split()[2:5] == ["GET", f"/v1/tasks/{task}", "200"]
    assert lines[1].endswith("scenarios/approval.yaml:7")
    assert [item["id"] for item in posts["items"]] == [1]


def test_one_request_is_shown_with_its_answer(run: Run, url: str) -> None:
    task = start(url, "approval", "shows")

    shown = run("requests", "show", "last", "--key", "shows").stdout

    assert shown.startswith("Request      1\n")
    assert "\nChosen       its name equals the workflow_id\n" in shown
    assert "\n\nPOST /v1/workflows/approval/invoke/async\n" in shown
    assert "\nx-api-key: [redacted]\n" in shown
    assert f'"id": "{task}"' in shown


def test_a_request_is_explained_in_sentences(run: Run, url: str) -> None:
    ask(url, "/v1/task/7", "explains")

    sentences = run("requests", "explain", "1", "--key", "explains").stdout.splitlines()

    assert sentences[0].startswith("No operation matches GET /v1/task/7. Nearest: GET /v1/tasks/{task_id} ")
    assert len(sentences) == 3


def test_what_nothing_matched_is_listed_with_what_was_wrong(run: Run, url: str) -> None:
    start(url, "approval", "unmatched")
    ask(url, "/v1/tasks?page=0", "unmatched")
    ask(url, "/nowhere", "unmatched")
    ask(url, "/v1/workflows/approval/invoke/async", "unmatched", b'{"input": 1,}')

    lines = run("requests", "unmatched", "--key", "unmatched").stdout.splitlines()

    assert [line.split()[0] for line in lines] == ["ID", "4", "3", "2"]
    assert "body.12: JSON decode error: Expecting property name enclosed in double quotes" in lines[1]
    assert lines[2].endswith("no operation matches")
    assert lines[3].endswith("query.page: Input should be greater than or equal to 1")


@pytest.mark.parametrize(
    "bounds", [("--times", "2"), (), ("--at-least", "1", "--at-most", "2"), ("--at-most", "2"), ("--at-least", "2")]
)
def test_enough_requests_are_verified(run: Run, url: str, bounds: tuple[str, ...]) -> None:
    key = f"verifies{'-'.join(bounds)}"
    start(url, "approval", key)
    start(url, "approval", key)

    result = run(
        "verify", "--key", key, "--operation", "invokeWorkflowAsync", "--body", '{"input.text": "Refund"}', *bounds
    )

    assert result.exit_code == 0
    assert result.stdout.startswith("2 requests fit, wanted ")


def test_a_missing_request_is_reported_with_those_that_nearly_match(run: Run, url: str) -> None:
    start(url, "approval", "differs")

    result = run("verify", "--key", "differs", "--body", '{"input": {"text": {"contains": "Voucher"}}}')
    as_json = run("verify", "--key", "differs", "--times", "0", "-o", "json")

    assert (result.exit_code, as_json.exit_code) == (1, 1)
    assert result.stderr == (
        "Error: 0 requests fit, wanted at least 1.\n"
        "Nearly:\n"
        "  request 1, POST /v1/workflows/approval/invoke/async:\n"
        '    wanted that body.input.text contains "Voucher", found "Refund"\n'
    )
    answer = json.loads(as_json.stdout)
    assert (answer["holds"], answer["wanted"], answer["count"]) == (False, "exactly 0", 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--times", "1", "--at-most", "2"), "--times says exactly how many; leave out --at-least and --at-most."),
        (("--at-least", "3", "--at-most", "2"), "--at-least 3 and --at-most 2 leave no number."),
        (
            ("--body", "{"),
            "Invalid value for '--body': is not JSON: Expecting property name enclosed in double quotes at line 1,",
        ),
        (("--query", "[]"), 'Invalid value for \'--query\': takes an object such as {"name": "value"}, found []'),
        (("--status", "7"), "Invalid value for '--status'"),
    ],
)
def test_a_verification_that_cannot_be_is_wrong_usage(
    run: Run, url: str, arguments: tuple[str, ...], message: str
) -> None:
    result = run("verify", "--key", "wrong", *arguments)

    assert result.exit_code == 2
    assert message in result.stderr


def test_the_only_namespace_with_requests_is_used(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    with ThreadedServer(Settings(port=0, clock="manual")) as server:
        monkeypatch.setenv("EMULATOR_URL", server.base_url)
        ask(server.base_url, "/v1/tasks", "somebody")

        result = run("requests", "list")

    assert "GET" in result.stdout
    assert "the only one that fits" in result.stderr


def test_an_unknown_request_is_refused(run: Run, url: str) -> None:
    none = run("requests", "show", "last", "--key", "empty")
    wrong = run("requests", "show", "first", "--key", "empty")
    absent = run("requests", "explain", "7", "--key", "empty")

    assert (none.exit_code, wrong.exit_code, absent.exit_code) == (1, 2, 1)
    assert "There is no request here yet" in none.stderr
    assert "'first' is not the number of a request; `requests list` shows them." in wrong.stderr
    assert "has no request 7" in absent.stderr


def test_the_tail_follows_from_the_last_ten_on_and_after_a_reset(run: Run, url: str) -> None:
    for _ in range(12):
        ask(url, "/v1/tasks", "tails")
    command = [sys.executable, "-m", "xpander_emulator", "requests", "tail", "--key", "tails", "-o", "json"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as tail:
        try:
            assert tail.stdout is not None
            before = [json.loads(tail.stdout.readline())["id"] for _ in range(10)]
            ask(url, "/v1/tasks", "tails")
            then = json.loads(tail.stdout.readline())["id"]
            run("reset", "--scope", "journal", "--key", "tails")
            ask(url, "/v1/tasks", "tails")
            after = json.loads(tail.stdout.readline())["id"]
            tail.send_signal(signal.SIGINT)
            code = tail.wait(10)
        finally:
            tail.kill()
    assert (before, then, after, code) == (list(range(3, 13)), 13, 1, 130)
