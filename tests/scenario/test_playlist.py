"""Playlists: what a presenter shows, and what is told of one that is wrong."""

from pathlib import Path

import pytest

from xpander_emulator.common import resources
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.load import built_in_scenarios
from xpander_emulator.scenario.playlist import Showing, load_playlist

KNOWN = ("approval", "completed")


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "shows.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def diagnostics(tmp_path: Path, text: str) -> list[str]:
    path = written(tmp_path, text)
    with pytest.raises(InvalidFiles) as raised:
        load_playlist(path, KNOWN, load_contract(resources.CONTRACT), "shows.yaml")
    return [str(each) for each in raised.value.diagnostics]


def test_the_built_in_playlist_keeps_stories_and_contract() -> None:
    names = [story.name for story in built_in_scenarios()]

    shown = load_playlist(resources.PLAYLIST, names, load_contract(resources.CONTRACT))

    assert "approval" in [each.scenario for each in shown.stories]


def test_a_story_takes_what_it_does_not_say_from_its_name_and_its_playlist(tmp_path: Path) -> None:
    path = written(tmp_path, "speed: 2\nstories: [{scenario: approval}, {scenario: completed, title: Done, speed: 1}]")

    shown = load_playlist(path, KNOWN, None)

    assert shown.title == "Scenarios"
    assert shown.stories == (
        Showing("approval", "Approval", "", None, 2.0),
        Showing("completed", "Done", "", None, 1.0),
    )


def test_every_mistake_is_told_with_its_place(tmp_path: Path) -> None:
    text = """\
name: Ours
speed: 0
stories:
  - scenario: aproval
    says: 7
  - scenario: completed
    request: {input: {text: 7}}
    sped: 2
  - completed
"""

    assert diagnostics(tmp_path, text) == [
        "shows.yaml:1:1: unknown key 'name'; write title instead",
        "shows.yaml:2:8: expected a number from 0.01 to 1000, found 0",
        "shows.yaml:4:15: no scenario is called 'aproval'. Did you mean 'approval'?",
        "shows.yaml:5:11: expected a text, found 7",
        "shows.yaml:7:29: breaks the contract: Input should be a valid string, found 7",
        "shows.yaml:8:5: unknown key 'sped'; known keys here are scenario, title, says, request, speed."
        " Did you mean 'speed'?",
        "shows.yaml:9:5: a story is a mapping with `scenario`, found 'completed'",
    ]


@pytest.mark.parametrize("text", ["title: Nothing", "stories: []", "stories: approval"])
def test_a_playlist_has_at_least_one_story(tmp_path: Path, text: str) -> None:
    [told] = diagnostics(tmp_path, text)

    assert "expected a list of 1 to 100 stories" in told
