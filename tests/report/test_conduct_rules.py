"""Each rule has findings for its misconduct, and none for conduct that only resembles it."""

from typing import Any

import pytest

from tests.journal.entries import entry
from tests.report.conversations import AUTO, REAL, Talk, history
from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.conduct import ANY, Finding, apply, check_names
from xpander_emulator.report.conduct_rules import RULES, retry_after
from xpander_emulator.report.report import Report


def every(seconds: float, times: int, status: str = "executing", clock: Clock = REAL) -> Talk:
    talk = Talk(clock)
    for number in range(times):
        talk.poll(status, number * seconds)
    return talk


# polls-too-fast


def test_ten_polls_within_a_second_are_too_fast() -> None:
    [finding] = every(0.05, 12).findings()

    assert finding == Finding(
        "polls-too-fast", "warning", "10 polls of one task within 0.45 s.", tuple(range(1, 11)), "t-1"
    )


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(every(0.2, 20), id="slowly"),
        pytest.param(every(0.05, 9), id="fewer"),
        pytest.param(every(0.01, 20, clock=AUTO), id="no reason to wait"),
        pytest.param(every(0.01, 20, clock=Clock("scaled", Millis(0), Millis(0), 60.0)), id="scaled"),
    ],
)
def test_other_polls_are_not(talk: Talk) -> None:
    assert talk.rules() == []


def test_polls_of_several_tasks_are_counted_apart() -> None:
    talk = Talk()
    for number in range(20):
        talk.poll(at=number * 0.05, task=f"t-{number % 4}")

    assert talk.rules() == []


# polls-without-back-off


def test_polls_that_never_slow_down_are_reported() -> None:
    [finding] = every(0.5, 30).findings()

    assert (finding.rule, finding.severity) == ("polls-without-back-off", "note")
    assert finding.message == "30 polls of one unchanged task, the last ones still every 0.50 s."


def test_polls_that_slow_down_back_off() -> None:
    talk, at = Talk(), 0.0
    for number in range(40):
        talk.poll(at=at)
        at += 0.2 * 1.05**number

    assert talk.rules() == []


def test_polls_a_second_apart_need_no_back_off() -> None:
    assert every(1.0, 60).rules() == []


def test_a_task_that_moves_is_no_reason_to_back_off() -> None:
    talk = Talk()
    for number in range(40):
        talk.poll("executing", number * 0.5, step=f"step-{number // 20}")

    assert talk.rules() == []


# ignores-retry-after


def test_a_request_before_its_retry_after_is_reported() -> None:
    [finding] = Talk().refused(429, 0.0, "2").poll(at=0.3).findings()

    assert finding == Finding(
        "ignores-retry-after", "warning", "A 429 asked to wait 2 s; the request came again after 0.30 s.", (1, 2)
    )


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(Talk().refused(429, 0.0, "2").poll(at=2.001), id="waited"),
        pytest.param(Talk().refused(429, 0.0, "2"), id="never came back"),
        pytest.param(Talk().refused(429, 0.0, "2").poll(at=0.3, task="t-2"), id="asked for something else"),
        pytest.param(Talk(AUTO).refused(429, 0.0, "2").poll(at=0.1), id="no reason to wait"),
        pytest.param(Talk().refused(429, 0.0, "soon").poll(at=0.1), id="not understood"),
        pytest.param(Talk().refused(500, 0.0, "2").poll(at=0.1), id="another status"),
        pytest.param(Talk().refused(503, 0.0, "2", fault_kind="reset").poll(at=0.1), id="never arrived"),
    ],
)
def test_other_returns_do_not(talk: Talk) -> None:
    assert talk.rules() == []


def test_a_request_that_was_under_way_already_ignores_nothing() -> None:
    talk = Talk().ask("getTask", "/v1/tasks/t-1", 0.0, status=429, headers=[(b"retry-after", b"2")], time=Millis(500))
    talk.poll(at=0.1).poll(at=3.0)

    assert talk.rules() == []


def test_retry_after_may_be_a_date() -> None:
    facts = [(b"Retry-After", b"Thu, 01 Jan 1970 00:00:31 GMT")]

    assert retry_after(entry(status=503, headers=facts, time=Millis(1_000))) == 30
    assert retry_after(entry(status=503, headers=facts, time=Millis(90_000))) == 0


# ignores-429


def test_to_hammer_on_after_429_ignores_it() -> None:
    talk = Talk()
    for number in range(4):
        talk.refused(429, number * 0.2)

    [finding] = talk.findings()

    assert (finding.rule, finding.requests) == ("ignores-429", (1, 2, 3, 4))


