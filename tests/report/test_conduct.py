from typing import Any

import pytest

from tests.journal import entries
from tests.report.values import FINDING
from xpander_emulator.errors import BadRequest
from xpander_emulator.journal.port import Entry
from xpander_emulator.report.conduct import (
    MOST_REQUESTS,
    Evidence,
    Finding,
    Observation,
    Rule,
    apply,
    check_names,
    finding_from,
    finding_view,
)


@pytest.mark.parametrize("finding", [FINDING, Finding("ignores-429", "warning", "", ())])
def test_a_finding_equals_itself_after_json(finding: Finding) -> None:
    assert finding_from(finding_view(finding)) == finding


def entry(ordinal: int, operation: str | None, task_id: str | None = "t", **rest: Any) -> Entry:
    turn = 1 if task_id else None
    return entries.entry(ordinal, operation=operation, task_id=task_id, turn=turn, **rest)


def evidence(*requests: Entry) -> Evidence:
    return Evidence(requests, {}, {"getTask": "read", "invoke": "start"}, lambda _: ())


def test_a_turn_has_the_responses_that_a_client_could_read() -> None:
    start, poll, list_, broken = (
        entry(1, "invoke"),
        entry(2, "getTask"),
        entry(3, "listTasks", None),
        entry(4, "getTask", fault_kind="garbage"),
    )

    assert list(evidence(start, poll, list_, broken).turns()) == [(("t", 1), [start, poll])]


def test_an_id_that_was_deleted_and_started_again_is_a_new_turn() -> None:
    again = entry(3, "invoke")

    assert list(evidence(entry(1, "invoke"), entry(2, "getTask"), again).turns()) == [(("t", 1), [again])]


def test_polls_are_the_requests_whose_action_is_read() -> None:
    shown = [entry(1, "invoke"), entry(2, "getTask"), entry(3, None)]

    assert evidence(*shown).polls(shown) == [shown[1]]


def test_findings_are_in_the_order_of_requests_and_name_20_at_most() -> None:
    polls = [entry(number, "getTask") for number in range(1, 31)]
    late, early = Observation("Late.", polls[5:]), Observation("Early.", polls, "t")
    rules = {
        "late": Rule("note", lambda _: iter([late])),
        "early": Rule("error", lambda _: iter([early])),
        "waived": Rule("error", lambda _: iter([early])),
    }

    findings = apply(rules, evidence(*polls), waived=["waived"])

    assert [(each.rule, each.severity, each.message, each.task_id) for each in findings] == [
        ("early", "error", "Early.", "t"),
        ("late", "note", "Late.", None),
    ]
    assert findings[0].requests == tuple(range(1, MOST_REQUESTS + 1))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("polls-to-fast", "waive: no rule is called 'polls-to-fast'. Did you mean 'polls-too-fast'?"),
        ("xyz", "waive: no rule is called 'xyz'; there are polls-too-fast, ignores-429."),
    ],
)
def test_an_unknown_rule_is_refused_with_the_nearest_or_all(name: str, message: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_names([name], ["polls-too-fast", "ignores-429"], "waive")

    assert refused.value.message == message
