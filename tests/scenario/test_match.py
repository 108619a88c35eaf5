"""The conditions of a `match`, and its mistakes: each is reported once, with its place and what is right."""

import pytest

from tests.scenario.samples import CONTRACT
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.compile import compile_document
from xpander_emulator.scenario.selection import Matcher


def compiled(match: str) -> tuple[Matcher, ...]:
    text = f"scenario: refund\nmatch: {match}\nsteps: [{{status: completed}}]\n"
    return compile_document(parse_document(text, "r.yaml"), CONTRACT).match


@pytest.mark.parametrize(
    ("match", "conditions"),
    [
        ("{workflow_id: a}", [(("workflow_id",), "glob", ("a",))]),
        ("{workflow_id: [a, b*]}", [(("workflow_id",), "glob", ("a", "b*"))]),
        ("{workflow_id: {regex: ^a}}", [(("workflow_id",), "regex", "^a")]),
        ("{input.text: {equals: [a]}, title: 3}", [(("input", "text"), "equals", ["a"]), (("title",), "equals", 3)]),
        (
            "{input.text: {contains: 1.5, exists: false}}",
            [(("input", "text"), "contains", 1.5), (("input", "text"), "exists", False)],
        ),
    ],
)
def test_a_match_is_read_into_its_conditions(match: str, conditions: list[tuple[tuple[str, ...], str, object]]) -> None:
    assert list(compiled(match)) == [Matcher(*condition) for condition in conditions]


@pytest.mark.parametrize(
    ("match", "place", "message"),
    [
        ("{workflow_id: []}", 22, "'workflow_id' takes a pattern such as \"refund-*\", or a list of them, found []"),
        ("{workflow_id: [1]}", 22, "'workflow_id' takes a pattern such as \"refund-*\", or a list of them, found [1]"),
        ("{workflow_id: ''}", 22, "'workflow_id' takes a pattern such as \"refund-*\", or a list of them, found ''"),
        ("{agent_id: {nonsense: 1}}", 9, "write 'workflow_id' instead of 'agent_id'; it is for agents too"),
        ("{input..text: [1]}", 9, "'input..text' is not a path; write the names with single dots between"),
        ("{text: {nonsense: 1}}", 9, "a request has no field 'text'. Did you mean 'input.text'?"),
        ("{inptu.text: [a]}", 9, "a request has no field 'inptu'. Did you mean 'input'?"),
        ("{input.text: {}}", 21, "no condition is given; write one of equals, contains, regex, exists"),
        ("{input.text: {is: a}}", 22, "unknown key 'is'; write 'equals' instead"),
        ("{input.text: {glob: a}}", 22, "unknown key 'glob'; write 'regex' instead"),
        (
            "{workflow_id: {glob: a}}",
            23,
            "unknown key 'glob'; write the pattern itself, as in 'workflow_id: \"refund-*\"', instead",
        ),
        ("{input.text: {regex: 3}}", 29, "'regex' takes a regular expression as text, found 3"),
        ("{input.text: {exists: 1}}", 30, "'exists' takes true or false, found 1"),
        ("{input.text: {contains: [1]}}", 32, "'contains' takes a text, a number, true or false, found [1]"),
        ("{}", 8, "'match' is empty and would never hold; remove it or name a 'workflow_id'"),
    ],
)
def test_a_mistake_is_reported_once_with_its_place_and_what_is_right(match: str, place: int, message: str) -> None:
    with pytest.raises(InvalidFiles) as refused:
        compiled(match)

    assert refused.value.message == f"r.yaml:2:{place}: {message}"


def test_what_is_wrong_with_a_regular_expression_is_reported() -> None:
    with pytest.raises(InvalidFiles, match=r"^r.yaml:2:29: '\(' is not a regular expression: missing \)"):
        compiled("{input.text: {regex: '('}}")
