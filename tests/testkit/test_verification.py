import pytest

from tests.testkit.suites import Suite
from xpander_emulator.testkit import BadRequest, Emulator, NotVerified
from xpander_emulator.testkit.verification import JournalReader


def test_the_right_number_of_requests_is_verified(kit: Emulator, task_id: str) -> None:
    kit.verify(operation="invokeWorkflowAsync", body={"input.text": "Refund order 1042"})
    kit.verify(operation="invokeWorkflowAsync", times=1, status=200)
    kit.verify(operation="getTask", at_least=2, at_most=3)
    kit.verify(operation="stopTask", times=0)
    for wrong in ({"times": 2}, {"at_least": 4}, {"at_most": 2}):
        with pytest.raises(NotVerified, match=r"^3 requests fit"):
            kit.verify(operation="getTask", **wrong)  # type: ignore[arg-type]  # one of three numbers


def test_a_missing_request_is_reported_with_those_that_nearly_match(kit: Emulator, task_id: str) -> None:
    with pytest.raises(AssertionError) as refused:
        kit.verify(operation="invokeWorkflowAsync", times=1, body={"input.text": "Refund order 1043"})

    assert type(refused.value) is NotVerified
    assert str(refused.value).splitlines() == [
        "0 requests fit, wanted exactly 1.",
        "Nearly:",
        "  request 6, POST /v1/workflows/approval/invoke/async:",
        '    wanted that body.input.text equals "Refund order 1043", found nothing',
        "  request 1, POST /v1/workflows/approval/invoke/async:",
        '    wanted that body.input.text equals "Refund order 1043", found "Refund order 1042"',
    ]


def test_too_many_requests_are_reported_with_both_numbers(kit: Emulator, task_id: str) -> None:
    with pytest.raises(NotVerified, match=r"^3 requests fit, wanted at least 1 and at most 2\.$"):
        kit.verify(operation="getTask", at_least=1, at_most=2)


def test_a_verification_without_any_request_says_so(kit: Emulator) -> None:
    with pytest.raises(
        NotVerified, match=r"^0 requests fit, wanted at least 1\.\nNo request came with this test's key"
    ):
        kit.verify(operation="getTask")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"operation": "getTsk"}, r"^The contract has no operation 'getTsk'\. Did you mean 'getTask'\?$"),
        ({"operation": "zzz"}, r"no operation 'zzz'; `xpander-emulator routes` lists them\.$"),
        (
            {"oporation": "getTask"},
            r"^'oporation' is no criterion for requests\. Did you mean 'operation'\?$",
        ),
        ({"zzz": 1}, r"; the criteria are operation, method, path, status, task_id, scenario, query, headers, body\.$"),
        ({"times": 1, "at_most": 2}, r"^times says exactly how many; leave out at_least and at_most\.$"),
        ({"at_least": 3, "at_most": 2}, r"^at_least 3 and at_most 2 leave no number\.$"),
        ({"body": {"input.text": {"regex": "("}}}, r"'\(' is no regular expression"),
    ],
)
def test_criteria_that_no_request_can_match_are_refused(
    arguments: dict[str, object], message: str, kit: Emulator
) -> None:
    with pytest.raises(BadRequest, match=message):
        kit.verify(**arguments)  # type: ignore[arg-type]  # wrong on purpose


def test_a_verification_that_fails_points_at_the_test_s_own_line(suite: Suite) -> None:
    suite.write("test_it.py", "def test_it(emulator, start):\n    start()\n    emulator.verify(operation='getTask')\n")

    result = suite.run()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            ">*emulator.verify(operation='getTask')",
            "E*NotVerified: 0 requests fit, wanted at least 1.",
            "*Tasks of the emulator*",
            "*Requests of the emulator*",
            "  1  POST  /v1/workflows/approval/invoke/async  200  approval/pending pending",
        ]
    )
    assert "requests.py" not in result.stdout.str()


def test_the_journal_is_read_newest_first_and_searched_by_criteria(kit: Emulator, task_id: str) -> None:
    journal = JournalReader(kit._namespace)

    assert [entry.ordinal for entry in journal.newest()] == [6, 5, 4, 3, 2, 1]
    assert [entry.ordinal for entry in journal.matching({"operation": "getTask", "task_id": task_id})] == [4, 3, 2]


def test_summaries_are_the_newest_requests_oldest_first_with_remarks(kit: Emulator, task_id: str) -> None:
    summaries = JournalReader(kit._namespace).summaries(2)

    assert [(summary["id"], summary["status"]) for summary, _ in summaries] == [(5, 404), (6, 422)]
    assert [remarks[-1] for _, remarks in summaries][1] == "It breaks the contract at body.input: Field required."


def test_the_details_of_a_request_explain_its_response_without_the_key(kit: Emulator, task_id: str) -> None:
    journal = JournalReader(kit._namespace)

    details = journal.details(journal.newest()[-1])

    assert details["request"]["headers"]["x-api-key"] == "[redacted]"
    assert f"It is in the journal of the namespace '{kit.namespace}'." in details["explanation"]
