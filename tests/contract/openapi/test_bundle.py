"""References to other local files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.contract.samples import HEAD, schema_at
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator
from xpander_emulator.errors import InvalidFiles

MAIN = """\
paths:
  /pets: {$ref: 'paths/pets.yaml'}
  /pets/{id}:
    parameters: [{$ref: 'parts.json#/parameters/Id'}]
    get:
      operationId: one
      responses: {'200': {$ref: 'parts.json#/responses/Pet'}, default: {$ref: 'parts.json#/responses/Pet'}}
components:
  schemas: {Name: {type: string, minLength: 2}}
"""
PETS = """\
post:
  operationId: add
  requestBody: {content: {application/json: {schema: {$ref: '../schemas/pet%20one.yaml#/$defs/Pet'}}}}
  responses: {'200': {$ref: '../parts.json#/responses/Pet'}}
"""
PARTS = """\
{"parameters": {"Id": {"name": "id", "in": "path", "required": true, "schema": {"$ref": "#/schemas/Id"}}},
 "schemas": {"Id": {"type": "integer"}},
 "responses": {"Pet": {"description": "A pet", "content":
   {"application/json": {"schema": {"$ref": "./schemas/pet one.yaml#/$defs/Pet"}}}}}}
"""
PET = """\
$defs:
  Pet:
    type: object
    properties:
      name: {$ref: '../api.yaml#/components/schemas/Name'}
      friends: {type: array, items: {$ref: '#/$defs/Pet'}}
"""
FILES = {"api.yaml": HEAD + MAIN, "paths/pets.yaml": PETS, "parts.json": PARTS, "schemas/pet one.yaml": PET}


def load(folder: Path, files: Mapping[str, str]) -> Contract:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return load_contract(folder / "api.yaml", "my/api.yaml")


def refusals(folder: Path, files: Mapping[str, str]) -> list[str]:
    with pytest.raises(InvalidFiles) as refused:
        load(folder, files)
    return [str(diagnostic) for diagnostic in refused.value.diagnostics]


@pytest.mark.parametrize(
    ("body", "right"),
    [
        (b'{"name": "Rex", "friends": [{"name": "Tom"}]}', True),
        (b'{"name": "R"}', False),
        (b'{"friends": [{"friends": [{"name": "R"}]}]}', False),
    ],
)
def test_requests_are_validated_across_files_and_back(tmp_path: Path, body: bytes, right: bool) -> None:
    contract = load(tmp_path, FILES)

    found: Any = RequestValidator(contract, contract.operation("add")).check({}, b"", [], body)

    assert isinstance(found, Accepted) is right


def test_parameters_and_responses_of_other_files_are_those_of_the_operation(tmp_path: Path) -> None:
    contract = load(tmp_path, FILES)

    one = contract.operation("one")

    assert RequestValidator(contract, one).check({"id": "4"}, b"", [], b"") == Accepted({"id": 4}, None)
    pointer = one.responses["200"].content["application/json"].schema_pointer
    assert pointer is not None
    assert schema_at(contract, pointer)["type"] == "object"


def test_a_file_of_3_0_brings_its_other_files_along(tmp_path: Path) -> None:
    pet = PET.replace("type: object", "type: object\n    nullable: true")

    contract = load(
        tmp_path, FILES | {"api.yaml": FILES["api.yaml"].replace("3.1.0", "3.0.3"), "schemas/pet one.yaml": pet}
    )

    add = contract.operation("add")
    assert RequestValidator(contract, add).check({}, b"", [], b"null") == Accepted({}, None)


def test_a_discriminator_may_name_files(tmp_path: Path) -> None:
    main = HEAD + (
        "paths: {}\ncomponents: {schemas: {Pet: {oneOf: [{$ref: dog.yaml}],\n"
        "  discriminator: {propertyName: kind, mapping: {dog: dog.yaml, cat: Cat}}}}}"
    )

    contract = load(tmp_path, {"api.yaml": main, "dog.yaml": "{type: object}"})

    pet = schema_at(contract, "/components/schemas/Pet")
    assert pet["discriminator"]["mapping"] == {"dog": pet["oneOf"][0]["$ref"], "cat": "Cat"}
    assert schema_at(contract, pet["oneOf"][0]["$ref"]) == {"type": "object"}


SCHEMAS = HEAD + "paths: {}\ncomponents:\n  schemas:\n"


@pytest.mark.parametrize(
    ("reference", "wanted"),
    [
        (
            "../secret.yaml",
            "api.yaml:6:15: '../secret.yaml' is outside of the folder of api.yaml; only files below it are read",
        ),
        (
            "/etc/passwd",
            "api.yaml:6:15: '/etc/passwd' is outside of the folder of api.yaml; only files below it are read",
        ),
        ("link.yaml", "api.yaml:6:15: 'link.yaml' is outside of the folder of api.yaml; only files below it are read"),
        ("gone.yaml#/A", "api.yaml:6:15: 'gone.yaml#/A' is no file"),
        ("b.yaml#/A/Knd", "api.yaml:6:15: 'b.yaml#/A/Knd' does not exist. Did you mean 'b.yaml#/A/Kind'?"),
        ("b.yaml#Kind", "api.yaml:6:15: 'b.yaml#Kind' is no pointer, '#/…'"),
        ("b.yaml#/Loop", "b.yaml:2:14: 'b.yaml#/Loop' refers to itself in the end"),
        ("b.yaml#/Bad", "b.yaml:3:18: no valid JSON Schema: at least 0 was expected; found -1"),
        ("b.yaml#/Lost", "b.yaml:4:14: '#/Nowhere' does not exist"),
        ("broken.yaml", "broken.yaml:1:8: duplicate key 'a', first given on line 1; keep one of them"),
        ("a%00b.yaml", "api.yaml:6:15: 'a%00b.yaml' is no file"),
        ("circle.yaml", "api.yaml:6:15: 'circle.yaml' is no file"),
        ("b.yaml/c.yaml", "api.yaml:6:15: 'b.yaml/c.yaml' is no file"),
        (".", "api.yaml:6:15: '.' is no file"),
        (f"{'a' * 300}.yaml", f"api.yaml:6:15: '{'a' * 300}.yaml' cannot be read: File name too long"),
        (
            "https://example.com/a.yaml",
            "api.yaml:6:15: 'https://example.com/a.yaml' is not fetched; "
            "save it below the folder of this file and refer to it there",
        ),
    ],
)
def test_a_reference_that_cannot_be_followed_is_told_at_its_place(tmp_path: Path, reference: str, wanted: str) -> None:
    (tmp_path / "secret.yaml").write_text("{}", encoding="utf-8")
    (tmp_path / "spec").mkdir()
    (tmp_path / "spec/link.yaml").symlink_to(tmp_path / "secret.yaml")
    (tmp_path / "spec/circle.yaml").symlink_to(tmp_path / "spec/circle.yaml")
    other = "A: {Kind: {}}\nLoop: {$ref: '#/Loop'}\nBad: {minLength: -1}\nLost: {$ref: '#/Nowhere'}\n"

    found = refusals(
        tmp_path / "spec",
        {"api.yaml": f"{SCHEMAS}    A: {{$ref: '{reference}'}}\n", "b.yaml": other, "broken.yaml": "{a: 1, a: 2}"},
    )

    assert wanted in [each.removeprefix("my/") for each in found]
