from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Step, Timeline
from xpander_emulator.errors import BadRequest
from xpander_emulator.scenario.selection import (
    MISSING,
    Catalogue,
    Choice,
    Matcher,
    Scenario,
    choose,
    knows,
    near_misses,
)

END = Step("completed", Status.COMPLETED)


def scenario(name: str, *match: Matcher, source: str = "") -> Scenario:
    return Scenario(name, "", match, Timeline(name, (END,)), source)


def glob(*patterns: str) -> Matcher:
    return Matcher(("workflow_id",), "glob", patterns)


def field(path: str, kind: str, wanted: Any) -> Matcher:
    return Matcher(tuple(path.split(".")), kind, wanted)


def chosen(catalogue: Catalogue, runs: str = "w-1", body: Mapping[str, Any] | None = None, **choices: Any) -> Choice:
    names: dict[str, Any] = {"pinned": None, "preferred": None, "default": "completed"} | choices
    return choose(catalogue, runs, body or {}, **names)


CATALOGUE = Catalogue(
    [
        scenario("completed"),
        scenario("failed"),
        scenario("refund", glob("refund-*")),
        scenario("big_refund", glob("refund-*"), field("input.text", "contains", "big")),
        scenario("one_refund", glob("refund-7", "refund-8")),
    ]
)


def test_what_the_settings_list_for_an_id_goes_before_its_name_and_after_prefer() -> None:
    listed = chosen(CATALOGUE, "refund", listed="failed")
    preferred = chosen(CATALOGUE, "refund", listed="failed", preferred="completed")

    assert (listed.scenario.name, listed.reason) == ("failed", "the settings list it for this id")
    assert preferred.scenario.name == "completed"
    with pytest.raises(BadRequest, match="'refund' of the settings asks for the scenario 'gone', which does not exist"):
        chosen(CATALOGUE, "refund", listed="gone")


def test_the_order_is_pin_then_prefer_then_name_then_match_then_default() -> None:
    body = {"input": {"text": "a big one"}}

    assert chosen(CATALOGUE, "failed", pinned="refund", preferred="big_refund").scenario.name == "refund"
    assert chosen(CATALOGUE, "failed", preferred="big_refund").scenario.name == "big_refund"
    assert chosen(CATALOGUE, "failed", body).reason == "its name equals the workflow_id"
    assert chosen(CATALOGUE, "refund-1", body).scenario.name == "big_refund"
    assert chosen(CATALOGUE, "other", default="failed").scenario.name == "failed"


def test_the_reason_names_what_matched() -> None:
    reason = chosen(CATALOGUE, "refund-1", {"input": {"text": "big"}}).reason

    assert reason == "match: workflow_id glob refund-*, input.text contains big"


def test_an_exact_workflow_id_goes_before_a_pattern() -> None:
    assert chosen(CATALOGUE, "refund-8").scenario.name == "one_refund"
    assert chosen(CATALOGUE, "refund-9").scenario.name == "refund"


def test_a_pattern_goes_before_exists() -> None:
    catalogue = Catalogue([scenario("a", field("title", "exists", True)), scenario("b", field("title", "regex", "x"))])

    assert chosen(catalogue, "w", {"title": "xy"}).scenario.name == "b"
    assert chosen(catalogue, "w", {"title": "yy"}).scenario.name == "a"


def test_more_conditions_go_before_a_closer_one() -> None:
    exact = scenario("a", field("title", "equals", "x"))
    two = scenario("b", field("title", "exists", True), field("text", "exists", True))

    assert chosen(Catalogue([exact, two]), "w", {"title": "x", "text": "y"}).scenario.name == "b"


def test_the_name_decides_between_equally_specific_scenarios() -> None:
    one, other = scenario("a", glob("w*")), scenario("b", glob("w*"))

    assert chosen(Catalogue([other, one])).scenario.name == "a"


@pytest.mark.parametrize(
    ("condition", "body", "holds"),
    [
        (field("title", "equals", "x"), {"title": "x"}, True),
        (field("flag", "equals", True), {"flag": 1}, False),
        (field("title", "equals", None), {"title": None}, True),
        (field("title", "equals", None), {}, False),
        (field("title", "exists", True), {"title": None}, False),
        (field("title", "exists", False), {}, True),
        (field("input.files.0", "equals", "a"), {"input": {"files": ["a"]}}, True),
        (field("input.files.1", "equals", "a"), {"input": {"files": ["a"]}}, False),
        (field("input.files", "contains", "a"), {"input": {"files": ["a"]}}, True),
        (field("input.text", "contains", 4), {"input": {"text": "4"}}, False),
        (field("input.text.deeper", "exists", True), {"input": {"text": "4"}}, False),
        (field("input.text", "regex", "^r.f"), {"input": {"text": "ref"}}, True),
        (field("input.text", "regex", "^r.f"), {"input": {"text": None}}, False),
        (field("workflow_id", "regex", "^w-"), {}, True),
    ],
)
def test_a_condition_holds(condition: Matcher, body: Mapping[str, Any], holds: bool) -> None:
    catalogue = Catalogue([scenario("completed"), scenario("matched", condition)])

    assert (chosen(catalogue, "w-1", body).scenario.name == "matched") is holds


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(BadRequest, match=r"the header Prefer asks for the scenario 'refnd', .*Did you mean 'refund'\?"):
        chosen(CATALOGUE, preferred="refnd")
    with pytest.raises(BadRequest, match=r"the pin for the next start asks for the scenario 'zzz'.*known ones are"):
        chosen(CATALOGUE, pinned="zzz")


