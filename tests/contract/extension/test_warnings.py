"""Warnings about `x-emulator`: what has no effect, and what a client cannot read."""

import pytest

from tests.contract.extension.samples import READ, warnings_of
from tests.contract.samples import contract_of


@pytest.mark.parametrize(
    ("names", "schema"),
    [
        ("names: {id: jobId}", "{type: object}"),
        ("names: {status: state}", "{properties: {id: {}}, oneOf: [{properties: {state: {}}}, {type: object}]}"),
        ("names: {status: state}, statuses: {pending: QUEUED}",
         "{properties: {id: {}}, allOf: [{properties: {state: {anyOf: [{enum: [QUEUED]}, {type: string}]}}}]}"),
        ("names: {id: jobId}, statuses: {failed: F, error: F}", "{properties: {jobId: {}, status: {}}}"),
        ("names: {id: jobId}, statuses: {failed: 3, pending: 0}", "{properties: {jobId: {}, status: {type: integer}}}"),
    ],
)  # fmt: skip
def test_what_may_work_is_not_refused(names: str, schema: str) -> None:
    assert warnings_of(names, schema) == []


def test_a_name_that_only_a_pattern_allows_is_a_warning() -> None:
    schema = "{additionalProperties: false, patternProperties: {Id$: true}, properties: {status: {}}}"

    assert warnings_of("names: {id: jobId}", schema) == ["the answer 200 names no 'jobId'; 'id' is not shown"]


def test_an_extension_elsewhere_than_at_an_operation_has_no_effect() -> None:
    text = READ.replace("NAMES", "").replace("SCHEMA", "{type: object}")
    text = text.replace("  /jobs/{jobId}:\n", "  /jobs/{jobId}:\n    x-emulator: {action: read}\n")

    assert [each.message for each in contract_of(text).warnings] == [
        "'x-emulator' has no effect on a path item; write it at an operation"
    ]


def test_a_status_without_a_word_and_one_word_for_two_ends_are_warnings() -> None:
    schema = "{properties: {id: {}, status: {enum: [RUN, DONE]}}}"
    words = "statuses: {pending: RUN, executing: RUN, paused: RUN, completed: DONE, failed: DONE, stopped: RUN}"

    assert warnings_of(words, schema) == [
        "'status' has no word for error; give one with 'statuses'",
        "'RUN' is both pending and stopped: a client cannot see whether the task has ended",
        "'RUN' is both executing and stopped: a client cannot see whether the task has ended",
        "'RUN' is both paused and stopped: a client cannot see whether the task has ended",
    ]
