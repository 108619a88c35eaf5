"""`x-emulator`: its vocabulary is what is played, and what is wrong or doubtful in it is told when a file is loaded."""

import os
from contextlib import chdir
from pathlib import Path

import pytest

from tests.contract.extension.samples import READ, warnings_of
from tests.contract.samples import ROOT, contract_of
from xpander_emulator.contract.extension import vocabulary
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.errors import InvalidFiles

GOLDEN = Path(__file__).parent / "golden" / "behaviours"
CASES = sorted(GOLDEN.glob("*.yaml"))


def told(case: Path) -> str:
    """Return what is wrong in a file, or doubtful where nothing is wrong, a line each."""
    with chdir(GOLDEN):
        try:
            found = load_contract(Path(case.name)).warnings
        except InvalidFiles as error:
            found = error.diagnostics
    return "".join(f"{each}\n" for each in found)


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_a_fault_is_told_with_its_place_and_what_would_be_right(case: Path) -> None:
    expected = case.with_suffix(".txt")
    if os.environ.get("UPDATE_GOLDEN"):
        expected.write_text(told(case), encoding="utf-8")

    assert told(case) == expected.read_text(encoding="utf-8")
    assert expected.read_text(encoding="utf-8"), "a case without a fault shows nothing"


def test_a_word_of_a_status_is_held_against_an_enum_behind_a_reference() -> None:
    schema = "{properties: {id: {}, status: {anyOf: [{$ref: '#/components/schemas/State'}, {type: 'null'}]}}}"

    with pytest.raises(InvalidFiles, match=r"'status' in the answer 200 is never 'QUEUD'\. Did you mean 'QUEUED'\?"):
        warnings_of("statuses: {pending: QUEUD}", schema)


def test_a_query_parameter_that_is_always_there_may_hold_the_id() -> None:
    text = READ.replace("/jobs/{jobId}", "/job").replace("in: path", "in: query").replace("NAMES", "")

    assert contract_of(text.replace("SCHEMA", "{type: object}")).warnings == ()
    with pytest.raises(InvalidFiles, match=r"'jobId' is no path parameter of /job$"):
        contract_of(text.replace("SCHEMA", "{type: object}").replace("required: true", "required: false"))


def test_a_file_without_the_check_is_read_as_it_is() -> None:
    case = GOLDEN / "words.yaml"

    assert load_contract(case, check_behaviours=False).operation("submitJob").behaviour["action"] == "begin"


def test_our_own_contract_has_no_fault() -> None:
    used = {each.behaviour.get("action") for each in load_contract(ROOT / "openapi.yaml").operations}

    assert used - {None} == set(vocabulary.ACTIONS)


def test_what_is_no_text_is_told_once() -> None:
    text = READ.replace("action: read", "action: [read]").replace("SCHEMA", "{}")
    text = text.replace("NAMES", "kind: [a], names: [], statuses: 3")

    with pytest.raises(InvalidFiles) as found:
        contract_of(text)

    assert [each.message for each in found.value.diagnostics] == [
        "'action' is a text; found a list",
        "'kind' is a text; found a list",
        "'names' is a mapping; found a list",
        "'statuses' is a mapping; found 3",
    ]
