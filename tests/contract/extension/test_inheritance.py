"""A file without `x-emulator` gets the behaviours of the known contract, if it is another version of it."""

from typing import Any

import pytest

from tests.contract.samples import HEAD, ours
from xpander_emulator.common.yaml_document import Document, parse_document
from xpander_emulator.contract.extension.inheritance import adopted
from xpander_emulator.contract.openapi.load import read_contract

KNOWN = ours()
READ = "{get: {operationId: read, parameters: [%s], responses: {'200': {description: ok}}}}"
START = "{post: {operationId: start, parameters: [%s], responses: {'200': {description: ok}}}}"


def parameter(name: str) -> str:
    return f"{{name: {name}, in: path, required: true, schema: {{type: string}}}}"


def release(*, extension: str = "") -> Document:
    """Return a file that names the parameters of the known paths otherwise."""
    text = (
        f"{HEAD}{extension}paths:\n"
        f"  /v1/tasks/{{execution}}: {READ % parameter('execution')}\n"
        f"  /v1/workflows/{{flow}}/invoke/async: {START % parameter('flow')}\n"
        "  /v2/other: {get: {operationId: other, responses: {'200': {description: ok}}}}\n"
    )
    return parse_document(text, "release.yaml")


def adopt(document: Document, without: tuple[str, ...] = ()) -> Any:
    found = adopted(document, read_contract(document), KNOWN, without)
    return None if found is None else found.value


def test_each_shared_path_gets_its_behaviour_with_the_parameter_s_name_here() -> None:
    value = adopt(release())

    read = value["paths"]["/v1/tasks/{execution}"]["get"]["x-emulator"]
    start = value["paths"]["/v1/workflows/{flow}/invoke/async"]["post"]["x-emulator"]
    assert (read["action"], read["subject"]) == ("read", "execution")
    assert (start["action"], start["subject"]) == ("start", "flow")
    assert "x-emulator" not in value["paths"]["/v2/other"]["get"]
    assert value["x-emulator"] == KNOWN.document["x-emulator"]


def test_the_file_itself_is_not_changed() -> None:
    document = release()

    adopt(document)

    assert "x-emulator" not in document.value["paths"]["/v1/tasks/{execution}"]["get"]


@pytest.mark.parametrize("without", ["read", "start"])
def test_a_file_that_does_not_read_and_start_tasks_is_another_api(without: str) -> None:
    assert adopt(release(), without=(without,)) is None


def test_a_file_with_an_extension_of_its_own_is_left_as_it_is() -> None:
    assert adopt(release(extension="x-emulator: {errors: detail}\n")) is None
