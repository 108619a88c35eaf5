"""Where the steps of a scenario stand in its diagram."""

from itertools import combinations
from typing import Any

import pytest

from tests.browser.conftest import Emulator, Watch
from xpander_emulator.scenario.graph import graph
from xpander_emulator.scenario.load import built_in_scenarios

LAYOUT = (
    "graph => import('/__emulator/pages/diagram_layout.mjs').then(({layout, NODE}) => ({...layout(graph), node: NODE}))"
)
LOOP = {
    "nodes": [{"id": name, "status": "executing"} for name in ("a", "b", "c")],
    "edges": [
        {"from": "a", "to": "b", "by": "after", "after": "1s"},
        {"from": "b", "to": "a", "by": "again"},
        {"from": "b", "to": "b", "by": "more"},
        {"from": "b", "to": "c", "by": "done"},
    ],
}


@pytest.fixture
def drawn(emulator: Emulator, watch: Watch) -> Any:
    """Draw a graph in a browser."""
    page = watch.page()
    page.goto(f"{emulator.url}/__emulator/")
    return lambda scenario_graph: page.evaluate(LAYOUT, scenario_graph)


def test_no_two_steps_of_a_scenario_touch_and_every_way_is_drawn(drawn: Any) -> None:
    for scenario_graph in [*(graph(each.timeline) for each in built_in_scenarios()), LOOP]:
        diagram = drawn(scenario_graph)

        size = diagram["node"]
        assert len(diagram["nodes"]) == len(scenario_graph["nodes"])
        assert {(edge["from"], edge["to"]) for edge in diagram["edges"]} == {
            (edge["from"], edge["to"]) for edge in scenario_graph["edges"]
        }
        for one, other in combinations(diagram["nodes"], 2):
            assert abs(one["x"] - other["x"]) > size["width"] or abs(one["y"] - other["y"]) > size["height"]
        for edge in diagram["edges"]:
            for point in edge["points"]:
                assert 0 <= point["x"] <= diagram["width"]
                assert 0 <= point["y"] <= diagram["height"]


def test_time_goes_from_left_to_right_and_what_comes_back_goes_below(drawn: Any) -> None:
    diagram = drawn(LOOP)

    places = [node["x"] for node in diagram["nodes"]]
    back = next(edge for edge in diagram["edges"] if (edge["from"], edge["to"]) == ("b", "a"))
    assert places == sorted(places)
    assert (
        max(point["y"] for point in back["points"])
        > max(node["y"] for node in diagram["nodes"]) + diagram["node"]["height"]
    )
