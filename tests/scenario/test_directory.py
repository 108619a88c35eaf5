from xpander_emulator.core.status import Status
from xpander_emulator.core.timeline import Step, Timeline
from xpander_emulator.scenario.directory import Directory
from xpander_emulator.scenario.selection import WORKFLOW_ID, Catalogue, Matcher, Scenario
from xpander_emulator.settings import Runnable


def scenario(name: str, *match: Matcher) -> Scenario:
    return Scenario(name, f"About {name}", match, Timeline(name, (Step("end", Status.COMPLETED),)), "x.yaml")


CATALOGUE = Catalogue(
    [
        scenario("plain"),
        scenario("two_words", Matcher(WORKFLOW_ID, "glob", ("3f0a7c52", "refund-*", "a?", "[x]"))),
        scenario("by_text", Matcher(("input", "text"), "equals", "hello")),
        scenario("exact", Matcher(WORKFLOW_ID, "equals", "one"), Matcher(WORKFLOW_ID, "regex", "one|two")),
    ]
)
AGENT = Runnable("agent", "adviser", "Adviser", scenario="plain")
WORKFLOW = Runnable("workflow", "plain", "My own", scenario="two_words")
DIRECTORY = Directory([AGENT, WORKFLOW], CATALOGUE)


def test_what_the_user_lists_comes_first_then_exact_ids_then_scenarios() -> None:
    agents = [each.id for each in DIRECTORY.all("agent")]
    workflows = [each.id for each in DIRECTORY.all("workflow")]

    assert agents == ["adviser", "3f0a7c52", "one", "plain", "two_words", "by_text", "exact"]
    assert workflows == ["plain", "3f0a7c52", "one", "two_words", "by_text", "exact"]


def test_a_scenario_is_shown_by_its_name_in_words() -> None:
    shown = DIRECTORY.find("agent", "3f0a7c52")

    assert shown == Runnable("agent", "3f0a7c52", "Two words", "About two_words")


def test_a_workflow_is_among_the_agents_and_not_the_other_way_round() -> None:
    directory = Directory([AGENT, Runnable("workflow", "flow", "Flow")], CATALOGUE)

    assert directory.find("agent", "flow") == Runnable("workflow", "flow", "Flow")
    assert directory.find("workflow", "adviser") is None


def test_an_id_of_the_user_goes_before_a_scenario_of_that_name() -> None:
    assert DIRECTORY.find("workflow", "plain") == WORKFLOW
    assert DIRECTORY.scenario("plain") == "two_words"
    assert DIRECTORY.scenario("exact") is None


def test_listed_ids_and_those_that_scenarios_name_are_known() -> None:
    assert all(map(DIRECTORY.knows, ("adviser", "plain", "3f0a7c52", "refund-7", "by_text")))
    assert not DIRECTORY.knows("other")


def test_what_is_listed_as_a_workflow_runs_as_one_wherever_it_is_started() -> None:
    assert DIRECTORY.kind("plain", "agent") == "workflow"
    assert DIRECTORY.kind("adviser", "workflow") == "workflow"
    assert DIRECTORY.kind("other", "agent") == "agent"
