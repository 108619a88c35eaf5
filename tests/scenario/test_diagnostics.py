from typing import Any

import pytest

from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.core.timeline import Template
from xpander_emulator.scenario.diagnostics import Diagnostics, Node, Rules, suggestion
from xpander_emulator.scenario.durations import parse_duration

TEXT = """\
name: refund
count: 3
nothing:
list: [a, {b: "{{ now }}"}]
two words: true
"""


def root(text: str = TEXT) -> Node:
    document = parse_document(text, "a.yaml")
    return Node(Diagnostics(document, Rules()), (), document.value)


def reported(node: Node) -> list[str]:
    return [str(entry) for entry in node.diagnostics.entries]


def test_a_node_leads_to_its_members_and_elements() -> None:
    top = root()

    assert [member.key for member in top.members] == ["name", "count", "nothing", "list", "two words"]
    assert [element.path for element in top["list"].elements] == [("list", 0), ("list", 1)]
    assert top["list"].elements[1]["b"].line == 4
    assert top["name"].members == top["name"].elements == ()


def test_a_missing_key_is_not_a_null() -> None:
    top = root()

    assert top["nothing"].value is top["missing"].value is None
    assert "nothing" in top
    assert top.get("missing") is None
    assert "a" not in top["name"]


@pytest.mark.parametrize(
    ("key", "passes", "message"),
    [
        ("name", lambda node: node.expect_text("'name' takes text"), None),
        ("count", lambda node: node.expect_text("'count' takes text"), "a.yaml:2:8: 'count' takes text, found 3"),
        ("count", lambda node: node.expect_whole_number(1, 3, "a number"), None),
        ("count", lambda node: node.expect_whole_number(4, 9, "4 to 9"), "a.yaml:2:8: 4 to 9, found 3"),
        ("two words", lambda node: node.expect_whole_number(0, 9, "0 to 9"), "a.yaml:5:12: 0 to 9, found true"),
        ("list", lambda node: node.expect_list("a list"), None),
        ("list", lambda node: node.expect_mapping("a map"), 'a.yaml:4:7: a map, found ["a", {"b": "{{ now }}"}]'),
        ("nothing", lambda node: node.expect_list("a list"), "a.yaml:3:9: a list, found null"),
        ("name", lambda node: node.expect_name("an id"), None),
        (
            "two words",
            lambda node: node.expect_name("an id", key=True),
            "a.yaml:5:1: an id is made of letters, digits, '-' and '_', found 'two words'",
        ),
    ],
)
def test_a_check_reports_its_expectation_and_the_value(key: str, passes: Any, message: str | None) -> None:
    top = root()

    assert passes(top[key]) is (message is None)
    assert reported(top) == ([] if message is None else [message])


def test_a_length_of_time_is_parsed_or_reported() -> None:
    top = root("a: 2s\nb: soon\n")

    assert top["a"].length(parse_duration) == 2000
    assert top["b"].length(parse_duration) is None
    assert reported(top)[0].startswith("a.yaml:2:4: 'soon' is not a length of time")


def test_one_of_several_texts_is_corrected_or_nearly_known() -> None:
    top = root("a: in_progress\nb: pausd\nc: zzz\nd: paused\n")
    known, corrections = ("paused", "executing"), {"executing": "in-progress"}

    assert [member.one_of("status", known, corrections) for member in top.members] == [
        *("executing", None, None, "paused"),
    ]
    assert reported(top) == [
        "a.yaml:1:4: unknown status 'in_progress'; write 'executing'",
        "a.yaml:2:4: unknown status 'pausd'. Did you mean 'paused'?",
        "a.yaml:3:4: unknown status 'zzz'; write one of paused, executing",
    ]


def test_unknown_keys_are_reported_at_the_keys() -> None:
    top = root("Next: 1\nid: 1\nidd: 1\nelsewhere: 1\n<<: 1\n")

    top.check_keys(("id",), {"'goto'": "next"}, reported=("elsewhere",))

    assert reported(top) == [
        "a.yaml:1:1: unknown key 'Next'; write 'goto' instead",
        "a.yaml:3:1: unknown key 'idd'; known keys here are id. Did you mean 'id'?",
        "a.yaml:5:1: '<<' is not part of YAML 1.2; repeat the keys instead",
    ]


def test_a_missing_key_is_reported_unless_a_wrong_one_is_corrected_to_it() -> None:
    top = root("state: paused\n")

    top.require("status", "paused", {"'status'": "state phase"})
    top.require("id", "ask", {})

    assert reported(top) == ["a.yaml:1:1: 'id' is missing; write for instance 'id: ask'"]


def test_a_timeline_value_has_templates_and_reports_what_cannot_be_sent() -> None:
    top = root(TEXT + "nan: .nan\nbad: '{{ inptu }}'\n")

    assert top["list"].timeline_value() == ["a", {"b": Template("{{ now }}")}]
    assert top.timeline_values()["bad"] == Template("{{ inptu }}")
    assert [line.partition(": ")[2][:29] for line in reported(top)] == [
        "nan cannot be sent as JSON; w",
        "the template uses 'inptu'; kn",
    ]


def test_a_suggestion_is_the_nearest_word_or_the_listed_ones() -> None:
    assert suggestion("aprove", ["approve", "reject"]) == ". Did you mean 'approve'?"
    assert suggestion("zzz", ["approve", "reject"], ["approve"]) == "; write one of approve"
