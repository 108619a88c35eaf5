"""Loading: what a file says comes out as operations, what is wrong with it as mistakes with a place."""

import json
import subprocess
import sys
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.openapi.test_operations import PETS
from tests.contract.samples import HEAD, ROOT, contract_of
from tests.profiles import examples
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.model import Credential
from xpander_emulator.contract.openapi.load import load_contract, read_contract, routing_order, served_document
from xpander_emulator.contract.request.message_validation import RequestValidator
from xpander_emulator.errors import InvalidFiles


def test_operations_are_served_below_the_path_of_the_first_server() -> None:
    contract = contract_of("""\
        servers:
          - url: https://{place}.example/{stage}/v2/
            variables: {place: {default: eu}, stage: {default: live}}
        paths:
          /pets: {get: {operationId: pets, responses: {'200': {description: ok}}}}
        """)

    assert contract.operation("pets").path == "/live/v2/pets"


def test_concrete_paths_are_routed_before_templated_ones() -> None:
    order = [operation.path for operation in routing_order(contract_of(PETS))]

    assert order == ["/pets", "/pets/mine", "/pets/{pet_id}", "/pets/{pet_id}"]


def test_our_own_contract_has_no_fault() -> None:
    contract = load_contract(ROOT / "openapi.yaml", "openapi.yaml")

    assert contract.operation("invokeWorkflowAsync").security == ((Credential("header", "x-api-key"),),)
    assert {operation.id for operation in routing_order(contract)} == {each.id for each in contract.operations}


def test_loading_needs_no_heavy_import() -> None:
    code = (
        "import sys; from pathlib import Path; from xpander_emulator.contract.openapi.load import load_contract\n"
        "load_contract(Path('openapi.yaml'), check_schemas=False)\n"
        "heavy = {'jsonschema', 'referencing', 'faker', 'jsonschema_rs', 'rstr', 'email.policy', 'urllib.request'}\n"
        "print(heavy & sys.modules.keys())"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout == "set()\n", done.stderr


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles, match=r"^mine\.yaml:1:1: cannot be read: No such file or directory$"):
        load_contract(tmp_path / "absent.yaml", "mine.yaml")


def test_schemas_are_not_held_against_the_metaschema_when_that_is_not_asked_for() -> None:
    document = parse_document(HEAD + "paths: {}\ncomponents: {schemas: {A: {minLength: -1}}}", "api.yaml")

    assert read_contract(document, check_schemas=False).title == "Sample"


def places_in(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every part of a value."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, child in children for place in places_in(child, (*path, key)))]


SERVERS = "servers: [{url: 'https://{host}/v1', variables: {host: {default: a.example}}}]\n"
SOUND: Any = parse_document(HEAD + SERVERS + PETS, "api.yaml").value
JUNK = st.one_of(
    st.sampled_from([None, True, 3, -1.5, "", "x", "/{a}/{a}", "#/paths", "#/components/schemas/Pet", [], [1], [None]]),
    st.sampled_from([{}, {"a": 1}, {"$ref": "#/paths"}, {"$ref": 1}, {"$ref": "#/components/schemas/Pet"}]),
    st.just([{"name": "a", "in": "path"}]),
)


@given(st.lists(st.tuples(st.sampled_from(places_in(SOUND)[1:]), JUNK), min_size=1, max_size=3))
@examples(150)
def test_a_file_spoilt_anywhere_is_served_or_refused_with_places(spoilt: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = json.loads(json.dumps(SOUND))
    for path, junk in spoilt:
        node = document
        with suppress(LookupError, TypeError):
            for part in path[:-1]:
                node = node[part]
            node[path[-1]] = deepcopy(junk)

    with suppress(InvalidFiles):
        contract = read_contract(parse_document(json.dumps(document), "api.yaml"))

        for operation in contract.operations:
            assert operation.line > 0
            RequestValidator(contract, operation).check({}, b"", [], b"{}")


SERVERS = (
    HEAD
    + """\
servers: [{url: 'https://api.example/{base}', variables: {base: {default: v2}}}, {url: 'https://other.example'}]
paths:
  /servers:
    servers: [{url: 'https://third.example'}]
    get: {servers: [{url: 'https://fourth.example'}], responses: {'200': {description: ok}}}
"""
)


def test_a_contract_as_it_is_served_names_no_server_but_the_emulator() -> None:
    contract = read_contract(parse_document(SERVERS, "servers.yaml"))

    served = served_document(contract)

    assert served["servers"] == [{"url": "/v2", "description": "The emulator"}]
    assert "example" not in json.dumps(served["paths"])
    assert list(served["paths"]) == ["/servers"]
    assert [operation.path for operation in contract.operations] == ["/v2/servers"]
    assert contract.document["servers"][0]["url"].startswith("https://")


def test_a_contract_as_it_is_served_is_whole(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(
        HEAD + "paths: {/pets: {get: {responses: {'200': {$ref: 'parts.yaml#/ok'}}}}}", encoding="utf-8"
    )
    (tmp_path / "parts.yaml").write_text("ok: {description: ok}", encoding="utf-8")

    served = served_document(load_contract(tmp_path / "main.yaml"))

    assert "parts.yaml#" not in json.dumps(served)
    assert served["servers"][0]["url"] == "/"
    again = read_contract(parse_document(json.dumps(served), "served.json"), tmp_path / "served.json")
    assert [response.description for response in again.operations[0].responses.values()] == ["ok"]


def test_a_file_of_3_0_is_served_as_what_its_schemas_are_in() -> None:
    text = "components: {schemas: {A: {type: integer, nullable: true, minimum: 0, exclusiveMinimum: true}}}\npaths: {}"

    served = served_document(read_contract(parse_document(HEAD.replace("3.1.0", "3.0.3") + text, "api.yaml")))

    assert served["openapi"] == "3.1.0"
    assert served["components"]["schemas"]["A"] == {"type": ["integer", "null"], "exclusiveMinimum": 0}
