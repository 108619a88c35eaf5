"""Playlists: the scenarios that a presenter shows, and the mistakes that are reported in a file."""

from pathlib import Path

import pytest

from xpander_emulator.common import resources
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.load import built_in_scenarios
from xpander_emulator.scenario.playlist import PlaylistEntry, load_playlist

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


def test_the_built_in_playlist_names_scenarios_that_exist() -> None:
    names = [scenario.name for scenario in built_in_scenarios()]

    playlist = load_playlist(resources.PLAYLIST, names, load_contract(resources.CONTRACT))

    assert "approval" in [each.scenario for each in playlist.entries]


def test_an_entry_takes_its_defaults_from_its_name_and_its_playlist(tmp_path: Path) -> None:
    path = written(tmp_path, "speed: 2\nstories: [{scenario: approval}, {scenario: completed, title: Done, speed: 1}]")

    playlist = load_playlist(path, KNOWN, None)

    assert playlist.title == "Scenarios"
    assert playlist.entries == (
        PlaylistEntry("approval", "Approval", "", None, 2.0),
        PlaylistEntry("completed", "Done", "", None, 1.0),
    )


def test_every_mistake_is_reported_with_its_place(tmp_path: Path) -> None:
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
        "shows.yaml:1:1: unknown key 'name'; write 'title' instead",
        "shows.yaml:2:8: 'speed' takes a number from 0.01 to 1000, found 0",
        "shows.yaml:4:15: no scenario is called 'aproval'. Did you mean 'approval'?",
        "shows.yaml:5:11: 'says' takes text, found 7",
        "shows.yaml:7:29: breaks the contract: Input should be a valid string, found 7",
        "shows.yaml:8:5: unknown key 'sped'; known keys here are scenario, title, says, request, speed."
        " Did you mean 'speed'?",
        "shows.yaml:9:5: an entry of a playlist is a mapping with 'scenario', found 'completed'",
    ]


@pytest.mark.parametrize("text", ["title: Nothing", "stories: []", "stories: approval"])
def test_a_playlist_has_at_least_one_entry(tmp_path: Path, text: str) -> None:
    [message] = diagnostics(tmp_path, text)

    assert "'stories' takes a list of 1 to 100 scenarios" in message