def test_a_default_that_is_gone_gives_way_to_completed() -> None:
    assert chosen(CATALOGUE, default="gone").reason == "the default 'gone' does not exist; 'completed' stands in"
    with pytest.raises(BadRequest, match=r"the namespace's default asks for the scenario 'gone'"):
        chosen(Catalogue([scenario("failed")]), default="gone")


def test_a_later_scenario_of_the_same_name_overrides() -> None:
    catalogue = Catalogue([scenario("refund", glob("x"), source="one"), scenario("refund", source="two")])

    assert catalogue["refund"].source == "two"
    assert len(catalogue) == 1
    assert catalogue.matching == ()


def test_what_is_known_is_a_name_or_matched_by_a_workflow_id() -> None:
    assert knows(CATALOGUE, "failed")
    assert knows(CATALOGUE, "refund-77")
    assert not knows(CATALOGUE, "other")
    assert not knows(Catalogue([scenario("a", field("title", "exists", False))]), "other")


SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
BODIES = st.dictionaries(
    st.sampled_from(["input", "title", "text"]),
    st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["text", "0"]), inner)),
)
PATHS = st.sampled_from(["input.text", "title", "input.0", "workflow_id", "input.text.0"])
CONDITIONS = st.one_of(
    st.builds(field, PATHS, st.just("equals"), SCALARS),
    st.builds(field, PATHS, st.just("contains"), st.booleans() | st.integers() | st.text(max_size=2)),
    st.builds(field, PATHS, st.just("exists"), st.booleans()),
    st.builds(field, PATHS, st.just("regex"), st.sampled_from(["a", "^$", "."])),
    st.builds(glob, st.sampled_from(["*", "w-*", "a", "[ab]?"])),
)


@given(st.lists(st.lists(CONDITIONS, max_size=3), max_size=5), st.text(max_size=4), BODIES, st.randoms())
def test_a_choice_is_always_made_and_never_depends_on_the_order_of_files(
    matches: list[list[Matcher]], runs: str, body: Mapping[str, Any], shuffled: Any
) -> None:
    scenarios = [scenario("completed"), *(scenario(f"s{number}", *match) for number, match in enumerate(matches))]

    first = chosen(Catalogue(scenarios), runs, body)
    shuffled.shuffle(scenarios)

    assert chosen(Catalogue(scenarios), runs, body) == first


def test_the_scenarios_that_failed_by_the_fewest_conditions_are_near() -> None:
    big, seven = field("input.text", "contains", "big"), glob("refund-7", "refund-8")

    near = near_misses(CATALOGUE.matching, "refund-1", {"input": {"text": "small"}})
    without_text = near_misses(CATALOGUE.matching, "refund-1", {})

    assert [(miss.scenario.name, miss.failed) for miss in near] == [
        ("big_refund", ((big, "small"),)),
        ("one_refund", ((seven, "refund-1"),)),
    ]
    assert without_text[0].failed == ((big, MISSING),)


def test_a_scenario_of_which_no_condition_holds_is_not_near_and_one_that_fits_is_no_miss() -> None:
    near = near_misses(CATALOGUE.matching, "other", {})
    fitting = near_misses(CATALOGUE.matching, "refund-7", {"input": {"text": "big"}})

    assert [miss.scenario.name for miss in near] == ["one_refund", "refund"]
    assert fitting == []


def test_three_near_scenarios_are_returned_by_default() -> None:
    many = [scenario(f"s{number}", glob("other")) for number in range(5)]

    assert [miss.scenario.name for miss in near_misses(many, "w", {})] == ["s0", "s1", "s2"]
    assert len(near_misses(many, "w", {}, most=4)) == 4


def test_a_name_is_refused_where_no_scenario_is_known() -> None:
    with pytest.raises(BadRequest, match=r"which does not exist; known ones are none$"):
        chosen(Catalogue([]), preferred="refund")
