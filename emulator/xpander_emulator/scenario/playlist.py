"""Playlists: the stories that the presenter mode shows, one after the other, read from YAML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.contract.extension.start_operation import request_schema
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.read_write_only import for_requests
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.errors import InvalidFiles, did_you_mean
from xpander_emulator.scenario.diagnostics import Diagnostics, Rules
from xpander_emulator.scenario.property_schemas import shown

MOST_STORIES: Final = 100
SLOWEST: Final = 0.01
FASTEST: Final = 1_000.0
KEYS: Final = ("title", "speed", "stories")
STORY_KEYS: Final = ("scenario", "title", "says", "request", "speed")
_SLIPS: Final = {"name": "title", "scenarios": "stories", "description": "says", "text": "says", "input": "request"}


@dataclass(frozen=True, slots=True)
class Showing:
    """One story of a playlist.

    says:    what stands below its title.
    request: what starts it; None for the contract's own example.
    speed:   how many seconds of the story pass in one of the audience.
    """

    scenario: str
    title: str
    says: str
    request: Mapping[str, Any] | None
    speed: float


@dataclass(frozen=True, slots=True)
class Playlist:
    """Stories in the order in which they are shown, one or more."""

    title: str
    stories: tuple[Showing, ...]
    source: str


def load_playlist(
    path: Path, known: Sequence[str] | None, contract: Contract | None, name: str | None = None
) -> Playlist:
    """Return the playlist of a file. Raises InvalidFiles with every mistake in it.

    known:    the names of the scenarios that there are; None where they are not held against them.
    contract: by which the requests are judged; None for not at all.
    name:     how messages call the file.
    """
    document = read_document(path, name)
    findings = Diagnostics(document, Rules())
    told = findings.mapping((), document.value, "a playlist is a mapping with `stories`")
    findings.keys((), told, KEYS, _SLIPS)
    title = _text(findings, (), told, "title", "Scenarios")
    speed = _speed(findings, (), told, 1.0)
    listed = told.get("stories")
    if not isinstance(listed, list) or not 0 < len(listed) <= MOST_STORIES:
        findings.add(("stories",), f"expected a list of 1 to {MOST_STORIES} stories, found {shown(listed)}")
        listed = []
    reader = _Reader(findings, known, contract, speed)
    stories = tuple(reader.story(("stories", index), value) for index, value in enumerate(listed))
    if findings.diagnostics:
        raise InvalidFiles(findings.diagnostics)
    return Playlist(title, stories, document.file)


@dataclass(frozen=True, slots=True)
class _Reader:
    findings: Diagnostics
    known: Sequence[str] | None
    contract: Contract | None
    speed: float

    def story(self, path: DocPath, value: Any) -> Showing:
        told = self.findings.mapping(path, value, "a story is a mapping with `scenario`")
        if not isinstance(value, Mapping):
            return Showing("", "", "", None, self.speed)
        self.findings.keys(path, told, STORY_KEYS, _SLIPS)
        scenario = (
            self.findings.text((*path, "scenario"), told.get("scenario"), "expected the name of a scenario") or ""
        )
        if scenario and self.known is not None and scenario not in self.known:
            hint = did_you_mean(scenario, self.known) or f"; known ones are {', '.join(self.known)}"
            self.findings.add((*path, "scenario"), f"no scenario is called '{scenario}'{hint}")
        return Showing(
            scenario,
            _text(self.findings, path, told, "title", scenario.replace("_", " ").capitalize()),
            _text(self.findings, path, told, "says", ""),
            self._request((*path, "request"), told.get("request")),
            _speed(self.findings, path, told, self.speed),
        )

    def _request(self, path: DocPath, value: Any) -> Mapping[str, Any] | None:
        if value is None:
            return None
        request = self.findings.mapping(path, value, "expected what a client would send to start the task")
        pointer = None if self.contract is None else request_schema(self.contract)
        if self.contract is not None and pointer is not None and isinstance(value, Mapping):
            for each in find_violations(for_requests(self.contract), pointer, request, ()):
                self.findings.add((*path, *each.loc), f"breaks the contract: {each.msg}, found {shown(each.input)}")
        return request


def _text(findings: Diagnostics, path: DocPath, told: Mapping[str, Any], key: str, default: str) -> str:
    if told.get(key) is None:
        return default
    return findings.text((*path, key), told[key], "expected a text") or default


def _speed(findings: Diagnostics, path: DocPath, told: Mapping[str, Any], default: float) -> float:
    found = told.get("speed")
    if found is None:
        return default
    if isinstance(found, bool) or not isinstance(found, int | float) or not SLOWEST <= found <= FASTEST:
        findings.add((*path, "speed"), f"expected a number from {SLOWEST} to {FASTEST:g}, found {shown(found)}")
        return default
    return float(found)
