"""The examples: their own tests miss a bug, the test kit finds it, and after the fix every test passes."""

import re
import sys
from pathlib import Path

import httpx2
import pytest

from tests.testkit.suites import Suite

pytestmark = pytest.mark.long
EXAMPLES = Path(__file__).parents[2] / "examples"
WAIT = "                await asyncio.sleep(int(answer.headers['retry-after']))\n"


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Suite:
    # The examples name httpx, as their readers do; the tests use its continuation, which has the same API.
    monkeypatch.setitem(sys.modules, "httpx", httpx2)
    return Suite(pytester, monkeypatch)


def copy(suite: Suite, example: str, *fixes: tuple[str, str]) -> None:
    """Write an example into the folder of the suite, with some text of its client replaced."""
    suite.write("pytest.ini", (EXAMPLES / "pytest.ini").read_text(encoding="utf-8"))
    for file in (EXAMPLES / example).glob("*.py"):
        text = file.read_text(encoding="utf-8")
        for old, new in fixes if "test" not in file.name else ():
            assert old in text
            text = text.replace(old, new)
        suite.write(file.name, text)


def run(suite: Suite, *arguments: str) -> pytest.RunResult:
    return suite.run("-p", "anyio", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-rf", *arguments)


def failed(result: pytest.RunResult) -> list[str]:
    return re.findall(r"^FAILED \S+::(\S+)", result.stdout.str(), re.MULTILINE)


def test_a_client_that_takes_paused_for_the_end_fails_on_every_path_with_a_pause(suite: Suite) -> None:
    copy(suite, "polling")

    run(suite, "test_refunds.py").assert_outcomes(passed=3)
    result = run(suite, "test_refunds_on_every_path.py")

    result.assert_outcomes(passed=2, failed=4)
    assert failed(result) == [
        f"test_a_refund_returns_its_end[{path}]"
        for path in ("approval-approve", "approval-reject", "approval-expire", "stop-while-paused")
    ]
    result.stdout.fnmatch_lines(["E*assert 'paused' == *", "is paused at step 'waiting', scenarios/approval.yaml:14;*"])


def test_a_client_that_waits_through_a_pause_passes(suite: Suite) -> None:
    copy(suite, "polling", ('("pending", "executing")', '("pending", "executing", "paused")'))

    run(suite).assert_outcomes(passed=9)


def test_a_client_that_ignores_retry_after_fails_on_a_real_clock(suite: Suite) -> None:
    copy(suite, "streaming")

    run(suite, "test_narrator.py").assert_outcomes(passed=2)
    result = run(suite, "test_narrator_has_manners.py")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E*AssertionError: <Request 2: POST * 429> came too soon after <Request 1: POST * 429>", "*1-2  POST * 429"]
    )


def test_the_conduct_of_a_run_shows_that_retry_after_is_ignored(suite: Suite) -> None:
    copy(suite, "streaming")

    result = run(suite, "test_narrator_has_manners.py", "--emulator-clock", "real", "--emulator-fail-on", "any")

    result.stdout.fnmatch_lines(["warning: ignores-retry-after*", "Conduct that fails the build: ignores-retry-after."])


def test_a_client_that_waits_for_retry_after_passes(suite: Suite) -> None:
    again = "                continue\n"
    copy(suite, "streaming", (again, WAIT + again), ("import json", "import asyncio\nimport json"))

    run(suite, "test_narrator_has_manners.py").assert_outcomes(passed=1)


def test_the_page_names_the_tests_of_every_example() -> None:
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    for example in ("polling", "streaming", "sdk"):
        tests = sorted(file.name for file in (EXAMPLES / example).glob("test_*.py"))
        assert len(tests) == 2
        assert all(name in page for name in tests)
