"""The image and the compose example name nothing that is not there. No engine builds or runs them here."""

import re
from pathlib import Path
from typing import Any

import click
import pytest

from xpander_emulator.cli.serve import serve
from xpander_emulator.common.yaml_document import read_document

ROOT = Path(__file__).parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = read_document(ROOT / "examples/compose/compose.yaml").value
SETTINGS = {str(option.envvar) for option in serve.params if isinstance(option, click.Option)}
# What the commands for a running server read.
OF_CLIENTS = {"EMULATOR_URL", "XPANDER_API_KEY", "XPANDER_BASE_URL"}


def test_all_that_the_image_copies_is_there_and_reaches_the_build() -> None:
    copied = [
        name for line in re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()
    ]
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()

    assert len(copied) == 6
    assert all((ROOT / name).exists() and f"!{name}" in let_in for name in copied)


def test_the_image_sets_what_the_emulator_knows_and_is_not_root() -> None:
    assert set(re.findall(r"^ENV (\w+)=", DOCKERFILE, re.MULTILINE)) <= SETTINGS
    assert re.search(r"^USER (?!0\b|root\b)", DOCKERFILE, re.MULTILINE)


@pytest.mark.parametrize("name", ["emulator", "suite"])
def test_the_services_have_known_variables(name: str) -> None:
    assert set(COMPOSE["services"][name]["environment"]) <= SETTINGS | OF_CLIENTS


def test_the_control_api_of_the_example_knows_the_name_by_which_it_is_called() -> None:
    services = COMPOSE["services"]

    assert services["emulator"]["environment"]["EMULATOR_ALLOW_HOST"] in services
    assert services["emulator"]["deploy"]["replicas"] == 2
    assert services["suite"]["environment"]["EMULATOR_TOKEN"] == services["emulator"]["environment"]["EMULATOR_TOKEN"]
