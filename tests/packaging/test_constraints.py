"""The versions that a checkout installs."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in LINES) if version}


def test_every_dependency_is_locked_to_a_version_that_it_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [each for extra in project["optional-dependencies"].values() for each in extra]
    wanted = [Requirement(text) for text in (*project["dependencies"], *extras)]
    others = [each for each in wanted if each.name != project["name"]]

    not_locked = [
        str(each)
        for each in others
        if not each.specifier.contains(PINS.get(canonicalize_name(each.name), "0.dev0"), prereleases=True)
    ]

    assert len(others) > 25
    assert not_locked == []


def test_a_line_is_a_name_with_its_version_and_no_place_to_get_it_from() -> None:
    lines = [line for line in LINES if not line.startswith("#")]

    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)] == []
    assert len(PINS) == len(lines)
