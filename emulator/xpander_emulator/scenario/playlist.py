"""Playlists: the scenarios that the presenter mode shows, one after the other, read from YAML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.contract.extension.start_operation import request_schema
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.read_write_only import for_requests
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.diagnostics import Diagnostics, Node, Rules, suggestion
from xpander_emulator.scenario.property_schemas import shown

MAX_ENTRIES: Final = 100
SLOWEST: Final = 0.01
FASTEST: Final = 1_000.0
KEYS: Final = ("title", "speed", "stories")
ENTRY_KEYS: Final = ("scenario", "title", "says", "request", "speed")
_CORRECTIONS: Final = {"'title'": "name", "'stories'": "scenarios", "'says'": "description text", "'request'": "input"}


@dataclass(frozen=True, slots=True)
class PlaylistEntry:
    """One scenario of a playlist.

    says:    the text below its title.
    request: the body of the start; None for the contract's own example.
    speed:   how many seconds of the scenario pass in one second of the audience.
    """

    scenario: str
    title: str
    says: str
    request: Mapping[str, Any] | None
    speed: float


@dataclass(frozen=True, slots=True)
class Playlist:
    """Scenarios in the order in which they are shown, one or more. source: the file as a user names it."""

    title: str
    entries: tuple[PlaylistEntry, ...]
    source: str


def load_playlist(
    path: Path, known: Sequence[str] | None, contract: Contract | None, name: str | None = None
) -> Playlist:
    """Return the playlist of a file. Raises InvalidFiles with every mistake in it.

    known:    the names of all scenarios; None leaves the names unchecked.
    contract: what the requests must satisfy; None leaves them unchecked.
    name:     what messages call the file; its path, if not given.
    """
    document = read_document(path, name)
    top = Node(Diagnostics(document, Rules()), (), document.value)
    top.expect_mapping("a playlist is a mapping with 'stories'")
    top.check_keys(KEYS, _CORRECTIONS)
    items = top["stories"]
    is_list = isinstance(items.value, list) and 0 < len(items.value) <= MAX_ENTRIES
    items.expect(is_list, f"'stories' takes a list of 1 to {MAX_ENTRIES} scenarios")
    title, speed = _text(top, "title", "Scenarios"), _speed(top, 1.0)
    entries = tuple(_entry(item, known, contract, speed) for item in items.elements if is_list)
    if top.diagnostics.entries:
        raise InvalidFiles(top.diagnostics.entries)
    return Playlist(title, entries, document.file)


def _entry(node: Node, known: Sequence[str] | None, contract: Contract | None, speed: float) -> PlaylistEntry:
    scenario = ""
    if node.expect_mapping("an entry of a playlist is a mapping with 'scenario'"):
        node.check_keys(ENTRY_KEYS, _CORRECTIONS)
        if node["scenario"].expect_text("'scenario' takes the name of a scenario"):
            scenario = str(node["scenario"].value)
    if scenario and known is not None and scenario not in known:
        node["scenario"].report(f"no scenario is called '{scenario}'{suggestion(scenario, known)}")
    return PlaylistEntry(
        scenario,
        _text(node, "title", scenario.replace("_", " ").capitalize()),
        _text(node, "says", ""),
        None if node["request"].value is None else _request(node["request"], contract),
        _speed(node, speed),
    )


def _request(node: Node, contract: Contract | None) -> Mapping[str, Any]:
    pointer = None if contract is None else request_schema(contract)
    is_mapping = node.expect_mapping("'request' takes the body that a client would send to start the task")
    if is_mapping and contract is not None and pointer is not None:
        for violation in find_violations(for_requests(contract), pointer, node.value, ()):
            message = f"breaks the contract: {violation.msg}, found {shown(violation.input)}"
            node.diagnostics.add((*node.path, *violation.loc), message)
    return node.value if is_mapping else {}


def _text(node: Node, key: str, default: str) -> str:
    is_text = node[key].value is not None and node[key].expect_text(f"'{key}' takes text")
    return str(node[key].value) if is_text else default


def _speed(node: Node, default: float) -> float:
    speed = node["speed"].value
    if speed is None:
        return default
    is_number = isinstance(speed, int | float) and not isinstance(speed, bool)
    is_speed = node["speed"].expect(
        is_number and SLOWEST <= speed <= FASTEST, f"'speed' takes a number from {SLOWEST} to {FASTEST:g}"
    )
    return float(speed) if is_speed else default
