"""docs/testkit-api.md is made from docstrings, and they describe all that a user of the test kit meets."""

import re

import pytest

from tools import testkit_api
from tools.testkit_api import Item
from xpander_emulator import testkit
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.server.listening_socket import CannotStart
from xpander_emulator.server.threaded import NotRunning

ITEMS = [*testkit_api.items(), *testkit_api.fixtures()]
ERRORS = {each.__name__ for each in (InvalidFiles, CannotStart, NotRunning)} | {*testkit.__all__}
each_item = pytest.mark.parametrize("item", ITEMS, ids=lambda item: item.name)


def test_the_page_is_made_from_the_present_docstrings() -> None:
    assert testkit_api.PAGE.read_text(encoding="utf-8") == testkit_api.page(), "Run `make docs`."


def test_every_public_name_is_an_item() -> None:
    names = {item.name for item in ITEMS}

    assert {*testkit.__all__} - names == {"DEFAULTS"}
    assert {"Emulator.verify", "Task.history", "Requests.last", "running", "emulator"} <= names
    assert len(ITEMS) > 60


@each_item
def test_an_item_begins_with_a_sentence(item: Item) -> None:
    assert re.match(r"[A-Z](.|\n)*?[.:](\s|$)", item.docstring.text), item.docstring.text


@each_item
def test_each_argument_and_each_attribute_is_described_and_no_others(item: Item) -> None:
    assert [*item.docstring.sections.get("Args", ())] == [*item.arguments]
    assert [*item.docstring.sections.get("Attributes", ())] == [*item.attributes]


@each_item
def test_what_is_returned_is_described(item: Item) -> None:
    described = {"Returns", "Yields"} & item.docstring.sections.keys()

    # The text of a property describes its value.
    assert len(described) == (1 if item.returns and not item.is_property else 0)


@each_item
def test_errors_are_described_wherever_arguments_are_checked_and_all_of_them_exist(item: Item) -> None:
    errors = item.docstring.sections.get("Raises", {})

    assert errors or not item.arguments, "Every argument is checked: say what is raised."
    assert {*errors} <= ERRORS
    assert all(errors.values())


@pytest.mark.parametrize("signature", testkit_api.markers())
def test_a_marker_describes_its_arguments_and_errors(signature: str) -> None:
    sections = testkit_api.markers()[signature].sections

    assert [*sections["Args"]] == re.findall(r"[(,] ?\*?(\w+)", signature)
    assert {*sections["Raises"]} <= ERRORS
