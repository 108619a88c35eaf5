import json
from typing import Any

import pytest
from hypothesis import given

from tests.report.values import coverage, coverages
from xpander_emulator.errors import BadRequest
from xpander_emulator.report.coverage import Coverage, merge
from xpander_emulator.report.coverage_json import as_json, as_text, from_text


@given(coverages)
def test_a_document_holds_the_whole_coverage(one: Coverage) -> None:
    again = from_text(as_text(one), "file")

    assert (again.declared, again.reached) == (one.declared, one.reached)
    # A document has only the files of scenarios that have items.
    assert again.files.items() <= one.files.items()


@given(coverages, coverages)
def test_equal_values_give_equal_bytes_in_any_order(one: Coverage, two: Coverage) -> None:
    shuffled = Coverage(dict(reversed([*one.declared.items()])), one.reached, one.files)

    assert as_text(merge([one, two])) == as_text(merge([two, shuffled]))


def test_items_are_in_the_order_of_the_scenario_and_those_beyond_it_come_last() -> None:
    document = as_json(coverage("step pay", "step done", reached=("step done", "step beyond")))

    assert document["scenarios"][0]["file"] == "refund.yaml"
    assert document["scenarios"][0]["steps"] == [
        {"name": "pay", "line": 1, "reached": False},
        {"name": "done", "line": 2, "reached": True},
        {"name": "beyond", "line": None, "reached": True},
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes at line 1, column 2, found the end."),
        ("[]", "run.json: is no coverage document; `xpander-emulator coverage -o json` prints one."),
        ('{"format": "xpander-emulator coverage", "version": 2}', "of version 2; this release reads 1."),
        ('{"format": "xpander-emulator coverage", "version": 1}', "that lacks 'scenarios'."),
        (
            json.dumps({"format": "xpander-emulator coverage", "version": 1, "scenarios": [7], "answers": []}),
            "with a value of a wrong type. Write it again",
        ),
    ],
)
def test_anything_but_a_coverage_document_is_refused_with_its_file(text: str, message: str) -> None:
    with pytest.raises(BadRequest) as caught:
        from_text(text, "run.json")

    assert caught.value.message.startswith("run.json: ")
    assert message in caught.value.message


def test_a_line_that_is_no_number_is_refused() -> None:
    document: dict[str, Any] = as_json(coverage("step pay"))
    document["scenarios"][0]["steps"][0]["line"] = "seven"

    with pytest.raises(BadRequest, match="with a value of a wrong type"):
        from_text(json.dumps(document), "run.json")
