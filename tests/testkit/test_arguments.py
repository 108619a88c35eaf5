"""Arguments of wrong types, and the messages about them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from xpander_emulator.settings import Settings
from xpander_emulator.testkit import DEFAULTS, BadRequest, Emulator, EmulatorServer, Task, paths

ACTS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "scenario": (lambda emulator: emulator.use(["approval"]), "scenario takes a text, found ['approval']."),
    "times": (lambda emulator: emulator.use_next("approval", times="2"), "times takes a whole number, found '2'."),
    "bool": (lambda emulator: emulator.use_next("approval", times=True), "times takes a whole number, found True."),
    "fault": (lambda emulator: emulator.fault(["slow"]), "fault takes a text or a mapping, found ['slow']."),
    "verify": (lambda emulator: emulator.verify(at_least="1"), "at_least takes a whole number, found '1'."),
    "status": (lambda emulator: emulator.verify(status="200"), "status takes a whole number or None, found '200'."),
    "headers": (lambda emulator: emulator.requests.find(headers="x"), "headers takes a mapping or None, found 'x'."),
    "task": (lambda emulator: emulator.task(None), "task_id takes a text, found None."),
    "scale": (lambda emulator: emulator.clock.set("scaled", "60"), "scale takes a number or None, found '60'."),
}


@pytest.mark.parametrize(("act", "message"), ACTS.values(), ids=ACTS)
def test_an_argument_of_a_wrong_type_is_refused_with_the_right_type(
    kit: Emulator, act: Callable[[Any], Any], message: str
) -> None:
    with pytest.raises(TypeError) as caught:
        act(kit)

    assert str(caught.value) == message
    assert isinstance(caught.value, BadRequest)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"by": 3}, "by takes a text or None, found 3."),
        ({"reason": ["No"]}, "reason takes a text or None, found ['No']."),
        ({"payload": "No"}, "payload takes a mapping or None, found 'No'."),
        ({"payload": {"a": {1}}}, "payload takes what JSON can hold: Object of type set is not JSON serializable."),
    ],
)
def test_a_signal_of_a_wrong_type_changes_nothing(approval: Task, arguments: dict[str, Any], message: str) -> None:
    task = approval.advance(until="paused")

    with pytest.raises(TypeError) as caught:
        task.signal("approve", **arguments)

    assert str(caught.value) == message
    assert task.status == "paused"


def test_a_number_out_of_range_is_refused(kit: Emulator) -> None:
    with pytest.raises(BadRequest, match=r"^times is 1 or more, found 0\.$"):
        kit.use_next("approval", times=0)
    with pytest.raises(BadRequest, match=r"^at_most is 0 or more, found -1\.$"):
        kit.verify(at_most=-1)


def test_paths_takes_one_name() -> None:
    with pytest.raises(TypeError, match=r"^scenario takes a text, found \['approval'\]\.$"):
        paths(["approval"])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scenarios": "folder"}, "settings.scenarios takes a tuple, each item a pathlib.Path, found 'folder'."),
        ({"scenarios": ("a",)}, "settings.scenarios takes a tuple, each item a pathlib.Path, found ('a',)."),
        ({"spec": "api.yaml"}, "settings.spec takes a pathlib.Path or None, found 'api.yaml'."),
        ({"clock": "fast"}, "settings.clock takes one of real, scaled, manual, auto, found 'fast'."),
        ({"seed": "7"}, "settings.seed takes a whole number, found '7'."),
        ({"cors": "*"}, "settings.cors takes a tuple, each item a text, found '*'."),
        ({"start": "2026"}, "settings.start takes a datetime, found '2026'."),
    ],
)
def test_a_setting_of_a_wrong_type_is_refused_before_a_server_starts(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError) as caught:
        EmulatorServer(replace(DEFAULTS, **arguments))

    assert str(caught.value) == message


def test_a_start_names_its_time_zone() -> None:
    with pytest.raises(BadRequest, match=r"^settings\.start takes a datetime with its time zone, such as UTC, found "):
        EmulatorServer(Settings(start=datetime(2026, 1, 1)))


def test_settings_of_right_types_are_taken() -> None:
    settings = Settings(scenarios=(Path("a"),), spec=Path("b"), scale=7, waive=("ignores-429",), cors=("*",))

    assert EmulatorServer(settings).settings == settings