@pytest.mark.parametrize("seconds", [1.1, 5.0])
def test_to_wait_a_second_does_not(seconds: float) -> None:
    talk = Talk()
    for number in range(6):
        talk.refused(429, number * seconds)

    assert talk.rules() == []


def test_a_retry_or_two_do_not() -> None:
    assert Talk().refused(429, 0.0).refused(429, 0.2).refused(429, 0.4).rules() == []
    assert Talk().refused(429, 0.0).refused(429, 0.2).poll(at=0.4).refused(429, 0.6).poll(at=0.8).rules() == []


# polls-after-end


def test_three_polls_after_the_end_are_reported() -> None:
    [finding] = Talk(AUTO).poll().poll("completed").poll("completed").poll("completed").poll("completed").findings()

    assert finding == Finding(
        "polls-after-end", "warning", "3 polls after an answer had shown the task completed.", (2, 3, 4, 5), "t-1"
    )


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(every(2, 3, "completed"), id="fewer"),
        pytest.param(every(2, 9), id="not the end"),
        pytest.param(Talk().poll("completed").start().poll().poll().poll(), id="a new task of this id"),
        pytest.param(
            Talk().poll("completed").poll(turn=2).poll(turn=2, at=3).poll(turn=2, at=6), id="another turn of it"
        ),
    ],
)
def test_other_polls_come_not_after_the_end(talk: Talk) -> None:
    assert talk.rules() == []


def test_an_end_that_could_not_be_read_is_none() -> None:
    talk = Talk(AUTO).poll("completed", fault_kind="malformed")

    assert talk.poll("completed").poll("completed").poll("completed").rules() == []


# takes-paused-for-the-end


def test_no_read_after_the_first_paused_answer_takes_it_for_the_end() -> None:
    [finding] = Talk(AUTO).start().poll().poll("paused").findings(t_1=history("approve"))

    assert finding == Finding(
        "takes-paused-for-the-end", "error", "No read after the first paused answer; the task is completed by now.",
        (3,), "t-1",
    )  # fmt: skip


def test_a_lost_answer_shows_no_pause() -> None:
    assert Talk(AUTO).start().poll("paused", fault_kind="garbage").rules(t_1=history("approve")) == []


@pytest.mark.parametrize(
    ("after", "histories"),
    [
        pytest.param(("getTask", "/v1/tasks/t-1", {"task_id": "t-1"}), ("approve",), id="read again"),
        pytest.param(("getTask", "/v1/tasks/t-1", {"status": 503}), ("approve",), id="tried to"),
        pytest.param(("getTaskThread", "/v1/tasks/t-1/thread", {}), ("approve",), id="by its thread"),
        pytest.param(("listTasks", "/v1/tasks", {}), ("approve",), id="by a list"),
        pytest.param(("getTask", "/v1/tasks/t-2", {}), (), id="the task still waits"),
        pytest.param(("getTask", "/v1/tasks/t-2", {}), None, id="nothing is known of it"),
    ],
)
def test_other_clients_do_not(after: tuple[str, str, dict[str, Any]], histories: tuple[str, ...] | None) -> None:
    operation, path, facts = after
    known = {} if histories is None else {"t_1": history(*histories)}

    assert Talk(AUTO).poll("paused").ask(operation, path, **facts).rules(**known) == []


def test_whoever_streams_a_task_knows_of_it() -> None:
    talk = Talk(AUTO).ask("streamTask", "/v1/tasks/t-1/events", events=3, task_id="t-1", turn=1, task_status="pending")

    assert talk.poll("paused").rules(t_1=history("approve")) == []


# never-follows-auth-url


@pytest.mark.parametrize(
    ("causes", "message"),
    [
        ((), "Nobody followed the auth_url; the task still waits for it."),
        (("expire",), "Nobody followed the auth_url before the task left the pause."),
        (("stop",), "Nobody followed the auth_url before the task left the pause."),
    ],
)
def test_an_auth_url_that_nobody_follows_is_reported(causes: tuple[str, ...], message: str) -> None:
    [finding] = Talk(AUTO).poll("paused").poll("paused").findings(t_1=history(*causes, kind="eca"))

    assert finding == Finding("never-follows-auth-url", "error", message, (1,), "t-1")


@pytest.mark.parametrize("cause", ["authorize", "deny"])
def test_an_auth_url_is_followed_by_either_decision(cause: str) -> None:
    talk = Talk(AUTO).poll("paused").poll("completed").poll("paused", task="t-2").poll("paused", task="t-2")

    assert talk.rules(t_1=history(cause, kind="eca"), t_2=history(kind="eca")) == []


