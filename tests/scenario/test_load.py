"""The contract and the scenarios of the files that a user names."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.web.api_client import Api, api
from xpander_emulator.common import resources
from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.scenario.load import load_spec

Json = Any


def without_behaviours(value: Json) -> Json:
    """Return a contract as the vendor would write it: without `x-emulator`."""
    if isinstance(value, list):
        return [without_behaviours(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: without_behaviours(item) for name, item in value.items() if name != "x-emulator"}


@pytest.fixture
def release(tmp_path: Path) -> Callable[[Callable[[Json], None]], Path]:
    """Return a function that writes the next release of the vendor's file, with a change."""
    document = without_behaviours(read_document(resources.CONTRACT).value)

    def write(change: Callable[[Json], None] = lambda document: None) -> Path:
        changed = deepcopy(document)
        change(changed)
        path = tmp_path / "release.json"
        path.write_text(json.dumps(changed))
        return path

    return write


def actions(path: Path) -> dict[str, Any]:
    return {each.id: each.behaviour.get("action") for each in load_spec(path).operations}


def test_the_vendors_next_release_behaves_like_the_built_in_contract(
    release: Callable[..., Path],
) -> None:
    assert actions(release()) == {each.id: each.behaviour.get("action") for each in load_spec(None).operations}
    assert load_spec(release()).document["x-emulator"] == {"errors": "detail"}


async def test_a_release_may_rename_the_parameters_of_a_path(release: Callable[..., Path]) -> None:
    def rename(document: Json) -> None:
        path = document["paths"].pop("/v1/tasks/{task_id}")
        for operation in path.values():
            operation["parameters"] = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
        document["paths"]["/v1/tasks/{id}"] = path

    client: Api = api(clock="auto", spec=release(rename))

    task = await client.start("completed")

    assert [(await client.task(task["id"]))["status"] for _ in range(3)][-1] == "completed"


def test_an_operation_that_no_longer_fits_is_answered_from_the_file_with_a_warning(
    release: Callable[..., Path],
) -> None:
    def change(document: Json) -> None:
        document["paths"]["/v1/tasks"]["get"]["responses"] = {"204": {"description": "Nothing."}}

    contract = load_spec(release(change))

    assert contract.operation("listTasks").behaviour == {}
    assert contract.operation("getTask").behaviour["action"] == "read"
    [warning] = [each.message for each in contract.warnings if "this operation" in each.message]
    assert warning.startswith("this operation is answered from the file alone, unlike that of the built-in contract: ")


def test_a_file_that_reads_no_tasks_is_another_api(release: Callable[..., Path]) -> None:
    def change(document: Json) -> None:
        del document["paths"]["/v1/tasks/{task_id}"]
        for path in [path for path in document["paths"] if "agent-execution" in path]:
            del document["paths"][path]

    assert set(actions(release(change)).values()) == {None}


def test_a_file_with_a_behaviour_of_its_own_takes_no_other(release: Callable[..., Path]) -> None:
    def change(document: Json) -> None:
        document["paths"]["/v1/tasks/{task_id}"]["get"]["x-emulator"] = {"action": "read"}

    assert {name for name, action in actions(release(change)).items() if action} == {"getTask"}


async def test_a_property_that_another_release_requires_of_a_pause_is_generated(release: Callable[..., Path]) -> None:
    def change(document: Json) -> None:
        schema = document["components"]["schemas"]["HumanInTheLoopRequest"]
        schema.setdefault("properties", {})["operation_id"] = {"type": "string", "format": "uuid"}
        schema["required"] = [*schema.get("required", ()), "operation_id"]

    client: Api = api(clock="auto", spec=release(change))
    task = await client.start("approval")

    tasks = [await client.task(task["id"]) for _ in range(3)]

    first, second = (each["hitl_request"]["operation_id"] for each in tasks if each["status"] == "paused")
    assert first == second


def test_built_in_files_are_read_once_for_all_servers_of_a_process() -> None:
    one, other = api().app, api(seed=1).app

    assert one.contract is other.contract
    assert one.engine.catalogue["approval"] is other.engine.catalogue["approval"]