def test_a_pause_for_a_person_has_no_auth_url() -> None:
    assert Talk(AUTO).poll("paused").poll("paused").rules(t_1=history()) == []


# invokes-twice-for-one-intent


@pytest.mark.parametrize("kind", ["reset", "empty", "truncated", "malformed", "garbage"])
def test_a_start_that_is_repeated_because_its_answer_was_lost_gives_two_tasks(kind: str) -> None:
    [finding] = Talk(AUTO).start(fault_kind=kind).start("t-2", at=1).findings()

    assert (finding.rule, finding.requests, finding.task_id) == ("invokes-twice-for-one-intent", (1, 2), "t-2")


def test_a_start_that_is_repeated_with_its_id_is_one() -> None:
    assert Talk(AUTO).start(fault_kind="reset").start().rules() == []


def test_a_start_that_was_refused_started_nothing() -> None:
    assert Talk().start(task_id=None, status=503, fault_kind="status").start(at=1).rules() == []


def test_of_two_equal_starts_one_that_is_never_read_again_was_not_meant() -> None:
    [finding] = Talk().start(at=0).start("t-2", at=0.4).poll(at=1, task="t-2").findings()

    assert finding.rule == "invokes-twice-for-one-intent"
    assert finding.message == "The same start twice within 0.40 s; only one of the two tasks was read again."


@pytest.mark.parametrize(
    "talk",
    [
        pytest.param(Talk().start().start("t-2").poll(at=1).poll(at=2, task="t-2"), id="both are followed"),
        pytest.param(Talk().start().start("t-2"), id="neither is"),
        pytest.param(Talk().start().start("t-2").poll(at=1).ask("listTasks", "/v1/tasks", 2), id="listed"),
        pytest.param(Talk().start().start("t-2", at=9).poll(at=10), id="much later"),
        pytest.param(Talk(AUTO).start().start("t-2").poll(at=1), id="in a test"),
        pytest.param(Talk().start(body={"id": 1}).start("t-2", body={"id": 2}).poll(at=1), id="other bodies"),
        pytest.param(Talk().start().start("t-2", task_status="completed").poll(at=1), id="answered whole"),
    ],
)
def test_other_starts_were_meant(talk: Talk) -> None:
    assert talk.rules() == []


# sends-fields-the-contract-lacks


def test_unknown_fields_are_one_finding_for_each_operation() -> None:
    talk = Talk(AUTO).poll(query=b"verbose=1").poll(query=b"verbose=1").poll()

    assert talk.findings() == [
        Finding("sends-fields-the-contract-lacks", "note", "getTask does not declare ?verbose.", (1, 2))
    ]


# All of them


def test_a_client_with_good_conduct_breaks_no_rule() -> None:
    talk = Talk().start(at=0).poll("pending", 1).refused(429, 2, "1").poll("paused", 3.1).poll("paused", 5)

    assert talk.poll("completed", 9).rules(t_1=history("approve")) == []


def test_a_rule_that_is_waived_finds_nothing() -> None:
    evidence = every(0.01, 20, "completed").evidence()

    assert [each.rule for each in apply(RULES, evidence)] == ["polls-too-fast", "polls-after-end"]
    assert [each.rule for each in apply(RULES, evidence, ["polls-too-fast"])] == ["polls-after-end"]


def test_a_finding_names_twenty_requests_at_most() -> None:
    [finding] = [each for each in every(5, 40, "completed").findings() if each.rule == "polls-after-end"]

    assert finding.requests == tuple(range(1, 21))
    assert finding.message.startswith("39 polls")


def test_what_fails_a_build_is_named_or_any() -> None:
    findings = Talk(AUTO).poll("completed").poll("completed").poll("completed").poll("completed").findings()

    assert Report(findings=findings, fail_on=["polls-after-end"]).failing == findings
    assert Report(findings=findings, fail_on=[ANY]).failing == findings
    assert Report(findings=findings, fail_on=["ignores-429"]).failing == []


def test_an_unknown_rule_is_refused_with_the_nearest_name() -> None:
    check_names(["any"], (*RULES, ANY), "fail-on")
    with pytest.raises(BadRequest) as caught:
        check_names(["polls-to-fast"], RULES, "waive")

    assert caught.value.message == "waive: no rule is called 'polls-to-fast'. Did you mean 'polls-too-fast'?"
